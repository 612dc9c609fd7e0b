/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_result.h - what tuning measured and decided
 *
 * Only the data, which the tuner fills and the reports read.
 */
#ifndef CONV3D_TOOLS_TUNE_RESULT_H
#define CONV3D_TOOLS_TUNE_RESULT_H

#include <stddef.h>

#include "conv3d.h"
#include "layer_table.h"

/* One way of computing a layer that was timed. */
struct tune_trial {
    char algorithm[24]; /* "direct", "winograd:4x4x4" */
    conv3d_tile tile;
    int threads;
    double seconds;     /* median of a call */
    int runs;
};

enum tune_outcome {
    TUNE_FASTER,
    TUNE_KEPT,    /* no difference above the noise */
    TUNE_KNOWN,   /* the database had it */
    TUNE_STOPPED, /* before anything could be said */
    TUNE_FAILED
};

struct tune_result {
    const struct layer *layer;
    enum tune_outcome outcome;
    char reason[256];          /* of TUNE_FAILED */
    /* Median seconds of a call, as the cost model would have it and as recorded; 0 = not
     * measured. */
    double before, after;
    double noise;              /* relative: smaller differences mean nothing */
    char algorithm_before[24], algorithm[24];
    conv3d_tile tile_before, tile;
    int threads;
    double flops, effective_flops, bytes; /* of a call; bytes = input, weights and output once */
    int candidates;            /* that the space holds */
    struct tune_trial *trials; /* in any order */
    size_t count;
};

/* A whole run of the command. */
struct tune_run {
    char date[32];           /* UTC */
    conv3d_machine machine;
    conv3d_rates rates;
    conv3d_math math;
    double seconds;          /* that it took */
    const char *database;    /* path written to */
    struct tune_result *results;
    size_t count;
};

#endif
