/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_transforms.c - the micro-kernels of transformed algorithms on every ISA, against
 * kernel.h, their contract, with operands of the exact size between guard pages.
 * test_kernels.c has the others.
 */
#include "guard.h"
#include "kernel_cases.h"
#include "support.h"

#include "../tools/random_data.h"

#include "algo/cook_toom.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- transform ------------------------------------------------------------- */

/* Nine bits: the largest transform grows them by six at both ends and sums three such
 * terms, so that all is exact in any order. */
static float few_bits(uint64_t seed, uint64_t index)
{
    return (float)((int)(random_bits(seed, index) % 513) - 256) * 0x1p-20f;
}

/* Where the vectors of an operand lie. */
struct spread {
    ptrdiff_t line, step;
    size_t count;
};
enum { STEPS_IN_LINES, LINES_IN_STEPS, SPREADS_TO, OVERLAPPING = SPREADS_TO, SPREADS_FROM };

static struct spread spread_out(int how, int64_t lines, int vectors, int lanes)
{
    struct spread s;
    if (how == STEPS_IN_LINES) {
        s.step = lanes + 1;
        s.line = vectors * s.step + 2;
    } else if (how == LINES_IN_STEPS) {
        s.line = lanes + 3;
        s.step = (ptrdiff_t)lines * s.line + 1;
    } else { /* neighbouring tiles share inputs */
        s.step = lanes;
        s.line = 2 * lanes;
    }
    s.count = (size_t)((lines - 1) * s.line + (vectors - 1) * s.step + lanes);
    return s;
}

struct transform_case {
    const struct c3d_kernels *kernels;
    struct c3d_matrix matrix;
    int64_t lines;
    int from, to; /* how they are spread */
    enum guard_side side;
    uint64_t seed;
};

/* What every element of the result must be; NaN: untouched. */
static double *transform_expected(const struct c3d_lines *l, int lanes, size_t count)
{
    double *expected = allocate(count * sizeof *expected);
    for (size_t i = 0; i < count; i++)
        expected[i] = NAN;
    for (int64_t n = 0; n < l->lines; n++)
        for (int i = 0; i < l->matrix->rows; i++)
            for (int lane = 0; lane < lanes; lane++) {
                double sum = 0.0;
                for (int k = 0; k < l->matrix->columns; k++)
                    sum += (double)l->matrix->at[i][k] *
                           (double)l->from[n * l->from_line + k * l->from_step + lane];
                expected[n * l->to_line + i * l->to_step + lane] = sum;
            }
    return expected;
}

static bool transform_holds(const struct transform_case *c)
{
    const struct c3d_matrix *m = &c->matrix;
    const int lanes = c->kernels->lanes;
    const struct spread read = spread_out(c->from, c->lines, m->columns, lanes);
    const struct spread written = spread_out(c->to, c->lines, m->rows, lanes);
    struct guarded from, to;
    guarded_fill(&from, read.count, c->side, few_bits, c->seed);
    guarded_make(&to, written.count * sizeof(float), c->side);
    const struct c3d_lines lines = {
        .from = from.data, .to = to.data, .from_line = read.line, .to_line = written.line,
        .from_step = read.step, .to_step = written.step, .lines = c->lines, .matrix = m,
    };
    c->kernels->transform(&lines);
    double *expected = transform_expected(&lines, lanes, written.count);
    bool good = guarded_intact(&to);
    for (size_t i = 0; good && i < written.count; i++)
        if (isnan(expected[i]) ? !is_poisoned(&lines.to[i], sizeof(float))
                               : (double)lines.to[i] != expected[i])
            good = complain("%s transform of kind %d, %d x %d, %lld lines: element %zu is %a, "
                            "expected %a", c->kernels->name, (int)m->kind, m->rows, m->columns,
                            (long long)c->lines, i, (double)lines.to[i], expected[i]);
    free(expected);
    guarded_free(&from);
    guarded_free(&to);
    return good;
}

static void transform_holds_for_all_layouts(struct transform_case *c)
{
    for (c->lines = 1; c->lines <= 3; c->lines++)
        for (c->from = 0; c->from < SPREADS_FROM; c->from++)
            for (c->to = 0; c->to < SPREADS_TO; c->to++)
                for (int side = 0; side < 2; side++) {
                    c->side = side ? GUARD_HIGH : GUARD_LOW;
                    c->seed++;
                    cr_assert(transform_holds(c));
                }
}

/* By the code for its kind, if it may have one, and by that for any matrix. */
static void matrix_holds(struct transform_case *c, enum c3d_matrix_kind kind, int rows, int columns,
                         double from[C3D_MAX_POINTS][C3D_MAX_POINTS])
{
    c->matrix = (struct c3d_matrix){.kind = kind, .rows = rows, .columns = columns};
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < columns; k++)
            c->matrix.at[i][k] = (float)from[i][k];
    transform_holds_for_all_layouts(c);
    if (kind != C3D_OTHER_MATRIX)
        matrix_holds(c, C3D_OTHER_MATRIX, rows, columns, from);
}

static void transform_holds_for_all_matrices(const char *isa)
{
    struct transform_case c = {.kernels = kernels_of(isa), .seed = test_seed()};
    for (int outs = 1; outs <= C3D_MAX_POINTS; outs++)
        for (int taps = 1; outs + taps - 1 <= C3D_MAX_POINTS; taps++) {
            struct c3d_cook_toom maths;
            c3d_cook_toom(outs, taps, 1, &maths);
            /* Where nothing is saved, the matrices are not those that have shorter code. */
            const bool saves = outs > 1 && taps > 1;
            matrix_holds(&c, saves ? C3D_INPUT_MATRIX : C3D_OTHER_MATRIX, maths.points,
                         maths.points, maths.input);
            matrix_holds(&c, saves ? C3D_OUTPUT_MATRIX : C3D_OTHER_MATRIX, outs, maths.points,
                         maths.output);
        }
    for (int outs = 2; outs <= 3; outs++) {
        struct c3d_cook_toom maths;
        c3d_cook_toom(outs, 3, 2, &maths);
        matrix_holds(&c, C3D_STRIDED_INPUT_MATRIX, maths.points, maths.inputs, maths.input);
        matrix_holds(&c, C3D_STRIDED_OUTPUT_MATRIX, outs, maths.points, maths.output);
    }
}

Test(transforms, transform_portable) { transform_holds_for_all_matrices("portable"); }
Test(transforms, transform_avx2) { transform_holds_for_all_matrices("avx2"); }
Test(transforms, transform_avx512) { transform_holds_for_all_matrices("avx512"); }
Test(transforms, transform_neon) { transform_holds_for_all_matrices("neon"); }

/* ---- interleave ------------------------------------------------------------ */

/* Magnitudes up to C3D_TAME, which is one of them. */
static float tame_float(uint64_t seed, uint64_t index)
{
    const uint64_t bits = random_bits(seed, index);
    const float unit = bits >> 61 == 0 ? 1.0f : small_float(seed, index);
    return bits >> 32 & 1 ? -C3D_TAME * unit : C3D_TAME * unit;
}

static float wild_float(uint64_t seed)
{
    const float least = nextafterf(C3D_TAME, INFINITY);
    const float values[] = {least, -least, FLT_MAX, -1e20f, INFINITY, -INFINITY, NAN, -NAN};
    return values[seed % (sizeof values / sizeof *values)];
}

struct interleave_case {
    const struct c3d_kernels *kernels;
    int64_t count;
    int channels;
    enum { TAME, WILD_AT_THE_END, WILD_SOMEWHERE } kind;
    enum guard_side side;
    uint64_t seed;
};

/* Channels `step` apart, NaN between them. */
static float *interleave_source(const struct interleave_case *c, size_t step, size_t total)
{
    const size_t count = (size_t)c->count, values = count * (size_t)c->channels;
    const size_t wild = c->kind == WILD_AT_THE_END ? values - 1
                                                   : random_bits(c->seed, values) % values;
    float *source = allocate_floats(total);
    poison(source, total * sizeof *source);
    for (size_t i = 0; i < values; i++)
        source[i / count * step + i % count] =
            c->kind != TAME && i == wild ? wild_float(c->seed) : tame_float(c->seed, i);
    return source;
}

static bool interleave_holds(const struct interleave_case *c)
{
    const int lanes = c->kernels->lanes;
    const size_t step = (size_t)c->count + (size_t)(c->seed % 3);
    const size_t total = (size_t)(c->channels - 1) * step + (size_t)c->count;
    struct guarded from, to;
    float *source = interleave_source(c, step, total);
    guarded_make_constant(&from, source, total * sizeof *source, c->side);
    guarded_make(&to, (size_t)(c->count * lanes) * sizeof(float), c->side);
    const struct c3d_interleave interleave = {
        .from = from.data, .to = to.data, .channel_step = (ptrdiff_t)step, .count = c->count,
        .channels = c->channels,
    };
    const bool wild = c->kernels->interleave(&interleave);
    bool good = guarded_intact(&to);
    if (wild != (c->kind != TAME))
        good = complain("%s interleave, %d channels of %lld, %s: returns %d", c->kernels->name,
                        c->channels, (long long)c->count,
                        c->kind == TAME ? "all tame" : "one wild", wild);
    for (int64_t i = 0; good && i < c->count; i++)
        for (int lane = 0; good && lane < lanes; lane++) {
            const float expected =
                lane < c->channels ? source[(size_t)lane * step + (size_t)i] : 0.0f;
            const float got = interleave.to[i * lanes + lane];
            if (memcmp(&expected, &got, sizeof got) != 0)
                good = complain("%s interleave, %d channels of %lld: element %lld lane %d is "
                                "%a, expected %a", c->kernels->name, c->channels,
                                (long long)c->count, (long long)i, lane, (double)got,
                                (double)expected);
        }
    free(source);
    guarded_free(&from);
    guarded_free(&to);
    return good;
}

static void interleave_holds_for_all_sizes(const char *isa)
{
    struct interleave_case c = {.kernels = kernels_of(isa), .seed = test_seed()};
    for (c.count = 1; c.count <= 40; c.count++)
        for (c.channels = 1; c.channels <= c.kernels->lanes; c.channels++)
            for (int i = 0; i < 3 * 2; i++) {
                c.kind = i % 3;
                c.side = i / 3 ? GUARD_HIGH : GUARD_LOW;
                c.seed++;
                cr_assert(interleave_holds(&c));
            }
}

Test(transforms, interleave_portable) { interleave_holds_for_all_sizes("portable"); }
Test(transforms, interleave_avx2) { interleave_holds_for_all_sizes("avx2"); }
Test(transforms, interleave_avx512) { interleave_holds_for_all_sizes("avx512"); }
Test(transforms, interleave_neon) { interleave_holds_for_all_sizes("neon"); }

/* ---- outer, scalars in lanes ----------------------------------------------- */

struct outer_case {
    const struct c3d_kernels *kernels;
    int vector_count, count, start;
    size_t channels, tap_count;
    enum guard_side side;
    draw_fn *draw;
    uint64_t seed;
};

/* A row's scalars begin at `row`, those of lane 0. */
static float outer_expected(const struct c3d_outer *o, float before, int row, int lane,
                            int width)
{
    float sum = o->start ? 0.0f : before;
    for (size_t c = 0; c < o->channels; c++) {
        const float *const scalars = o->scalars + (ptrdiff_t)c * o->scalar_step + row;
        const float *const vectors = o->vectors + (ptrdiff_t)c * o->vector_step + lane;
        for (size_t t = 0; t < o->tap_count; t++)
            sum = fmaf(scalars[t], vectors[(ptrdiff_t)t * width], sum);
    }
    return sum;
}

static bool outer_is_right(const struct outer_case *c, const struct c3d_outer *o,
                           const float *before)
{
    const int lanes = c->kernels->lanes, width = c->vector_count * lanes;
    for (int m = 0; m < c->count; m++)
        for (int lane = 0; lane < width; lane++) {
            const int at = m * width + lane;
            const float expected = outer_expected(o, before[at], m * lanes, lane, width);
            if (!same_float(expected, o->acc[at]))
                return complain("%s outer %dx%d by lanes, %zu channels, %zu taps, start %d: "
                                "row %d lane %d is %a, expected %a", c->kernels->name,
                                c->count, c->vector_count, c->channels, c->tap_count,
                                c->start, m, lane, (double)o->acc[at], (double)expected);
        }
    return true;
}

static bool outer_holds(const struct outer_case *c)
{
    enum { TILES = 2, VECTORS = 3, SCALARS = 1 };
    const int lanes = c->kernels->lanes, width = c->vector_count * lanes;
    const size_t sums = (size_t)(c->count * width), size = TILES * sums;
    struct guarded vectors, scalars, before, acc;
    const size_t vector_step = c->tap_count * (size_t)width;
    const size_t scalar_step = (size_t)((c->count - 1) * lanes) + c->tap_count;
    guarded_fill(&vectors, vector_step * c->channels + VECTORS, c->side, c->draw, c->seed);
    guarded_fill(&scalars, scalar_step * c->channels + SCALARS, c->side, c->draw, c->seed + 1);
    guarded_fill(&before, size, c->side, c->draw, c->seed + 2);
    guarded_make(&acc, size * sizeof(float), c->side);
    if (!c->start)
        memcpy(acc.data, before.data, size * sizeof(float));
    struct c3d_outer outer = {
        .vectors = vectors.data, .scalars = scalars.data,
        .vector_step = (ptrdiff_t)vector_step, .scalar_step = (ptrdiff_t)scalar_step,
        .channels = c->channels, .tap_count = c->tap_count, .acc = acc.data, .tiles = TILES,
        .next = {.vectors = VECTORS, .scalars = SCALARS, .acc = (ptrdiff_t)sums},
        .vector_count = c->vector_count, .count = c->count, .start = c->start,
        .lane_scalars = 1,
    };
    c->kernels->outer(&outer);
    bool good = guarded_intact(&acc) && outer_is_right(c, &outer, before.data);
    outer.vectors += VECTORS;
    outer.scalars += SCALARS;
    outer.acc += sums;
    good = good && outer_is_right(c, &outer, (float *)before.data + sums);
    guarded_free(&vectors);
    guarded_free(&scalars);
    guarded_free(&before);
    guarded_free(&acc);
    return good;
}

static void outer_holds_for_all_sizes(const char *isa)
{
    const struct c3d_kernels *kernels = kernels_of(isa);
    const size_t channels[] = {0, 1, 3}, taps[] = {1, 3, (size_t)kernels->lanes};
    struct outer_case c = {.kernels = kernels, .seed = test_seed()};
    for (c.vector_count = 1; c.vector_count <= C3D_MAX_PANEL_VECTORS; c.vector_count++)
        for (c.count = 1; c.count <= kernels->max_count[c.vector_count]; c.count++)
            for (int i = 0; i < 3 * 3 * 2 * 2 * 2; i++) {
                c.channels = channels[i % 3];
                c.tap_count = taps[i / 3 % 3];
                c.start = i / 9 % 2;
                c.side = i / 18 % 2 ? GUARD_HIGH : GUARD_LOW;
                c.draw = i / 36 % 2 ? any_float : small_float;
                c.seed++;
                cr_assert(outer_holds(&c));
            }
}

Test(transforms, outer_portable) { outer_holds_for_all_sizes("portable"); }
Test(transforms, outer_avx2) { outer_holds_for_all_sizes("avx2"); }
Test(transforms, outer_avx512) { outer_holds_for_all_sizes("avx512"); }
Test(transforms, outer_neon) { outer_holds_for_all_sizes("neon"); }
