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
#include "database/machine_key.h"
#include "database/record.h"

#include <limits.h>

/* Of a problem with the NUL: longer ones are absurd, and have no entries. */
enum { C3D_ADVICE_PROBLEM_BYTES = 256 };

/* A plan as entries name it. */
struct c3d_advisee {
    char item[C3D_ADVICE_PROBLEM_BYTES];    /* the problem of one item */
    char problem[C3D_ADVICE_PROBLEM_BYTES]; /* of all; "" = too long, both */
    char machine[C3D_MACHINE_KEY_BYTES];
    conv3d_math math;
    int threads; /* that a call may use */
};

/* The problem as an entry names it: of `items` items, and without what makes no difference to
 * time, bias and flip.  Cut as snprintf does; returns the length of the whole. */
size_t c3d_advice_problem(const conv3d_params *params, const int64_t input_shape[5], int64_t items,
                          char *text, size_t capacity);

struct c3d_advisee c3d_advisee_of(const conv3d_params *params, const int64_t input_shape[5],
                                  const struct c3d_kernels *kernels, conv3d_math math,
                                  int threads);

/* What the entries of its algorithm, and of its tile for an algorithm, are about.  Points into the
 * advisee. */
struct c3d_subject c3d_advisee_item(const struct c3d_advisee *advisee);
struct c3d_subject c3d_advisee_tile(const struct c3d_advisee *advisee, const char *algorithm);

/* False if nobody knows.  path: of the file that says so; if none does, anything. */
bool c3d_advice_algorithm(const struct c3d_advisee *advisee, struct c3d_algorithm_record *record,
                          char path[PATH_MAX]);
bool c3d_advice_tile(const struct c3d_advisee *advisee, const char *algorithm,
                     struct c3d_tile_record *record, char path[PATH_MAX]);

/* What calibration found of this machine, else that it is as the one where the model's constants
 * were measured. */
struct c3d_rates c3d_advice_rates(const struct c3d_kernels *kernels);

#endif
