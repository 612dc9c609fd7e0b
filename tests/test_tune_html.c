/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tune_html.c - the report of conv3d tune: that it is a page whatever was measured, and
 * that the page says what was measured.  Results are made up: nothing is timed.
 */
#include "markup.h"
#include "support.h"

#include "../tools/tune_figures.h"
#include "../tools/tune_html.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILE(T, H, W, OC, IC) {.t = T, .h = H, .w = W, .oc = OC, .ic = IC}

enum { LAYERS_MOST = 300, TRIALS_MOST = 64 };

/* ---- Made-up results --------------------------------------------------------- */

static struct layer layers[LAYERS_MOST];
static struct tune_result results[LAYERS_MOST];
static struct tune_trial trials[LAYERS_MOST][TRIALS_MOST];

static struct tune_run make_run(size_t count)
{
    struct tune_run run = {.date = "2026-01-02T03:04:05Z",
                           .math = CONV3D_MATH_STRICT,
                           .seconds = 754.0,
                           .database = "tuned.txt",
                           .results = results,
                           .count = count};
    strcpy(run.machine.cpu, "A processor");
    run.machine.isa = "avx2";
    run.rates = (conv3d_rates){sizeof run.rates, 2, 1e11, 1e10};
    return run;
}

static void add_trial(size_t index, const char *algorithm, conv3d_tile tile, double seconds)
{
    struct tune_result *result = &results[index];
    struct tune_trial *trial = &trials[index][result->count++];
    cr_assert(result->count <= TRIALS_MOST);
    *trial = (struct tune_trial){.tile = tile, .threads = 2, .seconds = seconds, .runs = 7};
    snprintf(trial->algorithm, sizeof trial->algorithm, "%s", algorithm);
    result->candidates++;
}

/* Twice as fast as before: direct instead of direct, 1 GFLOP in 10 ms. */
static struct tune_result *make_result(size_t index)
{
    struct tune_result *result = &results[index];
    snprintf(layers[index].name, sizeof layers[index].name, "net:layer%zu", index);
    snprintf(layers[index].problem, sizeof layers[index].problem, "n1_ci4t8h8w8_co8_k3_p1");
    *result = (struct tune_result){
        .layer = &layers[index], .outcome = TUNE_FASTER, .before = 0.02, .after = 0.01,
        .noise = 0.021, .algorithm_before = "direct", .algorithm = "direct",
        .tile_before = TILE(2, 14, 14, 32, 16), .tile = TILE(1, 7, 14, 32, 16), .threads = 2,
        .flops = 1.1e9, .effective_flops = 1e9, .bytes = 1e7, .trials = trials[index]};
    return result;
}

/* Three of the four pairs of T in 1, 2 and H in 7, 14; other algorithms are slower. */
static struct tune_result *make_grid(size_t index)
{
    struct tune_result *result = make_result(index);
    add_trial(index, "direct", (conv3d_tile)TILE(2, 14, 14, 32, 16), 0.02);
    add_trial(index, "direct", (conv3d_tile)TILE(1, 7, 14, 32, 16), 0.01);
    add_trial(index, "direct", (conv3d_tile)TILE(1, 7, 7, 32, 16), 0.0101);
    add_trial(index, "direct", (conv3d_tile)TILE(1, 14, 14, 32, 16), 0.0125);
    add_trial(index, "rows", (conv3d_tile)TILE(8, 3, 14, 32, 16), 0.05);
    add_trial(index, "rows", (conv3d_tile)TILE(4, 3, 14, 32, 16), 0.04);
    return result;
}

/* ---- Looking at a page ------------------------------------------------------- */

static char *page_of(const struct tune_run *run)
{
    char *text;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    cr_assert(stream != NULL);
    tune_html(run, stream);
    cr_assert(fclose(stream) == 0);
    return text;
}

/* What printf makes of figures that are none, as a word of its own. */
static bool has_no_number(const char *text)
{
    static const char *const words[] = {"nan", "inf"};
    for (size_t i = 0; i < 2; i++) {
        for (const char *at = text; (at = strstr(at, words[i])) != NULL; at++) {
            if (strchr(" \">-,(", at[-1]) != NULL && strchr(" \"<%,)", at[3]) != NULL)
                return !complain("%.40s", at);
        }
    }
    return false;
}

static char *good_page_of(const struct tune_run *run)
{
    char *page = page_of(run);
    cr_expect(markup_is_well_formed(page));
    cr_expect(markup_links_lead_somewhere(page));
    cr_expect(!has_no_number(page));
    return page;
}

#define EXPECT_COUNT(page, what, expected)                                                \
    cr_expect(markup_count(page, what) == (expected), "%zu times: %s",                    \
              markup_count(page, what), what)

/* ---- The page as a whole ----------------------------------------------------- */

Test(tune_html, is_well_formed_and_says_what_ran)
{
    struct tune_run run = make_run(2);
    make_grid(0);
    make_grid(1)->outcome = TUNE_KEPT;
    char *page = good_page_of(&run), *again = page_of(&run);
    cr_expect_str_eq(page, again);
    static const char *const facts[] = {
        "A processor", "avx2", "<dd>2</dd>", "100 GFLOP/s, 10.0 GB/s", "strict",
        "2026-01-02T03:04:05Z", "12 min 34 s", "tuned.txt", "2 layers: 1 faster, 1 kept.",
        /* of 2 and 1, and of 2 alone */
        "<b>1.41</b> over the 2 tuned", "<b>2.00</b> over those that are faster",
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        cr_expect(strstr(page, facts[i]) != NULL, "%s", facts[i]);
    /* The legend's and two pairs. */
    EXPECT_COUNT(page, "<circle class=\"own\"", 3);
    EXPECT_COUNT(page, "<circle class=\"peer\"", 3);
    free(page);
    free(again);
}

Test(tune_html, needs_nothing_from_elsewhere)
{
    struct tune_run run = make_run(1);
    make_grid(0);
    char *page = good_page_of(&run);
    /* Namespaces are names, not addresses. */
    cr_expect(markup_count(page, "http") == markup_count(page, "xmlns=\"http"));
    EXPECT_COUNT(page, "<script", 0);
    EXPECT_COUNT(page, "url(", 0);
    EXPECT_COUNT(page, "@import", 0);
    EXPECT_COUNT(page, " src=", 0);
    free(page);
}

Test(tune_html, escapes_whatever_is_text)
{
    static const char wild[] = "<b>\"&'\001</b>";
    struct tune_run run = make_run(2);
    run.database = run.machine.isa = wild;
    strcpy(run.machine.cpu, wild);
    strcpy(run.date, wild);
    for (size_t i = 0; i < 2; i++) {
        struct tune_result *result = make_grid(i);
        strcpy(layers[i].name, wild);
        strcpy(layers[i].problem, wild);
        strcpy(result->algorithm, wild);
        strcpy(result->algorithm_before, wild);
        add_trial(i, wild, result->tile, 0.005);
    }
    results[1].outcome = TUNE_FAILED;
    strcpy(results[1].reason, wild);
    char *page = good_page_of(&run);
    cr_expect(strstr(page, wild) == NULL);
    cr_expect(markup_count(page, "&lt;b&gt;&quot;&amp;'&#xfffd;&lt;/b&gt;") > 10);
    free(page);
}

Test(tune_html, layers_that_were_not_tuned_get_a_line)
{
    struct tune_run run = make_run(4);
    for (size_t i = 0; i < run.count; i++)
        make_grid(i);
    results[1].outcome = TUNE_KNOWN;
    results[2].outcome = TUNE_STOPPED;
    results[3].outcome = TUNE_FAILED;
    strcpy(results[3].reason, "wrong outputs");
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, "<section", 1);
    EXPECT_COUNT(page, "known to the database direct<", 1);
    EXPECT_COUNT(page, "stopped before", 1);
    EXPECT_COUNT(page, "failed: wrong outputs", 1);
    EXPECT_COUNT(page, "4 layers: 1 faster, 1 known, 1 stopped, 1 failed.", 1);
    EXPECT_COUNT(page, "<b>2.00</b> over the 1 tuned", 1);
    free(page);
}

Test(tune_html, holds_hundreds_of_layers)
{
    struct tune_run run = make_run(LAYERS_MOST);
    for (size_t i = 0; i < LAYERS_MOST; i++)
        make_grid(i);
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, "<section", LAYERS_MOST);
    EXPECT_COUNT(page, "href=\"#layer-300\"", 1);
    free(page);
}

Test(tune_html, write_errors_show_in_the_stream)
{
    struct tune_run run = make_run(1);
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        cr_skip("no /dev/full");
    make_grid(0);
    tune_html(&run, full);
    cr_expect(fflush(full) != 0 || ferror(full));
    fclose(full);
}

/* ---- One layer --------------------------------------------------------------- */

Test(tune_html, map_has_every_pair_and_its_marks)
{
    struct tune_run run = make_run(1);
    make_grid(0);
    char *page = good_page_of(&run);
    /* Columns of 64 from x = 72, rows of 32 from y = 52; numbers in the middle. */
    EXPECT_COUNT(page, "x=\"104\" y=\"73\">100</text>", 1);  /* T 1, H 7: the better of two */
    EXPECT_COUNT(page, "x=\"168\" y=\"73\">80.0</text>", 1); /* T 1, H 14 */
    EXPECT_COUNT(page, "x=\"168\" y=\"105\">50.0</text>", 1); /* T 2, H 14 */
    EXPECT_COUNT(page, "class=\"heat-none\" x=\"72\" y=\"84\"", 1); /* T 2, H 7 */
    EXPECT_COUNT(page, "class=\"heat-recorded\" x=\"74\" y=\"54\"", 1);
    EXPECT_COUNT(page, "class=\"heat-untuned\" x=\"141\" y=\"89\"", 1);
    EXPECT_COUNT(page, "\"heat-none\"", 2); /* and the legend */
    EXPECT_COUNT(page, "\"heat-recorded\"", 2);
    EXPECT_COUNT(page, "\"heat-untuned\"", 2);
    free(page);
}

Test(tune_html, untuned_tile_is_marked_in_a_map_of_its_own_algorithm_only)
{
    struct tune_run run = make_run(1);
    strcpy(make_grid(0)->algorithm_before, "rows");
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, "\"heat-untuned\"", 1); /* the legend */
    free(page);
    strcpy(results[0].algorithm_before, "direct");
    results[0].outcome = TUNE_KEPT;
    results[0].tile = results[0].tile_before;
    page = good_page_of(&run);
    EXPECT_COUNT(page, "class=\"heat-recorded\" x=\"138\" y=\"86\"", 1);
    EXPECT_COUNT(page, "class=\"heat-untuned\" x=\"141\" y=\"89\"", 1);
    free(page);
}

Test(tune_html, one_pair_is_drawn_as_bars_of_widths)
{
    struct tune_run run = make_run(1);
    struct tune_result *result = make_result(0);
    result->tile = (conv3d_tile)TILE(1, 1, 512, 32, 16);
    result->tile_before = (conv3d_tile)TILE(1, 1, 128, 32, 16);
    add_trial(0, "direct", result->tile, 0.01);
    add_trial(0, "direct", result->tile_before, 0.02);
    add_trial(0, "direct", (conv3d_tile)TILE(1, 1, 256, 32, 16), INFINITY);
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, "\"heat-", 0);
    EXPECT_COUNT(page, "128 along W</text><rect class=\"bar\" x=\"190\" y=\"8\" "
                       "width=\"165.0\"", 1);
    EXPECT_COUNT(page, ">50.0 GFLOP/s, untuned</text>", 1);
    EXPECT_COUNT(page, ">not measured</text>", 1);
    EXPECT_COUNT(page, "512 along W</text><rect class=\"bar-marked\" x=\"190\" y=\"60\" "
                       "width=\"330.0\"", 1);
    EXPECT_COUNT(page, ">100 GFLOP/s, recorded</text>", 1);
    free(page);
}

Test(tune_html, algorithms_are_ranked_by_their_best_time)
{
    struct tune_run run = make_run(1);
    make_grid(0);
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, ">direct</text><rect class=\"bar-marked\" x=\"190\" y=\"8\" "
                       "width=\"330.0\"", 1);
    EXPECT_COUNT(page, ">100 GFLOP/s, recorded, untuned</text>", 1);
    EXPECT_COUNT(page, ">rows</text><rect class=\"bar\" x=\"190\" y=\"34\" width=\"82.5\"", 1);
    EXPECT_COUNT(page, ">25.0 GFLOP/s, 4.00 times as long</text>", 1);
    free(page);
}

Test(tune_html, ten_best_trials_are_listed)
{
    static const char row[] = "<td class=\"number\">7</td>\n<td>"; /* the runs */
    struct tune_run run = make_run(1);
    make_grid(0);
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, row, 6);
    EXPECT_COUNT(page, "<td>recorded </td>", 1);
    EXPECT_COUNT(page, "<td>untuned </td>", 1);
    EXPECT_COUNT(page, "<td>within the noise</td>", 1); /* 1% behind */
    EXPECT_COUNT(page, "Differences below 2.1% mean nothing here.", 1);
    EXPECT_COUNT(page, "6 of 6 candidates were timed, with 2 threads.", 1);
    EXPECT_COUNT(page, "2.00 times as fast as untuned.", 1);
    free(page);
    for (int i = 0; i < 40; i++)
        add_trial(0, "rows", (conv3d_tile)TILE(4, 3, i, 32, 16), 0.06 - 0.001 * i);
    page = good_page_of(&run);
    EXPECT_COUNT(page, row, 10);
    cr_expect(strstr(page, "<td>t1h7w14oc32ic16</td>\n<td class=\"number\">10.000</td>") <
              strstr(page, "<td>t1h7w7oc32ic16</td>\n<td class=\"number\">10.100</td>"));
    free(page);
}

/* ---- What may be missing ----------------------------------------------------- */

Test(tune_html, nothing_was_tuned)
{
    struct tune_run run = make_run(0);
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, "0 layers.", 1);
    EXPECT_COUNT(page, "No gain was measured.", 1);
    EXPECT_COUNT(page, "<svg", 0);
    free(page);
    run = (struct tune_run){.count = 0};
    page = good_page_of(&run);
    EXPECT_COUNT(page, "<dd>unknown</dd>", 4); /* processor, ISA, date, database */
    free(page);
}

Test(tune_html, no_trials)
{
    struct tune_run run = make_run(1);
    make_result(0)->trials = NULL;
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, "0 of 0 candidates", 1);
    EXPECT_COUNT(page, "\"heat-", 0);
    free(page);
}

/* Every figure in turn, and all of them. */
Test(tune_html, figures_that_are_none)
{
    static const double wild[] = {0.0, -1.0, INFINITY, -INFINITY, NAN, 1e-300, 1e300};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        for (int which = 0; which < 11; which++) {
            struct tune_run run = make_run(1);
            struct tune_result *result = make_grid(0);
            double *const figures[] = {
                &run.seconds, &run.rates.flops_per_second, &run.rates.bytes_per_second,
                &result->before, &result->after, &result->noise, &result->flops,
                &result->effective_flops, &result->bytes, &trials[0][1].seconds,
            };
            for (int k = 0; k < 10; k++) {
                if (k == which || which == 10)
                    *figures[k] = wild[i];
            }
            free(good_page_of(&run));
            result->outcome = TUNE_KEPT;
            free(good_page_of(&run));
        }
    }
}

Test(tune_html, tiles_that_are_nowhere_among_the_trials)
{
    struct tune_run run = make_run(1);
    struct tune_result *result = make_grid(0);
    result->tile = (conv3d_tile)TILE(INT64_MAX, 0, -1, 32, 16);
    char *page = good_page_of(&run);
    EXPECT_COUNT(page, "\"heat-recorded\"", 2);
    strcpy(result->algorithm, "unheard-of");
    free(page);
    free(good_page_of(&run));
}

/* ---- What the page is made of ------------------------------------------------ */

Test(tune_figures, durations_have_two_units)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0.04, "0.0 s"}, {12.34, "12.3 s"}, {59.4, "59.4 s"}, {59.96, "1 min 0 s"},
        {200, "3 min 20 s"}, {3600, "1 h 0 min"}, {3725, "1 h 2 min"}, {0, "-"}, {NAN, "-"},
    };
    char text[TUNE_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tune_duration_format(cases[i].seconds, text);
        cr_expect_str_eq(text, cases[i].text);
    }
}
