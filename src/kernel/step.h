/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step.h - steps of outer products as one block of assembly, for the tiles that need it
 *
 * Included by isa_*.c only, like vec.h.
 */
#ifndef C3D_KERNEL_STEP_H
#define C3D_KERNEL_STEP_H

#include "kernel/vec.h"

/*
 * One step of the larger tiles of AVX2, 2 to 4 rows of 3 vectors and 3 to 6 of 2:
 *
 *     acc[m*width + v] += by[m*pitch] * from[v]
 *
 * In pieces, GCC 12 keeps one or two of the sums in memory, or shuffles them, as soon as anything
 * around changes, and a core that takes a vector in halves has few instructions to spare: 12 FMAs
 * are 38 or 40 halves with their loads, and Zen 1 dispatches 48 in that time.
 */
#if defined(__AVX2__) && C3D_LANES == 8
static C3D_ALWAYS_INLINE bool v_has_step(const int rows, const int width)
{
    return (width == 3 && rows >= 2 && rows <= 4) || (width == 2 && rows >= 3 && rows <= 6);
}

/* Operands are addresses of memory, but no more than 30 of them (GCC): those that would be too many
 * are offsets from a register, and told to the compiler as a whole. */
#define STEP(instructions, sums, ...) \
    __asm__(instructions : sums : __VA_ARGS__ : "ymm12", "ymm13", "ymm14", "ymm15")

#define SUM(i) "+x"(acc[i])
#define SUMS_6 SUM(0), SUM(1), SUM(2), SUM(3), SUM(4), SUM(5)
#define SUMS_8 SUMS_6, SUM(6), SUM(7)
#define SUMS_9 SUMS_8, SUM(8)
#define SUMS_10 SUMS_9, SUM(9)
#define SUMS_12 SUMS_10, SUM(10), SUM(11)
#define VECTOR(i) [v##i] "m"(*(const vf_memory *)(from + i * C3D_LANES))
#define SCALAR(i) [s##i] "m"(by[i * pitch])
#define WHOLE_OF(name, elems) [name] "r"(name), "m"(*(const float(*)[elems])name)
#define SCALARS_2 SCALAR(0), SCALAR(1)
#define SCALARS_3 SCALARS_2, SCALAR(2)
#define SCALARS_4 SCALARS_3, SCALAR(3)

#define LOAD(at, to) "vmovups " at ", " to "\n\t"
#define FMA(vector, sum) "vfmadd231ps %%ymm15, " vector ", " sum "\n\t"
#define ROW_2(scalar, a, b) \
    "vbroadcastss " scalar ", %%ymm15\n\t" FMA("%%ymm12", a) FMA("%%ymm13", b)
#define ROW_3(scalar, a, b, c) ROW_2(scalar, a, b) FMA("%%ymm14", c)
#define LOADS_2(v0, v1) LOAD(v0, "%%ymm12") LOAD(v1, "%%ymm13")
#define LOADS_3(v0, v1, v2) LOADS_2(v0, v1) LOAD(v2, "%%ymm14")
#define ROWS_3_OF_2(s0, s1, s2) ROW_2(s0, "%0", "%1") ROW_2(s1, "%2", "%3") ROW_2(s2, "%4", "%5")
#define ROWS_4_OF_2(s0, s1, s2, s3) ROWS_3_OF_2(s0, s1, s2) ROW_2(s3, "%6", "%7")
#define ROWS_5_OF_2(s0, s1, s2, s3, s4) ROWS_4_OF_2(s0, s1, s2, s3) ROW_2(s4, "%8", "%9")
#define ROWS_6_OF_2(s0, s1, s2, s3, s4, s5) \
    ROWS_5_OF_2(s0, s1, s2, s3, s4) ROW_2(s5, "%10", "%11")
#define ROWS_2_OF_3(s0, s1) ROW_3(s0, "%0", "%1", "%2") ROW_3(s1, "%3", "%4", "%5")
#define ROWS_3_OF_3(s0, s1, s2) ROWS_2_OF_3(s0, s1) ROW_3(s2, "%6", "%7", "%8")
#define ROWS_4_OF_3(s0, s1, s2, s3) ROWS_3_OF_3(s0, s1, s2) ROW_3(s3, "%9", "%10", "%11")

/* pitch is 1, 2 or the vector's lanes. */
static C3D_ALWAYS_INLINE void v_step_2(vf *acc, const float *from, const float *by, const int rows,
                                       const int pitch)
{
    enum { L = C3D_LANES };
    if (rows == 3) {
        STEP(LOADS_2("%[v0]", "%[v1]") ROWS_3_OF_2("%[s0]", "%[s1]", "%[s2]"), SUMS_6, VECTOR(0),
             VECTOR(1), SCALARS_3);
    } else if (rows == 4) {
        STEP(LOADS_2("%[v0]", "%[v1]") ROWS_4_OF_2("%[s0]", "%[s1]", "%[s2]", "%[s3]"), SUMS_8,
             VECTOR(0), VECTOR(1), SCALARS_4);
    } else if (rows == 5) {
        STEP(LOADS_2("%[v0]", "%[v1]")
                 ROWS_5_OF_2("%[s0]", "%[s1]", "%[s2]", "%[s3]", "%[s4]"),
             SUMS_10, VECTOR(0), VECTOR(1), SCALARS_4, SCALAR(4));
    } else if (pitch == 1) {
        STEP(LOADS_2("(%[from])", "32(%[from])")
                 ROWS_6_OF_2("(%[by])", "4(%[by])", "8(%[by])", "12(%[by])", "16(%[by])",
                             "20(%[by])"),
             SUMS_12, WHOLE_OF(from, 2 * L), WHOLE_OF(by, 6));
    } else if (pitch == 2) {
        STEP(LOADS_2("(%[from])", "32(%[from])")
                 ROWS_6_OF_2("(%[by])", "8(%[by])", "16(%[by])", "24(%[by])", "32(%[by])",
                             "40(%[by])"),
             SUMS_12, WHOLE_OF(from, 2 * L), WHOLE_OF(by, 11));
    } else {
        STEP(LOADS_2("(%[from])", "32(%[from])")
                 ROWS_6_OF_2("(%[by])", "32(%[by])", "64(%[by])", "96(%[by])", "128(%[by])",
                             "160(%[by])"),
             SUMS_12, WHOLE_OF(from, 2 * L), WHOLE_OF(by, 5 * L + 1));
    }
}

static C3D_ALWAYS_INLINE void v_step_3(vf *acc, const float *from, const float *by, const int rows,
                                       const int pitch)
{
    if (rows == 2) {
        STEP(LOADS_3("%[v0]", "%[v1]", "%[v2]") ROWS_2_OF_3("%[s0]", "%[s1]"), SUMS_6, VECTOR(0),
             VECTOR(1), VECTOR(2), SCALARS_2);
    } else if (rows == 3) {
        STEP(LOADS_3("%[v0]", "%[v1]", "%[v2]") ROWS_3_OF_3("%[s0]", "%[s1]", "%[s2]"), SUMS_9,
             VECTOR(0), VECTOR(1), VECTOR(2), SCALARS_3);
    } else {
        STEP(LOADS_3("(%[from])", "32(%[from])", "64(%[from])")
                 ROWS_4_OF_3("%[s0]", "%[s1]", "%[s2]", "%[s3]"),
             SUMS_12, WHOLE_OF(from, 3 * C3D_LANES), SCALARS_4);
    }
}

static C3D_ALWAYS_INLINE void v_step(vf *acc, const float *from, const float *by, const int rows,
                                     const int width, const int pitch)
{
    if (width == 2) {
        v_step_2(acc, from, by, rows, pitch);
    } else {
        v_step_3(acc, from, by, rows, pitch);
    }
}
#undef ROWS_4_OF_3
#undef ROWS_3_OF_3
#undef ROWS_2_OF_3
#undef ROWS_6_OF_2
#undef ROWS_5_OF_2
#undef ROWS_4_OF_2
#undef ROWS_3_OF_2
#undef LOADS_3
#undef LOADS_2
#undef ROW_3
#undef ROW_2
#undef FMA
#undef LOAD
#undef SCALARS_4
#undef SCALARS_3
#undef SCALARS_2
#undef WHOLE_OF
#undef SCALAR
#undef VECTOR
#undef SUMS_12
#undef SUMS_10
#undef SUMS_9
#undef SUMS_8
#undef SUMS_6
#undef SUM
#undef STEP
#else
static C3D_ALWAYS_INLINE bool v_has_step(const int rows, const int width)
{
    (void)rows, (void)width;
    return false;
}

static C3D_ALWAYS_INLINE void v_step(vf *acc, const float *from, const float *by, const int rows,
                                     const int width, const int pitch)
{
    (void)acc, (void)from, (void)by, (void)rows, (void)width, (void)pitch;
}
#endif

#endif
