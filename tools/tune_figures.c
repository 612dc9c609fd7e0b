/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_figures.c - see tune_figures.h
 */
#include "tune_figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>


int tune_is_tuned(const struct tune_result *result)
{
    return result->outcome == TUNE_FASTER || result->outcome == TUNE_KEPT;
}

int tune_is_time(double seconds)
{
    return isfinite(seconds) && seconds > 0.0;
}

double tune_gain(const struct tune_result *result)
{
    if (result->outcome == TUNE_KEPT)
        return 1.0;
    if (result->outcome != TUNE_FASTER || !tune_is_time(result->before) ||
        !tune_is_time(result->after))
        return 0.0;
    const double gain = result->before / result->after;

    return tune_is_time(gain) ? gain : 0.0;
}

double tune_speed(const struct tune_result *result, double seconds)
{
    if (!tune_is_time(seconds))
        return 0.0;
    const double speed = result->effective_flops / seconds;

    return isfinite(speed) && speed > 0.0 ? speed : 0.0;
}

void tune_summarise(const struct tune_run *run, struct tune_summary *summary)
{
    double logarithms = 0.0; /* those of kept layers are 0 */
    size_t faster = 0;

    memset(summary, 0, sizeof *summary);
    for (size_t i = 0; i < run->count; i++) {
        const struct tune_result *const result = &run->results[i];
        const double gain = tune_gain(result);

        summary->outcomes[result->outcome]++;
        if (gain > 0.0) {
            logarithms += log(gain);
            summary->gains++;
            faster += result->outcome == TUNE_FASTER;
        }
    }
    if (summary->gains > 0)
        summary->gain = exp(logarithms / (double)summary->gains);
    if (faster > 0)
        summary->gain_faster = exp(logarithms / (double)faster);
}

static int is_way(const char *algorithm, const conv3d_tile *tile, const struct tune_trial *trial)
{
    char text[CONV3D_TILE_TEXT], other[CONV3D_TILE_TEXT];

    conv3d_tile_format(tile, text, sizeof text);
    conv3d_tile_format(&trial->tile, other, sizeof other);
    return strcmp(algorithm, trial->algorithm) == 0 && strcmp(text, other) == 0;
}

int tune_is_recorded(const struct tune_result *result, const struct tune_trial *trial)
{
    return is_way(result->algorithm, &result->tile, trial);
}

int tune_is_untuned(const struct tune_result *result, const struct tune_trial *trial)
{
    return is_way(result->algorithm_before, &result->tile_before, trial);
}

void tune_time_format(double seconds, char text[TUNE_TEXT])
{
    const double milliseconds = 1e3 * seconds;

    if (!tune_is_time(seconds))
        snprintf(text, TUNE_TEXT, "-");
    else if (milliseconds < 1.0)
        snprintf(text, TUNE_TEXT, "%.4f", milliseconds);
    else if (milliseconds < 1e7)
        snprintf(text, TUNE_TEXT, "%.3f", milliseconds);
    else
        snprintf(text, TUNE_TEXT, "%.3e", milliseconds);
}

void tune_duration_format(double seconds, char text[TUNE_TEXT])
{
    const double whole = round(seconds);

    if (!tune_is_time(seconds))
        snprintf(text, TUNE_TEXT, "-");
    else if (whole < 60.0)
        snprintf(text, TUNE_TEXT, "%.1f s", seconds);
    else if (whole < 3600.0)
        snprintf(text, TUNE_TEXT, "%.0f min %.0f s", floor(whole / 60.0), fmod(whole, 60.0));
    else
        snprintf(text, TUNE_TEXT, "%.0f h %.0f min", floor(whole / 3600.0),
                 floor(fmod(whole, 3600.0) / 60.0));
}
