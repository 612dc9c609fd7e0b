/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timing.h - how long calls take
 *
 * Contestants take turns, so that a machine that slows down slows all of them,
 * and nobody is measured in a quiet minute.
 */
#ifndef CONV3D_TOOLS_TIMING_H
#define CONV3D_TOOLS_TIMING_H

#include <stdint.h>

enum { TIMING_MOST = 1000 }; /* repeats of one contestant */

struct timing {
    int64_t repeats; /* 0 = not timed */
    double median, min; /* seconds */
};

/* run(context) does the work once and returns an exit_code. */
struct contestant {
    int (*run)(void *context);
    void *context;
    struct timing timing; /* the result */
};

/* At least five calls of each contestant, until `seconds` are spent by all of them
 * together or each has made TIMING_MOST; three calls when five take longer than half
 * a minute.  Or exactly `repeats` calls of each, if that is not 0.  Returns the
 * first exit_code that is not EXIT_OK, or EXIT_MEMORY. */
int timing_race(struct contestant *contestants, int count, double seconds, int64_t repeats);

/* The shortest of a few calls, for a choice between two ways; the first call is
 * not counted. */
int timing_trial(int (*run)(void *context), void *context, double *seconds);

#endif
