/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - everything decided about one problem
 */
#ifndef C3D_PLAN_PLAN_H
#define C3D_PLAN_PLAN_H

#include "algo/algo.h"
#include "base/mem.h"
#include "plan/choice.h"
#include "plan/packed.h"
#include "plan/schedule.h"
#include "platform/seats.h"

#include <limits.h>

struct conv3d_plan {
    conv3d_params params;
    int64_t input_shape[5];
    struct c3d_problem problem;
    struct c3d_problem collapsed; /* what the algorithm and the schedule see */
    const struct c3d_kernels *kernels;
    conv3d_math math;
    conv3d_activation activation;
    int threads; /* that a call uses */
    struct c3d_request request; /* that `prepared` answers */
    struct c3d_prepared *prepared;
    struct c3d_schedule schedule;
    struct c3d_seats seats;
    struct c3d_packed packed;
    size_t workspace_bytes;
    size_t scratch_stride; /* from one thread's scratch to the next one's */
    struct c3d_choice choice;
    char transform[64]; /* that was chosen, with the kernel; or "" */
    bool tuned_tile;    /* the tuning database gave it */
    conv3d_origin algorithm_origin, tile_origin;
    char tuning_file[PATH_MAX]; /* that said so; or "" */
};

/* conv3d_plan_create() for arguments that it has checked, options not NULL.  donor: NULL, or a
 * plan of the same problem and weights that will live longer: where both have them packed alike,
 * they are packed once. */
C3D_CHECKED conv3d_status c3d_plan_make(struct conv3d_plan **plan, const conv3d_params *params,
                                        const int64_t input_shape[5],
                                        const conv3d_tensor *weight, const conv3d_tensor *bias,
                                        const conv3d_options *options,
                                        const struct conv3d_plan *donor);

/* Whether there is no wish in it. */
bool c3d_tile_is_unset(const conv3d_tile *tile);

/* Errors: ARGUMENT, as conv3d_plan_create() says. */
C3D_CHECKED conv3d_status c3d_options_check(const conv3d_options *options);

/* FAST or STRICT.  Errors: ENVIRONMENT. */
C3D_CHECKED conv3d_status c3d_plan_math(conv3d_math wish, conv3d_math *math);

/* That a plan uses when nobody says how many, and there is enough to do. */
int c3d_plan_most_threads(void);

/* Nominal operations of a call, padding taps included, and without them. */
double c3d_plan_flops(const struct conv3d_plan *plan);
double c3d_plan_effective_flops(const struct conv3d_plan *plan);

#endif
