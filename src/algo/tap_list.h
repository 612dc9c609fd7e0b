/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap_list.h - the steps of the reduction that a register tile walks
 *
 * For one chunk, the taps that are valid for a row of outputs in the order of the sum,
 * as offsets into the panel's weights and the packed window.  Rows inside the volume
 * all share their lists, so nine are kept: for inner, first and last rows of a plane, one
 * for the inner part of the row and, when tiles are ragged, one for each end.
 */
#ifndef C3D_ALGO_TAP_LIST_H
#define C3D_ALGO_TAP_LIST_H

#include "algo/pack_input.h"

struct c3d_tap_list {
    struct c3d_tap *taps;
    size_t count;
    bool ragged;               /* taps have skips */
    bool triples;              /* taps lie as the micro-kernel's triples */
    struct c3d_range valid[3]; /* what it holds, ... */
    struct c3d_range columns;  /* ... for a ragged tile of which outputs, ... */
    int width;                 /* ... and panels of how many lanes; 0 = nothing yet */
};

struct c3d_tap_lists {
    const struct c3d_problem *problem;
    const struct c3d_blocking *blocking;
    bool ragged; /* leave out what ends of rows would multiply with padding */
    struct c3d_range chunk[3]; /* the chunk's taps */
    struct c3d_tap_list lists[C3D_TAP_LISTS];
};

/* taps: room for C3D_TAP_LISTS times blocking->tap_count. */
void c3d_tap_lists_init(struct c3d_tap_lists *lists, const struct c3d_problem *problem,
                        const struct c3d_blocking *blocking, bool ragged,
                        struct c3d_tap *taps);

/* Forgets all lists if the chunk has other taps. */
void c3d_tap_lists_start(struct c3d_tap_lists *lists, const struct c3d_chunk *chunk);

/* The list of these taps for a tile of these outputs and panels of `width` lanes; valid
 * until the next call. */
const struct c3d_tap_list *c3d_tap_lists_find(struct c3d_tap_lists *lists,
                                              const struct c3d_range valid[3],
                                              struct c3d_range columns, int width);

#endif
