/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_input.h - copies the window of a tile into a private buffer
 */
#ifndef C3D_ALGO_PACK_INPUT_H
#define C3D_ALGO_PACK_INPUT_H

#include "algo/blocking.h"

/* A part of the reduction: input channels of the group, and taps. */
struct c3d_chunk {
    struct c3d_range channels;
    struct c3d_range taps[3];
};

/*
 * Packs what the outputs of `task` read of `chunk` as
 * [channel][plane slot][row slot][row layout], the blocking's maps giving slots
 * and layout.  Columns in the padding become zeros, rows in it too if the
 * blocking says so; planes and other rows in the padding are left as they are,
 * since c3d_valid_taps() keeps kernels off them.
 * input: (in_channels, T, H, W) of the task's item and group.
 */
void c3d_pack_input(const struct c3d_kernels *kernels, const struct c3d_problem *problem,
                    const struct c3d_blocking *blocking, const struct c3d_task *task,
                    const struct c3d_chunk *chunk, const float *input, float *packed);

/* Elements from the start of the input of the task's item and group to where its first output meets the
 * chunk's first channel and tap; perhaps in the padding in front of it. */
ptrdiff_t c3d_window_begin(const struct c3d_problem *problem, const struct c3d_task *task,
                           const struct c3d_chunk *chunk);

/* What packing so many planes of so many rows of so many elements costs, in FMAs of
 * one lane. */
double c3d_pack_cost(double planes, double rows, double row_elems, int64_t stride);

/*
 * The same window, asked for ahead of time so that packing finds it in L2: a walk over
 * the cache lines of one channel, which lie alike in all channels, in equal steps
 * between other work.
 */
struct c3d_prefetch {
    const struct c3d_problem *problem;
    const struct c3d_blocking *blocking;
    const float *input;         /* of the first channel */
    int64_t channels;
    int64_t t, h;               /* coordinates of slot 0 */
    int64_t planes, rows;       /* slots */
    int64_t left, right;        /* columns inside the volume */
    bool joined;                /* rows of a plane follow each other without a gap */
    int64_t plane, row;         /* to come next */
    const float *at, *end;      /* what is left of the row, or of joined rows, before */
    int64_t lines, steps;       /* of each channel; that they are to be asked for in */
};

/* The window that the chunk of the task reads, in so many steps, more or less. */
void c3d_prefetch_start(struct c3d_prefetch *prefetch, const struct c3d_problem *problem,
                        const struct c3d_blocking *blocking, const struct c3d_task *task,
                        const struct c3d_chunk *chunk, const float *input, int64_t steps);

/* Makes the register tiles of a call, a step each, ask for the next lines of all channels:
 * for one line each, and for more than that at once. */
void c3d_prefetch_by(struct c3d_prefetch *prefetch, struct c3d_outer *outer);

#endif
