/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box_step.h - what one tap adds to a box of outputs, where it needs to be assembly
 *
 * Included by isa_*.c only, like vec.h.
 */
#ifndef C3D_KERNEL_BOX_STEP_H
#define C3D_KERNEL_BOX_STEP_H

#include "kernel/vec.h"

#include <stddef.h>

/* The planes of outputs that a plane of input belongs to. */
enum { FIRST_PLANE = 1, SECOND_PLANE = 2, BOTH_PLANES = FIRST_PLANE | SECOND_PLANE };

/*
 * One tap of every sum of a box:
 *
 *     acc[r*width + v]          += from[r*row_step + v] * weight     of the first plane
 *     acc[(rows + r)*width + v] += from[r*row_step + v] * earlier    of the second
 *
 * A vector of input is loaded for both planes of outputs, or is a memory operand of the one
 * plane's FMA.  On AVX2 as one block of assembly, for the reasons of step.h: with two weights and
 * a vector of input fifteen registers are taken.  Zen 1 does 324 FMAs of 3x3x3 in 400 cycles,
 * from intrinsics in 650, with each instruction a line of assembly in 500.
 */
#if defined(__AVX2__) && C3D_LANES == 8
#define WHERE [from] "r"(from), [step] "r"(row_step * (ptrdiff_t)sizeof(float))
#define BOX_STEP(instructions, sums) \
    __asm__ volatile(instructions \
                     : sums \
                     : WHERE, [weight] "m"(*weight), [earlier] "m"(*earlier) \
                     : "rax", "ymm13", "ymm14", "ymm15", "memory")
#define MARCH_STEP(instructions, ...) \
    __asm__ volatile(instructions \
                     : __VA_ARGS__ \
                     : WHERE, [first] "m"(weights[0]), [second] "m"(weights[weight_step]), \
                       [third] "m"(weights[2 * weight_step]) \
                     : "rax", "ymm12", "ymm13", "ymm14", "ymm15", "memory")

#define ROW_0 "(%[from])"
#define ROW_1 "(%[from],%[step])"
#define ROW_2 "(%[from],%[step],2)"
#define ROW_3 "(%%rax)"
#define ROW_4 "(%%rax,%[step])"
#define ROW_5 "(%%rax,%[step],2)"
#define TO_ROW_3 "leaq (%[from],%[step]), %%rax\n\tleaq (%%rax,%[step],2), %%rax\n\t"
#define THREE_OF(row) row, "32" row, "64" row
#define TWO_OF(row) row, "32" row

#define SUM(i) "+x"(acc[i])
#define SUMS_2 SUM(0), SUM(1)
#define SUMS_4 SUMS_2, SUM(2), SUM(3)
#define SUMS_6 SUMS_4, SUM(4), SUM(5)
#define SUMS_8 SUMS_6, SUM(6), SUM(7)
#define SUMS_10 SUMS_8, SUM(8), SUM(9)
#define SUMS_12 SUMS_10, SUM(10), SUM(11)

/* Sums %0 .. are those of the first plane, or of the only one; then those of the second. */
#define FIRST "vbroadcastss %[weight], %%ymm13\n\t"
#define SECOND "vbroadcastss %[earlier], %%ymm13\n\t"
#define BOTH FIRST "vbroadcastss %[earlier], %%ymm14\n\t"
#define ONE(at, sum) "vfmadd231ps " at ", %%ymm13, " sum "\n\t"
#define TWO(at, a, b) \
    "vmovups " at ", %%ymm15\n\t" \
    "vfmadd231ps %%ymm15, %%ymm13, " a "\n\t" \
    "vfmadd231ps %%ymm15, %%ymm14, " b "\n\t"
#define ONE_1(a) ONE(a, "%0")
#define ONE_2(a, b) ONE_1(a) ONE(b, "%1")
#define ONE_3(a, b, c) ONE_2(a, b) ONE(c, "%2")
#define ONE_4(a, b, c, d) ONE_3(a, b, c) ONE(d, "%3")
#define ONE_5(a, b, c, d, e) ONE_4(a, b, c, d) ONE(e, "%4")
#define ONE_6(a, b, c, d, e, f) ONE_5(a, b, c, d, e) ONE(f, "%5")
#define TWO_1(a) TWO(a, "%0", "%1")
#define TWO_2(a, b) TWO(a, "%0", "%2") TWO(b, "%1", "%3")
#define TWO_3(a, b, c) TWO(a, "%0", "%3") TWO(b, "%1", "%4") TWO(c, "%2", "%5")
#define TWO_4(a, b, c, d) \
    TWO(a, "%0", "%4") TWO(b, "%1", "%5") TWO(c, "%2", "%6") TWO(d, "%3", "%7")
#define TWO_5(a, b, c, d, e) \
    TWO(a, "%0", "%5") TWO(b, "%1", "%6") TWO(c, "%2", "%7") TWO(d, "%3", "%8") TWO(e, "%4", "%9")
#define TWO_6(a, b, c, d, e, f) \
    TWO(a, "%0", "%6") TWO(b, "%1", "%7") TWO(c, "%2", "%8") TWO(d, "%3", "%9") \
    TWO(e, "%4", "%10") TWO(f, "%5", "%11")
#define EXPAND(macro, ...) macro(__VA_ARGS__)

/* A box of n vectors in each plane, which lie there, seen from rax perhaps. */
#define BOX(n, both, before, ...) \
    if (planes == BOTH_PLANES) { \
        BOX_STEP(before BOTH EXPAND(TWO_##n, __VA_ARGS__), SUMS_##both); \
    } else { \
        acc += planes == SECOND_PLANE ? n : 0; \
        if (planes == SECOND_PLANE) { \
            BOX_STEP(before SECOND EXPAND(ONE_##n, __VA_ARGS__), OWN_##n); \
        } else { \
            BOX_STEP(before FIRST EXPAND(ONE_##n, __VA_ARGS__), OWN_##n); \
        } \
    }
#define OWN_1 SUM(0)
#define OWN_2 SUMS_2
#define OWN_3 SUMS_2, SUM(2)
#define OWN_4 SUMS_4
#define OWN_5 SUMS_4, SUM(4)
#define OWN_6 SUMS_6

static C3D_ALWAYS_INLINE void v_box_step(vf *acc, const float *from, ptrdiff_t row_step,
                                         const float *weight, const float *earlier,
                                         const int rows, const int width, const int planes)
{
    if (width == 3 && rows == 1) {
        BOX(3, 6, "", THREE_OF(ROW_0))
    } else if (width == 3) {
        BOX(6, 12, "", THREE_OF(ROW_0), THREE_OF(ROW_1))
    } else if (width == 2 && rows == 1) {
        BOX(2, 4, "", TWO_OF(ROW_0))
    } else if (width == 2 && rows == 2) {
        BOX(4, 8, "", TWO_OF(ROW_0), TWO_OF(ROW_1))
    } else if (width == 2) {
        BOX(6, 12, "", TWO_OF(ROW_0), TWO_OF(ROW_1), TWO_OF(ROW_2))
    } else if (rows == 1) {
        BOX(1, 2, "", ROW_0)
    } else if (rows == 2) {
        BOX(2, 4, "", ROW_0, ROW_1)
    } else if (rows == 3) {
        BOX(3, 6, "", ROW_0, ROW_1, ROW_2)
    } else if (rows == 4) {
        BOX(4, 8, TO_ROW_3, ROW_0, ROW_1, ROW_2, ROW_3)
    } else if (rows == 5) {
        BOX(5, 10, TO_ROW_3, ROW_0, ROW_1, ROW_2, ROW_3, ROW_4)
    } else {
        BOX(6, 12, TO_ROW_3, ROW_0, ROW_1, ROW_2, ROW_3, ROW_4, ROW_5)
    }
}

#define EACH(at, a, b, c) \
    "vmovups " at ", %%ymm15\n\t" \
    "vfmadd231ps %%ymm15, %%ymm12, " a "\n\t" \
    "vfmadd231ps %%ymm15, %%ymm13, " b "\n\t" \
    "vfmadd231ps %%ymm15, %%ymm14, " c "\n\t"
#define EACH_1(a) EACH(a, "%0", "%1", "%2")
#define EACH_2(a, b) EACH_1(a) EACH(b, "%3", "%4", "%5")
#define EACH_3(a, b, c) EACH_2(a, b) EACH(c, "%6", "%7", "%8")
#define EACH_4(a, b, c, d) EACH_3(a, b, c) EACH(d, "%9", "%10", "%11")
#define ALL \
    "vbroadcastss %[first], %%ymm12\n\tvbroadcastss %[second], %%ymm13\n\t" \
    "vbroadcastss %[third], %%ymm14\n\t"
#define THREE(i) "+x"(newest[i]), "+x"(middle[i]), "+x"(oldest[i])
#define THREE_1 THREE(0)
#define THREE_2 THREE_1, THREE(1)
#define THREE_3 THREE_2, THREE(2)
#define THREE_4 THREE_3, THREE(3)
#define MARCH(n, before, ...) MARCH_STEP(before ALL EXPAND(EACH_##n, __VA_ARGS__), THREE_##n)

/*
 * One tap of three planes of outputs that a plane of input belongs to:
 *
 *     newest[r*width + v] += from[r*row_step + v] * weights[0]
 *     middle[r*width + v] += from[r*row_step + v] * weights[weight_step]
 *     oldest[r*width + v] += from[r*row_step + v] * weights[2*weight_step]
 */
static C3D_ALWAYS_INLINE void v_march_step(vf *newest, vf *middle, vf *oldest, const float *from,
                                           ptrdiff_t row_step, const float *weights,
                                           ptrdiff_t weight_step, const int rows, const int width)
{
    if (width == 2 && rows == 1) {
        MARCH(2, "", TWO_OF(ROW_0));
    } else if (width == 2) {
        MARCH(4, "", TWO_OF(ROW_0), TWO_OF(ROW_1));
    } else if (rows == 1) {
        MARCH(1, "", ROW_0);
    } else if (rows == 2) {
        MARCH(2, "", ROW_0, ROW_1);
    } else if (rows == 3) {
        MARCH(3, "", ROW_0, ROW_1, ROW_2);
    } else {
        MARCH(4, TO_ROW_3, ROW_0, ROW_1, ROW_2, ROW_3);
    }
}
#undef MARCH
#undef THREE_4
#undef THREE_3
#undef THREE_2
#undef THREE_1
#undef THREE
#undef ALL
#undef EACH_4
#undef EACH_3
#undef EACH_2
#undef EACH_1
#undef EACH
#undef OWN_6
#undef OWN_5
#undef OWN_4
#undef OWN_3
#undef OWN_2
#undef OWN_1
#undef BOX
#undef EXPAND
#undef TWO_6
#undef TWO_5
#undef TWO_4
#undef TWO_3
#undef TWO_2
#undef TWO_1
#undef ONE_6
#undef ONE_5
#undef ONE_4
#undef ONE_3
#undef ONE_2
#undef ONE_1
#undef TWO
#undef ONE
#undef BOTH
#undef SECOND
#undef FIRST
#undef SUMS_12
#undef SUMS_10
#undef SUMS_8
#undef SUMS_6
#undef SUMS_4
#undef SUMS_2
#undef SUM
#undef TWO_OF
#undef THREE_OF
#undef TO_ROW_3
#undef ROW_5
#undef ROW_4
#undef ROW_3
#undef ROW_2
#undef ROW_1
#undef ROW_0
#undef MARCH_STEP
#undef BOX_STEP
#undef WHERE
#else
static C3D_ALWAYS_INLINE void v_box_step(vf *acc, const float *from, ptrdiff_t row_step,
                                         const float *weight, const float *earlier,
                                         const int rows, const int width, const int planes)
{
    const vf zero = {0};
    const vf first = planes & FIRST_PLANE ? v_broadcast(weight) : zero,
             second = planes & SECOND_PLANE ? v_broadcast(earlier) : zero;
    C3D_UNROLL
    for (int r = 0; r < rows; r++) {
        C3D_UNROLL
        for (int v = 0; v < width; v++) {
            const vf x = v_load(from + r * row_step + v * C3D_LANES);
            vf *const sum = acc + r * width + v;
            if (planes & FIRST_PLANE) {
                sum[0] = v_fma(x, first, sum[0]);
            }
            if (planes & SECOND_PLANE) {
                sum[rows * width] = v_fma(x, second, sum[rows * width]);
            }
        }
    }
}

static C3D_ALWAYS_INLINE void v_march_step(vf *newest, vf *middle, vf *oldest, const float *from,
                                           ptrdiff_t row_step, const float *weights,
                                           ptrdiff_t weight_step, const int rows, const int width)
{
    const vf first = v_broadcast(weights), second = v_broadcast(weights + weight_step),
             third = v_broadcast(weights + 2 * weight_step);
    C3D_UNROLL
    for (int r = 0; r < rows; r++) {
        C3D_UNROLL
        for (int v = 0; v < width; v++) {
            const vf x = v_load(from + r * row_step + v * C3D_LANES);
            newest[r * width + v] = v_fma(x, first, newest[r * width + v]);
            middle[r * width + v] = v_fma(x, second, middle[r * width + v]);
            oldest[r * width + v] = v_fma(x, third, oldest[r * width + v]);
        }
    }
}
#endif

#endif
