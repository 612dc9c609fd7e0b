/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box_body.h - the kernel of kernel.h for depthwise convolution from packed planes
 *
 * Included by kernel_body.h, under the same macros.
 */
#include "kernel/box_step.h"
#include "kernel/kernel.h"
#include "kernel/vec.h"

#include <stdbool.h>

/* What is known when a box is compiled. */
struct box_shape {
    int rows, width;
    bool three_by_three;
};

/* How sums go to the output: past the caches, in whole vectors, or of the last ones a part. */
enum box_store { BOX_STREAMED, BOX_WHOLE, BOX_PART };

/* Where they go, and what happens to them on the way. */
struct box_finish {
    float *out;
    ptrdiff_t out_row;
    vf shift, least;
    int last_lanes; /* of the last vector of a row */
    enum box_store how;
};

static C3D_ALWAYS_INLINE void finish_box_as(const struct box_finish *f, const vf *acc,
                                            const struct box_shape shape,
                                            const enum box_store how)
{
    C3D_UNROLL
    for (int r = 0; r < shape.rows; r++) {
        C3D_UNROLL
        for (int v = 0; v < shape.width; v++) {
            float *const to = f->out + r * f->out_row + v * C3D_LANES;
            const vf sum = v_at_least(acc[r * shape.width + v] + f->shift, f->least);
            if (how == BOX_STREAMED) {
                v_stream(to, sum);
            } else if (how == BOX_WHOLE || v < shape.width - 1) {
                v_store(to, sum);
            } else {
                v_store_first(to, sum, f->last_lanes);
            }
        }
    }
}

/* One branch for all sums. */
static C3D_ALWAYS_INLINE void finish_box(const struct box_finish *f, const vf *acc,
                                         const struct box_shape shape)
{
    if (f->how == BOX_STREAMED) {
        finish_box_as(f, acc, shape, BOX_STREAMED);
    } else if (f->how == BOX_WHOLE) {
        finish_box_as(f, acc, shape, BOX_WHOLE);
    } else {
        finish_box_as(f, acc, shape, BOX_PART);
    }
}

static C3D_ALWAYS_INLINE struct box_finish begin_finish(const struct c3d_box *b)
{
    return (struct box_finish){
        .out = b->out,
        .out_row = b->out_row,
        .shift = v_broadcast(&b->bias),
        .least = least_result(b->relu),
        .last_lanes = b->last_lanes,
        .how = can_stream && b->stream      ? BOX_STREAMED
               : b->last_lanes == C3D_LANES ? BOX_WHOLE
                                            : BOX_PART,
    };
}

/* What of a box does not change from plane to plane. */
struct box_walk {
    ptrdiff_t at, row_step, weight_step;
    const int32_t *taps;
    int tap_count;
    ptrdiff_t second, third, down; /* of 3x3 taps: the columns after the first, the next row */
};

static C3D_ALWAYS_INLINE struct box_walk begin_box(const struct c3d_box *b,
                                                   const struct box_shape shape)
{
    const int32_t *const tap = b->taps;
    struct box_walk walk = {.at = b->at,
                            .row_step = b->row_step,
                            .weight_step = b->weight_step,
                            .taps = tap,
                            .tap_count = b->tap_count};
    if (shape.three_by_three) {
        walk.at += tap[0];
        walk.second = tap[1] - tap[0];
        walk.third = tap[2] - tap[0];
        walk.down = tap[3] - tap[0];
    }
    return walk;
}

/*
 * What one plane of input adds to one or two of outputs.  Nine taps without a loop and with
 * three offsets instead of nine: an exit from a short loop costs Zen 1 as much as two taps, and
 * every instruction beside FMAs and loads more than a cycle (3x3x3: 400 cycles a box; with nine
 * offsets 460, with loops over three 540).
 */
static C3D_ALWAYS_INLINE void box_plane(const struct box_walk *walk, const float *from,
                                        const float *weight, vf *acc, const struct box_shape shape,
                                        const int planes)
{
    const float *earlier = planes & SECOND_PLANE ? weight - walk->weight_step : weight;
    C3D_OPAQUE(weight);
    C3D_OPAQUE(earlier);
    if (shape.three_by_three) {
        C3D_UNROLL
        for (int kh = 0; kh < 3; kh++) {
            C3D_UNROLL
            for (int kw = 0; kw < 3; kw++) {
                const float *x = from + (kw == 0 ? 0 : kw == 1 ? walk->second : walk->third);
                C3D_OPAQUE(x);
                v_box_step(acc, x, walk->row_step, weight + 3 * kh + kw, earlier + 3 * kh + kw,
                           shape.rows, shape.width, planes);
            }
            from += walk->down;
        }
        return;
    }
    const int32_t *tap = walk->taps;
    for (const int32_t *const end = tap + walk->tap_count; tap < end; tap++) {
        v_box_step(acc, from + *tap, walk->row_step, weight, earlier, shape.rows, shape.width,
                   planes);
        weight++;
        earlier++;
    }
}

static C3D_ALWAYS_INLINE void boxes(const struct c3d_box *b, const struct box_shape shape)
{
    const vf zero = {0};
    const int sums = shape.rows * shape.width;
    const struct box_walk walk = begin_box(b, shape);
    const float *const *const planes = b->planes;
    const float *weight = b->weights + b->plane_begin * walk.weight_step;
    const int kt_count = b->kt_count, end = b->plane_end;
    const int both_end = b->plane_count == 1 ? 0 : end < kt_count ? end : kt_count;
    int q = b->plane_begin;
    vf acc[2 * C3D_BOX_SUMS];
    C3D_UNROLL
    for (int i = 0; i < 2 * sums; i++) {
        acc[i] = zero;
    }
    for (; q < end && (q == 0 || both_end == 0); q++, weight += walk.weight_step) {
        box_plane(&walk, planes[q] + walk.at, weight, acc, shape, FIRST_PLANE);
    }
    for (; q < both_end; q++, weight += walk.weight_step) {
        box_plane(&walk, planes[q] + walk.at, weight, acc, shape, BOTH_PLANES);
    }
    if (q < end) {
        box_plane(&walk, planes[q] + walk.at, weight, acc, shape, SECOND_PLANE);
    }
    struct box_finish finish = begin_finish(b);
    C3D_UNROLL
    for (int p = 0; p < 2; p++) {
        if (p < b->plane_count) {
            finish_box(&finish, acc + p * sums, shape);
        }
        finish.out += b->out_plane;
    }
}

/* What one plane of input adds to the three of outputs that a march is at. */
static C3D_ALWAYS_INLINE void march_plane(const struct box_walk *walk, const float *from,
                                          const float *weights, vf *newest, vf *middle,
                                          vf *oldest, const struct box_shape shape)
{
    if (shape.three_by_three) {
        C3D_OPAQUE(weights);
        C3D_UNROLL
        for (int kh = 0; kh < 3; kh++) {
            C3D_UNROLL
            for (int kw = 0; kw < 3; kw++) {
                const float *x = from + (kw == 0 ? 0 : kw == 1 ? walk->second : walk->third);
                C3D_OPAQUE(x);
                v_march_step(newest, middle, oldest, x, walk->row_step, weights + 3 * kh + kw, 9,
                             shape.rows, shape.width);
            }
            from += walk->down;
        }
        return;
    }
    const int32_t *tap = walk->taps;
    for (const int32_t *const end = tap + walk->tap_count; tap < end; tap++) {
        v_march_step(newest, middle, oldest, from + *tap, walk->row_step, weights,
                     walk->weight_step, shape.rows, shape.width);
        weights++;
    }
}

/*
 * Three kernel planes and any number of planes of outputs: each plane of input is added to the
 * sums of the three that it belongs to, of which one is complete then and makes room for the
 * next.  The first two and the last two planes of input also add to sums of outputs that are not
 * wanted.  Four FMAs need a load less than in pairs of planes, and nothing but the last store waits
 * for anything (3x3x3, Zen 1: 408 cycles for 324 FMAs, in pairs 463).
 */
static C3D_ALWAYS_INLINE void march(const struct c3d_box *b, const struct box_shape shape)
{
    const vf zero = {0};
    const int sums = shape.rows * shape.width;
    const struct box_walk walk = begin_box(b, shape);
    const float *const *const planes = b->planes;
    const float *const weights = b->weights;
    const ptrdiff_t out_plane = b->out_plane;
    const int begin = b->plane_begin, inside = b->plane_end - begin, all = b->plane_count + 2;
    struct box_finish finish = begin_finish(b);
    vf acc[3 * C3D_MARCH_SUMS];
    C3D_UNROLL
    for (int i = 0; i < 3 * sums; i++) {
        acc[i] = zero;
    }
    for (int plane = 0; plane < all;) {
        C3D_UNROLL
        for (int turn = 0; turn < 3; turn++) {
            vf *const newest = acc + turn * sums, *const middle = acc + (turn + 2) % 3 * sums,
                     *const oldest = acc + (turn + 1) % 3 * sums;
            if (__builtin_expect((unsigned)(plane - begin) < (unsigned)inside, true)) {
                march_plane(&walk, planes[plane] + walk.at, weights, newest, middle, oldest,
                            shape);
            }
            if (plane >= 2) {
                finish_box(&finish, oldest, shape);
                finish.out += out_plane;
            }
            C3D_UNROLL
            for (int i = 0; i < sums; i++) {
                oldest[i] = zero;
            }
            plane++;
            if (plane == all) {
                break;
            }
        }
    }
}

/* A function for each box: together they take the compiler longer.  Nine taps in a straight line
 * pay where FMAs are instructions; emulated they are 1.7 MB of code and two minutes of GCC 12. */
#define BOX(of, rows, width) \
    static C3D_NEVER_INLINE void of##_##rows##_##width(const struct c3d_box *b) \
    { \
        of(b, (struct box_shape){rows, width, false}); \
    } \
    static C3D_NEVER_INLINE void of##_##rows##_##width##_of_3x3(const struct c3d_box *b) \
    { \
        of(b, (struct box_shape){rows, width, !fma_is_emulated}); \
    }
BOX(boxes, 1, 1) BOX(boxes, 2, 1) BOX(boxes, 3, 1) BOX(boxes, 4, 1) BOX(boxes, 5, 1)
BOX(boxes, 6, 1)
BOX(boxes, 1, 2) BOX(boxes, 2, 2) BOX(boxes, 3, 2)
BOX(boxes, 1, 3) BOX(boxes, 2, 3)
BOX(march, 1, 1) BOX(march, 2, 1) BOX(march, 3, 1) BOX(march, 4, 1)
BOX(march, 1, 2) BOX(march, 2, 2)
#undef BOX

static void box(const struct c3d_box *b)
{
    typedef void box_fn(const struct c3d_box *);
    static box_fn *const functions[][2][C3D_BOX_VECTORS][C3D_BOX_SUMS] = {
        {{{boxes_1_1, boxes_2_1, boxes_3_1, boxes_4_1, boxes_5_1, boxes_6_1},
          {boxes_1_2, boxes_2_2, boxes_3_2},
          {boxes_1_3, boxes_2_3}},
         {{boxes_1_1_of_3x3, boxes_2_1_of_3x3, boxes_3_1_of_3x3, boxes_4_1_of_3x3,
           boxes_5_1_of_3x3, boxes_6_1_of_3x3},
          {boxes_1_2_of_3x3, boxes_2_2_of_3x3, boxes_3_2_of_3x3},
          {boxes_1_3_of_3x3, boxes_2_3_of_3x3}}},
        {{{march_1_1, march_2_1, march_3_1, march_4_1}, {march_1_2, march_2_2}},
         {{march_1_1_of_3x3, march_2_1_of_3x3, march_3_1_of_3x3, march_4_1_of_3x3},
          {march_1_2_of_3x3, march_2_2_of_3x3}}},
    };
    functions[b->plane_count > 2][b->three_by_three][b->width - 1][b->rows - 1](b);
}
