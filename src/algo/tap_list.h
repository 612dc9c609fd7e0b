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
    bool triples, adjacent;    /* taps lie as the micro-kernel's */
    bool filled;
    struct c3d_range columns;  /* of a ragged tile */
};

/* The lists of rows of outputs that have the same taps: its inner part and both ends. */
struct c3d_row_taps {
    struct c3d_range valid[3];
    bool folded;            /* it is two rows */
    struct c3d_range below; /* the taps along H of the lower one, or of the only one */
    int width; /* of the panel, in lanes; 0 = nothing yet */
    struct c3d_tap_list lists[C3D_ROW_PARTS];
};

struct c3d_tap_lists {
    const struct c3d_problem *problem;
    const struct c3d_blocking *blocking;
    bool ragged; /* leave out what ends of rows would multiply with padding */
    struct c3d_range chunk[3]; /* the chunk's taps */
    struct c3d_row_taps rows[C3D_PLANE_PARTS];
    struct c3d_row_taps *row; /* at work */
};

/* Whether ragged tiles leave out all the padding of W. */
bool c3d_padding_left_out(const struct c3d_problem *problem);

/* taps: room for C3D_TAP_LISTS times blocking->tap_count. */
void c3d_tap_lists_init(struct c3d_tap_lists *lists, const struct c3d_problem *problem,
                        const struct c3d_blocking *blocking, bool ragged,
                        struct c3d_tap *taps);

/* Forgets all lists if the chunk has other taps. */
void c3d_tap_lists_start(struct c3d_tap_lists *lists, const struct c3d_chunk *chunk);

/* Turns to a row of outputs with these taps, and panels of `width` lanes; or to two rows that a
 * register tile takes together, the lower of which has the taps `below` along H. */
void c3d_tap_lists_turn(struct c3d_tap_lists *lists, const struct c3d_range valid[3],
                        const struct c3d_range *below, int width);

/* The list for a tile of these outputs of the row; valid until the next call. */
const struct c3d_tap_list *c3d_tap_lists_find(struct c3d_tap_lists *lists,
                                              struct c3d_range columns);

/* How many tiles as wide as this one, itself and those that follow it, have its list, of `most`. */
int64_t c3d_tap_lists_alike(const struct c3d_tap_lists *lists, struct c3d_range columns,
                            int64_t most);

#endif
