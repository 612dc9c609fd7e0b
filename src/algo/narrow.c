/* SPDX-License-Identifier: Apache-2.0 */
/*
 * narrow.c - direct convolution, outputs of a row in vector lanes
 *
 * For few output channels per group (heads, small groups), where lanes of
 * output channels would be mostly empty.  The micro-kernel of direct.c with the
 * roles exchanged: vectors come from the packed window, the scalars are the
 * weights of up to eight output channels.
 */
#include "algo/rowwise.h"

#include "algo/window.h"
#include "base/num.h"

#include <math.h>

enum { block_limit = 8 }; /* output channels of a register tile */

static const char *refusal(const struct c3d_request *request)
{
    return c3d_rowwise_refusal(request);
}

/* Output channels in blocks of nearly equal size. */
static int64_t block_size(const struct c3d_request *request)
{
    const int64_t channels = request->problem->out_channels;
    const int64_t most = c3d_min(block_limit, request->kernels->max_count[1]);
    return c3d_ceil_div(channels, c3d_ceil_div(channels, most));
}

/* The width of the first of the register tiles, of nearly equal width, that so many
 * vectors are cut into; `count` rows limit it.  A narrow last one would leave the FMA
 * units waiting. */
static int tile_width(const struct c3d_kernels *kernels, int count, int64_t vectors)
{
    int most = C3D_MAX_VECTORS;
    while (most > 1 && (kernels->max_count[most] < count || most > vectors)) {
        most--;
    }
    int width = (int)c3d_ceil_div(vectors, c3d_ceil_div(vectors, most));
    while (kernels->max_count[width] < count) {
        width++;
    }
    return width;
}

/* One step of the reduction for a run of so many vectors.  A tile costs its FMAs, no
 * less than their latency, and two more for each vector it loads: most start between
 * two lines.  Fits 0.7 of peak at 8 channels, 0.48 at 2, measured on a Zen 4 core. */
static double step_cost(const struct c3d_kernels *kernels, int count, int64_t vectors)
{
    static const double vector_load = 2.1, step = 1, latency = 10;
    enum { enough = 64 };
    if (vectors > enough) {
        return step_cost(kernels, count, enough) * (double)vectors / enough;
    }
    double cost = 0;
    while (vectors > 0) {
        const int width = tile_width(kernels, count, vectors);
        cost += fmax(count * width, latency) + vector_load * width + step;
        vectors -= width;
    }
    return cost;
}

static double estimate(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    const int count = (int)block_size(request);
    const double blocks = (double)c3d_ceil_div(p->out_channels, count);
    return (double)p->groups * blocks * (double)p->out[T] * (double)c3d_reduction(p) *
               c3d_rowwise_runs(request, true) *
               step_cost(request->kernels, count, c3d_rowwise_run_vectors(request, true)) +
           c3d_rowwise_overhead(request);
}

static conv3d_status prepare(const struct c3d_request *request, struct c3d_prepared **prepared)
{
    return c3d_rowwise_prepare(request, &c3d_narrow, block_size(request), true, prepared);
}

/* The taps of plane t that are valid along T, for blocks of `count` channels. */
static size_t list_taps(const struct c3d_rowwise_worker *worker, int64_t t, int64_t count)
{
    const struct c3d_problem *const p = &worker->rowwise->problem;
    const struct c3d_blocking *const b = &worker->rowwise->blocking;
    const struct c3d_range planes = c3d_valid_taps(p, T, t);
    struct c3d_tap *tap = worker->taps;
    for (int64_t kt = planes.begin; kt < planes.end; kt++) {
        for (int64_t kh = 0; kh < p->kernel[H]; kh++) {
            const int64_t row =
                (kt * b->planes.per_tap * b->rows.slots + kh * b->rows.per_tap) * b->row.length;
            const int64_t weight = (kt * p->kernel[H] + kh) * p->kernel[W];
            for (int64_t kw = 0; kw < p->kernel[W]; kw++) {
                tap->vector = (int32_t)(row + c3d_tap_offset(&b->row, kw));
                tap->scalar = (int32_t)((weight + kw) * count);
                tap++;
            }
        }
    }
    return (size_t)(tap - worker->taps);
}

/* A run of outputs that starts with row h of plane t, for one block of
 * channels; returns the end of the sums it leaves in memory. */
static float *convolve_run(struct c3d_rowwise_worker *worker, struct c3d_outer *outer,
                           struct c3d_rowwise_piece *piece, int64_t rows, float *acc)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const int lanes = r->kernels->lanes;
    const int64_t outs = c3d_rowwise_run(r, rows, c3d_extent(worker->task->out[W]));
    const float *const window = c3d_rowwise_window(worker, piece->t, piece->h);
    for (int64_t at = 0; at < outs;) {
        const int width = tile_width(r->kernels, outer->count, c3d_ceil_div(outs - at, lanes));
        outer->vector_count = width;
        outer->vectors = window + at;
        c3d_prefetch_by(outer, &worker->ahead);
        outer->acc = acc;
        r->kernels->outer(outer);
        if (worker->last) {
            piece->first = at;
            piece->count = c3d_min(width * lanes, outs - at);
            piece->acc = acc;
            piece->acc_stride = width * lanes;
            c3d_rowwise_store(worker, piece);
        }
        if (!worker->start || !worker->last) {
            acc += outer->count * width * lanes;
        }
        at += width * lanes;
    }
    return acc;
}

static void convolve_chunk(struct c3d_rowwise_worker *worker)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const struct c3d_problem *const p = &r->problem;
    const struct c3d_blocking *const b = &r->blocking;
    const struct c3d_range *const out = worker->task->out;
    const int64_t rows = r->joined ? c3d_extent(out[H]) : 1;
    float *acc = worker->acc;
    struct c3d_outer outer = {
        .vector_step = (ptrdiff_t)(b->planes.slots * b->rows.slots * b->row.length),
        .channels = (size_t)c3d_extent(worker->chunk.channels),
        .taps = worker->taps,
        .start = worker->start,
    };
    for (int64_t t = out[T].begin; t < out[T].end; t++) {
        for (int64_t oc = 0; oc < p->out_channels; oc += r->block_size) {
            const int64_t count = c3d_min(r->block_size, p->out_channels - oc);
            outer.tap_count = list_taps(worker, t, count);
            outer.count = (int)count;
            outer.scalars = c3d_rowwise_weights(worker, oc, count);
            outer.scalar_step = (ptrdiff_t)(c3d_volume(p->kernel) * count);
            for (int64_t h = out[H].begin; h < out[H].end; h += rows) {
                struct c3d_rowwise_piece piece = {
                    .oc = oc, .t = t, .h = h, .channels = (int)count};
                acc = convolve_run(worker, &outer, &piece, rows, acc);
            }
        }
    }
}

static void run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                     const struct c3d_task *next, const float *input, float *output,
                     void *scratch)
{
    c3d_rowwise_run_task(prepared, task, next, input, output, scratch, convolve_chunk);
}

const struct c3d_algorithm c3d_narrow = {
    .name = "narrow",
    .refusal = refusal,
    .estimate = estimate,
    .prepare = prepare,
    .destroy = c3d_rowwise_destroy,
    .run_task = run_task,
    .expected_error = c3d_sequential_error,
};
