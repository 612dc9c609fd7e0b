/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_outer.c - the micro-kernel of outer products: every size of tile, kind of walk and finish, against
 * one fused multiply-add at a time, between guard pages
 */
#include "guard.h"
#include "kernel_cases.h"
#include "support.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

struct outer_case {
    const struct c3d_kernels *kernels;
    int vector_count, count, start, ragged, triples, adjacent, strided, tiles;
    int fold; /* 0, or that of a folded tile */
    size_t channels, tap_count;
    enum guard_side side;
    float (*draw)(uint64_t, uint64_t);
    uint64_t seed;
};

static bool skips(const struct c3d_tap *tap, int m, int count)
{
    return tap->skip > 0 ? m < tap->skip : m >= count + tap->skip;
}

/* In a ragged folded tile both halves leave out their ends. */
static bool leaves_out(const struct c3d_outer *o, size_t tap, int m)
{
    const int half = o->count / 2;
    return skips(&o->taps[tap], m, o->count) ||
           (o->fold != 0 && o->ragged &&
            ((tap % 3 == 0 && m % half == 0) || (tap % 3 == 2 && m % half == half - 1)));
}

static float outer_expected(const struct c3d_outer *o, float before, int m, int lane)
{
    const int pitch = o->strided ? 2 : 1, rows = o->fold != 0 ? o->count / 2 : o->count;
    const ptrdiff_t at = m % rows * pitch + m / rows * o->fold;
    float sum = o->start ? 0.0f : before;
    for (size_t c = 0; c < o->channels; c++)
        for (size_t t = 0; t < o->tap_count; t++)
            if (!leaves_out(o, t, m))
                sum = fmaf(o->scalars[(ptrdiff_t)c * o->scalar_step + o->taps[t].scalar + at],
                           o->vectors[(ptrdiff_t)c * o->vector_step + o->taps[t].vector + lane],
                           sum);
    return sum;
}

enum { OUTER_TAPS = 12 };

/* Taps overlap and come out of order; each operand's last element is some tap's. */
static void scatter_taps(const struct outer_case *c, struct c3d_tap taps[OUTER_TAPS])
{
    enum { TAPS = 11, VECTOR_GAP = 3, SCALAR_GAP = 2 };
    for (int t = 0; t < TAPS; t++)
        taps[t] = (struct c3d_tap){(t * 2 + 1) % TAPS * VECTOR_GAP, (t + 1) % TAPS * SCALAR_GAP,
                                   c->ragged ? t % 3 - C3D_MAX_SKIP : 0};
}

/* Rows of three, of which some belong to one half of a folded tile only. */
static void fold_taps(const struct outer_case *c, struct c3d_tap taps[OUTER_TAPS])
{
    const int32_t half = c->count / 2, skips[4] = {half, 0, -half, 0};
    for (int t = 0; t < OUTER_TAPS; t++)
        taps[t].skip = skips[(t / 3 + (int)c->channels) % 4];
}

/* Rows of three, the last row first, adjacent or not, with every way to skip. */
static void line_up_taps(const struct outer_case *c, struct c3d_tap taps[OUTER_TAPS])
{
    const int width = c->vector_count * c->kernels->lanes;
    const int32_t skips[5][3] = {{0, 0, 0}, {1, 0, 0}, {0, 0, -1}, {1, 0, -1}, {-1, 1, 0}};
    for (int t = 0; t < OUTER_TAPS; t++)
        taps[t] = (struct c3d_tap){(t + 3) % OUTER_TAPS * width,
                                   (t + 3) % OUTER_TAPS / 3 * 7 + t % 3 * (c->adjacent ? 1 : 2),
                                   c->ragged ? skips[c->triples - 1][t % 3] : 0};
    if (c->fold != 0)
        fold_taps(c, taps);
}

/* Elements that the taps reach in one channel. */
static size_t reach(const struct c3d_tap taps[], size_t count, bool of_vectors)
{
    int32_t furthest = 0;
    for (size_t t = 0; t < count; t++) {
        const int32_t at = of_vectors ? taps[t].vector : taps[t].scalar;
        furthest = at > furthest ? at : furthest;
    }
    return (size_t)furthest;
}

/* Tiles of a call overlap in their operands and leave gaps between their sums. */
static bool outer_holds(const struct outer_case *c)
{
    enum { VECTORS = 2, SCALARS = 1, SUMS = 5 };
    const int lanes = c->vector_count * c->kernels->lanes;
    const size_t sums = (size_t)(c->count * lanes), more = (size_t)(c->tiles - 1);
    const size_t size = sums + more * (sums + SUMS);
    struct c3d_tap taps[OUTER_TAPS];
    struct guarded vectors, scalars, before, acc;
    if (c->triples)
        line_up_taps(c, taps);
    else
        scatter_taps(c, taps);
    const size_t vector_step = reach(taps, c->tap_count, true) + (size_t)lanes;
    const int rows = c->fold != 0 ? c->count / 2 : c->count;
    const size_t scalar_step = reach(taps, c->tap_count, false) +
                               (size_t)((rows - 1) * (c->strided ? 2 : 1) + c->fold + 1);
    guarded_fill(&vectors, vector_step * c->channels + more * VECTORS, c->side, c->draw, c->seed);
    guarded_fill(&scalars, scalar_step * c->channels + more * SCALARS, c->side, c->draw,
                 c->seed + 1);
    guarded_fill(&before, size, c->side, c->draw, c->seed + 2);
    guarded_make(&acc, size * sizeof(float), c->side);
    if (!c->start)
        memcpy(acc.data, before.data, size * sizeof(float));
    struct c3d_outer outer = {
        .vectors = vectors.data, .scalars = scalars.data,
        .vector_step = (ptrdiff_t)vector_step, .scalar_step = (ptrdiff_t)scalar_step,
        .channels = c->channels, .tap_count = c->tap_count, .taps = taps, .acc = acc.data,
        .tiles = c->tiles,
        .next = {.vectors = VECTORS, .scalars = SCALARS, .acc = (ptrdiff_t)sums + SUMS},
        .vector_count = c->vector_count, .count = c->count, .start = c->start,
        .ragged = c->ragged, .triples = c->triples, .adjacent = c->adjacent,
        .fold = c->fold, .strided = c->strided,
    };
    c->kernels->outer(&outer);
    bool good = guarded_intact(&acc);
    for (int tile = 0; tile < c->tiles; tile++) {
        const float *was = (float *)before.data + tile * outer.next.acc;
        const float *gap = outer.acc + sums;
        for (int m = 0; good && m < c->count; m++)
            for (int lane = 0; good && lane < lanes; lane++) {
                const int at = m * lanes + lane;
                const float expected = outer_expected(&outer, was[at], m, lane);
                const float got = outer.acc[at];
                if (!same_float(expected, got))
                    good = complain("%s outer %dx%d, %zu channels, %zu taps, start %d, triples "
                                    "%d, fold %d, strided %d: tile %d of %d, row %d lane "
                                    "%d is %a, expected %a",
                                    c->kernels->name, c->count, c->vector_count, c->channels,
                                    c->tap_count, c->start, c->triples, c->fold, c->strided,
                                    tile, c->tiles, m, lane, (double)got, (double)expected);
            }
        if (good && tile + 1 < c->tiles &&
            !(c->start ? is_poisoned(gap, SUMS * sizeof(float))
                       : memcmp(gap, was + sums, SUMS * sizeof(float)) == 0))
            good = complain("%s outer wrote between its tiles", c->kernels->name);
        outer.vectors += outer.next.vectors;
        outer.scalars += outer.next.scalars;
        outer.acc += outer.next.acc;
    }
    guarded_free(&vectors);
    guarded_free(&scalars);
    guarded_free(&before);
    guarded_free(&acc);
    return good;
}

static void outer_holds_for_all_sizes(const char *isa)
{
    enum { TAPS = 11 };
    static const size_t channels[] = {0, 1, 2, 7};
    static const size_t taps[TAPS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11};
    const struct c3d_kernels *kernels = kernels_of(isa);
    struct outer_case c = {.kernels = kernels, .seed = test_seed()};
    for (c.vector_count = 1; c.vector_count <= C3D_MAX_VECTORS; c.vector_count++)
        for (c.count = 1; c.count <= kernels->max_count[c.vector_count]; c.count++)
            for (int i = 0; i < 4 * TAPS * 2 * 2 * 2 * 2; i++) {
                const int rest = i / 4 / TAPS;
                c.channels = channels[i % 4];
                c.tap_count = taps[i / 4 % TAPS];
                c.start = rest % 2;
                c.side = rest / 2 % 2 ? GUARD_HIGH : GUARD_LOW;
                c.draw = rest / 4 % 2 ? any_float : small_float;
                c.ragged = rest / 8 && c.vector_count <= C3D_MAX_RAGGED_VECTORS;
                c.tiles = 1 + (int)(c.seed % 3);
                c.seed++;
                c.strided = 0;
                cr_assert(outer_holds(&c));
                c.strided = c.vector_count <= C3D_MAX_PANEL_VECTORS;
                cr_assert(outer_holds(&c));
            }
}

static void triples_hold_for_all_sizes(const char *isa)
{
    static const size_t channels[] = {0, 1, 3}, taps[] = {3, 6, 9, 12};
    const struct c3d_kernels *kernels = kernels_of(isa);
    struct outer_case c = {.kernels = kernels, .seed = test_seed()};
    for (c.vector_count = 1; c.vector_count <= C3D_MAX_VECTORS; c.vector_count++)
        for (c.count = 1; c.count <= kernels->max_count[c.vector_count]; c.count++)
            for (int i = 0; i < 3 * 4 * 2 * 2 * 2 * 6; i++) {
                c.channels = channels[i % 3];
                c.tap_count = taps[i / 3 % 4];
                c.start = i / 12 % 2;
                c.side = i / 24 % 2 ? GUARD_HIGH : GUARD_LOW;
                c.draw = i / 48 % 2 ? any_float : small_float;
                c.ragged = i / 96 > 0 && c.vector_count <= C3D_MAX_RAGGED_VECTORS;
                c.triples = c.ragged ? i / 96 : 1;
                c.tiles = 1 + (int)(c.seed % 3);
                c.adjacent = (int)(c.seed / 3 % 2);
                c.seed++;
                c.strided = 0;
                cr_assert(outer_holds(&c));
                c.strided = c.vector_count <= C3D_MAX_PANEL_VECTORS;
                cr_assert(outer_holds(&c));
            }
}

static void folds_hold_for_all_sizes(const char *isa)
{
    enum { FOLD = 11 };
    static const size_t channels[] = {0, 1, 2, 3}, taps[] = {0, 3, 9, 12};
    const struct c3d_kernels *kernels = kernels_of(isa);
    if (!kernels->folds)
        return;
    struct outer_case c = {
        .kernels = kernels, .triples = 1, .adjacent = 1, .fold = FOLD, .seed = test_seed()};
    for (c.vector_count = 1; c.vector_count <= C3D_MAX_RAGGED_VECTORS; c.vector_count++)
        for (c.count = 2; c.count <= kernels->max_count[c.vector_count]; c.count += 2)
            for (int i = 0; i < 4 * 4 * 2 * 2 * 2 * 2; i++) {
                c.channels = channels[i % 4];
                c.tap_count = taps[i / 4 % 4];
                c.start = i / 16 % 2;
                c.side = i / 32 % 2 ? GUARD_HIGH : GUARD_LOW;
                c.draw = i / 64 % 2 ? any_float : small_float;
                c.ragged = i / 128;
                c.tiles = 1 + (int)(c.seed % 3);
                c.seed++;
                cr_assert(outer_holds(&c));
            }
}

Test(outer, folds_avx2) { folds_hold_for_all_sizes("avx2"); }
Test(outer, folds_avx512) { folds_hold_for_all_sizes("avx512"); }

Test(outer, triples_portable) { triples_hold_for_all_sizes("portable"); }
Test(outer, triples_avx2) { triples_hold_for_all_sizes("avx2"); }
Test(outer, triples_avx512) { triples_hold_for_all_sizes("avx512"); }
Test(outer, triples_neon) { triples_hold_for_all_sizes("neon"); }

Test(outer, any_taps_portable) { outer_holds_for_all_sizes("portable"); }
Test(outer, any_taps_avx2) { outer_holds_for_all_sizes("avx2"); }
Test(outer, any_taps_avx512) { outer_holds_for_all_sizes("avx512"); }
Test(outer, any_taps_neon) { outer_holds_for_all_sizes("neon"); }

/* ---- what finish and tear have in common ----------------------------------- */

/* Operands of some tiles of a single tap, and the bias of their rows. */
enum { CHANNELS = 3, SCALARS = 1 };
struct operands {
    struct guarded vectors, scalars, bias;
};

static void operands_make(struct operands *o, int lanes, int count, int tiles,
                          enum guard_side side, uint64_t seed)
{
    guarded_fill(&o->vectors, (size_t)(CHANNELS * lanes), side, any_float, seed);
    guarded_fill(&o->scalars, (size_t)(CHANNELS * count + (tiles - 1) * SCALARS), side, any_float,
                 seed + 1);
    guarded_fill(&o->bias, (size_t)count, side, bias_float, seed + 2);
}

static void operands_free(struct operands *o)
{
    guarded_free(&o->vectors);
    guarded_free(&o->scalars);
    guarded_free(&o->bias);
}

/* Their products, left in sums. */
static struct c3d_outer operands_product(const struct operands *o, int vector_count, int lanes,
                                         int count, int tiles, int start, float *sums)
{
    static const struct c3d_tap tap = {0};
    return (struct c3d_outer){
        .vectors = o->vectors.data, .scalars = o->scalars.data, .vector_step = lanes,
        .scalar_step = count, .channels = CHANNELS, .tap_count = 1, .taps = &tap,
        .acc = sums, .tiles = tiles,
        .next = {.scalars = SCALARS, .acc = (ptrdiff_t)count * lanes},
        .vector_count = vector_count, .count = count, .start = start,
    };
}

static float activated(float sum, int relu)
{
    return relu && sum < 0.0f ? 0.0f : sum;
}

/* ---- outer with finish ----------------------------------------------------- */

struct finish_case {
    const struct c3d_kernels *kernels;
    int vector_count, count, relu, stream;
    ptrdiff_t gap; /* between rows of the output */
    enum guard_side side;
    uint64_t seed;
};

static bool finish_is_right(const struct finish_case *c, const float *sums, const float *bias,
                            const float *out, ptrdiff_t row_stride)
{
    const int lanes = c->vector_count * c->kernels->lanes;
    for (int m = 0; m < c->count; m++) {
        const float *row = out + m * row_stride;
        for (int lane = 0; lane < lanes; lane++) {
            const float expected = activated(sums[m * lanes + lane] + bias[m], c->relu);
            if (!same_float(expected, row[lane]))
                return complain("%s outer %dx%d finished, relu %d, stream %d: row %d lane %d is "
                                "%a, expected %a", c->kernels->name, c->count, c->vector_count,
                                c->relu, c->stream, m, lane, (double)row[lane],
                                (double)expected);
        }
        if (m + 1 < c->count && !is_poisoned(row + lanes, (size_t)c->gap * sizeof(float)))
            return complain("%s outer finished between the rows", c->kernels->name);
    }
    return true;
}

/* Against the sums that the same kernel leaves without finish. */
static bool finish_holds(const struct finish_case *c)
{
    enum { TILES = 2 };
    const int lanes = c->vector_count * c->kernels->lanes;
    const ptrdiff_t row_stride = lanes + c->gap;
    const ptrdiff_t tile_step = c->count * row_stride; /* from one tile to the next */
    const size_t extent =
        (size_t)((TILES - 1) * tile_step + (c->count - 1) * row_stride + lanes);
    float sums[TILES * C3D_MAX_ACCUMULATORS * C3D_MAX_LANES];
    struct operands operands;
    struct guarded out;
    operands_make(&operands, lanes, c->count, TILES, c->side, c->seed);
    guarded_make(&out, extent * sizeof(float), c->side);
    const struct c3d_finish finish = {.bias = operands.bias.data, .out = out.data,
                                      .row_stride = row_stride, .relu = c->relu,
                                      .stream = c->stream};
    struct c3d_outer outer =
        operands_product(&operands, c->vector_count, lanes, c->count, TILES, 1, sums);
    outer.next.out = tile_step;
    c->kernels->outer(&outer);
    outer.acc = NULL;
    outer.finish = &finish;
    c->kernels->outer(&outer);
    bool good = guarded_intact(&out);
    for (int tile = 0; good && tile < TILES; tile++)
        good = finish_is_right(c, sums + tile * outer.next.acc, operands.bias.data,
                               (float *)out.data + tile * tile_step, row_stride);
    operands_free(&operands);
    guarded_free(&out);
    return good;
}

static void finish_holds_for_all_sizes(const char *isa)
{
    const struct c3d_kernels *kernels = kernels_of(isa);
    struct finish_case c = {.kernels = kernels, .seed = test_seed()};
    for (c.vector_count = 1; c.vector_count <= C3D_MAX_VECTORS; c.vector_count++)
        for (c.count = 1; c.count <= kernels->max_count[c.vector_count]; c.count++)
            for (int i = 0; i < 2 * 2 * 2 * 2; i++) {
                c.relu = i % 2;
                c.stream = i / 2 % 2;
                c.side = i / 4 % 2 ? GUARD_HIGH : GUARD_LOW;
                /* Whole vectors where the contract asks for them. */
                c.gap = i / 8 % 2 * (c.stream ? kernels->lanes : 3);
                c.seed++;
                cr_assert(finish_holds(&c));
            }
}

Test(outer, finish_portable) { finish_holds_for_all_sizes("portable"); }
Test(outer, finish_avx2) { finish_holds_for_all_sizes("avx2"); }
Test(outer, finish_avx512) { finish_holds_for_all_sizes("avx512"); }
Test(outer, finish_neon) { finish_holds_for_all_sizes("neon"); }

/* One fused multiply-add at a time, on millions of triples that are hard to
 * round: the emulation without FMA instructions has every special case here. */
static void fused_multiply_add_rounds_once(const char *isa)
{
    const struct c3d_kernels *kernels = kernels_of(isa);
    const uint64_t seed = test_seed();
    const int64_t rounds = test_count(200000);
    const int lanes = kernels->lanes;
    const struct c3d_tap tap = {0, 0, 0};
    for (int64_t round = 0; round < rounds; round++) {
        float vector[C3D_MAX_LANES], scalar, acc[C3D_MAX_LANES], before[C3D_MAX_LANES];
        const uint64_t draw = (uint64_t)round * 64;
        scalar = any_float(seed, draw);
        for (int l = 0; l < lanes; l++) {
            vector[l] = any_float(seed, draw + 1 + (uint64_t)l);
            /* Half of the addends lie where the product does, so that they cancel. */
            const float product = vector[l] * scalar;
            const float other = any_float(seed, draw + 32 + (uint64_t)l);
            before[l] = acc[l] = l % 2 ? other : -product * (1.0f + (float)(l - 8) * FLT_EPSILON);
        }
        kernels->outer(&(struct c3d_outer){.vectors = vector, .scalars = &scalar, .channels = 1,
                                           .tap_count = 1, .taps = &tap, .acc = acc,
                                           .tiles = 1, .vector_count = 1, .count = 1});
        for (int l = 0; l < lanes; l++)
            cr_assert(same_float(acc[l], fmaf(scalar, vector[l], before[l])),
                      "%s: %a * %a + %a is %a", isa, (double)scalar, (double)vector[l],
                      (double)before[l], (double)acc[l]);
    }
}

Test(outer, fused_multiply_add_portable) { fused_multiply_add_rounds_once("portable"); }
Test(outer, fused_multiply_add_avx2) { fused_multiply_add_rounds_once("avx2"); }
Test(outer, fused_multiply_add_avx512) { fused_multiply_add_rounds_once("avx512"); }
Test(outer, fused_multiply_add_neon) { fused_multiply_add_rounds_once("neon"); }

/* ---- outer with tear ------------------------------------------------------- */

enum { TORN_TILES = 3 };

struct tear_case {
    const struct c3d_kernels *kernels;
    int vector_count, count, relu, start;
    enum guard_side side;
    uint64_t seed;
};

/* Any lanes, none and all of them too; returns the outputs of a row. */
static int tear_up(const struct tear_case *c, struct c3d_torn_vector *vectors)
{
    const unsigned all = (1u << c->kernels->lanes) - 1;
    int at = 0;
    for (int i = 0; i < TORN_TILES * c->vector_count; i++) {
        const uint64_t bits = random_bits(c->seed, (uint64_t)i);
        const unsigned lanes = bits >> 32 & 3 ? (unsigned)bits & all : bits >> 34 & 1 ? all : 0;
        vectors[i] = (struct c3d_torn_vector){at, (uint16_t)lanes};
        at += __builtin_popcount(lanes);
    }
    return at;
}

static bool tear_is_right(const struct tear_case *c, const float *sums,
                          const struct c3d_tear *tear, int outs, int gap)
{
    const int lanes = c->kernels->lanes;
    for (int m = 0; m < c->count; m++) {
        const float *out = tear->out + m * tear->row_stride;
        for (int i = 0; i < TORN_TILES * c->vector_count; i++) {
            const float *from = sums + ((i / c->vector_count * c->count + m) * c->vector_count +
                                        i % c->vector_count) * lanes;
            for (int lane = 0; lane < lanes; lane++) {
                if (!(tear->vectors[i].lanes >> lane & 1))
                    continue;
                const float expected = activated(from[lane] + tear->bias[m], c->relu);
                if (!same_float(expected, *out++))
                    return complain("%s outer %dx%d torn, relu %d: row %d, lane %d of vector %d is "
                                    "%a, expected %a", c->kernels->name, c->count,
                                    c->vector_count, c->relu, m, lane, i, (double)out[-1],
                                    (double)expected);
            }
        }
        if (out != tear->out + m * tear->row_stride + outs ||
            (m + 1 < c->count && !is_poisoned(out, (size_t)gap * sizeof(float))))
            return complain("%s outer tore beyond a row", c->kernels->name);
    }
    return true;
}

/* Against the sums that the same kernel leaves without tear. */
static bool tear_holds(const struct tear_case *c)
{
    enum { GAP = 5 };
    const int lanes = c->vector_count * c->kernels->lanes;
    const int each = c->count * lanes;
    struct c3d_torn_vector torn[TORN_TILES * C3D_MAX_VECTORS];
    const int outs = tear_up(c, torn);
    float sums[TORN_TILES * C3D_MAX_ACCUMULATORS * C3D_MAX_LANES];
    struct operands operands;
    struct guarded acc, out;
    operands_make(&operands, lanes, c->count, TORN_TILES, c->side, c->seed);
    guarded_make(&acc, (size_t)(TORN_TILES * each) * sizeof(float), c->side);
    guarded_make(&out, (size_t)(c->count * (outs + GAP) - GAP) * sizeof(float), c->side);
    for (int i = 0; i < TORN_TILES * each; i++)
        ((float *)acc.data)[i] = sums[i] = small_float(c->seed + 3, (uint64_t)i);
    const struct c3d_tear tear = {.vectors = torn, .bias = operands.bias.data, .out = out.data,
                                  .row_stride = outs + GAP, .relu = c->relu};
    struct c3d_outer outer = operands_product(&operands, c->vector_count, lanes, c->count,
                                              TORN_TILES, c->start, sums);
    c->kernels->outer(&outer);
    outer.acc = acc.data;
    outer.tear = &tear;
    c->kernels->outer(&outer);
    const bool good = guarded_intact(&out) && guarded_intact(&acc) &&
                      tear_is_right(c, sums, &tear, outs, GAP);
    operands_free(&operands);
    guarded_free(&acc);
    guarded_free(&out);
    return good;
}

static void tear_holds_for_all_sizes(const char *isa)
{
    const struct c3d_kernels *kernels = kernels_of(isa);
    if (!kernels->tears)
        return;
    struct tear_case c = {.kernels = kernels, .seed = test_seed()};
    for (c.vector_count = 1; c.vector_count <= C3D_MAX_VECTORS; c.vector_count++)
        for (c.count = 1; c.count <= kernels->max_count[c.vector_count]; c.count++)
            for (int i = 0; i < 40; i++) {
                c.relu = i % 2;
                c.start = i / 2 % 2;
                c.side = i / 4 % 2 ? GUARD_HIGH : GUARD_LOW;
                c.seed += 4;
                cr_assert(tear_holds(&c));
            }
}

Test(outer, tear_avx512) { tear_holds_for_all_sizes("avx512"); }
