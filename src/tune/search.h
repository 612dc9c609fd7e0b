/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - finds the fastest of many ways, by measuring few of them
 *
 * Knows nothing of convolution, and no clock but the one that it is given.  Times are noisy, and
 * the machine's speed drifts: every round begins and ends with the way that is used when nothing is
 * tuned, and what counts is time over its time.
 *
 *   1. Exploring.  The untuned way, the seeds, then in each round those that look best: by the
 *      cost model, corrected by how wrong it was about measured ways that are alike.
 *   2. Halving.  The best again, the better half of them more often, until one is left.
 *   3. The duel.  That one and the untuned way in turns, until it is clear which is faster; what
 *      is no faster than noise can feign does not win.
 */
#ifndef C3D_TUNE_SEARCH_H
#define C3D_TUNE_SEARCH_H

#include "tune/regression.h"

/* A way; the nearer the features of two, the more alike they are. */
struct c3d_point {
    double prior; /* what the cost model says: time, in any unit */
    double features[C3D_FEATURES];
};

struct c3d_trial_times {
    int runs;        /* 0 = never measured */
    bool out;        /* it cannot be had, or gives wrong results */
    double relative; /* median of its time over that of the untuned way */
};

struct c3d_search {
    const struct c3d_point *points;
    size_t count;        /* >= 1 */
    size_t base;         /* the untuned way */
    const size_t *seeds; /* ways to measure first, such as those of like problems */
    size_t seed_count;
    bool exhaustive;     /* explore every way */
    double calls;        /* measurements that there is time for, more or less; 0 = any number */
    /* Seconds of a call.  NAN: this way is out. */
    double (*measure)(void *context, size_t point);
    /* Whether to stop now.  spent: the part of the time, 0 to 1, that may be gone by now. */
    bool (*stop)(void *context, double spent);
    void *context;
    struct c3d_trial_times *times; /* of all points; zeros before */
};

struct c3d_search_result {
    size_t best;    /* the untuned way, unless another is clearly faster */
    double gain;    /* time of the untuned way over its time */
    double noise;   /* relative; no smaller difference can be told from none */
    double seconds; /* of a call of the untuned way, the median */
    size_t runs;    /* measurements in all */
    bool stopped;   /* before the duel was over */
};

/* Errors: false = no memory. */
bool c3d_search_run(const struct c3d_search *search, struct c3d_search_result *result);

#endif
