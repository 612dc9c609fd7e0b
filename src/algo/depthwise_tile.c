/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_tile.c - how the depthwise algorithms cut their work, and what of it may be streamed
 */
#include "algo/depthwise_tile.h"

#include "algo/tile.h"
#include "base/mem.h"
#include "base/num.h"

bool c3d_depthwise_pairs(const struct c3d_problem *p)
{
    return p->stride[T] == 1 && p->kernel[T] > 1 && p->out[T] > p->dilation[T];
}

conv3d_tile c3d_depthwise_tile(const struct c3d_request *request)
{
    enum { longest_row = 512 };
    const struct c3d_problem *const p = request->problem;
    const conv3d_tile *const wish = &request->tile;
    const int64_t part = c3d_equal_parts(p->out[W], longest_row); /* in whole lines */
    conv3d_tile tile = {.oc = p->out_channels, .ic = 1, .panel = 1};
    tile.w = c3d_min(wish->w > 0 ? wish->w : c3d_round_up(part, C3D_LINE_ELEMS), p->out[W]);
    const double planes = (double)p->kernel[T] + (c3d_depthwise_pairs(p) ? 1 : 0);
    const double row = (double)tile.w * (double)p->stride[W] * sizeof(float) * planes;
    const double rows = (double)c3d_l2_bytes(request) / 2 / row / (double)p->stride[H];
    const int64_t least = 4 * C3D_SWEEP_ROWS;
    tile.h = wish->h > 0 ? c3d_min(wish->h, p->out[H])
                         : c3d_equal_parts(p->out[H], c3d_max((int64_t)rows, least));
    tile.t = wish->t > 0 ? c3d_min(wish->t, p->out[T]) : p->out[T];
    /* Four tasks per thread keep the last one's lead small. */
    while (wish->t == 0 && tile.t > 8 && c3d_task_count(p, &tile) < 4.0 * request->threads) {
        tile.t = c3d_round_up(c3d_ceil_div(tile.t, 2), 2);
    }
    while (wish->h == 0 && tile.h > least && c3d_task_count(p, &tile) < 4.0 * request->threads) {
        tile.h = c3d_ceil_div(tile.h, 2);
    }
    return tile;
}

bool c3d_depthwise_whole_lines(const struct c3d_problem *p, const struct c3d_task *task,
                               const float *channel)
{
    const struct c3d_range columns = task->out[W];
    return (uintptr_t)channel % C3D_ALIGNMENT == 0 && p->out[W] % C3D_LINE_ELEMS == 0 &&
           columns.begin % C3D_LINE_ELEMS == 0 && columns.end % C3D_LINE_ELEMS == 0;
}
