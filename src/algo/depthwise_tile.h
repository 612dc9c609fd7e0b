/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_tile.h - how the depthwise algorithms cut their work, and what of it may be streamed
 */
#ifndef C3D_ALGO_DEPTHWISE_TILE_H
#define C3D_ALGO_DEPTHWISE_TILE_H

#include "algo/algo.h"

/* Whether two outputs along T, a dilation apart, have all but one of their input planes in
 * common: they are computed together. */
bool c3d_depthwise_pairs(const struct c3d_problem *problem);

/* Whole volumes of a channel, unless L2 does not hold the planes that two outputs read, or
 * there are too few channels for the threads; or what was wished. */
conv3d_tile c3d_depthwise_tile(const struct c3d_request *request);

/* Whether the task's rows of a channel of the output are whole lines of the cache, and may be
 * streamed: a vector that runs over into the columns of another task must be masked. */
bool c3d_depthwise_whole_lines(const struct c3d_problem *problem, const struct c3d_task *task,
                               const float *channel);

#endif
