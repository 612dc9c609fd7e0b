/* SPDX-License-Identifier: Apache-2.0 */
/*
 * winograd_weights.c - see winograd_weights.h
 */
#include "algo/winograd_weights.h"

#include "base/num.h"

#include <string.h>

enum { MOST = C3D_MAX_POINTS * C3D_MAX_POINTS * C3D_MAX_POINTS };

/* One axis of [outer][taps][inner] to [outer][points][inner]. */
static void transform_axis(const struct c3d_cook_toom *maths, const double *from, double *to,
                           int64_t outer, int64_t inner)
{
    for (int64_t o = 0; o < outer; o++) {
        for (int i = 0; i < maths->points; i++) {
            for (int64_t n = 0; n < inner; n++) {
                double sum = 0;
                for (int k = 0; k < maths->taps; k++) {
                    sum += maths->weights[i][k] * from[(o * maths->taps + k) * inner + n];
                }
                to[(o * maths->points + i) * inner + n] = sum;
            }
        }
    }
}

/* The kernel of one pair of channels, all frequencies. */
static void transform_kernel(const struct c3d_problem *p, const struct c3d_winograd_block *b,
                             const float *weight, double *to)
{
    const struct c3d_cook_toom *const t = &b->axes[T].maths, *const h = &b->axes[H].maths,
                               *const w = &b->axes[W].maths;
    const int64_t taps = c3d_volume(p->kernel);
    double from[MOST], half[MOST];
    for (int64_t i = 0; i < taps; i++) {
        from[i] = weight[p->flip ? taps - 1 - i : i];
    }
    transform_axis(w, from, half, (int64_t)t->taps * h->taps, 1);
    transform_axis(h, half, from, t->taps, w->points);
    transform_axis(t, from, to, 1, (int64_t)h->points * w->points);
}

void c3d_winograd_pack(const struct c3d_problem *problem,
                       const struct c3d_winograd_block *block, const float *weight,
                       float *packed)
{
    const struct c3d_problem *const p = problem;
    const int64_t taps = c3d_volume(p->kernel), channels = p->in_channels;
    const int64_t area = (int64_t)block->axes[H].points * block->axes[W].points;
    const int64_t padded = c3d_padded_channels(p, block->panels.lanes);
    memset(packed, 0, (size_t)c3d_winograd_weights(p, block) * sizeof *packed);
    for (int64_t g = 0; g < p->groups; g++) {
        for (int64_t oc = 0; oc < p->out_channels; oc++) {
            const int64_t lane = oc % c3d_panel_channels(block->panels), first = oc - lane;
            const int64_t width =
                (int64_t)c3d_panel_vectors(block->panels, p->out_channels, first) *
                block->panels.lanes;
            for (int64_t c = 0; c < channels; c++) {
                double all[MOST];
                transform_kernel(
                    p, block, weight + ((g * p->out_channels + oc) * channels + c) * taps, all);
                for (int64_t f = 0; f < block->axes[T].points * area; f++) {
                    const int64_t slice = g * block->axes[T].points + f / area;
                    packed[(slice * padded + first) * area * channels +
                           (f % area * channels + c) * width + lane] = (float)all[f];
                }
            }
        }
    }
}
