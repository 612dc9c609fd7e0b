/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocking.h - how the direct algorithm cuts its work to fit the caches
 *
 * Chooses tile and chunk from the problem, the register tile, the L2 cache and
 * the number of threads.  None of it changes a bit of the result.
 */
#ifndef C3D_ALGO_BLOCKING_H
#define C3D_ALGO_BLOCKING_H

#include "algo/pack_weights.h"
#include "algo/window.h"

/* Lists of taps that are kept at a time, for each part of a row of outputs in each part of
 * a plane; see tap_list.h. */
enum { C3D_ROW_PARTS = 3, C3D_PLANE_PARTS = 3, C3D_TAP_LISTS = C3D_ROW_PARTS * C3D_PLANE_PARTS };

struct c3d_blocking {
    struct c3d_panels panels;
    conv3d_tile tile; /* outputs of a task; tile.ic = input channels of a chunk */
    /* The taps of a chunk: the whole kernel unless even one channel's window
     * exceeds the scratch limit; then tile.ic is 1, and the cut is along kt
     * first, so that chunks in order keep the order of the sum. */
    int64_t taps[3];
    struct c3d_axis planes, rows; /* of the window, for T and H */
    struct c3d_row row;           /* for W */
    int64_t plane_pitch, channel_pitch; /* elements from one of the window's to the next */
    bool in_place;                /* the window is the input itself: nothing is packed */
    bool zero_rows;               /* rows in the padding are packed, as zeros */
    bool cold;                    /* nobody has asked for the input that is packed */
    bool folded;                  /* register tiles are two rows of outputs */
    bool ragged;                  /* taps in W padding are left out at the ends of rows */
    int64_t window_elems;         /* that a task reads of a chunk */
    /* Elements of one thread's buffers. */
    int64_t input_elems, acc_elems, tap_count;
    size_t scratch_bytes;
    double cost; /* of the whole call until the last thread is done, in vector FMAs */
};

/* Sets the maps and pitches of the window of a tile that is the input itself, with a stride of 1 along W. */
void c3d_blocking_in_place(const struct c3d_problem *problem, struct c3d_blocking *blocking);

/* Errors: LIMIT when not even one output voxel at a time fits scratch_limit. */
C3D_CHECKED conv3d_status c3d_choose_blocking(const struct c3d_request *request,
                                              struct c3d_blocking *blocking);

/* What the chosen tile costs beside blocking->cost, in the same unit.  It must not change the tiles: larger
 * ones, with less to pack but fewer channels at a time, took 1.03 to 1.07 of the time. */
double c3d_blocking_overhead(const struct c3d_request *request,
                             const struct c3d_blocking *blocking);

#endif
