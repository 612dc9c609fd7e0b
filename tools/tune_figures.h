/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_figures.h - what follows from what tuning measured, and how it is written
 *
 * All parts of a report take their figures from here, so that they agree.
 */
#ifndef CONV3D_TOOLS_TUNE_FIGURES_H
#define CONV3D_TOOLS_TUNE_FIGURES_H

#include "tune_result.h"

enum { TUNE_OUTCOMES = TUNE_FAILED + 1, TUNE_TEXT = 64 };

/* A run in a few figures: means are geometric, and 0 of nothing. */
struct tune_summary {
    size_t outcomes[TUNE_OUTCOMES];
    size_t gains;             /* layers whose gain is known */
    double gain, gain_faster; /* of these; of the faster ones alone */
};

void tune_summarise(const struct tune_run *run, struct tune_summary *summary);

/* Whether trials decided about the layer: it is faster, or its choice was kept. */
int tune_is_tuned(const struct tune_result *result);

/* Whether a time was measured: positive and finite. */
int tune_is_time(double seconds);

/* Before / after; 1 of what was kept, so that noise counts neither as gain nor as loss; 0 =
 * unknown. */
double tune_gain(const struct tune_result *result);

/* Effective operations per second of a call that takes so long; 0 = unknown. */
double tune_speed(const struct tune_result *result, double seconds);

/* Whether a trial is what was recorded, or what the cost model had chosen. */
int tune_is_recorded(const struct tune_result *result, const struct tune_trial *trial);
int tune_is_untuned(const struct tune_result *result, const struct tune_trial *trial);

/* "12.345", in milliseconds; "-" = not measured. */
void tune_time_format(double seconds, char text[TUNE_TEXT]);

/* "1 h 2 min", "3 min 20 s", "12.3 s". */
void tune_duration_format(double seconds, char text[TUNE_TEXT]);

#endif
