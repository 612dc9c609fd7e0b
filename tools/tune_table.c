/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_table.c - what tuning brought, as a table for a person
 */
#include "tune_table.h"

#include <string.h>

#include "tune_figures.h"

static int name_width(const struct tune_run *run)
{
    size_t width = 5;

    for (size_t i = 0; i < run->count; i++) {
        const size_t length = strlen(run->results[i].layer->name);

        width = length > width ? length : width;
    }
    return (int)width;
}

static const char *outcome_name(enum tune_outcome outcome)
{
    static const char *const names[] = {
        [TUNE_FASTER] = "faster",   [TUNE_KEPT] = "kept",     [TUNE_KNOWN] = "known",
        [TUNE_STOPPED] = "stopped", [TUNE_FAILED] = "failed",
    };

    return names[outcome];
}

static void write_row(const struct tune_result *result, int width, FILE *file)
{
    char before[TUNE_TEXT], after[TUNE_TEXT], tile[CONV3D_TILE_TEXT];
    const double gain = tune_gain(result);

    fprintf(file, "%-*s %-7s", width, result->layer->name, outcome_name(result->outcome));
    if (result->outcome == TUNE_FAILED) {
        fprintf(file, "  %s\n", result->reason);
        return;
    }
    tune_time_format(result->before, before);
    tune_time_format(result->after, after);
    conv3d_tile_format(&result->tile, tile, sizeof tile);
    fprintf(file, " %10s %10s ", before, after);
    if (gain > 0.0)
        fprintf(file, "%6.3f", gain);
    else
        fprintf(file, "%6s", "-");
    fprintf(file, " %5.1f%%  %-16s %s", 100.0 * result->noise, result->algorithm, tile);
    if (result->outcome != TUNE_STOPPED && result->algorithm_before[0] != '\0' &&
        strcmp(result->algorithm, result->algorithm_before) != 0)
        fprintf(file, " (was %s)", result->algorithm_before);
    fputc('\n', file);
}

void tune_table(const struct tune_run *run, FILE *file)
{
    const int width = name_width(run);
    struct tune_summary summary;
    char duration[TUNE_TEXT];

    fprintf(file, "%-*s %-7s %10s %10s %6s %6s  %-16s %s\n", width, "layer", "", "before ms",
            "after ms", "gain", "noise", "algorithm", "tile");
    for (size_t i = 0; i < run->count; i++)
        write_row(&run->results[i], width, file);
    tune_summarise(run, &summary);
    tune_duration_format(run->seconds, duration);
    fprintf(file, "\n%zu faster, %zu kept, %zu known, %zu stopped, %zu failed, in %s",
            summary.outcomes[TUNE_FASTER], summary.outcomes[TUNE_KEPT],
            summary.outcomes[TUNE_KNOWN], summary.outcomes[TUNE_STOPPED],
            summary.outcomes[TUNE_FAILED], duration);
    if (summary.gains > 0)
        fprintf(file, "; gain %.3f in the mean", summary.gain);
    if (summary.outcomes[TUNE_FASTER] > 0)
        fprintf(file, ", %.3f of those that are faster", summary.gain_faster);
    fprintf(file, "\nrecorded in %s\n", run->database);
}
