/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowwise.h - what rows.c works with: packed weights, the buffers of a task, and writing
 * finished sums
 *
 * rowwise_tile.h cuts the work.  Padding along H and W is packed as zeros and multiplied, so
 * all weights must be finite (direct.c says why that gives the same bits as skipping).
 */
#ifndef C3D_ALGO_ROWWISE_H
#define C3D_ALGO_ROWWISE_H

#include "algo/algo.h"
#include "algo/blocking.h"
#include "algo/pack_input.h"

struct c3d_rowwise {
    struct c3d_prepared base;
    struct c3d_problem problem;
    const struct c3d_kernels *kernels;
    struct c3d_blocking blocking;
    bool relu;
    bool ask_ahead;     /* for the input of what comes after, which lies beyond L2 */
    bool ask_next;      /* register tiles ask for what the next ones read in place */
    double l3_rate;     /* of the request */
    bool may_stream;    /* if vectors are lines and the tile allows, ... */
    bool stream;        /* ... results go past the caches */
    bool joined;        /* the rows of a tile are run through as one */
    bool tears;         /* register tiles find the outputs in vectors that hold others too */
    bool gathers;       /* see c3d_rowwise_gathers() */
    int64_t block_size; /* output channels of a register tile; the last may be smaller */
    /* [group][block][in channel][tap][channel of the block], then the bias */
    const float *weights, *bias;
};

/* What one task works with. */
struct c3d_rowwise_worker {
    const struct c3d_rowwise *rowwise;
    const struct c3d_task *task;
    struct c3d_chunk chunk;
    const float *source; /* the packed window, or the whole input */
    int64_t origin;      /* in it, of the task's first output and the chunk's first tap */
    float *acc;
    struct c3d_tap *taps;
    struct c3d_torn_vector *torn; /* if so: the vectors of a run, from its first output on */
    float *output;    /* of the task's item and group */
    bool start, last; /* the chunk is the first, the last */
    struct c3d_prefetch ahead; /* of what is packed next, in steps of a register tile */
};

/* Errors: MEMORY, LIMIT. */
C3D_CHECKED conv3d_status c3d_rowwise_prepare(const struct c3d_request *request,
                                              const struct c3d_algorithm *algorithm,
                                              int64_t block_size,
                                              struct c3d_prepared **prepared);
void c3d_rowwise_pack(const struct c3d_prepared *prepared, const float *weight,
                      const float *bias, float *packed);
void c3d_rowwise_attach(struct c3d_prepared *prepared, const float *packed);
void c3d_rowwise_destroy(struct c3d_prepared *prepared);

/* The most vectors of a register tile of `count` rows that are of use for so many in all. */
int c3d_rowwise_tile_vectors(const struct c3d_kernels *kernels, int count, int64_t vectors);

/* Why a problem is not accepted; NULL if it is. */
const char *c3d_rowwise_refusal(const struct c3d_request *request);

/* Packs chunk after chunk of the task's window, unless it is read in place, and calls body
 * for each. */
void c3d_rowwise_run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                          const struct c3d_task *next, const float *input, float *output,
                          void *scratch, void (*body)(struct c3d_rowwise_worker *worker));

/* What output (t, h) of the volume at the task's first column meets at taps (kt, 0, 0). */
const float *c3d_rowwise_window(const struct c3d_rowwise_worker *worker, int64_t t, int64_t h,
                                int64_t kt);

/* The columns, counted from there, that may be read for all channels and taps of these
 * planes. */
struct c3d_range c3d_rowwise_readable(const struct c3d_rowwise_worker *worker, int64_t t,
                                      int64_t h, struct c3d_range planes);

/* Weights of output channels from oc on, which begins a block of `count`. */
const float *c3d_rowwise_weights(const struct c3d_rowwise_worker *worker, int64_t oc,
                                 int64_t count);

/*
 * Writes `channels` channels from oc on, outputs first .. first + count of a run
 * that starts with row h of plane t.  acc: one row of acc_stride per channel.
 */
struct c3d_rowwise_piece {
    int64_t oc, t, h, first, count;
    int channels;
    const float *acc;
    ptrdiff_t acc_stride;
};
void c3d_rowwise_store(const struct c3d_rowwise_worker *worker,
                       const struct c3d_rowwise_piece *piece);

/* Where the first register tile of a piece's run begins: at the run's first output, or,
 * when results are streamed, at the line of the output that holds it. */
int64_t c3d_rowwise_run_begin(const struct c3d_rowwise_worker *worker,
                              const struct c3d_rowwise_piece *piece);

/* How the register tile of a piece in a run of `outs` can finish its own sums; false if
 * it holds anything else than consecutive outputs. */
bool c3d_rowwise_finish(const struct c3d_rowwise_worker *worker,
                        const struct c3d_rowwise_piece *piece, int64_t outs,
                        struct c3d_finish *finish);

/* If there is `torn`, has the register tiles of a piece, which begins with one of its vectors, finish their
 * own sums, whatever they hold: by finish or by tear.  Returns how many of outer->tiles can in the same way. */
int c3d_rowwise_finish_torn(const struct c3d_rowwise_worker *worker,
                            const struct c3d_rowwise_piece *piece, struct c3d_outer *outer,
                            struct c3d_finish *finish, struct c3d_tear *tear);

#endif
