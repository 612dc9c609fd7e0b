/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tuner.h - finds the fastest way for a problem, and records it
 *
 * First the algorithm, with the cost model's tile for each, unless the database has it already;
 * then the tile.
 */
#ifndef C3D_TUNE_TUNER_H
#define C3D_TUNE_TUNER_H

#include "plan/plan.h"

/* As conv3d_tune() documents it, for arguments that are whole. */
C3D_CHECKED conv3d_status c3d_tune(const conv3d_params *params, const int64_t input_shape[5],
                                   const conv3d_options *options,
                                   const conv3d_tune_options *tune, conv3d_tune_result *result);

#endif
