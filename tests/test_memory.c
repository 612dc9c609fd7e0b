/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_memory.c - what may be read and written, and how much memory a call
 * needs.  Every buffer lies between guard pages, once against the upper and
 * once against the lower, so a byte too far ends the test.
 */
#include "guard.h"
#include "support.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Plans and executes with every buffer guarded; weights and bias are unmapped
 * before the execution, because the plan owns copies. */
static conv3d_status run_guarded(const struct workload *w, const conv3d_options *options,
                                 enum guard_side side, struct guarded *output,
                                 bool *workspace_intact)
{
    struct workload view = *w;
    struct guarded input, weight, bias, workspace;
    conv3d_plan *plan;
    guarded_make_constant(&input, w->input, w->input_count * sizeof(float), side);
    guarded_make_constant(&weight, w->weight, w->weight_count * sizeof(float), side);
    guarded_make_constant(&bias, w->bias != NULL ? w->bias : w->weight,
                          w->bias_count * sizeof(float), side);
    view.input = input.data;
    view.weight = weight.data;
    view.bias = w->bias != NULL ? bias.data : NULL;
    conv3d_status status = workload_plan(&view, options, &plan);
    guarded_free(&weight);
    guarded_free(&bias);
    guarded_make(&workspace, conv3d_plan_workspace_bytes(plan), side);
    if (status == CONV3D_OK)
        status = conv3d_plan_execute(plan, input.data, output->data, workspace.data);
    *workspace_intact = guarded_intact(&workspace);
    conv3d_plan_destroy(plan);
    guarded_free(&workspace);
    guarded_free(&input);
    return status;
}

static bool stays_inside(const struct workload *w, const conv3d_options *options,
                         enum guard_side side, const float *expected)
{
    struct guarded output;
    bool workspace_intact;
    char text[PROBLEM_TEXT_MAX];
    guarded_make(&output, w->output_count * sizeof(float), side);
    const conv3d_status status = run_guarded(w, options, side, &output, &workspace_intact);
    bool good = status == CONV3D_OK;
    if (!good)
        complain("%s: %s", problem_text(&w->problem, text), conv3d_last_error());
    else if (has_poison(output.data, w->output_count))
        good = complain("%s: an output was not written", problem_text(&w->problem, text));
    else if (!guarded_intact(&output) || !workspace_intact)
        good = complain("%s: written outside of %s", problem_text(&w->problem, text),
                        workspace_intact ? "the output" : "the workspace");
    good = good && same_bits(w, expected, output.data, "between guard pages");
    guarded_free(&output);
    return good;
}

static bool stays_inside_on_both_sides(const struct problem *problem,
                                       const conv3d_options *options)
{
    struct workload w;
    char text[PROBLEM_TEXT_MAX];
    workload_make(&w, problem, 3);
    float *expected = allocate_floats(w.output_count);
    /* Flushed at once: a guard page that is hit leaves no time to name the problem. */
    if (getenv("CONV3D_TEST_TRACE") != NULL)
        fprintf(stderr, "    %s\n", problem_text(problem, text));
    const char *names[ALGORITHMS_MAX];
    const size_t count = workload_algorithms(&w, options, names);
    bool good = workload_run(&w, options, expected);
    for (size_t i = 0; good && i < count; i++) {
        conv3d_options named = *options;
        named.algorithm = names[i];
        good = stays_inside(&w, &named, GUARD_HIGH, expected) &&
               stays_inside(&w, &named, GUARD_LOW, expected);
    }
    free(expected);
    workload_free(&w);
    return good;
}

/* Makes results of more than a page count as larger than the caches: they are streamed. */
static void pretend_small_last_cache(void)
{
    setenv("HWLOC_SYNTHETIC", "pack:1 l3:1(size=4096) l2:2(size=1048576) l1d:1(size=32768) "
           "core:1 pu:1", 1);
}

static void random_problems_stay_inside(uint64_t part)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const uint64_t seed = random_bits(test_seed(), part + UINT64_C(0x6d656d));
    const int64_t count = test_count(600);
    for (int64_t i = 0; i < count; i++) {
        struct problem problem;
        conv3d_options options = options_strict(1 + (int)(i % 3));
        problem_draw(&problem, random_bits(seed, (uint64_t)i), 100000);
        if (i % 2)
            options.tile = tile_number(i);
        isa_set(levels[(size_t)i % level_count]);
        cr_assert(stays_inside_on_both_sides(&problem, &options));
    }
}

Test(memory, random_problems_stay_inside_part_1) { random_problems_stay_inside(0); }
Test(memory, random_problems_stay_inside_part_2) { random_problems_stay_inside(1); }
Test(memory, random_problems_stay_inside_part_3) { random_problems_stay_inside(2); }
Test(memory, random_problems_stay_inside_part_4) { random_problems_stay_inside(3); }

Test(memory, streamed_results_stay_inside)
{
    pretend_small_last_cache();
    random_problems_stay_inside(4);
}

/* Sizes that streaming accepts, which random ones rarely are. */
Test(memory, streamed_lines_stay_inside)
{
    static const char *const problems[] = {
        "n1_ci3t4h16w16_co20_k1", "n2_ci5t8h12w20_co33_k3x1x1_p1x0x0", "n1_ci2t3h8w48_co15_k3_p1",
        "n1_ci4t6h16w64_co16_k1x3x3_s1x2x2_p0x1x1", "n1_ci600t2h16w16_co9_k1",
        "n1_ci8t4h24w56_co24_g4_k3_p1",
    };
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    pretend_small_last_cache();
    for (size_t level = 0; level < level_count; level++) {
        isa_set(levels[level]);
        for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
            for (int threads = 1; threads <= 3; threads++) {
                struct problem problem;
                const conv3d_options options = options_strict(threads);
                cr_assert(problem_from_text(&problem, problems[i]) &&
                          stays_inside_on_both_sides(&problem, &options));
            }
    }
}

/* Channels and widths around every vector width, dense and depthwise. */
static bool tail_stays_inside(int64_t in, int64_t out, int64_t groups, int64_t width)
{
    struct problem problem;
    conv3d_params params;
    conv3d_params_init(&params, in, out, 1);
    params.groups = groups;
    params.kernel_size[2] = 1 + width % 3;
    params.padding_end[2] = width % 2;
    params.stride[2] = 1 + out % 2;
    params.bias = (int)(in % 2);
    const conv3d_options options = options_strict(1);
    const int64_t input[5] = {1, in, 1, 1, width + 2};
    return problem_from_params(&problem, &params, input) &&
           stays_inside_on_both_sides(&problem, &options);
}

static void tails_stay_inside(int64_t most_in, int64_t most_out, int64_t most_width,
                              bool depthwise)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const int64_t step = test_count(1000) < 1000 ? 7 : 1;
    for (size_t level = 0; level < level_count; level++) {
        isa_set(levels[level]);
        for (int64_t in = 1; in <= most_in; in += step)
            for (int64_t out = 1; out <= most_out; out += step)
                for (int64_t width = 1; width <= most_width; width += step) {
                    const int64_t outs = depthwise ? in * out : out;
                    cr_assert(tail_stays_inside(in, outs, depthwise ? in : 1, width), "on %s",
                              levels[level]);
                }
    }
}

Test(memory, channel_tails_stay_inside)
{
    tails_stay_inside(5, 33, 3, false);
}

Test(memory, width_tails_stay_inside)
{
    tails_stay_inside(2, 3, 67, false);
}

Test(memory, depthwise_tails_stay_inside)
{
    tails_stay_inside(17, 2, 19, true);
}

/* ---- How much -------------------------------------------------------------- */

static const char *const greedy[] = {
    "n1_ci1t1h1w3000000_co1_k1x1x3_p0x0x1",
    "n1_ci8t1h1w3000000_co16_k1x1x3",
    "n1_ci4t40h40w40_co8_k25",
    "n1_ci4t30h30w30_co4_k25_p12",
    "n1_ci2t1h1w9000_co3_k1x1x5000",
    "n1_ci4096t4h4w4_co64_k3_p1",
    "n1_ci4096t1h14w14_co128_k1",
    "n1_ci3t5h5w4000_co8_k3x3x3_d2x2x1000",
    "n1_ci2t2001h3w3_co8_k3x1x1_d1000x1x1",
    "n1_ci2048t4h32w32_co2048_k3_p1_g2048",
    "n1_ci600t2h200w200_co1200_k1x3x3_p0x1x1_g600",
    "n1_ci1t500h500w10_co512_k1",
    "n1_ci64t3h3w100000_co2_k3_p1",
    "n1_ci16t9h9w9_co16_k7_s4_d4_p12",
    "n1_ci32t1h3000w3000_co32_k1x11x11_p0x5x5",
    "n1_ci1t64h64w64_co1_k64",
    "n100000_ci16t2h2w2_co64_k2",
};

/* A plan for a problem whose weights alone exist. */
static conv3d_status plan_without_data(const struct problem *problem,
                                       const conv3d_options *options, conv3d_plan **plan)
{
    struct workload w = {.problem = *problem};
    w.weight_count = (size_t)(problem->params.out_channels * problem_taps(problem));
    w.weight = calloc(w.weight_count, sizeof(float));
    w.bias = problem->params.bias ? calloc((size_t)problem->params.out_channels, sizeof(float))
                                  : NULL;
    const conv3d_status status = workload_plan(&w, options, plan);
    free(w.weight);
    free(w.bias);
    return status;
}

static bool is_modest(const struct problem *problem, int threads, conv3d_tile tile)
{
    char text[PROBLEM_TEXT_MAX];
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    conv3d_options options = options_strict(threads);
    options.tile = tile;
    if (plan_without_data(problem, &options, &plan) != CONV3D_OK)
        return complain("%s: %s", problem_text(problem, text), conv3d_last_error());
    const size_t bytes = conv3d_plan_workspace_bytes(plan);
    bool good = conv3d_plan_query(plan, &info) == CONV3D_OK;
    const size_t limit = (size_t)info.threads * 32 * 1024 * 1024;
    if (bytes > limit || info.workspace_bytes != bytes || info.threads > threads)
        good = complain("%s, %d threads of %d, tile %" PRId64 ",%" PRId64 ",%" PRId64
                        " oc %" PRId64 " ic %" PRId64 ": workspace %zu (%zu), limit %zu",
                        problem_text(problem, text), info.threads, threads, tile.t, tile.h,
                        tile.w, tile.oc, tile.ic, bytes, info.workspace_bytes, limit);
    conv3d_plan_destroy(plan);
    return good;
}

Test(memory, workspace_is_at_most_32_mib_per_thread)
{
    static const conv3d_tile tiles[] = {
        {.t = 0},
        {.t = 1, .h = 1, .w = 1, .oc = 1, .ic = 1, .panel = 1},
        {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, CONV3D_ORDER_OUTER,
         CONV3D_STORE_STREAMED},
        {.w = INT64_MAX}, {.oc = INT64_MAX}, {.ic = INT64_MAX}, {.panel = INT64_MAX},
        {.t = 1 << 20},
    };
    static const int threads[] = {1, 2, 16, 64};
    for (size_t i = 0; i < sizeof greedy / sizeof *greedy; i++) {
        struct problem problem;
        cr_assert(problem_from_text(&problem, greedy[i]));
        for (size_t j = 0; j < sizeof threads / sizeof *threads; j++)
            cr_expect(is_modest(&problem, threads[j], tiles[0]));
        for (size_t j = 1; j < sizeof tiles / sizeof *tiles; j++)
            cr_expect(is_modest(&problem, 2, tiles[j]));
    }
}

/* The wide and the deep, executed between guard pages. */
Test(memory, greedy_problems_stay_inside)
{
    static const char *const texts[] = {
        "n1_ci1t1h1w3000000_co1_k1x1x3_p0x0x1", "n1_ci2t26h25w27_co3_k25_b",
        "n1_ci2t1h1w5300_co3_k1x1x5000",        "n1_ci4096t1h2w3_co5_k1",
        "n1_ci3t5h5w2100_co8_k3x3x3_d2x2x1000", "n1_ci600t1h9w10_co1200_k1x3x3_p0x1x1_g600",
        "n1_ci1t30h30w30_co1_k30",              "n1_ci3t2h2w2_co3_k1_p40",
        "n3000_ci7t1h2w3_co41_k1x2x3_b",        "n2_ci6t9h9w9_co10_k9_g2",
    };
    const conv3d_options options = options_strict(2);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct problem problem;
        cr_assert(problem_from_text(&problem, texts[i]));
        cr_expect(stays_inside_on_both_sides(&problem, &options));
    }
}

/* memory_limit_bytes bounds what the plan holds and what a call needs: below some
 * limit all plans are refused, above it all keep to it. */
static void limit_is_kept(const char *text, int threads)
{
    struct problem problem;
    int kept = 0, refused = 0;
    cr_assert(problem_from_text(&problem, text));
    for (size_t limit = 1; limit < (size_t)1 << 24; limit += limit / 50 + 1) {
        conv3d_options options = options_strict(threads);
        conv3d_plan *plan;
        conv3d_plan_info info = {.size = sizeof info};
        options.memory_limit_bytes = limit;
        cr_assert(conv3d_plan_query(NULL, &info) == CONV3D_ERR_NULL);
        const conv3d_status status = plan_without_data(&problem, &options, &plan);
        if (status == CONV3D_OK) {
            cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
            cr_assert(info.packed_bytes + info.workspace_bytes <= limit,
                      "%s, %d threads: %zu + %zu > %zu", text, threads, info.packed_bytes,
                      info.workspace_bytes, limit);
            cr_assert_str_eq(conv3d_last_error(), "plan is NULL", "success leaves it alone");
            kept++;
        } else {
            cr_assert(status == CONV3D_ERR_LIMIT && kept == 0 && plan == NULL, "%s: %zu: %s", text,
                      limit, conv3d_status_string(status));
            refused++;
        }
        conv3d_plan_destroy(plan);
    }
    cr_expect(kept > 0 && refused > 0);
}

Test(memory, memory_limit_is_kept_or_refused)
{
    for (int threads = 1; threads <= 5; threads += 2) {
        limit_is_kept("n1_ci32t8h24w24_co48_k3_p1", threads);
        limit_is_kept("n2_ci9t5h6w7_co10_k2_g1_b", threads);
        limit_is_kept("n1_ci24t5h20w7_co24_k3_g24_s2", threads);
    }
}

static conv3d_plan_info info_of(const struct problem *problem, const conv3d_options *options)
{
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    cr_assert(plan_without_data(problem, options, &plan) == CONV3D_OK, "%s", conv3d_last_error());
    cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
    conv3d_plan_destroy(plan);
    return info;
}

/* Of one tile, so that a thread needs as much whatever the limit. */
Test(memory, threads_write_far_apart_where_the_limit_has_room)
{
    enum { THREADS = 3, GAP = 1 << 20 };
    struct problem problem;
    cr_assert(problem_from_text(&problem, "n1_ci32t8h24w24_co48_k3_s2_p1"));
    conv3d_options options = options_strict(1);
    options.tile = (conv3d_tile){.t = 1, .h = 4, .w = 12, .oc = 48, .ic = 8};
    options.algorithm = "direct";
    const size_t one = info_of(&problem, &options).workspace_bytes;
    options.threads = THREADS;
    const conv3d_plan_info apart = info_of(&problem, &options);
    cr_assert(apart.threads == THREADS);
    cr_expect(apart.workspace_bytes >= THREADS * (one - 63) + (THREADS - 1) * GAP, "%zu, %zu", one,
              apart.workspace_bytes);
    options.memory_limit_bytes = apart.packed_bytes + apart.workspace_bytes;
    cr_expect(info_of(&problem, &options).workspace_bytes == apart.workspace_bytes);
    options.memory_limit_bytes--;
    cr_expect(info_of(&problem, &options).workspace_bytes == apart.workspace_bytes - (THREADS - 1) * GAP);
}
