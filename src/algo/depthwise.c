/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise.c - one input channel per group
 *
 * Without a reduction over channels a convolution is bound by loads: every FMA
 * of rows.c needs a vector of its own.  Here a box of up to six rows shares
 * each vector of input among the rows that it touches, half a load per FMA for
 * a 3x3x3 kernel.  Any kernel depth and width, dilation along T and W, and
 * multiplier; along H the micro-kernels that exist decide.
 */
#include "algo/rowwise.h"

#include "algo/rowwise_tile.h"
#include "algo/window.h"
#include "base/num.h"

enum { tap_limit = 64 }; /* along T and W: tables on the stack */

static const char *refusal(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    if (p->in_channels != 1 || p->groups == 1) {
        return "a group has more than one input channel, or there is one group";
    }
    if (p->dilation[H] != 1 ||
        request->kernels->find_sweep(p->kernel[H], p->stride[H]) == NULL) {
        return "no micro-kernel for this kernel height, stride and dilation along H";
    }
    if (p->kernel[T] > tap_limit || p->kernel[W] > tap_limit) {
        return "more than 64 taps along T or W";
    }
    return c3d_rowwise_refusal(request);
}

/* Half a load per FMA, of which half hides behind it. */
static double estimate(const struct c3d_request *request)
{
    static const double fma = 1.3;
    const struct c3d_problem *const p = request->problem;
    const double planes = (double)p->groups * (double)p->out_channels * (double)p->out[T];
    return planes * c3d_rowwise_runs(request, false) *
               (double)c3d_rowwise_run_vectors(request, false) * (double)c3d_reduction(p) * fma +
           c3d_rowwise_overhead(request, 1, false);
}

static conv3d_status prepare(const struct c3d_request *request, struct c3d_prepared **prepared)
{
    return c3d_rowwise_prepare(request, &c3d_depthwise, 1, false, prepared);
}

/* Half, or quarter boxes at the end of a row rather than mostly empty ones. */
static int box_width(const struct c3d_kernels *kernels, int64_t vectors)
{
    int width = kernels->sweep_vectors;
    while (width > 1 && width / 2 >= vectors) {
        width /= 2;
    }
    return width;
}

/* Rows h .. h + sweep->rows of plane t, all columns of the task; to: where the first
 * output lies. */
static void convolve_rows(const struct c3d_rowwise_worker *worker, struct c3d_sweep *sweep,
                          int64_t t, int64_t h, float bias, float *to)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const int lanes = r->kernels->lanes;
    const int64_t outs = c3d_extent(worker->task->out[W]);
    const float *const window = c3d_rowwise_window(worker, t, h, 0);
    c3d_sweep_fn *const kernel =
        r->kernels->find_sweep(r->problem.kernel[H], r->problem.stride[H]);
    float biases[C3D_SWEEP_ROWS];
    struct c3d_copy copy = {
        .acc = worker->acc,
        .bias = biases,
        .row_stride = (ptrdiff_t)r->problem.out[W],
        .rows = sweep->rows,
        .relu = r->relu,
    };
    for (int row = 0; row < sweep->rows; row++) {
        biases[row] = bias;
    }
    for (int64_t at = 0; at < outs; at += (int64_t)copy.count) {
        sweep->vector_count = box_width(r->kernels, c3d_ceil_div(outs - at, lanes));
        sweep->window = window + at;
        kernel(sweep);
        copy.acc_stride = sweep->vector_count * lanes;
        copy.count = (size_t)c3d_min(copy.acc_stride, outs - at);
        copy.out = to + at;
        r->kernels->copy(&copy);
    }
}

/* One channel of one plane. */
static void convolve_plane(const struct c3d_rowwise_worker *worker, struct c3d_sweep *sweep,
                           int64_t t, int64_t oc)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const struct c3d_problem *const p = &r->problem;
    const struct c3d_range *const out = worker->task->out;
    const float bias = r->bias[worker->task->group * p->out_channels + oc];
    float *const plane = worker->output + (oc * p->out[T] + t) * p->out[H] * p->out[W];
    sweep->weights = c3d_rowwise_weights(worker, oc, 1);
    for (int64_t h = out[H].begin; h < out[H].end;) {
        /* Boxes of nearly equal height. */
        const int64_t boxes = c3d_ceil_div(out[H].end - h, C3D_SWEEP_ROWS);
        sweep->rows = (int)c3d_ceil_div(out[H].end - h, boxes);
        convolve_rows(worker, sweep, t, h, bias, plane + h * p->out[W] + out[W].begin);
        h += sweep->rows;
    }
}

static void convolve_chunk(struct c3d_rowwise_worker *worker)
{
    const struct c3d_problem *const p = &worker->rowwise->problem;
    const struct c3d_blocking *const b = &worker->rowwise->blocking;
    struct c3d_tap planes[tap_limit];
    int32_t columns[tap_limit];
    for (int64_t kw = 0; kw < p->kernel[W]; kw++) {
        columns[kw] = (int32_t)c3d_tap_offset(&b->row, kw);
    }
    struct c3d_sweep sweep = {
        .pitch = (ptrdiff_t)b->row.length,
        .planes = planes,
        .columns = columns,
        .kw_count = (int)p->kernel[W],
        .acc = worker->acc,
    };
    for (int64_t t = worker->task->out[T].begin; t < worker->task->out[T].end; t++) {
        const struct c3d_range valid = c3d_valid_taps(p, T, t);
        sweep.plane_count = (size_t)c3d_extent(valid);
        for (int64_t kt = valid.begin; kt < valid.end; kt++) {
            planes[kt - valid.begin] = (struct c3d_tap){
                .vector = (int32_t)(kt * b->planes.per_tap * b->rows.slots * b->row.length),
                .scalar = (int32_t)(kt * p->kernel[H] * p->kernel[W]),
            };
        }
        for (int64_t oc = 0; oc < p->out_channels; oc++) {
            convolve_plane(worker, &sweep, t, oc);
        }
    }
}

static void run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                     const struct c3d_task *next, const float *input, float *output,
                     void *scratch)
{
    /* A window is planes of one channel: the hardware foresees them, and asking for them
     * takes longer than the few FMAs between (3x3x3 at 14x14: 0.89 of the speed). */
    (void)next;
    c3d_rowwise_run_task(prepared, task, NULL, input, output, scratch, convolve_chunk);
}

const struct c3d_algorithm c3d_depthwise = {
    .name = "depthwise",
    .refusal = refusal,
    .estimate = estimate,
    .error = c3d_sequential_error,
    .prepare = prepare,
    .destroy = c3d_rowwise_destroy,
    .run_task = run_task,
};
