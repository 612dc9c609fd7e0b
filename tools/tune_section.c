/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_section.c - see tune_section.h
 */
#include "tune_section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bar_chart.h"
#include "html.h"
#include "svg.h"
#include "tune_figures.h"
#include "tune_map.h"
#include "tune_ranking.h"

enum { BEST_TRIALS = 10 };

static const char no_memory[] = "There was no memory for this part of the report.";

/* The cells that tell a time, in milliseconds and as a speed. */
static void write_time(const struct tune_result *result, double seconds, FILE *stream)
{
    char time[TUNE_TEXT], speed[SVG_NUMBER];

    tune_time_format(seconds, time);
    svg_number(1e-9 * tune_speed(result, seconds), speed);
    html_number(stream, time);
    html_number(stream, speed);
}

/* The cells that tell a way of computing. */
static void write_way(const char *algorithm, const conv3d_tile *tile, FILE *stream)
{
    char text[CONV3D_TILE_TEXT];

    conv3d_tile_format(tile, text, sizeof text);
    html_element(stream, "td", algorithm);
    html_element(stream, "td", text);
}

static void write_decision(const struct tune_result *result, FILE *stream)
{
    fputs("<table>\n<thead><tr><th></th><th>algorithm</th><th>tile</th>"
          "<th class=\"number\">ms</th><th class=\"number\">GFLOP/s</th></tr></thead>\n"
          "<tbody>\n<tr><th>untuned</th>\n", stream);
    write_way(result->algorithm_before, &result->tile_before, stream);
    write_time(result, result->before, stream);
    fputs("</tr>\n<tr><th>recorded</th>\n", stream);
    write_way(result->algorithm, &result->tile, stream);
    write_time(result, result->after, stream);
    fputs("</tr>\n</tbody>\n</table>\n", stream);
}

/* Of times of the layer, relative; 0 = not known. */
static double noise_of(const struct tune_result *result)
{
    return isfinite(result->noise) && result->noise > 0.0 ? result->noise : 0.0;
}

/* What became of it, and how much that can be trusted. */
static void write_verdict(const struct tune_result *result, size_t timed, FILE *stream)
{
    const double gain = tune_gain(result), noise = noise_of(result);
    char number[SVG_NUMBER];

    fputs("<p>", stream);
    svg_number(gain, number);
    if (result->outcome == TUNE_KEPT)
        fputs("No difference above the noise: the choice of the cost model stays. ", stream);
    else if (gain > 0.0)
        fprintf(stream, "%s times as fast as untuned. ", number);
    if (noise > 0.0)
        fprintf(stream, "Differences below %.1f%% mean nothing here. ", 100.0 * noise);
    else
        fputs("How much the times scatter is not known. ", stream);
    fprintf(stream, "%zu of %d candidates were timed, with %d thread%s.</p>\n", timed,
            result->candidates, result->threads, result->threads == 1 ? "" : "s");
}

static void describe_algorithm(const struct tune_result *result, const struct tune_trial *trial,
                               double fastest, struct bar *bar)
{
    char speed[SVG_NUMBER], ratio[SVG_NUMBER], longer[40] = "";

    svg_number(1e-9 * tune_speed(result, trial->seconds), speed);
    svg_number(trial->seconds / fastest, ratio);
    if (trial->seconds > fastest)
        snprintf(longer, sizeof longer, ", %s times as long", ratio);
    bar->value = fastest / trial->seconds;
    bar->is_marked = strcmp(trial->algorithm, result->algorithm) == 0;
    snprintf(bar->name, sizeof bar->name, "%s", trial->algorithm);
    snprintf(bar->note, sizeof bar->note, "%s GFLOP/s%s%s%s", speed, longer,
             bar->is_marked ? ", recorded" : "",
             strcmp(trial->algorithm, result->algorithm_before) == 0 ? ", untuned" : "");
}

static void draw_algorithms(const struct tune_result *result, const struct tune_ranking *ranking,
                            FILE *stream)
{
    struct bar *const bars = calloc(ranking->count, sizeof *bars);

    if (bars == NULL) {
        html_element(stream, "p", no_memory);
        return;
    }
    for (size_t i = 0; i < ranking->count; i++)
        describe_algorithm(result, ranking->trials[i], ranking->trials[0]->seconds, &bars[i]);
    bar_chart_draw(bars, ranking->count, stream);
    free(bars);
}

static void write_trial(const struct tune_result *result, const struct tune_trial *trial,
                        double fastest, FILE *stream)
{
    const double longer = trial->seconds / fastest - 1.0;
    char ratio[SVG_NUMBER];

    fputs("<tr>\n", stream);
    write_way(trial->algorithm, &trial->tile, stream);
    write_time(result, trial->seconds, stream);
    svg_number(trial->seconds / fastest, ratio);
    html_number(stream, ratio);
    fprintf(stream, "<td class=\"number\">%d</td>\n<td class=\"number\">%d</td>\n<td>",
            trial->threads, trial->runs);
    if (tune_is_recorded(result, trial))
        fputs("recorded ", stream);
    if (tune_is_untuned(result, trial))
        fputs("untuned ", stream);
    if (longer > 0.0 && longer < noise_of(result))
        fputs("within the noise", stream);
    fputs("</td></tr>\n", stream);
}

static void write_trials(const struct tune_result *result, const struct tune_ranking *ranking,
                         FILE *stream)
{
    fputs("<table>\n<thead><tr><th>algorithm</th><th>tile</th><th class=\"number\">ms</th>"
          "<th class=\"number\">GFLOP/s</th><th class=\"number\">relative time</th>"
          "<th class=\"number\">threads</th><th class=\"number\">runs</th><th></th></tr></thead>\n"
          "<tbody>\n", stream);
    for (size_t i = 0; i < ranking->count && i < BEST_TRIALS; i++)
        write_trial(result, ranking->trials[i], ranking->trials[0]->seconds, stream);
    fputs("</tbody>\n</table>\n", stream);
}

static void write_heading(const struct tune_result *result, size_t number, FILE *stream)
{
    fprintf(stream, "<section id=\"layer-%zu\">\n", number);
    html_element(stream, "h2", result->layer->name);
    fputs("<p class=\"faint\">", stream);
    svg_text(stream, result->layer->problem);
    fputs(" <a class=\"up\" href=\"#top\">up</a></p>\n", stream);
}

/* All that follows from trials; reorders the ranking. */
static void write_measurements(const struct tune_result *result, struct tune_ranking *ranking,
                               FILE *stream)
{
    html_element(stream, "h3", "The best trials");
    write_trials(result, ranking, stream);
    fputs("<h3>Tiles of ", stream);
    svg_text(stream, result->algorithm);
    fputs("</h3>\n", stream);
    if (!tune_map_draw(result, stream))
        html_element(stream, "p", no_memory);
    html_element(stream, "h3", "Algorithms, each with its best tile");
    tune_ranking_keep_algorithms(ranking);
    draw_algorithms(result, ranking, stream);
}

void tune_section(const struct tune_result *result, size_t number, FILE *stream)
{
    struct tune_ranking ranking;

    write_heading(result, number, stream);
    write_decision(result, stream);
    if (tune_ranking_make(result, &ranking)) {
        write_verdict(result, ranking.count, stream);
        if (ranking.count > 0)
            write_measurements(result, &ranking, stream);
        tune_ranking_free(&ranking);
    } else {
        html_element(stream, "p", no_memory);
    }
    fputs("</section>\n", stream);
}
