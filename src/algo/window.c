/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.c - which input positions the taps of which outputs touch
 */
#include "algo/window.h"

#include "base/num.h"

/* Smallest k >= 0 with k*step >= distance. */
static int64_t steps_to_reach(int64_t distance, int64_t step)
{
    return distance <= 0 ? 0 : c3d_ceil_div(distance, step);
}

struct c3d_range c3d_valid_taps(const struct c3d_problem *problem, int axis, int64_t out)
{
    const int64_t first = out * problem->stride[axis] - problem->begin[axis];
    const int64_t taps = problem->kernel[axis], dilation = problem->dilation[axis];
    struct c3d_range valid;
    valid.begin = c3d_min(steps_to_reach(-first, dilation), taps);
    valid.end = c3d_min(steps_to_reach(problem->in[axis] - first, dilation), taps);
    valid.end = c3d_max(valid.begin, valid.end);
    return valid;
}

double c3d_valid_tap_total(const struct c3d_problem *problem, int axis)
{
    const int64_t outs = problem->out[axis], stride = problem->stride[axis];
    double total = 0;
    if (problem->kernel[axis] > outs) {
        for (int64_t out = 0; out < outs; out++) {
            total += (double)c3d_extent(c3d_valid_taps(problem, axis, out));
        }
        return total;
    }
    for (int64_t tap = 0; tap < problem->kernel[axis]; tap++) {
        const int64_t at = tap * problem->dilation[axis] - problem->begin[axis];
        const int64_t first = c3d_min(steps_to_reach(-at, stride), outs);
        const int64_t end = c3d_min(steps_to_reach(problem->in[axis] - at, stride), outs);
        total += (double)c3d_max(end - first, 0);
    }
    return total;
}

struct c3d_axis c3d_axis_map(int64_t outs, int64_t taps, int64_t stride, int64_t dilation)
{
    const int64_t step = outs == 1   ? dilation
                         : taps == 1 ? stride
                                     : c3d_gcd(stride, dilation);
    struct c3d_axis axis = {
        .per_out = outs == 1 ? 0 : stride / step,
        .per_tap = taps == 1 ? 0 : dilation / step,
        .period = 1,
        .outer_step = step,
    };
    axis.slots = c3d_slots_used(&axis, outs, taps);
    if (axis.slots > outs * taps) {
        /* More gaps than positions: a slot for every pair. */
        axis = (struct c3d_axis){
            .per_out = taps,
            .per_tap = 1,
            .slots = outs * taps,
            .period = taps,
            .outer_step = stride,
            .inner_step = dilation,
        };
    }
    return axis;
}

struct c3d_axis c3d_axis_in_place(int64_t outs, int64_t taps, int64_t stride, int64_t dilation)
{
    return (struct c3d_axis){
        .per_out = stride,
        .per_tap = dilation,
        .slots = (outs - 1) * stride + (taps - 1) * dilation + 1,
        .period = 1,
        .outer_step = 1,
    };
}

struct c3d_row c3d_row_in_place(int64_t width, int64_t dilation)
{
    return (struct c3d_row){
        .segments = 1, .length = width, .stride = 1, .column_step = 1, .per_out = 1,
        .unit = dilation};
}

double c3d_reach_in_place(const struct c3d_problem *p)
{
    double reach = 0;
    for (int axis = T; axis <= W; axis++) {
        reach = reach * (double)p->in[axis] +
                (double)(p->kernel[axis] - 1) * (double)p->dilation[axis];
    }
    return reach;
}

struct c3d_row c3d_row_whole(int64_t outs, int64_t taps, int64_t stride, int64_t dilation)
{
    const int64_t shift_max = (taps - 1) * dilation, length = (outs - 1) * stride + 1 + shift_max;
    return (struct c3d_row){
        .segments = 1,
        .length = length,
        .stride = 1,
        .pitch = length,
        .column_step = 1,
        .per_out = stride,
        .shift_max = shift_max,
        .unit = dilation,
    };
}

struct c3d_row c3d_row_layout(int64_t outs, int64_t taps, int64_t stride, int64_t dilation)
{
    /* One segment per tap, unless sharing is possible and shorter. */
    struct c3d_row row = {
        .segments = taps,
        .length = outs * taps,
        .stride = stride,
        .pitch = outs,
        .column_step = dilation,
        .per_out = 1,
    };
    /* Columns at multiples of the common divisor: output o and tap k meet at
     * the (o*phases + k*unit)-th of them.  Only when there are fewer phases
     * than taps do two taps share one. */
    const int64_t divisor = c3d_gcd(stride, dilation);
    const int64_t phases = stride / divisor, unit = dilation / divisor;
    if (phases < taps) {
        const int64_t shift_max = (taps - 1) * unit / phases;
        const int64_t pitch = outs + shift_max;
        if (phases * pitch <= row.length) {
            row.segments = phases;
            row.length = phases * pitch;
            row.pitch = pitch;
            row.column_step = divisor;
            row.shift_max = shift_max;
            row.unit = unit;
        }
    }
    return row;
}
