/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - which input positions the taps of which outputs touch
 *
 * The geometry of a convolution on one axis: output o and tap k meet at input
 * coordinate o*stride + k*dilation - begin.  Pure arithmetic, no data.
 */
#ifndef C3D_ALGO_WINDOW_H
#define C3D_ALGO_WINDOW_H

#include "algo/algo.h"

/* The taps of output `out` on `axis` that do not fall in the padding; empty
 * ranges are {x, x}. */
struct c3d_range c3d_valid_taps(const struct c3d_problem *problem, int axis, int64_t out);

/* Sum over all outputs of the valid taps on one axis. */
double c3d_valid_tap_total(const struct c3d_problem *problem, int axis);

/*
 * How rows (or planes) of a packed input tile are numbered.  The slot of output
 * o and tap k, both counted from the tile's first, is o*per_out + k*per_tap: an
 * affine map, so that a micro-kernel needs nothing but strides.  Only
 * coordinates that some (o, k) touches get slots, except in gaps that would
 * cost more to close.
 */
struct c3d_axis {
    int64_t per_out, per_tap;
    int64_t slots;  /* for the full tile */
    int64_t period; /* slots s = a*period + b, 0 <= b < period, lie at ... */
    int64_t outer_step, inner_step; /* ... a*outer_step + b*inner_step */
};

/* outs, taps >= 1. */
struct c3d_axis c3d_axis_map(int64_t outs, int64_t taps, int64_t stride, int64_t dilation);

/* The map of an input that is read where it lies: every coordinate is a slot. */
struct c3d_axis c3d_axis_in_place(int64_t outs, int64_t taps, int64_t stride, int64_t dilation);

/* The coordinate of a slot relative to that of the tile's first output and tap. */
static inline int64_t c3d_slot_coordinate(const struct c3d_axis *axis, int64_t slot)
{
    return axis->period == 1 ? slot * axis->outer_step
                             : slot / axis->period * axis->outer_step +
                                   slot % axis->period * axis->inner_step;
}

/* Slots from this one on whose coordinates are equally far apart, and how far. */
static inline int64_t c3d_slot_run(const struct c3d_axis *axis, int64_t slot, int64_t *step)
{
    *step = axis->period == 1 ? axis->outer_step : axis->inner_step;
    return axis->period == 1 ? axis->slots - slot : axis->period - slot % axis->period;
}

/* Slots that a tile of `outs` outputs and `taps` taps uses, both at most those
 * of the map. */
static inline int64_t c3d_slots_used(const struct c3d_axis *axis, int64_t outs, int64_t taps)
{
    return (outs - 1) * axis->per_out + (taps - 1) * axis->per_tap + 1;
}

/*
 * How one row of the packed tile is laid out along W: consecutive outputs read
 * consecutive elements, whatever the stride, because the row is cut into
 * segments of input columns `stride` apart.  Tap k of output o is element
 * tap_offset(k) + o*per_out.  With stride 1 there is one segment: the input row itself.
 * Taps share a segment when their distance is a multiple of the stride, unless
 * giving each tap its own copy takes less room (a large dilation, a short tile).
 * A row that stays whole has one segment, in which outputs are the stride apart.
 */
struct c3d_row {
    int64_t segments;
    int64_t length;   /* elements of the whole row */
    int64_t stride; /* columns from one element of a segment to the next */
    /* Segment s starts at element s*pitch and column s*column_step (from that
     * of the first output and tap). */
    int64_t pitch, column_step;
    int64_t per_out;   /* 1, or the convolution's stride in a row that stays whole */
    int64_t shift_max; /* a segment holds (outs - 1)*per_out + 1 + shift_max elements */
    /* tap k: segment k*unit % segments, shifted by k*unit / segments;
     * unit = 0 marks one segment per tap */
    int64_t unit;
};

struct c3d_row c3d_row_layout(int64_t outs, int64_t taps, int64_t stride, int64_t dilation);

/* A row that stays whole. */
struct c3d_row c3d_row_whole(int64_t outs, int64_t taps, int64_t stride, int64_t dilation);

/* A row of `width` elements that is read where it lies, with stride 1. */
struct c3d_row c3d_row_in_place(int64_t width, int64_t dilation);

/* Elements of the input from the first to the last tap of an output. */
double c3d_reach_in_place(const struct c3d_problem *problem);

static inline int64_t c3d_tap_offset(const struct c3d_row *row, int64_t tap)
{
    return row->unit == 0 ? tap * row->pitch
                          : tap * row->unit % row->segments * row->pitch +
                                tap * row->unit / row->segments;
}

#endif
