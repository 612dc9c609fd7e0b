/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_box.c - the depthwise micro-kernel of packed planes against one fused multiply-add at a time,
 * on operands between guard pages, for every box and march.
 */
#include "guard.h"
#include "kernel_cases.h"
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>

/* Rows of a plane are PITCH elements, those of outputs ROW_STEP times that; three taps of a row lie
 * 2 and 1 elements after the first, as columns dealt out by a stride do, or all in order. */
enum { PITCH = 70, MOST_TAPS = 15, MOST_PLANES = 7, MOST_KT = 5 };
struct box_case {
    int kt, kh, kw, planes, rows, width, row_step, last, relu, stream;
    int begin, end; /* planes of input that are missing before and behind */
};

static int tap_of(const struct box_case *c, int tap)
{
    static const int dealt[] = {0, 2, 1};
    return tap / c->kw * PITCH + (c->kw == 3 ? dealt[tap % 3] : tap % c->kw);
}

/* One output: planes, then taps in order. */
static float box_expected(const struct box_case *c, const float *const *planes,
                          const float *weights, float bias, int plane, int row, int column)
{
    const int taps = c->kh * c->kw, all = c->kt + c->planes - 1;
    float sum = 0.0f;
    for (int kt = 0; kt < c->kt; kt++)
        for (int tap = 0; tap < taps; tap++)
            if (plane + kt >= c->begin && plane + kt < all - c->end)
                sum = fmaf(planes[plane + kt][tap_of(c, tap) + row * c->row_step * PITCH + column],
                           weights[kt * taps + tap], sum);
    sum += bias;
    return c->relu && sum < 0 ? 0 : sum;
}

static bool box_holds(const struct c3d_kernels *kernels, const struct box_case *c,
                      enum guard_side side, uint64_t seed)
{
    static const float bias = 0.25f;
    const int lanes = kernels->lanes, outs = (c->width - 1) * lanes + c->last;
    const int taps = c->kh * c->kw, all = c->kt + c->planes - 1;
    const int elems = ((c->rows - 1) * c->row_step + c->kh - 1) * PITCH + c->width * lanes + c->kw - 1;
    struct guarded input[MOST_PLANES + MOST_KT - 1], weights, out;
    const float *planes[MOST_PLANES + MOST_KT - 1];
    int32_t offsets[MOST_TAPS];
    bool good = true;
    for (int i = 0; i < all; i++) {
        guarded_fill(&input[i], (size_t)elems, side, any_float, seed + (uint64_t)i);
        planes[i] = i >= c->begin && i < all - c->end ? input[i].data : NULL;
    }
    for (int tap = 0; tap < taps; tap++)
        offsets[tap] = tap_of(c, tap);
    guarded_fill(&weights, (size_t)(c->kt * taps), side, small_float, seed + 100);
    guarded_make(&out, (size_t)(c->planes * c->rows * outs) * sizeof(float), side);
    const struct c3d_box box = {
        .planes = planes, .row_step = c->row_step * PITCH, .taps = offsets, .tap_count = taps,
        .three_by_three = c->kh == 3 && c->kw == 3, .weights = weights.data, .weight_step = taps,
        .kt_count = c->kt, .plane_begin = c->begin, .plane_end = all - c->end,
        .plane_count = c->planes, .rows = c->rows, .width = c->width, .bias = bias,
        .out = out.data, .out_plane = c->rows * outs, .out_row = outs, .last_lanes = c->last,
        .relu = c->relu, .stream = c->stream,
    };
    kernels->box(&box);
    for (int p = 0; p < c->planes; p++)
        for (int row = 0; row < c->rows; row++)
            for (int i = 0; good && i < outs; i++)
                if (!same_float(box.out[(p * c->rows + row) * outs + i],
                                box_expected(c, planes, weights.data, bias, p, row, i)))
                    good = complain("%s box of %dx%dx%d taps, %d x %d x %d+%d, without %d and %d "
                                    "planes: plane %d row %d column %d", kernels->name, c->kt,
                                    c->kh, c->kw, c->planes, c->rows, c->width - 1, c->last,
                                    c->begin, c->end, p, row, i);
    good = good && guarded_intact(&out);
    for (int i = 0; i < all; i++)
        guarded_free(&input[i]);
    guarded_free(&weights);
    guarded_free(&out);
    return good;
}

static void boxes_of_one_shape_hold(const struct c3d_kernels *kernels, struct box_case *c)
{
    static uint64_t seed;
    if (seed == 0)
        seed = test_seed();
    for (int i = 0; i < 8; i++) {
        const int some = 1 + (int)(seed % (uint64_t)kernels->lanes);
        const int most = c->kt + c->planes - 1;
        c->begin = i % 4 == 1 ? 1 : i % 4 == 2 ? c->kt - 1 : 0;
        c->end = i % 4 == 3 ? 1 : i == 6 ? most - c->begin : 0;
        c->row_step = 1 + i / 3 % 2;
        c->last = i < 4 ? kernels->lanes : some;
        c->relu = i == 2 || i == 5;
        /* Rows of whole vectors, from a page's beginning: all may be streamed. */
        c->stream = i < 2;
        cr_assert(box_holds(kernels, c, i % 4 >= 2 ? GUARD_HIGH : GUARD_LOW, seed++));
    }
}

static void boxes_hold(const char *isa)
{
    const struct c3d_kernels *kernels = kernels_of(isa);
    static const int kernel_sizes[][2] = {{3, 3}, {1, 1}, {1, 3}, {3, 5}};
    struct box_case c = {0};
    for (c.kt = 1; c.kt <= MOST_KT; c.kt++)
        for (c.planes = 1; c.planes <= (c.kt == 3 ? MOST_PLANES : 2); c.planes++)
            for (size_t k = 0; k < sizeof kernel_sizes / sizeof *kernel_sizes; k++) {
                const int sums = c.planes > 2 ? C3D_MARCH_SUMS : C3D_BOX_SUMS;
                const int widest = c.planes > 2 ? C3D_MARCH_VECTORS : C3D_BOX_VECTORS;
                c.kh = kernel_sizes[k][0];
                c.kw = kernel_sizes[k][1];
                for (c.width = 1; c.width <= widest; c.width++)
                    for (c.rows = 1; c.rows * c.width <= sums; c.rows++)
                        boxes_of_one_shape_hold(kernels, &c);
            }
}

Test(box, holds_portable) { boxes_hold("portable"); }
Test(box, holds_avx2) { boxes_hold("avx2"); }
Test(box, holds_avx512) { boxes_hold("avx512"); }
Test(box, holds_neon) { boxes_hold("neon"); }
