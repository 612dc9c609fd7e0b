/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vec.h - one vector type and the dozen operations that kernels need
 *
 * Included by isa_*.c only, which define C3D_LANES first.  Everything is
 * static and always inlined: a copy that the linker shared between ISAs would
 * run wide instructions on a machine without them.
 *
 * Vector extensions of GCC and clang wherever they compile to the right
 * instruction; assembly or intrinsics where they do not.
 */
#ifndef C3D_KERNEL_VEC_H
#define C3D_KERNEL_VEC_H

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__) && C3D_LANES >= 8
#  include <immintrin.h>
#elif defined(__aarch64__)
#  include <arm_neon.h>
#endif

typedef float vf __attribute__((vector_size(4 * C3D_LANES)));
typedef int32_t vi __attribute__((vector_size(4 * C3D_LANES)));
typedef uint32_t vu __attribute__((vector_size(4 * C3D_LANES)));
typedef float vf_memory __attribute__((vector_size(4 * C3D_LANES), aligned(4), may_alias));

static C3D_ALWAYS_INLINE vf v_load(const float *p)
{
    return *(const vf_memory *)p;
}

static C3D_ALWAYS_INLINE void v_store(float *p, vf v)
{
    *(vf_memory *)p = v;
}

/*
 * Stores that do not read the line into the cache first, for results larger than the
 * caches, at a multiple of the vector's size.  c3d_cpu_finish_streams() before another
 * thread may read them.
 */
#if defined(__AVX512F__) && C3D_LANES == 16
enum { can_stream = 1 };
static C3D_ALWAYS_INLINE void v_stream(float *p, vf v)
{
    _mm512_stream_ps(p, (__m512)v);
}
#elif defined(__AVX2__) && C3D_LANES == 8
enum { can_stream = 1 };
static C3D_ALWAYS_INLINE void v_stream(float *p, vf v)
{
    _mm256_stream_ps(p, (__m256)v);
}
#else
enum { can_stream = 0 };
static C3D_ALWAYS_INLINE void v_stream(float *p, vf v)
{
    v_store(p, v);
}
#endif

/* Elements from p to the next whole vector. */
static C3D_ALWAYS_INLINE int v_elements_to_boundary(const float *p)
{
    return (int)(-((uintptr_t)p / sizeof(float)) & (C3D_LANES - 1));
}

/* Stores the first n lanes, 0 <= n <= C3D_LANES.  Not by the masked store of AVX2, which takes a
 * Zen core a dozen cycles or more. */
static C3D_ALWAYS_INLINE void v_store_first(float *p, vf v, int n)
{
#if defined(__AVX512F__) && C3D_LANES == 16
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif defined(__AVX2__) && C3D_LANES == 8
    __m128 part = _mm256_castps256_ps128((__m256)v);
    if (n == C3D_LANES) {
        v_store(p, v);
        return;
    }
    if (n & 4) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps((__m256)v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if (n & 1) {
        _mm_store_ss(p, part);
    }
#else
    for (int i = 0; i < n; i++) {
        p[i] = v[i];
    }
#endif
}

/* Stores the lanes with a 1 side by side.  Not by the store that does both, which is microcode (Zen 4). */
#if defined(__AVX512F__) && C3D_LANES == 16
enum { can_compress = 1 };
static C3D_ALWAYS_INLINE void v_store_compressed(float *p, vf v, unsigned lanes)
{
    v_store_first(p, (vf)_mm512_maskz_compress_ps((__mmask16)lanes, (__m512)v),
                  __builtin_popcount(lanes));
}
#else
enum { can_compress = 0 };
static C3D_ALWAYS_INLINE void v_store_compressed(float *p, vf v, unsigned lanes)
{
    for (int l = 0; lanes != 0; l++, lanes >>= 1) {
        if (lanes & 1) {
            *p++ = v[l];
        }
    }
}
#endif

/* The first n lanes from memory, 0 <= n <= C3D_LANES; the others are 0. */
static C3D_ALWAYS_INLINE vf v_load_first(const float *p, int n)
{
#if defined(__AVX512F__) && C3D_LANES == 16
    return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(__AVX2__) && C3D_LANES == 8
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (vf)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
#else
    vf v = {0};
    for (int i = 0; i < n; i++) {
        v[i] = p[i];
    }
    return v;
#endif
}

/* v_lanes: a range of lanes, as masked loads take it from memory; v_load_lanes: these lanes from memory,
 * the others are 0, and are not read. */
#if defined(__AVX512F__) && C3D_LANES == 16
struct v_lanes {
    __mmask16 mask;
};

static C3D_ALWAYS_INLINE struct v_lanes v_lanes_between(int begin, int end)
{
    return (struct v_lanes){(__mmask16)((1u << end) - (1u << begin))};
}

static C3D_ALWAYS_INLINE vf v_load_lanes(const float *p, const struct v_lanes *lanes)
{
    return (vf)_mm512_maskz_loadu_ps(lanes->mask, p);
}
#elif defined(__AVX2__) && C3D_LANES == 8
struct v_lanes {
    int32_t mask[C3D_LANES];
};

static C3D_ALWAYS_INLINE struct v_lanes v_lanes_between(int begin, int end)
{
    struct v_lanes lanes;
    for (int i = 0; i < C3D_LANES; i++) {
        lanes.mask[i] = begin <= i && i < end ? -1 : 0;
    }
    return lanes;
}

static C3D_ALWAYS_INLINE vf v_load_lanes(const float *p, const struct v_lanes *lanes)
{
    return (vf)_mm256_maskload_ps(p, _mm256_loadu_si256((const __m256i *)lanes->mask));
}
#endif

/*
 * One float from memory in every lane.
 *
 * On x86 this is assembly to keep it where it stands: from intrinsics GCC 12
 * hoists the loads of a whole register tile above its first FMA, runs out of
 * registers and spills, which costs a third of the speed (110 instead of 160
 * GFLOP/s on a 168 GFLOP/s core).  The separate broadcast measures 0-4% faster
 * than FMA with a broadcast memory operand, which loads each scalar once per
 * vector instead of once.
 */
static C3D_ALWAYS_INLINE vf v_broadcast(const float *p)
{
#if defined(__AVX512F__) && C3D_LANES == 16
    vf v;
    __asm__ volatile("vbroadcastss %1, %0" : "=v"(v) : "m"(*p));
    return v;
#elif defined(__AVX2__) && C3D_LANES == 8
    vf v;
    __asm__ volatile("vbroadcastss %1, %0" : "=x"(v) : "m"(*p));
    return v;
#else
    const vf zero = {0};
    return *p - zero; /* x - 0 is x, even for -0; 0 + x is not */
#endif
}

#if defined(__x86_64__) && C3D_LANES == 4 && !defined(__FP_FAST_FMAF)
enum { fma_is_emulated = true }; /* thirty instructions: code that repeats it has to be short */

typedef double vd __attribute__((vector_size(8 * C3D_LANES)));
typedef int64_t vl __attribute__((vector_size(8 * C3D_LANES)));

/*
 * a*b + c with one rounding on processors without FMA.  The product of two
 * floats is exact in double.  The sum is rounded to odd: when it is inexact
 * and its last bit even, it moves one place towards the error that Knuth's
 * two-sum gives.  Rounding that to float is then correct, as double has more
 * than two bits to spare (Boldo and Melquiond, "Emulation of FMA and correctly
 * rounded sums: proved algorithms using rounding to odd", 2008).
 */
static C3D_ALWAYS_INLINE vf v_fma(vf a, vf b, vf c)
{
    const vd product = __builtin_convertvector(a, vd) * __builtin_convertvector(b, vd);
    const vd addend = __builtin_convertvector(c, vd);
    const vd sum = product + addend;
    const vd part = sum - product;
    const vd error = (product - (sum - part)) + (addend - part);
    const vl bits = (vl)sum;
    /* Both comparisons are false for the NaN that infinities make of error. */
    const vl inexact = (vl)(error < 0) | (vl)(error > 0);
    const vl even = (vl)((bits & 1) == 0);
    const vl outwards = (vl)(((vl)error ^ bits) >= 0); /* same sign */
    const vl step = (outwards & 2) - 1;
    return __builtin_convertvector((vd)(bits + (inexact & even & step)), vf);
}
#else
enum { fma_is_emulated = false };

static C3D_ALWAYS_INLINE vf v_fma(vf a, vf b, vf c)
{
#if defined(__AVX512F__) && C3D_LANES == 16
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__) && C3D_LANES == 8
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    for (int i = 0; i < C3D_LANES; i++) {
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    }
    return c;
#endif
}
#endif

/*
 * v_fma(a, b, c) into the register of c.  On x86 as assembly, which like the broadcast is
 * volatile to stay in the order of the source: where steps are unrolled GCC 12 otherwise
 * shares broadcasts between them, runs out of registers and spills.
 */
static C3D_ALWAYS_INLINE vf v_accumulate(vf a, vf b, vf c)
{
#if defined(__AVX512F__) && C3D_LANES == 16
    __asm__ volatile("vfmadd231ps %2, %1, %0" : "+v"(c) : "v"(a), "v"(b));
    return c;
#elif defined(__AVX2__) && C3D_LANES == 8
    __asm__ volatile("vfmadd231ps %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
    return c;
#else
    return v_fma(a, b, c);
#endif
}

/*
 * v_fma(a, v_broadcast(b), c) for a scalar that is used once.  As a memory operand of
 * the FMA, which one of Zen 4 takes for free: a tile one vector wide reaches 0.99 of the
 * peak, with separate broadcasts 0.75.
 */
static C3D_ALWAYS_INLINE vf v_fma_broadcast(vf a, const float *b, vf c)
{
#if defined(__AVX512F__) && C3D_LANES == 16
    __asm__ volatile("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(c) : "v"(a), "m"(*b));
    return c;
#else
    return v_fma(a, v_broadcast(b), c);
#endif
}

/* The larger of both; NaN in v stays, and its zeros keep their sign. */
static C3D_ALWAYS_INLINE vf v_at_least(vf v, vf least)
{
#if defined(__AVX512F__) && C3D_LANES == 16
    return (vf)_mm512_max_ps((__m512)least, (__m512)v);
#elif defined(__AVX2__) && C3D_LANES == 8
    return (vf)_mm256_max_ps((__m256)least, (__m256)v);
#else
    const vi smaller = (vi)(v < least);
    return (vf)(((vi)v & ~smaller) | ((vi)least & smaller));
#endif
}

/* What the activation raises smaller results to. */
static C3D_ALWAYS_INLINE vf least_result(int relu)
{
    const vf zero = {0};
    return relu ? zero : zero - __builtin_inff();
}

/*
 * Transposes a square of C3D_LANES vectors by exchanging off-diagonal blocks
 * of 1, 2, 4, ... lanes.  FROM_LOW(j, s) is the source of lane j of the vector
 * that keeps its low blocks of s lanes and takes its partner's low blocks;
 * indices from C3D_LANES up name the partner's lanes.
 */
#define FROM_LOW(j, s) (((j) & (s)) ? C3D_LANES + (j) - (s) : (j))
#define FROM_HIGH(j, s) (((j) & (s)) ? C3D_LANES + (j) : (j) + (s))
#if C3D_LANES == 16
#  define EACH_LANE(F, s) \
    F(0, s), F(1, s), F(2, s), F(3, s), F(4, s), F(5, s), F(6, s), F(7, s), F(8, s), F(9, s), \
        F(10, s), F(11, s), F(12, s), F(13, s), F(14, s), F(15, s)
#elif C3D_LANES == 8
#  define EACH_LANE(F, s) \
    F(0, s), F(1, s), F(2, s), F(3, s), F(4, s), F(5, s), F(6, s), F(7, s)
#else
#  define EACH_LANE(F, s) F(0, s), F(1, s), F(2, s), F(3, s)
#endif
#define EXCHANGE_BLOCKS(rows, s) \
    C3D_UNROLL \
    for (int i = 0; i < C3D_LANES; i++) { \
        if ((i & (s)) == 0) { \
            const vf low = (rows)[i], high = (rows)[i + (s)]; \
            (rows)[i] = __builtin_shufflevector(low, high, EACH_LANE(FROM_LOW, s)); \
            (rows)[i + (s)] = __builtin_shufflevector(low, high, EACH_LANE(FROM_HIGH, s)); \
        } \
    }

static C3D_ALWAYS_INLINE void v_transpose(vf rows[C3D_LANES])
{
    EXCHANGE_BLOCKS(rows, 1)
    EXCHANGE_BLOCKS(rows, 2)
#if C3D_LANES >= 8
    EXCHANGE_BLOCKS(rows, 4)
#endif
#if C3D_LANES >= 16
    EXCHANGE_BLOCKS(rows, 8)
#endif
}

/* Every second lane of a and b, from the first on and from the second on. */
#define EVEN(j, s) (2 * (j))
#define ODD(j, s) (2 * (j) + 1)
static C3D_ALWAYS_INLINE vf v_even(vf a, vf b)
{
    return __builtin_shufflevector(a, b, EACH_LANE(EVEN, 0));
}

static C3D_ALWAYS_INLINE vf v_odd(vf a, vf b)
{
    return __builtin_shufflevector(a, b, EACH_LANE(ODD, 0));
}

#undef ODD
#undef EVEN
#undef EXCHANGE_BLOCKS
#undef EACH_LANE
#undef FROM_HIGH
#undef FROM_LOW

/* Deals `step` vectors, 1, 2 or 4, out: every step-th lane of all, from each of the first on.
 * v_load_dealt() does so with what lies in memory. */
static C3D_ALWAYS_INLINE void v_deal(const vf *x, vf *dealt, const int step)
{
    if (step == 1) {
        dealt[0] = x[0];
    } else if (step == 2) {
        dealt[0] = v_even(x[0], x[1]);
        dealt[1] = v_odd(x[0], x[1]);
    } else {
        const vf even[2] = {v_even(x[0], x[1]), v_even(x[2], x[3])},
                 odd[2] = {v_odd(x[0], x[1]), v_odd(x[2], x[3])};
        dealt[0] = v_even(even[0], even[1]);
        dealt[1] = v_even(odd[0], odd[1]);
        dealt[2] = v_odd(even[0], even[1]);
        dealt[3] = v_odd(odd[0], odd[1]);
    }
}

#if defined(__AVX2__) && C3D_LANES == 8
static C3D_ALWAYS_INLINE vf v_load_halves(const float *low, const float *high)
{
    return (vf)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)),
                                    _mm_loadu_ps(high), 1);
}

/* Lanes that memory brings into the half where they belong do not have to cross to the other.
 * Cycles of a Zen 1 core for a vector, from L1 or L2: step 2 8.1 -> 4.4, step 4 16.2 -> 4.3. */
static C3D_ALWAYS_INLINE void v_load_dealt(const float *from, vf *dealt, const int step)
{
    if (step == 1) {
        dealt[0] = v_load(from);
    } else if (step == 2) {
        const vf a = v_load_halves(from, from + 8), b = v_load_halves(from + 4, from + 12);
        dealt[0] = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14);
        dealt[1] = __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
    } else {
        const vf a = v_load_halves(from, from + 16), b = v_load_halves(from + 4, from + 20),
                 c = v_load_halves(from + 8, from + 24), d = v_load_halves(from + 12, from + 28),
                 ab = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13),
                 AB = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15),
                 cd = __builtin_shufflevector(c, d, 0, 8, 1, 9, 4, 12, 5, 13),
                 CD = __builtin_shufflevector(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
        dealt[0] = __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13);
        dealt[1] = __builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
        dealt[2] = __builtin_shufflevector(AB, CD, 0, 1, 8, 9, 4, 5, 12, 13);
        dealt[3] = __builtin_shufflevector(AB, CD, 2, 3, 10, 11, 6, 7, 14, 15);
    }
}
#else
static C3D_ALWAYS_INLINE void v_load_dealt(const float *from, vf *dealt, const int step)
{
    vf x[4];
    C3D_UNROLL
    for (int v = 0; v < step; v++) {
        x[v] = v_load(from + v * C3D_LANES);
    }
    v_deal(x, dealt, step);
}
#endif

#endif
