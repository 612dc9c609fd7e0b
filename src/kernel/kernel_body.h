/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_body.h - the kernels of kernel.h, written once for every ISA
 *
 * Included by isa_*.c after these macros:
 *     C3D_LANES       float32 per vector
 *     C3D_COUNT_w     rows of the register tile w = 1, 2, 3, 4, 6, 8 vectors wide
 *     C3D_FEW_INSTRUCTIONS  1 to save instructions of loops by longer code, else 0
 *     C3D_CHANNELS_PER_ASK  as in struct c3d_kernels: 1, or 4 to save instructions
 *     C3D_COSTS       in the order of struct c3d_kernels
 *     C3D_PANEL_VECTORS  width of the fastest of these tiles
 *     C3D_RAGGED_ROW, C3D_IN_PLACE_PRODUCTS  as in struct c3d_kernels
 *     C3D_SWEEP_w     rows of a sweep's box w = 1 .. 4 vectors wide; C3D_SWEEP_SUMS vectors at most;
 *                     not defined where there are no masked loads
 *     C3D_SWEEP_BY_2_ONLY  1 for sweeps of stride 2 and no others, else 0
 *     C3D_SWEEP_FMA   as in struct c3d_kernels
 *     C3D_TABLE       name of the table to define
 *     C3D_TABLE_NAME  its ISA's name, a string
 * Calls no function that is not inlined here.
 */
#include "kernel/box_body.h"
#include "kernel/kernel.h"
#include "kernel/outer_body.h"
#include "kernel/transform_body.h"
#include "kernel/vec.h"
#ifdef C3D_SWEEP_SUMS
#  include "kernel/sweep_body.h"
#endif

#include <stdbool.h>

_Static_assert(C3D_LANES <= C3D_MAX_LANES, "buffers are sized for C3D_MAX_LANES");

/* One square of at most C3D_LANES rows of acc and one vector of its lanes. */
static C3D_ALWAYS_INLINE void store_square(const float *acc, ptrdiff_t acc_stride, float *out,
                                           ptrdiff_t lane_stride, const float *bias, int relu,
                                           int count, int lane_count, const bool stream)
{
    vf rows[C3D_LANES];
    const vf shift = v_load(bias), least = least_result(relu);
    C3D_UNROLL
    for (int m = 0; m < C3D_LANES; m++) {
        /* A short square repeats its last row instead of branching. */
        const vf sum = v_load(acc + (m < count ? m : count - 1) * acc_stride) + shift;
        rows[m] = v_at_least(sum, least);
    }
    v_transpose(rows);
    C3D_UNROLL
    for (int l = 0; l < C3D_LANES; l++) {
        if (l < lane_count) {
            if (stream) {
                v_stream(out + l * lane_stride, rows[l]);
            } else if (count == C3D_LANES) {
                v_store(out + l * lane_stride, rows[l]);
            } else {
                v_store_first(out + l * lane_stride, rows[l], count);
            }
        }
    }
}

/* Vector by vector, since each lane lies in another page. */
static void store(const struct c3d_store *s)
{
    const bool stream = can_stream && s->stream && s->lane_stride % C3D_LANES == 0;
    const size_t head = stream ? v_elements_to_boundary(s->out) : 0;
    for (int lane = 0; lane < s->lane_count; lane += C3D_LANES) {
        const int lanes = s->lane_count - lane;
        const int lane_count = lanes < C3D_LANES ? lanes : C3D_LANES;
        for (size_t m = 0, end; m < s->count; m = end) {
            end = m < head ? head : m + C3D_LANES;
            end = end < s->count ? end : s->count;
            const int count = (int)(end - m);
            const float *const acc = s->acc + (ptrdiff_t)m * s->acc_stride + lane;
            float *const out = s->out + lane * s->lane_stride + m;
            if (stream && count == C3D_LANES) {
                store_square(acc, s->acc_stride, out, s->lane_stride, s->bias + lane, s->relu,
                             C3D_LANES, lane_count, true);
            } else {
                store_square(acc, s->acc_stride, out, s->lane_stride, s->bias + lane, s->relu,
                             count, lane_count, false);
            }
        }
    }
}

static C3D_ALWAYS_INLINE vf copy_sum(const struct c3d_copy *c, const float *from, vf shift,
                                     size_t i)
{
    const vf sum = v_load(from + i) + (c->bias_of_lanes ? v_load(c->bias + i) : shift);
    return v_at_least(sum, least_result(c->relu));
}

static void copy(const struct c3d_copy *c)
{
    for (int64_t m = 0; m < c->rows; m++) {
        const float *const from = c->acc + m * c->acc_stride;
        float *const to = c->out + m * c->row_stride;
        const vf shift = v_broadcast(c->bias + (c->bias_of_lanes ? 0 : m));
        size_t i = 0;
        for (; i + C3D_LANES <= c->count; i += C3D_LANES) {
            v_store(to + i, copy_sum(c, from, shift, i));
        }
        if (i < c->count) {
            v_store_first(to + i, copy_sum(c, from, shift, i), (int)(c->count - i));
        }
    }
}

/* Lanes of vector v that hold the elements before `end`. */
static C3D_ALWAYS_INLINE int lanes_before(int64_t end, int v)
{
    const int64_t n = end - (int64_t)v * C3D_LANES;
    return n <= 0 ? 0 : n < C3D_LANES ? (int)n : C3D_LANES;
}

/*
 * C3D_LANES elements of every segment, or the `count` that are left, as few vectors as they
 * lie in: of two or four vectors, every second lane once or twice.
 */
static C3D_ALWAYS_INLINE void deal_vectors(const float *from, float *to, ptrdiff_t pitch,
                                           int64_t count, const int step, int segments,
                                           const bool whole)
{
    vf x[4], dealt[4];
    if (whole) {
        v_load_dealt(from, dealt, step);
    } else {
        const int64_t elems = (count - 1) * step + segments;
        C3D_UNROLL
        for (int v = 0; v < step; v++) {
            x[v] = v_load_first(from + v * C3D_LANES, lanes_before(elems, v));
        }
        v_deal(x, dealt, step);
    }
    C3D_UNROLL
    for (int s = 0; s < step; s++) {
        if (s < segments && whole) {
            v_store(to + s * pitch, dealt[s]);
        } else if (s < segments) {
            v_store_first(to + s * pitch, dealt[s], (int)count);
        }
    }
}

static C3D_ALWAYS_INLINE void deal_rows(const struct c3d_deal *d, const int step, const bool ask)
{
    const ptrdiff_t ahead = d->ahead;
    for (int64_t r = 0; r < d->rows; r++) {
        const float *const from = d->from + r * d->from_pitch;
        float *const to = d->to + r * d->to_pitch;
        int64_t i = 0;
        for (; i + C3D_LANES < d->count; i += C3D_LANES) {
            C3D_UNROLL
            for (int v = 0; v < step && ask; v++) {
                __builtin_prefetch(from + i * step + v * C3D_LANES + ahead, 0, 3);
            }
            deal_vectors(from + i * step, to + i, d->segment_pitch, C3D_LANES, step, d->segments,
                         true);
        }
        if (d->count >= C3D_LANES && (d->spare || d->segments == step)) {
            /* The last ones overlap: masked ones take longer. */
            i = d->count - C3D_LANES;
            deal_vectors(from + i * step, to + i, d->segment_pitch, C3D_LANES, step, d->segments,
                         true);
        } else if (i < d->count) {
            deal_vectors(from + i * step, to + i, d->segment_pitch, d->count - i, step,
                         d->segments, false);
        }
    }
}

static void deal(const struct c3d_deal *d)
{
    switch (2 * d->step + (d->ahead != 0)) {
    case 2:
        deal_rows(d, 1, false);
        break;
    case 3:
        deal_rows(d, 1, true);
        break;
    case 4:
        deal_rows(d, 2, false);
        break;
    case 5:
        deal_rows(d, 2, true);
        break;
    default:
        deal_rows(d, 4, false);
        break;
    }
}

/* Twelve chains: more than the latency of FMA times its rate on any core so
 * far (4 cycles x 2), and they fit sixteen registers. */
static double fma_work(size_t iterations)
{
    enum { chains = 12 };
    const vf zero = {0};
    vf factor = zero + 1.0f, acc[chains];
    C3D_UNROLL
    for (int i = 0; i < chains; i++) {
        acc[i] = zero + (float)i; /* all different, or the compiler merges them */
    }
    for (size_t n = 0; n < iterations; n++) {
        C3D_UNROLL
        for (int i = 0; i < chains; i++) {
            acc[i] = v_fma(factor, factor, acc[i]);
        }
    }
    float sink[C3D_LANES];
    vf sum = zero;
    C3D_UNROLL
    for (int i = 0; i < chains; i++) {
        sum += acc[i];
    }
    v_store(sink, sum);
    __asm__ volatile("" : : "r"(sink) : "memory");
    return 2.0 * chains * C3D_LANES * (double)iterations;
}

const struct c3d_kernels C3D_TABLE = {
    .name = C3D_TABLE_NAME,
    .lanes = C3D_LANES,
    .max_count = {[1] = C3D_COUNT_1, [2] = C3D_COUNT_2, [3] = C3D_COUNT_3,
                  [4] = C3D_COUNT_4, [6] = C3D_COUNT_6, [8] = C3D_COUNT_8},
    .costs = {C3D_COSTS},
    .folds = C3D_FEW_INSTRUCTIONS,
    .tears = can_compress,
    .channels_per_ask = C3D_CHANNELS_PER_ASK,
    .panel_vectors = C3D_PANEL_VECTORS,
    .ragged_row = C3D_RAGGED_ROW,
    .in_place_products = C3D_IN_PLACE_PRODUCTS,
    .outer = outer,
    .store = store,
    .copy = copy,
    .deal = deal,
    .interleave = interleave,
    .transform = transform,
    .box = box,
#ifdef C3D_SWEEP_SUMS
    .find_sweep = find_sweep,
    .sweep_rows = {0, C3D_SWEEP_1, C3D_SWEEP_2, C3D_SWEEP_3, C3D_SWEEP_4},
    .sweep_fma = C3D_SWEEP_FMA,
    .sweep_lanes = sweep_lanes,
    .lanes_bytes = sizeof(struct v_lanes),
#endif
    .fma_work = fma_work,
};
