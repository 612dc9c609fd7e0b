/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem_check.h - from the caller's numbers to a problem that can be trusted
 */
#ifndef C3D_PLAN_PROBLEM_CHECK_H
#define C3D_PLAN_PROBLEM_CHECK_H

#include "algo/problem.h"
#include "base/status.h"

/* Errors as conv3d_output_shape documents them. */
C3D_CHECKED conv3d_status c3d_problem_check(const conv3d_params *params,
                                            const int64_t input_shape[5],
                                            struct c3d_problem *problem);

/* Errors: NULL (weight or its data), SHAPE. */
C3D_CHECKED conv3d_status c3d_weight_check(const struct c3d_problem *problem,
                                           const conv3d_tensor *weight);

/* Errors: NULL (missing bias or data), ARGUMENT (superfluous bias), SHAPE. */
C3D_CHECKED conv3d_status c3d_bias_check(const struct c3d_problem *problem,
                                         const conv3d_tensor *bias);

#endif
