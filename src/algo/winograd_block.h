/* SPDX-License-Identifier: Apache-2.0 */
/*
 * winograd_block.h - how Winograd convolution cuts its work
 *
 * Outputs are cut into transform tiles of m_t x m_h x m_w, and tasks hold blocks of whole
 * tiles.  The transform tile changes bits, so it follows from the problem of one item and
 * the machine alone; the block does not.
 */
#ifndef C3D_ALGO_WINOGRAD_BLOCK_H
#define C3D_ALGO_WINOGRAD_BLOCK_H

#include "algo/cook_toom.h"
#include "algo/pack_weights.h"

/* A dilated axis is as many interleaved dense ones: tile n starts at output
 * n / dilation * outs * dilation + n % dilation, and its outputs, inputs and taps are
 * `dilation` apart. */
struct c3d_winograd_axis {
    struct c3d_cook_toom maths;
    struct c3d_matrix input, output; /* of it, as the micro-kernels take them */
    int outs, points;                /* of a tile */
    int64_t stride, dilation;        /* one of them is 1 */
    bool plain;                      /* the input needs no transform: every input is a tile's */
    bool swift;                      /* the micro-kernel has short code for it */
    int64_t tiles;                   /* of a block; a multiple of dilation */
    int64_t inputs;                  /* that the block reads */
};

/* The first output of a tile, counted from that of the block. */
static inline int64_t c3d_tile_start(const struct c3d_winograd_axis *axis, int64_t tile)
{
    return tile / axis->dilation * axis->outs * axis->dilation + tile % axis->dilation;
}

/* Tiles that some outputs take, all of every group of interleaved ones. */
static inline int64_t c3d_tiles_of(const struct c3d_winograd_axis *axis, int64_t outputs)
{
    return c3d_ceil_div(outputs, axis->outs * axis->dilation) * axis->dilation;
}

/* Tiles from this one on, of `all`, whose starts are equally far apart, and how far. */
static inline int64_t c3d_tile_run(const struct c3d_winograd_axis *axis, int64_t tile,
                                   int64_t all, int64_t *step)
{
    *step = axis->dilation == 1 ? axis->outs : 1;
    return axis->dilation == 1 ? all - tile : axis->dilation - tile % axis->dilation;
}

/* Elements of one thread's buffers, and where things lie in them; L = lanes. */
struct c3d_winograd_block {
    struct c3d_winograd_axis axes[3];
    struct c3d_panels panels;
    conv3d_tile tile;        /* the block, in outputs and output channels */
    int64_t channel_blocks;  /* of L input channels */
    int64_t tiles;           /* of the block */
    int64_t rows;            /* of a register tile: tiles */
    /* One channel block and frequency of T: [plane tile][row][column][L]. */
    int64_t plane;           /* from one plane to the next, a line more than it holds */
    /* Transformed input of one frequency of T:
     * [frequency of H][of W][register tile][channel block][row][L]. */
    int64_t input_frequency; /* from one frequency to the next, a line more than it holds */
    /* Sums of one panel: [frequency of H][of W][tile][lane of the panel]. */
    int64_t sum_frequency;   /* likewise */
    int64_t raw_elems, window_elems, band_elems, input_elems, sum_elems, half_elems,
        slice_elems, output_elems;
    size_t scratch_bytes;
    double cost;             /* of one item, in vector FMAs */
};

/* Steps from all zeros through the tiles that the problem's kernel and outputs allow. */
bool c3d_winograd_next(const struct c3d_problem *problem, int outs[3]);

/* Why the request's tile does not suit the problem, or, with tiles of 0, none does; or NULL. */
const char *c3d_winograd_refusal(const struct c3d_request *request);

/* The block for the request's tile, and its cost.  Errors: LIMIT. */
C3D_CHECKED conv3d_status c3d_winograd_cut(const struct c3d_request *request,
                                           struct c3d_winograd_block *block);

/* Bytes that the limits leave each thread's buffers; not positive if none. */
double c3d_winograd_room(const struct c3d_request *request,
                         const struct c3d_winograd_block *block);

/* Elements of the transformed weights of all groups. */
int64_t c3d_winograd_weights(const struct c3d_problem *problem,
                             const struct c3d_winograd_block *block);

/* Relative L2 error to expect from the request's tiles. */
double c3d_winograd_error(const struct c3d_request *request);

#endif
