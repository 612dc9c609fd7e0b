/* SPDX-License-Identifier: Apache-2.0 */
/*
 * winograd_weights.c - see winograd_weights.h
 */
#include "algo/winograd_weights.h"

#include "base/num.h"

#include <string.h>

/* Kernels that are transformed together, for the compiler to make vectors of. */
enum { TOGETHER = 8, MOST = C3D_MAX_POINTS * C3D_MAX_POINTS * C3D_MAX_POINTS };

/* One axis of [outer][taps][inner] to [outer][points][inner]. */
static void transform_axis(const struct c3d_cook_toom *maths, double (*from)[TOGETHER],
                           double (*to)[TOGETHER], int64_t outer, int64_t inner)
{
    for (int64_t o = 0; o < outer; o++) {
        for (int i = 0; i < maths->points; i++) {
            for (int64_t n = 0; n < inner; n++) {
                double sum[TOGETHER] = {0};
                for (int k = 0; k < maths->taps; k++) {
                    const double factor = maths->weights[i][k];
                    const double *const tap = from[(o * maths->taps + k) * inner + n];
                    for (int l = 0; l < TOGETHER; l++) {
                        sum[l] += factor * tap[l];
                    }
                }
                memcpy(to[(o * maths->points + i) * inner + n], sum, sizeof sum);
            }
        }
    }
}

/* The kernels of `count` output channels and one input channel, all frequencies. */
static void transform_kernels(const struct c3d_problem *p, const struct c3d_winograd_block *b,
                              const float *weight, int64_t count, double (*to)[TOGETHER])
{
    const struct c3d_cook_toom *const t = &b->axes[T].maths, *const h = &b->axes[H].maths,
                               *const w = &b->axes[W].maths;
    const int64_t taps = c3d_volume(p->kernel), reduction = c3d_reduction(p);
    double half[MOST][TOGETHER];
    for (int64_t i = 0; i < taps; i++) {
        for (int64_t l = 0; l < TOGETHER; l++) {
            const int64_t tap = p->flip ? taps - 1 - i : i;
            to[i][l] = l < count ? (double)weight[l * reduction + tap] : 0;
        }
    }
    transform_axis(w, to, half, (int64_t)t->taps * h->taps, 1);
    transform_axis(h, half, to, t->taps, w->points);
    transform_axis(t, to, half, 1, (int64_t)h->points * w->points);
    memcpy(to, half, sizeof half);
}

/* `count` output channels of a panel, from lane `lane` on.  packed: the panel in the first
 * frequency of T; slice: elements from one such frequency to the next. */
static void pack_lanes(const struct c3d_problem *p, const struct c3d_winograd_block *b,
                       const float *weight, int64_t count, int64_t width, int64_t slice,
                       float *lane)
{
    const int64_t taps = c3d_volume(p->kernel), channels = p->in_channels;
    const int64_t area = (int64_t)b->axes[H].points * b->axes[W].points;
    for (int64_t c = 0; c < channels; c++) {
        double all[MOST][TOGETHER];
        transform_kernels(p, b, weight + c * taps, count, all);
        for (int64_t f = 0; f < b->axes[T].points * area; f++) {
            float *const to = lane + f / area * slice + (f % area * channels + c) * width;
            for (int64_t l = 0; l < count; l++) {
                to[l] = (float)all[f][l];
            }
        }
    }
}

void c3d_winograd_pack(const struct c3d_problem *problem,
                       const struct c3d_winograd_block *block, const float *weight,
                       float *packed)
{
    const struct c3d_problem *const p = problem;
    const int64_t outs = p->out_channels, reduction = c3d_reduction(p);
    const int64_t column =
        (int64_t)block->axes[H].points * block->axes[W].points * p->in_channels;
    const int64_t slice = c3d_padded_channels(p, block->panels.lanes) * column;
    memset(packed, 0, (size_t)c3d_winograd_weights(p, block) * sizeof *packed);
    for (int64_t g = 0; g < p->groups; g++) {
        float *const group = packed + g * block->axes[T].points * slice;
        for (int64_t i = 0; i < outs; i += c3d_panel_channels(block->panels)) {
            const struct c3d_panel panel = c3d_panel_at(block->panels, outs, i);
            const int64_t first = panel.channel;
            const int64_t width = (int64_t)panel.vectors * block->panels.lanes;
            const int64_t end = first + panel.channels;
            for (int64_t oc = first; oc < end; oc += TOGETHER) {
                pack_lanes(p, block, weight + (g * outs + oc) * reduction,
                           c3d_min(end - oc, TOGETHER), width, slice,
                           group + first * column + (oc - first));
            }
        }
    }
}
