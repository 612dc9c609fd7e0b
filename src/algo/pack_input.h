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
void c3d_pack_input(const struct c3d_problem *problem, const struct c3d_blocking *blocking,
                    const struct c3d_task *task, const struct c3d_chunk *chunk,
                    const float *input, float *packed);

/* Channels times planes of the window that c3d_pack_input() reads. */
int64_t c3d_input_planes(const struct c3d_blocking *blocking, const struct c3d_task *task,
                         const struct c3d_chunk *chunk);

/* Asks for some of those planes, counted channel by channel, to be brought into L2. */
void c3d_prefetch_input(const struct c3d_problem *problem, const struct c3d_blocking *blocking,
                        const struct c3d_task *task, const struct c3d_chunk *chunk,
                        const float *input, struct c3d_range planes);

#endif
