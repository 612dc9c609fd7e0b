/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_weights.h - weights in panels of output channels
 *
 * Layout: [group][panel][in channel][kt][kh][kw][lane], lane = output channel
 * within the panel.  All panels of a group but the last one or two are equally wide.
 * Unused lanes hold zeros.  A flipped kernel is stored flipped, so that the rest of the
 * library only cross-correlates.
 */
#ifndef C3D_ALGO_PACK_WEIGHTS_H
#define C3D_ALGO_PACK_WEIGHTS_H

#include "algo/algo.h"
#include "base/num.h"

#include <stddef.h>

/* How panels are cut. */
struct c3d_panels {
    int lanes, vectors; /* of a panel; the last of a group may have fewer vectors */
};

/* One of them. */
struct c3d_panel {
    int64_t channel; /* its first output channel */
    int vectors, channels; /* channels: those that exist */
};

/* Panels for the request's wish of output channels, else the fastest. */
struct c3d_panels c3d_choose_panels(const struct c3d_request *request);

static inline int64_t c3d_panel_channels(struct c3d_panels panels)
{
    return (int64_t)panels.vectors * panels.lanes;
}

/* The panel that channel oc of a group begins, if all are equally wide: oc is a multiple of
 * c3d_panel_channels().  The last two, of three vectors and of one, are of two each: a tile one
 * vector wide reaches 0.7 of the peak, with the three rows of a tile of three vectors less. */
static inline struct c3d_panel c3d_panel_at(struct c3d_panels panels, int64_t out_channels,
                                            int64_t oc)
{
    const int64_t left = c3d_ceil_div(out_channels - oc, panels.lanes);
    const bool first_of_two = panels.vectors == 3 && left == 4;
    const bool second_of_two = panels.vectors == 3 && left == 1 && oc > 0;
    const int64_t channel = second_of_two ? oc - panels.lanes : oc;
    const int vectors =
        first_of_two || second_of_two ? 2 : (int)c3d_min(left, panels.vectors);
    return (struct c3d_panel){
        channel, vectors, (int)c3d_min(out_channels - channel, vectors * panels.lanes)};
}

/* Output channels of a group, rounded up to whole vectors. */
int64_t c3d_padded_channels(const struct c3d_problem *problem, int lanes);

/* Elements from the start of the packed weights to the panel of a group from output
 * channel oc on. */
static inline ptrdiff_t c3d_panel_offset(const struct c3d_problem *problem, int lanes,
                                         int64_t group, int64_t oc)
{
    return (ptrdiff_t)((group * c3d_padded_channels(problem, lanes) + oc) *
                       c3d_reduction(problem));
}

/* Elements of the packed weights, all groups; false if bytes overflow. */
bool c3d_packed_elems(const struct c3d_problem *problem, int lanes, int64_t *elems);

void c3d_pack_weights(const struct c3d_problem *problem, struct c3d_panels panels,
                      const float *weight, float *packed);

/* The bias of every group padded like the weights, zeros where there is none;
 * never -0, so that adding it turns a sum of -0 into +0. */
void c3d_pack_bias(const struct c3d_problem *problem, int lanes, const float *bias,
                   float *packed);

/* True if every weight is finite: then a padding tap may be multiplied by zero
 * instead of skipped, with the same result. */
bool c3d_weights_finite(const struct c3d_problem *problem, const float *weight);

#endif
