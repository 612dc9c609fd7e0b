/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.h - the contract between algorithms and micro-kernels
 *
 * A kernel computes on memory that its caller packed; it knows nothing of
 * convolutions, threads or allocation.  One const table per ISA holds the
 * kernels together with the register tile they were written for.  doc/kernels.md
 * tells how to add an ISA.
 *
 * Rules for every kernel: strides are in elements; no byte outside the operands
 * is touched; pointers need the alignment of float; every multiply-add is one
 * fused operation with one rounding, so all tables give the same bits.
 */
#ifndef C3D_KERNEL_KERNEL_H
#define C3D_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits over all tables: rows and vectors of a register tile, lanes of a vector. */
enum { C3D_MAX_COUNT = 14, C3D_MAX_VECTORS = 8, C3D_MAX_ACCUMULATORS = 28, C3D_MAX_LANES = 16 };

/* One step of the reduction: where its vector operand and its scalar operands
 * lie, in elements from the current channel's start. */
struct c3d_tap {
    int32_t vector;
    int32_t scalar;
    /* Rows that it leaves out: n first ones or -n last ones of a ragged tile, the first or the last
     * half of a folded one. */
    int32_t skip;
};

/* Lines that are asked for at a time. */
enum { C3D_MAX_AHEAD = 3 };

/* Tiles of a call that are worth while: what is asked for ahead of time is doled out by calls. */
enum { C3D_ENOUGH_TILES = 8 };

/* Limits of ragged tiles. */
enum { C3D_MAX_SKIP = 1, C3D_MAX_RAGGED_VECTORS = 3 };

/* The widest tile whose scalars may be lanes. */
enum { C3D_MAX_PANEL_VECTORS = 3 };

/* How far its vectors are asked for ahead of time.  Transformed weights, of which each is used
 * for one or two register tiles, come from beyond L2: 16, 32, 64, 128 KiB ahead make whole
 * layers of Winograd 1.08, 1.17, 1.08, 1.09 times as fast (seven layers, two Zen 4 cores). */
enum { C3D_PANEL_AHEAD = 8192 };

/*
 * Where a register tile whose lanes are outputs leaves them, all count x vector_count
 * vectors:
 *
 *     out[m*row_stride + l] = activation(acc[m][l] + bias[m])
 *
 * No bias is -0.  With stream, where the ISA can, stores go past the caches; out and
 * row_stride are multiples of lanes then, and the caller ends with
 * c3d_cpu_finish_streams().
 */
struct c3d_finish {
    const float *bias;
    float *out;
    ptrdiff_t row_stride;
    int relu, stream;
};

/*
 * The same of a torn tile, of which some lanes are outputs: the i-th of those of vector v goes to
 *
 *     out[m*row_stride + vectors[v].at + i]
 */
struct c3d_torn_vector {
    int32_t at;
    uint16_t lanes; /* that are outputs: 1 << l for lane l */
};
struct c3d_tear {
    const struct c3d_torn_vector *vectors; /* of each tile in turn */
    const float *bias;
    float *out;
    ptrdiff_t row_stride;
    int relu;
};

/*
 * Accumulated outer products.  For every channel c in order, every tap in
 * order, every m and lane l, one FMA each:
 *
 *     acc[m][l] += scalars[c*scalar_step + tap.scalar + m*pitch]
 *                  * vectors[c*vector_step + tap.vector + l]
 *
 * with 0 <= m < count and 0 <= l < vector_count * lanes; pitch is 1, or 2 when strided, or
 * lanes when the scalars of a row are the lanes of vectors.  acc is dense,
 * count rows of vector_count * lanes; it is set to +0 first when start is
 * nonzero, and then not read.  Zero channels or taps are allowed.
 *
 * In a ragged tile, at the end of a row of outputs, taps leave out the rows that they
 * would multiply with padding: with three taps, 2 of 21 products of a row of 7 outputs.
 *
 * A folded tile is two rows of outputs: its second half of rows has its scalars `fold` elements after
 * those of the first half.  Taps are triples that lie as above; skip is 0, or count/2 or -count/2 for
 * all three of a row that one half leaves out; ragged means that in both halves every row of three
 * leaves out the first output for its first tap, and the last for its last.
 *
 * So for each of a row of tiles in turn: the operands of one lie next.vectors, next.scalars,
 * next.acc and, where it is finished, next.out elements after those of the one before.  From
 * tile to tile some 50 cycles pass without FMAs, from call to call some 100 (Zen 1; a tile of
 * 64 steps takes 768).
 *
 * For every channel c of every tile the lines at ahead[i].at + c*ahead[i].step are asked for
 * into L2, from ahead[i].next elements further on for each tile:
 * what will be needed later, spread over the work instead of in bursts that would fill
 * the core's few miss buffers.  Any address will do; it is never read.  With a single tap
 * all but the first of them are asked for by one channel in channels_per_ask only.
 */
struct c3d_outer {
    const float *vectors, *scalars;
    ptrdiff_t vector_step, scalar_step;
    size_t channels, tap_count;
    const struct c3d_tap *taps;
    struct {
        const float *at;
        ptrdiff_t step, next;
    } ahead[C3D_MAX_AHEAD];
    float *acc;
    int tiles; /* at least 1 */
    struct {
        ptrdiff_t vectors, scalars, acc, out;
    } next;
    int vector_count; /* 1, 2, 3, 4, 6 or 8 */
    int count;        /* 1 .. max_count[vector_count] */
    int start;
    int ragged; /* taps have skips, at most C3D_MAX_SKIP; vector_count is limited too */
    /* Taps come in rows of three, of which the second and the third lie vector_count * lanes
     * elements of vectors after the one before; in a ragged tile all rows skip alike.  With
     * adjacent, they also lie one scalar after it. */
    int triples, adjacent;
    /* Not 0: the tile is folded.  count is even, vector_count limited as if it were ragged; only for
     * tables with `folds`, adjacent triples, and not strided. */
    ptrdiff_t fold;
    int strided; /* pitch is 2; vector_count is limited to C3D_MAX_PANEL_VECTORS */
    /* pitch is lanes, and tap t the t-th lane: its scalar is t, its vector
     * t * vector_count * lanes; taps is not read.  What lies C3D_PANEL_AHEAD elements after
     * the vectors is asked for into L2.  vector_count is limited to C3D_MAX_PANEL_VECTORS. */
    int lane_scalars;
    /* NULL, or the sums are finished instead of kept in acc; not for ragged tiles, nor with
     * lane_scalars. */
    const struct c3d_finish *finish;
    /* NULL, or the sums are kept in acc and finished from there, where finish would be allowed but is NULL;
     * only for tables with `tears`. */
    const struct c3d_tear *tear;
};

/*
 * Finishes accumulators and writes them transposed:
 *
 *     out[l*lane_stride + m] = activation(acc[m*acc_stride + l] + bias[l])
 *
 * with 0 <= m < count (any) and 0 <= l < lane_count <= vector_count * lanes.
 * bias has vector_count * lanes entries, none of them -0.  With stream, whole cache
 * lines go past the caches where the ISA can and the alignment of out allows; the
 * caller ends with c3d_cpu_finish_streams().
 */
struct c3d_store {
    const float *acc, *bias;
    ptrdiff_t acc_stride, lane_stride;
    float *out;
    size_t count;
    int vector_count, lane_count;
    int relu, stream;
};

/*
 * Finishes accumulators whose lanes are outputs and writes them as they lie:
 *
 *     out[m*row_stride + i] = activation(acc[m*acc_stride + i] + bias[m])
 *
 * with 0 <= m < rows, 0 <= i < count; with bias_of_lanes, bias[i] instead.  Rows of acc,
 * and bias_of_lanes, can be read in whole vectors, up to count rounded up to lanes.  No
 * bias is -0.
 */
struct c3d_copy {
    const float *acc, *bias;
    ptrdiff_t acc_stride, row_stride;
    float *out;
    size_t count;
    int64_t rows;
    int relu, bias_of_lanes;
};

/*
 * A box of outputs of one channel, one or two planes of `rows` rows, vector_count vectors wide;
 * the input is read where it lies, each vector for all the rows and both the planes that it
 * touches:
 *
 *     sum[p][r][i] = sum over kt, kh, kw of
 *         input[(p + kt)*plane_step + (r*step + kh)*row_step + columns[kw] + i*step]
 *         * weights[(kt*kw_count + kw)*kh_count + kh]
 *
 * in that order.  Planes p + kt and rows r*step + kh outside their range are left out;
 * elements outside their `lanes` count as zero, and are not read.  A kernel for edges counts on three adjacent
 * columns, and on no lanes outside but of the first vector for the first column, and of the last vector.  Then
 *
 *     out[p*out_plane + r*out_row + i] = activation(sum[p][r][i] + bias)
 *
 * where of the last vector only the first last_lanes are written.  With stream, where the ISA
 * can, stores go past the caches; out, out_row, out_plane and last_lanes are multiples of
 * lanes then, and the caller ends with c3d_cpu_finish_streams().
 */
struct c3d_sweep {
    const float *input; /* perhaps outside the tensor: not read there */
    ptrdiff_t plane_step, row_step;
    int plane_begin, plane_end, row_begin, row_end;
    const int32_t *columns;
    const unsigned char *lanes; /* sweep_lanes() of [kw][vector][step] */
    const float *weights;
    int kt_count, kw_count; /* kh_count and step are the kernel's own */
    int planes;             /* 1 or 2 */
    int rows;               /* 1 .. sweep_rows[vector_count] / step, rounded up */
    int vector_count;
    float bias; /* not -0 */
    float *out;
    ptrdiff_t out_plane, out_row;
    int last_lanes;
    int relu, stream;
};
enum { C3D_SWEEP_ROWS = 7, C3D_SWEEP_VECTORS = 4 };
typedef void c3d_sweep_fn(const struct c3d_sweep *sweep);

/*
 * A box of outputs of one channel, plane_count planes of `rows` rows, `width` vectors wide, from
 * packed planes of input:
 *
 *     sum[p][r][i] = sum over kt, tap of
 *         planes[p + kt][at + taps[tap] + r*row_step + i] * weights[kt*weight_step + tap]
 *
 * in that order, without the planes p + kt outside plane_begin .. plane_end.  Then
 *
 *     out[p*out_plane + r*out_row + i] = activation(sum[p][r][i] + bias)
 *
 * where of the last vector only the first last_lanes are written; what is read for the others may
 * be anything.  stream is as for c3d_sweep.
 */
struct c3d_box {
    const float *const *planes;
    ptrdiff_t at, row_step;
    const int32_t *taps;
    int tap_count;
    int three_by_three; /* nine taps in three rows that are alike, equally far apart */
    const float *weights;
    ptrdiff_t weight_step;
    int kt_count;
    int plane_begin, plane_end; /* perhaps empty, within 0 .. kt_count + plane_count - 1 */
    int plane_count;            /* 1 or 2; any if kt_count is 3 */
    /* width <= C3D_BOX_VECTORS and rows*width <= C3D_BOX_SUMS, or those of a march if plane_count is
     * above 2. */
    int rows, width;
    float bias;                 /* not -0 */
    float *out;
    ptrdiff_t out_plane, out_row;
    int last_lanes;
    int relu, stream;
};
enum { C3D_BOX_SUMS = 6, C3D_BOX_VECTORS = 3, C3D_MARCH_SUMS = 4, C3D_MARCH_VECTORS = 2 };

/*
 * Rows of a tensor, dealt out to segments of columns `step` apart:
 *
 *     to[r*to_pitch + s*segment_pitch + i] = from[r*from_pitch + i*step + s]
 *
 * with 0 <= r < rows, 0 <= s < segments <= step, 0 <= i < count.  step is 1, 2 or 4.  If spare, a row
 * may be read to its element count*step, whether or not a segment has the last ones.  What lies `ahead`
 * elements after everything that is read is asked for, unless that is 0; any address will do.
 */
struct c3d_deal {
    const float *from;
    float *to;
    ptrdiff_t from_pitch, to_pitch, segment_pitch;
    int64_t rows, count;
    int step, segments;
    int spare;
    ptrdiff_t ahead;
};

/*
 * Channels into lanes:
 *
 *     to[i*lanes + c] = from[c*channel_step + i]
 *
 * with 0 <= i < count, 0 <= c < channels <= lanes; the other lanes become 0.  Returns
 * whether any magnitude is above C3D_TAME, or no number.
 */
#define C3D_TAME 0x1p13f
struct c3d_interleave {
    const float *from;
    float *to;
    ptrdiff_t channel_step;
    int64_t count;
    int channels;
};

/* A linear map of lines of C3D_MAX_POINTS vectors at most. */
enum { C3D_MAX_POINTS = 8 };
struct c3d_matrix {
    /* Which matrix of algo/cook_toom.h it is, where there is shorter code: for outs and taps
     * above 1 and stride 1, if columns is 4, 6 or 8; with stride 2, for 3 taps and 2 or 3
     * outs. */
    enum c3d_matrix_kind {
        C3D_OTHER_MATRIX,
        C3D_INPUT_MATRIX,
        C3D_OUTPUT_MATRIX,
        C3D_STRIDED_INPUT_MATRIX,
        C3D_STRIDED_OUTPUT_MATRIX
    } kind;
    int rows, columns;
    float at[C3D_MAX_POINTS][C3D_MAX_POINTS];
};

/*
 * The map of every line, all vectors whole:
 *
 *     to[n*to_line + i*to_step + l] = sum over k of
 *         matrix.at[i][k] * from[n*from_line + k*from_step + l]
 *
 * with 0 <= n < lines, 0 <= i < rows, 0 <= k < columns, 0 <= l < lanes.
 */
struct c3d_lines {
    const float *from;
    float *to;
    ptrdiff_t from_line, to_line, from_step, to_step;
    int64_t lines;
    const struct c3d_matrix *matrix;
};

/* Counts the changes of kernels and algorithms after which what was tuned is worth tuning
 * again. */
enum { C3D_KERNEL_SET = 10 };

struct c3d_kernels {
    const char *name; /* as CONV3D_ISA spells it */
    int lanes;        /* float32 per vector, at most C3D_MAX_LANES */
    /* Rows of the register tile that each vector_count allows; 0 = no such tile. */
    int max_count[C3D_MAX_VECTORS + 1];
    /* In vector FMAs at the peak rate: a chain of one, a vector from L1, a scalar broadcast from
     * there, and a call of outer() beside its tiles.  In FMAs of one lane, what an element of the
     * input costs beyond the usual: each time it is read where it lies, among more rows than a core
     * has pages at hand; to be packed, where channels collide. */
    struct {
        double latency, load, broadcast, call;
        double many_rows, collision;
    } costs;
    bool folds; /* outer() knows folded tiles */
    bool tears; /* ... and torn ones */
    int channels_per_ask; /* of a single tap, for lines but the first */
    int panel_vectors; /* width of the fastest register tile */
    int ragged_row; /* outputs per vector of a tile: of the longest row whose ends are ragged */
    /* Products with an element of the input above which rows are gathered rather than read where they
     * lie (rowwise_tile.h); 0 = never. */
    int in_place_products;
    void (*outer)(const struct c3d_outer *outer);
    void (*store)(const struct c3d_store *store);
    void (*copy)(const struct c3d_copy *copy);
    void (*deal)(const struct c3d_deal *deal);
    bool (*interleave)(const struct c3d_interleave *interleave);
    void (*transform)(const struct c3d_lines *lines);
    void (*box)(const struct c3d_box *box);
    /* Where there are masked loads, else NULL.  The kernel for so many taps along H and W, and `step`
     * elements of input along both between two of output, for edges (3 x 3 taps) or without; NULL if there
     * is none that is faster than box() for any extents. */
    c3d_sweep_fn *(*find_sweep)(int64_t kh_count, int64_t kw_count, int64_t step, bool edges);
    /* Of a box so many vectors wide, with a step of 1; 0 = no such box. */
    int sweep_rows[C3D_SWEEP_VECTORS + 1];
    double sweep_fma; /* what an FMA of it costs, in those at the peak rate */
    /* Writes lanes_bytes that say which lanes of a vector of input, begin <= lane < end, may be
     * read. */
    void (*sweep_lanes)(void *to, int64_t begin, int64_t end);
    size_t lanes_bytes;
    /* Runs independent FMA chains from registers alone and returns the floating
     * point operations done: timed, the peak rate of one core. */
    double (*fma_work)(size_t iterations);
};

extern const struct c3d_kernels c3d_kernels_portable;
extern const struct c3d_kernels c3d_kernels_avx2;
extern const struct c3d_kernels c3d_kernels_avx512;
extern const struct c3d_kernels c3d_kernels_neon;

#endif
