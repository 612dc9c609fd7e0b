/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sweep.c - the depthwise micro-kernel that reads input where it lies against one fused multiply-add at
 * a time, on operands between guard pages, for every box.
 */
#include "guard.h"
#include "kernel_cases.h"
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* A box whose first and last planes, rows and columns of input lie outside the tensor, which
 * begins one element after the box in each axis; `more` columns longer; kernel columns are `gap` apart. */
enum { SWEEP_KT = 3, SWEEP_MOST_KW = 4 };
struct sweep_case {
    int kh_count, kw_count, step, gap, edges, planes, rows, width, last, more, relu, stream;
};

struct sweep_extents {
    int in[3], outs;
};

static int one_at_least(int n)
{
    return n < 1 ? 1 : n;
}

static struct sweep_extents sweep_extents(const struct sweep_case *c, int lanes)
{
    const int outs = (c->width - 1) * lanes + c->last;
    return (struct sweep_extents){
        {one_at_least(c->planes + SWEEP_KT - 3),
         one_at_least((c->rows - 1) * c->step + c->kh_count - 2),
         one_at_least((outs - 1) * c->step + (c->kw_count - 1) * c->gap - 1 + c->more)},
        outs};
}

/* One output of the box: planes, kernel rows and columns in that order. */
static float sweep_expected(const struct sweep_case *c, const struct sweep_extents *e,
                            const float *input, const float *weights, float bias, int plane,
                            int row, int column)
{
    float sum = 0.0f;
    for (int kt = 0; kt < SWEEP_KT; kt++)
        for (int kh = 0; kh < c->kh_count; kh++)
            for (int kw = 0; kw < c->kw_count; kw++) {
                const int t = plane + kt - 1, h = row * c->step + kh - 1,
                          w = column * c->step + kw * c->gap - 1;
                if (t >= 0 && t < e->in[0] && h >= 0 && h < e->in[1] && w >= 0 && w < e->in[2])
                    sum = fmaf(input[(t * e->in[1] + h) * e->in[2] + w],
                               weights[(kt * c->kw_count + kw) * c->kh_count + kh], sum);
            }
    sum += bias;
    return c->relu && sum < 0 ? 0 : sum;
}

static bool sweep_holds(const struct c3d_kernels *kernels, const struct sweep_case *c,
                        enum guard_side side, uint64_t seed)
{
    static const float bias = 0.25f;
    const int32_t columns[SWEEP_MOST_KW] = {0, c->gap, 2 * c->gap, 3 * c->gap};
    const int lanes = kernels->lanes;
    const struct sweep_extents e = sweep_extents(c, lanes);
    const size_t weight_count = (size_t)(SWEEP_KT * c->kh_count * c->kw_count);
    struct guarded input, weights, out, table;
    bool good = true;
    guarded_fill(&input, (size_t)(e.in[0] * e.in[1] * e.in[2]), side, any_float, seed);
    const float *const from = input.data;
    guarded_fill(&weights, weight_count, side, small_float, seed + 1);
    guarded_make(&out, (size_t)(c->planes * c->rows * e.outs) * sizeof(float), side);
    guarded_make(&table, (size_t)(c->kw_count * c->width * c->step) * kernels->lanes_bytes,
                 GUARD_HIGH);
    unsigned char *to = table.data;
    for (int kw = 0; kw < c->kw_count; kw++)
        for (int v = 0; v < c->width * c->step; v++, to += kernels->lanes_bytes) {
            const int column = v * lanes + columns[kw] - 1;
            kernels->sweep_lanes(to, -column, e.in[2] - column);
        }
    const struct c3d_sweep sweep = {
        .input = from - (e.in[1] + 1) * e.in[2] - 1, .plane_step = e.in[1] * e.in[2],
        .row_step = e.in[2], .plane_begin = 1,
        .plane_end = 1 + e.in[0], .row_begin = 1, .row_end = 1 + e.in[1], .columns = columns,
        .lanes = table.data, .weights = weights.data, .kt_count = SWEEP_KT,
        .kw_count = c->kw_count, .planes = c->planes, .rows = c->rows, .vector_count = c->width,
        .bias = bias, .out = out.data, .out_plane = c->rows * e.outs, .out_row = e.outs,
        .last_lanes = c->last, .relu = c->relu, .stream = c->stream,
    };
    kernels->find_sweep(c->kh_count, c->kw_count, c->step, c->edges)(&sweep);
    for (int p = 0; p < c->planes; p++)
        for (int row = 0; row < c->rows; row++)
            for (int i = 0; good && i < e.outs; i++)
                if (!same_float(sweep.out[(p * c->rows + row) * e.outs + i],
                                sweep_expected(c, &e, from, weights.data, bias, p, row, i)))
                    good = complain("%s sweep of %d rows in steps of %d, box %d x %d x %d+%d, "
                                    "edges %d: plane %d row %d column %d", kernels->name,
                                    c->kh_count, c->step, c->planes, c->rows, c->width - 1,
                                    c->last, c->edges, p, row, i);
    good = good && guarded_intact(&out);
    guarded_free(&input);
    guarded_free(&weights);
    guarded_free(&out);
    guarded_free(&table);
    return good;
}

/* Boxes of every size, of kernels and steps that there are. */
static void sweep_holds_for_all_sizes(const struct c3d_kernels *kernels, struct sweep_case c,
                                      uint64_t seed)
{
    for (c.width = 1; c.width <= C3D_SWEEP_VECTORS; c.width++)
        for (c.rows = 1; c.rows <= (kernels->sweep_rows[c.width] + c.step - 1) / c.step; c.rows++)
            for (int i = 0; i < 8; i++) {
                const int some = 1 + (int)(seed % (uint64_t)kernels->lanes);
                c.planes = 1 + i % 2;
                c.last = i < 4 ? kernels->lanes : some;
                c.more = i % 3;
                c.relu = i == 2 || i == 5;
                /* Rows of whole vectors, from a page's beginning: all may be streamed. */
                c.stream = i < 2;
                cr_assert(sweep_holds(kernels, &c, i % 4 >= 2 ? GUARD_HIGH : GUARD_LOW, seed++));
            }
}

static void sweep_holds_for_all_boxes(const char *isa)
{
    const struct c3d_kernels *kernels = kernels_of(isa);
    uint64_t seed = test_seed();
    int found = 0;
    if (kernels->find_sweep == NULL)
        cr_skip_test("ISA level %s reads nothing in place", isa);
    struct sweep_case c = {0};
    for (int kind = 0; kind < 9 * 3 * SWEEP_MOST_KW; kind++) {
        c.kh_count = 1 + kind % 9;
        c.step = 1 + kind / 9 % 3;
        c.kw_count = 1 + kind / 27;
        if (kernels->find_sweep(c.kh_count, c.kw_count, c.step, false) == NULL)
            continue;
        found++;
        for (c.gap = 1; c.gap <= 2; c.gap++) {
            const bool edges = c.kh_count == 3 && c.kw_count == 3 && c.gap == 1;
            for (c.edges = 0; c.edges <= edges; c.edges++, seed += 1000)
                sweep_holds_for_all_sizes(kernels, c, seed);
        }
    }
    cr_assert(found > 0);
}

Test(sweep, holds_for_all_boxes_portable) { sweep_holds_for_all_boxes("portable"); }
Test(sweep, holds_for_all_boxes_avx2) { sweep_holds_for_all_boxes("avx2"); }
Test(sweep, holds_for_all_boxes_avx512) { sweep_holds_for_all_boxes("avx512"); }
Test(sweep, holds_for_all_boxes_neon) { sweep_holds_for_all_boxes("neon"); }
