/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_weights.c - weights in panels of output channels
 */
#include "algo/pack_weights.h"

#include "base/num.h"

#include <math.h>
#include <string.h>

int64_t c3d_padded_channels(const struct c3d_problem *problem, int lanes)
{
    return c3d_round_up(problem->out_channels, lanes);
}

bool c3d_packed_elems(const struct c3d_problem *problem, int lanes, int64_t *elems)
{
    int64_t bytes;
    return c3d_mul_ok(problem->groups, c3d_padded_channels(problem, lanes), elems) &&
           c3d_mul_ok(*elems, c3d_reduction(problem), elems) &&
           c3d_mul_ok(*elems, 2 * (int64_t)sizeof(float), &bytes);
}

/* A last panel of one vector runs at three quarters of the speed: with few panels,
 * two vectors for all are better than three and a rest. */
struct c3d_panels c3d_choose_panels(const struct c3d_request *request)
{
    const struct c3d_kernels *const kernels = request->kernels;
    const int64_t vectors = c3d_ceil_div(request->problem->out_channels, kernels->lanes);
    const bool poor_rest = vectors < 16 && vectors % kernels->panel_vectors == 1;
    const int64_t width = request->tile.panel > 0
                              ? c3d_min(c3d_ceil_div(request->tile.panel, kernels->lanes),
                                        C3D_MAX_PANEL_VECTORS)
                          : poor_rest ? 2 : kernels->panel_vectors;
    return (struct c3d_panels){kernels->lanes, (int)c3d_min(width, vectors)};
}

/* One output channel into its lane. */
static void pack_channel(const struct c3d_problem *problem, const float *weight, int width,
                         float *lane)
{
    const int64_t taps = c3d_volume(problem->kernel);
    for (int64_t c = 0; c < problem->in_channels; c++) {
        for (int64_t tap = 0; tap < taps; tap++) {
            /* Flipping all three axes reverses the row-major order of taps. */
            lane[(c * taps + tap) * width] =
                weight[c * taps + (problem->flip ? taps - 1 - tap : tap)];
        }
    }
}

void c3d_pack_weights(const struct c3d_problem *problem, struct c3d_panels panels,
                      const float *weight, float *packed)
{
    const int lanes = panels.lanes;
    const int64_t reduction = c3d_reduction(problem);
    int64_t elems;
    if (c3d_packed_elems(problem, lanes, &elems)) {
        memset(packed, 0, (size_t)elems * sizeof(float)); /* the unused lanes */
    }
    for (int64_t group = 0; group < problem->groups; group++) {
        for (int64_t oc = 0; oc < problem->out_channels; oc += c3d_panel_channels(panels)) {
            const struct c3d_panel panel = c3d_panel_at(panels, problem->out_channels, oc);
            const int width = panel.vectors * lanes;
            const int64_t first = group * problem->out_channels + panel.channel;
            float *const to =
                packed + c3d_panel_offset(problem, lanes, group, panel.channel);
            for (int64_t lane = 0; lane < panel.channels; lane++) {
                pack_channel(problem, weight + (first + lane) * reduction, width, to + lane);
            }
        }
    }
}

void c3d_pack_bias(const struct c3d_problem *problem, int lanes, const float *bias,
                   float *packed)
{
    const int64_t padded = c3d_padded_channels(problem, lanes);
    for (int64_t group = 0; group < problem->groups; group++) {
        for (int64_t oc = 0; oc < padded; oc++) {
            const bool given = bias != NULL && oc < problem->out_channels;
            packed[group * padded + oc] =
                given ? bias[group * problem->out_channels + oc] + 0.0f : 0.0f;
        }
    }
}

bool c3d_weights_finite(const struct c3d_problem *problem, const float *weight)
{
    const int64_t elems = problem->groups * problem->out_channels * c3d_reduction(problem);
    for (int64_t i = 0; i < elems; i++) {
        if (!isfinite(weight[i])) {
            return false;
        }
    }
    return true;
}
