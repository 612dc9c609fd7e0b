/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - times ways of computing a problem, and checks what they compute
 */
#ifndef C3D_TUNE_TRIAL_H
#define C3D_TUNE_TRIAL_H

#include "tune/space.h"

/* A problem with tensors to try it on. */
struct c3d_bench {
    conv3d_params params;
    int64_t input_shape[5];
    conv3d_options options; /* the caller's; algorithm, tile and threads are those of ways */
    float *input, *weight, *output;
    float *expected;        /* what sums in one chain give */
    size_t outputs;
    conv3d_tensor weight_tensor;
    struct conv3d_plan *untuned;
    double seconds;         /* of a call of that, roughly */
    void *workspace;
    size_t workspace_bytes;
    float *flood;           /* as large as L3, to fill it with; NULL = not needed yet */
};

/* The tensors, the plan as it would be made without a database, what is to be expected, and how
 * long it takes.
 * Release with c3d_bench_close(), also after an error.  Errors: those of conv3d_plan_create(). */
C3D_CHECKED conv3d_status c3d_bench_open(struct c3d_bench *bench, const conv3d_params *params,
                                         const int64_t input_shape[5],
                                         const conv3d_options *options);
void c3d_bench_close(struct c3d_bench *bench);

/* The ways of a space on a bench, as they are timed. */
struct c3d_trials {
    struct c3d_bench *bench;
    const struct c3d_space *space;
    struct conv3d_plan **plans; /* of the ways that were tried; NULL = not yet */
    size_t *order;              /* in which they were made: who lends weights goes last */
    size_t made;
};

/* Errors: MEMORY. */
C3D_CHECKED conv3d_status c3d_trials_open(struct c3d_trials *trials, struct c3d_bench *bench,
                                          const struct c3d_space *space);
void c3d_trials_close(struct c3d_trials *trials);

/* Seconds of a call by a way, of some calls when they are short; where packed weights are so large
 * that other layers will drive a part of them out of L3, that part of the time of a call that finds
 * none of them there.  NAN when there is no memory for
 * it, or its result was wrong: neither the bits expected nor, for a transform, within the error that
 * fast math promises. */
double c3d_trials_measure(struct c3d_trials *trials, size_t way);

#endif
