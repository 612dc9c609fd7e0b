/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_tile.h - how the depthwise algorithms cut their work
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

#endif
