/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_body.h - the kernels of kernel.h, written once for every ISA
 *
 * Included by isa_*.c after these macros:
 *     C3D_LANES       float32 per vector
 *     C3D_COUNT_1     rows of the register tile one vector wide
 *     C3D_COUNT_2     rows of the register tile two vectors wide
 *     C3D_TABLE       name of the table to define
 *     C3D_TABLE_NAME  its ISA's name, a string
 * Calls no function that is not inlined here.
 */
#include "kernel/kernel.h"
#include "kernel/vec.h"

#include <stdbool.h>

_Static_assert(C3D_LANES <= C3D_MAX_LANES, "buffers are sized for C3D_MAX_LANES");
_Static_assert(C3D_COUNT_1 >= C3D_COUNT_2, "a narrower tile has room for more rows");
_Static_assert(C3D_COUNT_1 <= C3D_MAX_COUNT && C3D_MAX_COUNT == 14,
               "outer_any_count lists the counts up to 14");

/*
 * The micro-kernel for a tile of count x vector_count, both constant at every
 * call, so that all loops but the two of the reduction vanish.  The second
 * vector is written out rather than looped over: clang 14 leaves the
 * accumulators in memory when an inner loop has a single iteration.
 */
static C3D_ALWAYS_INLINE void outer_tile(const struct c3d_outer *o, const int count,
                                         const int vector_count)
{
    const bool two = vector_count == 2;
    const int row = vector_count * C3D_LANES;
    const vf zero = {0};
    vf acc0[C3D_MAX_COUNT], acc1[C3D_MAX_COUNT];
    C3D_UNROLL
    for (int m = 0; m < count; m++) {
        acc0[m] = o->start ? zero : v_load(o->acc + m * row);
        acc1[m] = o->start || !two ? zero : v_load(o->acc + m * row + C3D_LANES);
    }
    const float *vectors = o->vectors, *scalars = o->scalars;
    const struct c3d_tap *const end = o->taps + o->tap_count;
    for (size_t c = o->channels; c > 0; c--) {
        for (const struct c3d_tap *tap = o->taps; tap < end; tap++) {
            const float *const from = vectors + tap->vector;
            const float *const by = scalars + tap->scalar;
            const vf x0 = v_load(from);
            const vf x1 = two ? v_load(from + C3D_LANES) : zero;
            C3D_UNROLL
            for (int m = 0; m < count; m++) {
                const vf scalar = v_broadcast(by + m);
                acc0[m] = v_fma(x0, scalar, acc0[m]);
                if (two) {
                    acc1[m] = v_fma(x1, scalar, acc1[m]);
                }
            }
        }
        vectors += o->vector_step;
        scalars += o->scalar_step;
    }
    C3D_UNROLL
    for (int m = 0; m < count; m++) {
        v_store(o->acc + m * row, acc0[m]);
        if (two) {
            v_store(o->acc + m * row + C3D_LANES, acc1[m]);
        }
    }
}

/* Counts beyond the tile's limit fold away at compile time. */
#define TILE_CASE(n) \
    case n: \
        if (n <= limit) { \
            outer_tile(o, n, vector_count); \
        } \
        break;

static C3D_ALWAYS_INLINE void outer_any_count(const struct c3d_outer *o, const int limit,
                                              const int vector_count)
{
    switch (o->count) {
        TILE_CASE(1)
        TILE_CASE(2)
        TILE_CASE(3)
        TILE_CASE(4)
        TILE_CASE(5)
        TILE_CASE(6)
        TILE_CASE(7)
        TILE_CASE(8)
        TILE_CASE(9)
        TILE_CASE(10)
        TILE_CASE(11)
        TILE_CASE(12)
        TILE_CASE(13)
        TILE_CASE(14)
    }
}
#undef TILE_CASE

static void outer(const struct c3d_outer *o)
{
    if (o->vector_count == 2) {
        outer_any_count(o, C3D_COUNT_2, 2);
    } else {
        outer_any_count(o, C3D_COUNT_1, 1);
    }
}

/* One square of at most C3D_LANES rows of acc and one vector of its lanes. */
static C3D_ALWAYS_INLINE void store_square(const float *acc, ptrdiff_t acc_stride, float *out,
                                           ptrdiff_t lane_stride, const float *bias, int relu,
                                           int count, int lane_count)
{
    vf rows[C3D_LANES];
    const vf shift = v_load(bias);
    C3D_UNROLL
    for (int m = 0; m < C3D_LANES; m++) {
        /* A short square repeats its last row instead of branching. */
        const vf sum = v_load(acc + (m < count ? m : count - 1) * acc_stride) + shift;
        rows[m] = relu ? v_relu(sum) : sum;
    }
    v_transpose(rows);
    C3D_UNROLL
    for (int l = 0; l < C3D_LANES; l++) {
        if (l < lane_count) {
            if (count == C3D_LANES) {
                v_store(out + l * lane_stride, rows[l]);
            } else {
                v_store_first(out + l * lane_stride, rows[l], count);
            }
        }
    }
}

static void store(const struct c3d_store *s)
{
    for (size_t m = 0; m < s->count; m += C3D_LANES) {
        const size_t rest = s->count - m;
        const int count = rest < C3D_LANES ? (int)rest : C3D_LANES;
        for (int v = 0; v * C3D_LANES < s->lane_count; v++) {
            const int lane = v * C3D_LANES;
            const int lanes = s->lane_count - lane;
            store_square(s->acc + (ptrdiff_t)m * s->acc_stride + lane, s->acc_stride,
                         s->out + lane * s->lane_stride + m, s->lane_stride, s->bias + lane,
                         s->relu, count, lanes < C3D_LANES ? lanes : C3D_LANES);
        }
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
    .max_count = {C3D_COUNT_1, C3D_COUNT_2},
    .outer = outer,
    .store = store,
    .fma_work = fma_work,
};
