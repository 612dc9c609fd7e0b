/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowwise_tile.h - how rows.c cuts its work
 *
 * Long rows first, so that lanes are full; joined when that leaves fewer of them empty;
 * read where they lie when register tiles can and packing does not pay; and as many rows and
 * planes as half of L2 holds.  None of it changes a bit of the result.
 */
#ifndef C3D_ALGO_ROWWISE_TILE_H
#define C3D_ALGO_ROWWISE_TILE_H

#include "algo/rowwise.h"

/* Elements by which the last vector of a run, or of a row of sums, may reach past its end,
 * and the first begin before it. */
enum {
    C3D_ROWWISE_SLACK = C3D_MAX_VECTORS * C3D_MAX_LANES,
    C3D_ROWWISE_FRONT = C3D_MAX_LANES,
};

/* Fills in all but what is packed, with the cheapest tile.  Errors: LIMIT. */
C3D_CHECKED conv3d_status c3d_rowwise_cut(struct c3d_rowwise *rowwise,
                                          const struct c3d_request *request,
                                          int64_t block_size);

/* Outputs of `rows` rows as the register tiles see them: with joined rows, the
 * columns between two rows count. */
int64_t c3d_rowwise_run(const struct c3d_rowwise *rowwise, int64_t rows, int64_t outs);

/* Vectors of such a run, and those that its last register tile may have beyond it. */
int64_t c3d_rowwise_torn_vectors(const struct c3d_rowwise *rowwise, int64_t rows, int64_t outs);

/* Whether the rows that a register tile reads, with taps in a single column, are packed side by side,
 * each from a line of the cache on, even where they could be read as they lie, pages apart. */
bool c3d_rowwise_gathers(const struct c3d_request *request);

/* Runs that a plane of outputs is cut into, and the vectors of one. */
double c3d_rowwise_runs(const struct c3d_request *request);
int64_t c3d_rowwise_run_vectors(const struct c3d_request *request);

/* The part of the register tiles so many vectors wide that hold other than consecutive outputs. */
double c3d_rowwise_torn(const struct c3d_request *request, int width);

/* Everything but the sums of one item: packing, weights from beyond L2, results on their
 * way to memory.  In vector FMAs. */
double c3d_rowwise_overhead(const struct c3d_request *request, int64_t block_size);

#endif
