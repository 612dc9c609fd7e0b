/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wild.h - values that a transform must not touch
 *
 * A transform adds up all values of a tile and takes them apart again: an infinity or a
 * NaN reaches every output of the tile, and a value far above the others leaves its
 * rounding errors in all.  Such tiles are computed directly, and such weights are refused.
 *
 * Wild is a set of values of which one is no number or above 2^40 (weights) or 2^60
 * (input), so that sums of the largest transform and 2^10 channels stay below 2^128; or of
 * which the largest is above C3D_TAME, and C3D_TAME times more than half of those that
 * are not zero.  Transforms leave errors of some 2^-22 of the largest value.
 */
#ifndef C3D_ALGO_WILD_H
#define C3D_ALGO_WILD_H

#include "algo/algo.h"

/* Whether a box of the input, all channels, is wild.  input: (in_channels, T, H, W) of an
 * item and group; the box may reach into the padding. */
bool c3d_input_is_wild(const struct c3d_problem *problem, const float *input,
                       const struct c3d_range box[3]);

/* Whether the weights of some output channel are. */
bool c3d_weights_are_wild(const struct c3d_problem *problem, const float *weight);

#endif
