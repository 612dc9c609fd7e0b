/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wild.c - see wild.h
 */
#include "algo/wild.h"

#include <math.h>

/* Rows of values, evenly spaced along three axes. */
struct values {
    const float *first;
    int64_t extents[3], steps[3]; /* the rows' own are 1 apart */
    int64_t row;
};

static const float *row_of(const struct values *v, int64_t n)
{
    return v->first + n / v->extents[2] / v->extents[1] * v->steps[0] +
           n / v->extents[2] % v->extents[1] * v->steps[1] + n % v->extents[2] * v->steps[2];
}

/* Of all values: the largest magnitude, or NaN. */
static float largest_of(const struct values *v)
{
    float largest = 0;
    for (int64_t n = 0; n < c3d_volume(v->extents); n++) {
        const float *const row = row_of(v, n);
        for (int64_t i = 0; i < v->row; i++) {
            const float x = fabsf(row[i]);
            largest = x <= largest ? largest : x;
            if (x != x) {
                return x;
            }
        }
    }
    return largest;
}

/* How many more values are below `limit` than not; zeros do not count. */
static int64_t excess_below(const struct values *v, float limit)
{
    int64_t excess = 0;
    for (int64_t n = 0; n < c3d_volume(v->extents); n++) {
        const float *const row = row_of(v, n);
        for (int64_t i = 0; i < v->row; i++) {
            const float x = fabsf(row[i]);
            excess += x == 0 ? 0 : x < limit ? 1 : -1;
        }
    }
    return excess;
}

static bool are_wild(const struct values *values, float limit)
{
    const float largest = largest_of(values);
    return !(largest <= limit) ||
           (largest > C3D_TAME && excess_below(values, largest / C3D_TAME) > 0);
}

bool c3d_input_is_wild(const struct c3d_problem *problem, const float *input,
                       const struct c3d_range box[3])
{
    const int64_t *const in = problem->in;
    struct c3d_range some[3];
    for (int axis = T; axis <= W; axis++) {
        some[axis] = c3d_intersection(box[axis], (struct c3d_range){0, in[axis]});
    }
    const struct values values = {
        .first = input + (some[T].begin * in[H] + some[H].begin) * in[W] + some[W].begin,
        .extents = {problem->in_channels, c3d_extent(some[T]), c3d_extent(some[H])},
        .steps = {c3d_volume(in), in[H] * in[W], in[W]},
        .row = c3d_extent(some[W]),
    };
    return are_wild(&values, 0x1p60f);
}

bool c3d_weights_are_wild(const struct c3d_problem *problem, const float *weight)
{
    const int64_t reduction = c3d_reduction(problem);
    for (int64_t oc = 0; oc < problem->groups * problem->out_channels; oc++) {
        const struct values values = {
            .first = weight + oc * reduction, .extents = {1, 1, 1}, .row = reduction};
        if (are_wild(&values, 0x1p40f)) {
            return true;
        }
    }
    return false;
}
