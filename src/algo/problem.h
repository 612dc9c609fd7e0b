/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.h - a validated convolution problem, with derived sizes
 *
 * Made by plan/problem_check.c; whoever holds one may multiply its extents
 * without checking again: every product that occurs fits int64_t, and every
 * tensor's size in bytes fits ptrdiff_t.
 */
#ifndef C3D_ALGO_PROBLEM_H
#define C3D_ALGO_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

/* Axes, in the order of every triple. */
enum { T, H, W };

struct c3d_problem {
    int64_t items;        /* N, >= 0 */
    int64_t groups;
    int64_t in_channels;  /* of one group */
    int64_t out_channels; /* of one group */
    int64_t in[3], out[3];
    int64_t kernel[3], stride[3], begin[3], end[3], dilation[3];
    bool flip;            /* a true convolution */
    bool bias;
    /* One output per item: the items have become the columns of W, and the channels
     * of a column lie side by side in both tensors. */
    bool columns;
};

/* Elements from one channel to the next, and from one column of W, of the tensors that
 * problem sees: (items, groups, channels, T, H, W), or (W, groups, channels). */
static inline int64_t c3d_channel_step(const struct c3d_problem *problem,
                                       const int64_t extents[3])
{
    return problem->columns ? 1 : extents[T] * extents[H] * extents[W];
}

static inline int64_t c3d_column_step(const struct c3d_problem *problem, int64_t channels)
{
    return problem->columns ? problem->groups * channels : 1;
}

static inline int64_t c3d_volume(const int64_t extents[3])
{
    return extents[T] * extents[H] * extents[W];
}

/* Multiply-adds of one output. */
static inline int64_t c3d_reduction(const struct c3d_problem *problem)
{
    return problem->in_channels * c3d_volume(problem->kernel);
}

/* Operations of a call, those with padding included. */
static inline double c3d_problem_flops(const struct c3d_problem *problem)
{
    return 2.0 * (double)problem->items * (double)problem->groups *
           (double)problem->out_channels * (double)c3d_volume(problem->out) *
           (double)c3d_reduction(problem);
}

#endif
