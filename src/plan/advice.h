/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advice.h - what the tuning databases know about a plan
 *
 * Advice is only followed where it is legal: an algorithm that accepts the problem, and its tile,
 * which is clipped as any wish is.
 */
#ifndef C3D_PLAN_ADVICE_H
#define C3D_PLAN_ADVICE_H

#include "algo/algo.h"
#include "database/record.h"

#include <limits.h>

struct c3d_advice {
    char algorithm[C3D_ALGORITHM_NAME_BYTES]; /* for the problem of one item; "" = unknown */
    bool has_tile;
    struct c3d_tile_record tile;              /* for batch and threads */
    char path[PATH_MAX];                      /* of the file that says so */
};

/* Of a problem with the NUL: longer ones are absurd, and have no entries. */
enum { C3D_ADVICE_PROBLEM_BYTES = 256 };

/* The problem as an entry names it: of `items` items, and without what makes no difference to
 * time, bias and flip.  Cut as snprintf does; returns the length of the whole. */
size_t c3d_advice_problem(const conv3d_params *params, const int64_t input_shape[5], int64_t items,
                          char *text, size_t capacity);

/* Asks for a plan that may use so many threads. */
void c3d_advice_ask(const conv3d_params *params, const int64_t input_shape[5],
                    const struct c3d_kernels *kernels, conv3d_math math, int threads,
                    struct c3d_advice *advice);

/* What calibration found of this machine, else that it is as the one where the model's constants
 * were measured. */
struct c3d_rates c3d_advice_rates(const struct c3d_kernels *kernels);

#endif
