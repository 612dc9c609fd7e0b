/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_problem.h - random convolution descriptors for checks
 *
 * Draws from the corners where convolutions go wrong: ragged groups, depthwise
 * multipliers, kernels as large as the padded input, lopsided padding, strides
 * that leave voxels unread.  Knows shapes only, no data.
 */
#ifndef CONV3D_TOOLS_RANDOM_PROBLEM_H
#define CONV3D_TOOLS_RANDOM_PROBLEM_H

#include <stdint.h>

#include "conv3d.h"

/*
 * The problem number `seed`: always the same one, always valid.  Kernel extents
 * 1..7, strides and dilations 1..4, padding 0..dilated kernel and different at
 * both ends at times, batch 1..5 (rarely 0), channels 1..70, extents 1..40.
 * At most 400,000 multiply-adds, one problem in 64 up to 4,000,000; at least
 * 60% of the outputs see at least one voxel.
 */
void random_problem_draw(uint64_t seed, conv3d_params *params, int64_t input_shape[5]);

#endif
