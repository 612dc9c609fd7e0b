/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transform_body.h - the kernels of kernel.h for transformed algorithms
 *
 * Included by kernel_body.h, under the same macros.
 */
#include "kernel/kernel.h"
#include "kernel/vec.h"

/* Squares of columns and channels, transposed. */
static bool interleave(const struct c3d_interleave *i)
{
    /* Added to the bits of a magnitude above C3D_TAME, it sets the sign. */
    static const union {
        float tame;
        uint32_t bits;
    } limit = {C3D_TAME};
    const vu excess = (vu){0} + (INT32_MAX - limit.bits), magnitude = (vu){0} + INT32_MAX;
    vu wild = {0};
    for (int64_t at = 0; at < i->count; at += C3D_LANES) {
        const int64_t left = i->count - at;
        const int columns = left < C3D_LANES ? (int)left : C3D_LANES;
        vf square[C3D_LANES];
        C3D_UNROLL
        for (int c = 0; c < C3D_LANES; c++) {
            const vf zero = {0};
            const float *const from = i->from + c * i->channel_step + at;
            square[c] = c >= i->channels       ? zero
                        : columns == C3D_LANES ? v_load(from)
                                               : v_load_first(from, columns);
            wild |= ((vu)square[c] & magnitude) + excess;
        }
        v_transpose(square);
        C3D_UNROLL
        for (int m = 0; m < C3D_LANES; m++) {
            if (m < columns) {
                v_store(i->to + (at + m) * C3D_LANES, square[m]);
            }
        }
    }
    uint32_t any = 0;
    for (int l = 0; l < C3D_LANES; l++) {
        any |= wild[l];
    }
    return any > INT32_MAX;
}

/*
 * B of algo/cook_toom.c for 4, 6 and 8 points, in fewer operations: the
 * polynomials of p and -p, or of 1/2 and -2, have their even and odd parts in common.
 */
static C3D_ALWAYS_INLINE void input_4(const vf d[4], vf to[4])
{
    to[0] = d[2] - d[0];
    to[1] = d[2] + d[1];
    to[2] = d[2] - d[1];
    to[3] = d[3] - d[1];
}

/* q[i] = x^i (x - 1/2) (x + 2). */
static C3D_ALWAYS_INLINE void input_6(const vf d[6], vf to[6])
{
    const vf half3 = (vf){0} + 1.5f;
    vf q[4];
    C3D_UNROLL
    for (int i = 0; i < 4; i++) {
        q[i] = v_fma(half3, d[i + 1], d[i + 2] - d[i]);
    }
    const vf even = d[4] - d[2], odd = d[3] - d[1];
    to[0] = q[2] - q[0];
    to[1] = q[2] + q[1];
    to[2] = q[2] - q[1];
    to[3] = v_fma((vf){0} + 2.0f, odd, even);
    to[4] = v_fma((vf){0} - 0.5f, odd, even);
    to[5] = q[3] - q[1];
}

static C3D_ALWAYS_INLINE void input_8(const vf d[8], vf to[8])
{
    const vf zero = {0};
    /* Of (x^2 - a) (x^2 - b), for the pairs that leave out +-1, +-2, +-1/2. */
    static const float middle[3] = {-4.25f, -1.25f, -5.0f}, last[3] = {1.0f, 0.25f, 4.0f},
                       point[3] = {1.0f, 2.0f, 0.5f};
    C3D_UNROLL
    for (int i = 0; i < 3; i++) {
        const vf m = zero + middle[i], l = zero + last[i], p = zero + point[i];
        const vf even = v_fma(l, d[2], v_fma(m, d[4], d[6]));
        const vf odd = v_fma(l, d[1], v_fma(m, d[3], d[5]));
        to[2 * i + 1] = v_fma(p, odd, even);
        to[2 * i + 2] = v_fma(-p, odd, even);
    }
    const vf a = zero + 5.25f;
    to[0] = v_fma(a, d[2] - d[4], d[6] - d[0]);
    to[7] = v_fma(a, d[3] - d[5], d[7] - d[1]);
}

/* A for 4, 6 and 8 points: powers of p and -p add and cancel. */
static C3D_ALWAYS_INLINE void output_4(const vf *m, vf *to, int outs)
{
    const vf sum = m[1] + m[2], difference = m[1] - m[2];
    to[0] = m[0] + sum;
    to[1] = difference;
    to[2] = sum;
    to[outs - 1] += m[3];
}

static C3D_ALWAYS_INLINE void output_6(const vf *m, vf *to, int outs)
{
    const vf zero = {0}, sum = m[1] + m[2], difference = m[1] - m[2];
    to[0] = m[0] + sum + (m[3] + m[4]);
    float half = 0.5f, two = -2.0f;
    C3D_UNROLL
    for (int k = 1; k < 5; k++) {
        to[k] = v_fma(zero + half, m[3], v_fma(zero + two, m[4], k % 2 ? difference : sum));
        half *= 0.5f;
        two *= -2.0f;
    }
    to[outs - 1] += m[5];
}

static C3D_ALWAYS_INLINE void output_8(const vf *m, vf *to, int outs)
{
    const vf zero = {0};
    vf even[3], odd[3];
    C3D_UNROLL
    for (int i = 0; i < 3; i++) {
        even[i] = m[2 * i + 1] + m[2 * i + 2];
        odd[i] = m[2 * i + 1] - m[2 * i + 2];
    }
    to[0] = m[0] + even[0] + (even[1] + even[2]);
    float two = 2.0f, half = 0.5f;
    C3D_UNROLL
    for (int k = 1; k < 7; k++) {
        const vf *const part = k % 2 ? odd : even;
        to[k] = v_fma(zero + two, part[1], v_fma(zero + half, part[2], part[0]));
        two *= 2.0f;
        half *= 0.5f;
    }
    to[outs - 1] += m[7];
}

/* Of 3 taps with stride 2: taps 0 and 2 meet inputs 0, 2, .. and tap 1 the others, which are
 * taken as they are. */
static C3D_ALWAYS_INLINE void strided_input_5(const vf d[5], vf to[5])
{
    to[0] = d[2] - d[0];
    to[1] = d[2];
    to[2] = d[4] - d[2];
    to[3] = d[1];
    to[4] = d[3];
}

static C3D_ALWAYS_INLINE void strided_input_7(const vf d[7], vf to[7])
{
    const vf even[4] = {d[0], d[2], d[4], d[6]};
    input_4(even, to);
    to[4] = d[1];
    to[5] = d[3];
    to[6] = d[5];
}

static C3D_ALWAYS_INLINE void strided_output_5(const vf m[5], vf to[2])
{
    to[0] = m[0] + m[1] + m[3];
    to[1] = m[1] + m[2] + m[4];
}

static C3D_ALWAYS_INLINE void strided_output_7(const vf m[7], vf to[3])
{
    output_4(m, to, 3);
    to[0] += m[4];
    to[1] += m[5];
    to[2] += m[6];
}

/* Any matrix, row by row. */
static void transform_any(const struct c3d_lines *l)
{
    const struct c3d_matrix *const m = l->matrix;
    for (int64_t n = 0; n < l->lines; n++) {
        const float *const from = l->from + n * l->from_line;
        float *const to = l->to + n * l->to_line;
        for (int i = 0; i < m->rows; i++) {
            vf sum = {0};
            for (int k = 0; k < m->columns; k++) {
                sum = v_fma(v_broadcast(&m->at[i][k]), v_load(from + k * l->from_step), sum);
            }
            v_store(to + i * l->to_step, sum);
        }
    }
}

#define LINES(columns, rows, body) \
    for (int64_t i = 0; i < l->lines; i++) { \
        vf line[C3D_MAX_POINTS], result[C3D_MAX_POINTS]; \
        const float *const from = l->from + (ptrdiff_t)i * l->from_line; \
        float *const to = l->to + (ptrdiff_t)i * l->to_line; \
        C3D_UNROLL \
        for (int k = 0; k < (columns); k++) { \
            line[k] = v_load(from + k * l->from_step); \
        } \
        body; \
        C3D_UNROLL \
        for (int k = 0; k < (rows); k++) { \
            v_store(to + k * l->to_step, result[k]); \
        } \
    }

#define OUTPUT_CASE(points, outs) \
    case outs: \
        LINES(points, outs, output_##points(line, result, outs)) \
        break;

static void transform_input(const struct c3d_lines *l)
{
    switch (l->matrix->columns) {
    case 4:
        LINES(4, 4, input_4(line, result))
        break;
    case 6:
        LINES(6, 6, input_6(line, result))
        break;
    case 8:
        LINES(8, 8, input_8(line, result))
        break;
    default:
        transform_any(l);
    }
}

static void transform_output(const struct c3d_lines *l)
{
    const int outs = l->matrix->rows;
    if (l->matrix->columns == 4) {
        switch (outs) {
            OUTPUT_CASE(4, 2)
            OUTPUT_CASE(4, 3)
        }
    } else if (l->matrix->columns == 6) {
        switch (outs) {
            OUTPUT_CASE(6, 2)
            OUTPUT_CASE(6, 3)
            OUTPUT_CASE(6, 4)
            OUTPUT_CASE(6, 5)
        }
    } else if (l->matrix->columns == 8) {
        switch (outs) {
            OUTPUT_CASE(8, 2)
            OUTPUT_CASE(8, 3)
            OUTPUT_CASE(8, 4)
            OUTPUT_CASE(8, 5)
            OUTPUT_CASE(8, 6)
            OUTPUT_CASE(8, 7)
        }
    } else {
        transform_any(l);
    }
}

static void transform(const struct c3d_lines *l)
{
    const bool five = l->matrix->columns == 5;
    switch (l->matrix->kind) {
    case C3D_INPUT_MATRIX:
        transform_input(l);
        break;
    case C3D_OUTPUT_MATRIX:
        transform_output(l);
        break;
    case C3D_STRIDED_INPUT_MATRIX:
        if (five) {
            LINES(5, 5, strided_input_5(line, result))
        } else {
            LINES(7, 7, strided_input_7(line, result))
        }
        break;
    case C3D_STRIDED_OUTPUT_MATRIX:
        if (five) {
            LINES(5, 2, strided_output_5(line, result))
        } else {
            LINES(7, 3, strided_output_7(line, result))
        }
        break;
    case C3D_OTHER_MATRIX:
        transform_any(l);
        break;
    }
}

#undef OUTPUT_CASE
#undef LINES
