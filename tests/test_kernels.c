/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels.c - the micro-kernels of every ISA against kernel.h, their contract: all
 * counts, all edges, operands of the exact size between guard pages.  Outer products have
 * test_outer.c, depthwise test_sweep.c and test_box.c, Winograd test_transforms.c.
 */
#include "guard.h"
#include "kernel_cases.h"
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

/* ---- store ----------------------------------------------------------------- */

struct store_case {
    const struct c3d_kernels *kernels;
    int vector_count, lane_count, relu, stream;
    size_t count;
    ptrdiff_t acc_gap, lane_gap; /* between rows and between channels */
    enum guard_side side;
    uint64_t seed;
};

static bool store_is_right(const struct store_case *c, const struct c3d_store *s)
{
    for (int l = 0; l < c->lane_count; l++) {
        const float *row = s->out + l * s->lane_stride;
        for (size_t m = 0; m < c->count; m++) {
            float expected = s->acc[(ptrdiff_t)m * s->acc_stride + l] + s->bias[l];
            if (c->relu && expected < 0.0f)
                expected = 0.0f;
            if (!same_float(expected, row[m]) || has_poison(&row[m], 1))
                return complain("%s store, %zu x %d of %d vectors, relu %d: lane %d row %zu is "
                                "%a, expected %a", c->kernels->name, c->count, c->lane_count,
                                c->vector_count, c->relu, l, m, (double)row[m],
                                (double)expected);
        }
        if (l + 1 < c->lane_count &&
            !is_poisoned(row + c->count, (size_t)c->lane_gap * sizeof(float)))
            return complain("%s store wrote between the channels", c->kernels->name);
    }
    return true;
}

static bool store_holds(const struct store_case *c)
{
    const int lanes = c->vector_count * c->kernels->lanes;
    const ptrdiff_t acc_stride = lanes + c->acc_gap;
    const ptrdiff_t lane_stride = (ptrdiff_t)c->count + c->lane_gap;
    struct guarded acc, bias, out;
    guarded_fill(&acc, (c->count - 1) * (size_t)acc_stride + (size_t)lanes, c->side, any_float,
                 c->seed);
    guarded_fill(&bias, (size_t)lanes, c->side, bias_float, c->seed + 1);
    guarded_make(&out, ((size_t)(c->lane_count - 1) * (size_t)lane_stride + c->count) *
                 sizeof(float), c->side);
    const struct c3d_store store = {
        .acc = acc.data, .bias = bias.data, .acc_stride = acc_stride, .lane_stride = lane_stride,
        .out = out.data, .count = c->count, .vector_count = c->vector_count,
        .lane_count = c->lane_count, .relu = c->relu, .stream = c->stream,
    };
    c->kernels->store(&store);
    const bool good = store_is_right(c, &store) && guarded_intact(&out);
    guarded_free(&acc);
    guarded_free(&bias);
    guarded_free(&out);
    return good;
}

static void store_holds_for_all_sizes(const char *isa)
{
    const struct c3d_kernels *kernels = kernels_of(isa);
    struct store_case c = {.kernels = kernels, .seed = test_seed()};
    for (c.vector_count = 1; c.vector_count <= 2; c.vector_count++)
        for (c.lane_count = 1; c.lane_count <= c.vector_count * kernels->lanes; c.lane_count++)
            for (c.count = 1; c.count <= 35; c.count++) {
                c.relu = (int)(c.seed % 2);
                c.acc_gap = (ptrdiff_t)(c.seed / 2 % 3);
                c.lane_gap = (ptrdiff_t)(c.seed / 3 % 4);
                c.stream = (int)(c.seed / 5 % 2);
                if (c.stream) /* streamed only from a stride of whole vectors */
                    c.lane_gap = (ptrdiff_t)((-c.count) % (size_t)kernels->lanes);
                c.side = c.seed / 7 % 2 ? GUARD_HIGH : GUARD_LOW;
                c.seed++;
                cr_assert(store_holds(&c));
            }
}

Test(kernels, store_portable) { store_holds_for_all_sizes("portable"); }
Test(kernels, store_avx2) { store_holds_for_all_sizes("avx2"); }
Test(kernels, store_avx512) { store_holds_for_all_sizes("avx512"); }
Test(kernels, store_neon) { store_holds_for_all_sizes("neon"); }

/* ---- copy ------------------------------------------------------------------ */

static bool copy_holds(const struct c3d_kernels *kernels, int rows, size_t count, uint64_t seed)
{
    const bool of_lanes = seed / 4 % 2;
    const size_t whole = (count + (size_t)kernels->lanes - 1) / (size_t)kernels->lanes *
                         (size_t)kernels->lanes;
    const ptrdiff_t row_stride = (ptrdiff_t)count + (ptrdiff_t)(seed % 3);
    const enum guard_side side = seed % 2 ? GUARD_HIGH : GUARD_LOW;
    struct guarded acc, bias, out;
    bool good = true;
    guarded_fill(&acc, (size_t)rows * whole, side, any_float, seed);
    guarded_fill(&bias, of_lanes ? whole : (size_t)rows, side, bias_float, seed + 1);
    guarded_make(&out, ((size_t)(rows - 1) * (size_t)row_stride + count) * sizeof(float), side);
    const struct c3d_copy copy = {
        .acc = acc.data, .bias = bias.data, .acc_stride = (ptrdiff_t)whole,
        .row_stride = row_stride, .out = out.data, .count = count, .rows = rows,
        .relu = seed / 2 % 2, .bias_of_lanes = of_lanes,
    };
    kernels->copy(&copy);
    for (int m = 0; good && m < rows; m++)
        for (size_t i = 0; good && i < count; i++) {
            float expected = copy.acc[m * copy.acc_stride + (ptrdiff_t)i] +
                             copy.bias[of_lanes ? (int)i : m];
            if (copy.relu && expected < 0.0f)
                expected = 0.0f;
            if (!same_float(expected, copy.out[m * row_stride + (ptrdiff_t)i]))
                good = complain("%s copy, %d rows of %zu, relu %d: row %d output %zu is %a, "
                                "expected %a", kernels->name, rows, count, copy.relu, m, i,
                                (double)copy.out[m * row_stride + (ptrdiff_t)i],
                                (double)expected);
        }
    good = good && guarded_intact(&out);
    guarded_free(&acc);
    guarded_free(&bias);
    guarded_free(&out);
    return good;
}

static void copy_holds_for_all_sizes(const char *isa)
{
    const struct c3d_kernels *kernels = kernels_of(isa);
    uint64_t seed = test_seed();
    for (int rows = 1; rows <= 8; rows++)
        for (size_t count = 1; count <= 70; count++)
            cr_assert(copy_holds(kernels, rows, count, seed++));
}

Test(kernels, copy_portable) { copy_holds_for_all_sizes("portable"); }
Test(kernels, copy_avx2) { copy_holds_for_all_sizes("avx2"); }
Test(kernels, copy_avx512) { copy_holds_for_all_sizes("avx512"); }
Test(kernels, copy_neon) { copy_holds_for_all_sizes("neon"); }

/* ---- deal ------------------------------------------------------------------ */

struct deal_case {
    const struct c3d_kernels *kernels;
    int step, segments;
    int64_t rows, count;
    ptrdiff_t gap; /* between rows on both sides, and between segments */
    bool spare;
    enum guard_side side;
    uint64_t seed;
};

static bool deal_is_right(const struct deal_case *c, const struct c3d_deal *d)
{
    for (int64_t r = 0; r < c->rows; r++)
        for (int s = 0; s < c->segments; s++) {
            const float *to = d->to + r * d->to_pitch + s * d->segment_pitch;
            for (int64_t i = 0; i < c->count; i++) {
                const float expected = d->from[r * d->from_pitch + i * c->step + s];
                if (memcmp(&to[i], &expected, sizeof expected) != 0)
                    return complain("%s deal, step %d, %d segments of %lld: row %lld segment %d "
                                    "element %lld is %a, expected %a", c->kernels->name, c->step,
                                    c->segments, (long long)c->count, (long long)r, s,
                                    (long long)i, (double)to[i], (double)expected);
            }
            if (s + 1 < c->segments &&
                !is_poisoned(to + c->count, (size_t)c->gap * sizeof(float)))
                return complain("%s deal wrote between the segments", c->kernels->name);
        }
    return true;
}

static bool deal_holds(const struct deal_case *c)
{
    const ptrdiff_t used =
        (ptrdiff_t)((c->count - 1) * c->step + (c->spare ? c->step : c->segments));
    const ptrdiff_t segment = (ptrdiff_t)c->count + c->gap;
    const ptrdiff_t dealt = (c->segments - 1) * segment + (ptrdiff_t)c->count;
    struct guarded from, to;
    guarded_fill(&from, (size_t)((c->rows - 1) * (used + c->gap) + used), c->side, any_float,
                 c->seed);
    guarded_make(&to, (size_t)((c->rows - 1) * (dealt + c->gap) + dealt) * sizeof(float), c->side);
    const struct c3d_deal deal = {
        .from = from.data, .to = to.data, .from_pitch = used + c->gap,
        .to_pitch = dealt + c->gap, .segment_pitch = segment, .rows = c->rows,
        .count = c->count, .step = c->step, .segments = c->segments, .spare = c->spare,
        .ahead = ((ptrdiff_t)(c->seed % 3) - 1) * 4096, /* outside the operands too */
    };
    c->kernels->deal(&deal);
    const bool good = deal_is_right(c, &deal) && guarded_intact(&to);
    guarded_free(&from);
    guarded_free(&to);
    return good;
}

static void deal_holds_for_all_sizes(const char *isa)
{
    struct deal_case c = {.kernels = kernels_of(isa), .seed = test_seed()};
    for (c.step = 1; c.step <= 4; c.step *= 2)
        for (c.segments = 1; c.segments <= c.step; c.segments++)
            for (c.count = 1; c.count <= 3 * C3D_MAX_LANES + 1; c.count++)
                for (int i = 0; i < 2 * 2 * 2 * 2; i++) {
                    c.rows = 1 + i % 2 * 2;
                    c.gap = i / 2 % 2 * 3;
                    c.side = i / 4 % 2 ? GUARD_HIGH : GUARD_LOW;
                    c.spare = i / 8 % 2;
                    c.seed++;
                    cr_assert(deal_holds(&c));
                }
}

Test(kernels, deal_portable) { deal_holds_for_all_sizes("portable"); }
Test(kernels, deal_avx2) { deal_holds_for_all_sizes("avx2"); }
Test(kernels, deal_avx512) { deal_holds_for_all_sizes("avx512"); }
Test(kernels, deal_neon) { deal_holds_for_all_sizes("neon"); }

Test(kernels, fma_work_counts_its_operations)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t count = isa_levels(levels);
    for (size_t i = 0; i < count; i++) {
        const struct c3d_kernels *kernels = kernels_of(levels[i]);
        const double one = kernels->fma_work(1), ten = kernels->fma_work(10);
        cr_expect(one >= 2.0 * kernels->lanes && ten == 10.0 * one);
    }
}
