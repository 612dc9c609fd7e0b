/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_weights.h - weights in panels of output channels
 *
 * Layout: [group][panel][in channel][kt][kh][kw][lane], lane = output channel
 * within the panel.  A panel is two vectors wide; the last of a group is one
 * vector wide when that is enough.  Unused lanes hold zeros.  A flipped kernel
 * is stored flipped, so that the rest of the library only cross-correlates.
 */
#ifndef C3D_ALGO_PACK_WEIGHTS_H
#define C3D_ALGO_PACK_WEIGHTS_H

#include "algo/algo.h"

#include <stddef.h>

/* How many vectors wide a panel is. */
static inline int c3d_panel_vectors(int64_t out_channels, int lanes, int64_t panel)
{
    return out_channels - panel * 2 * lanes > lanes ? 2 : 1;
}

/* Output channels of a group, rounded up to whole vectors. */
int64_t c3d_padded_channels(const struct c3d_problem *problem, int lanes);

/* Elements from the start of the packed weights to a panel's. */
static inline ptrdiff_t c3d_panel_offset(const struct c3d_problem *problem, int lanes,
                                         int64_t group, int64_t panel)
{
    const int64_t before = group * c3d_padded_channels(problem, lanes) + panel * 2 * lanes;
    return (ptrdiff_t)(before * c3d_reduction(problem));
}

/* Elements of the packed weights, all groups; false if bytes overflow. */
bool c3d_packed_elems(const struct c3d_problem *problem, int lanes, int64_t *elems);

void c3d_pack_weights(const struct c3d_problem *problem, int lanes, const float *weight,
                      float *packed);

/* The bias of every group padded like the weights, zeros where there is none;
 * never -0, so that adding it turns a sum of -0 into +0. */
void c3d_pack_bias(const struct c3d_problem *problem, int lanes, const float *bias,
                   float *packed);

/* True if every weight is finite: then a padding tap may be multiplied by zero
 * instead of skipped, with the same result. */
bool c3d_weights_finite(const struct c3d_problem *problem, const float *weight);

#endif
