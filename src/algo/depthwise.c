/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise.c - one input channel per group, read where it lies
 *
 * Without a reduction over channels a convolution is bound by loads: every FMA of rows.c
 * needs a vector of its own.  Here a box of rows in two neighbouring planes of outputs shares
 * each vector of input among all the sums that it touches: with 3x3x3 and three rows, one
 * load for 2.7 FMAs.  The input is read where it lies, plane after plane as the
 * hardware foresees it, the padding of W as zeros; planes and rows in the padding are left
 * out.  Any kernel depth and width, dilation and multiplier; for the kernel's height and the
 * stride along H and W the micro-kernels that exist decide, and for all else there is
 * depthwise_packed.c.
 *
 * Against packing windows of whole planes, and boxes in one plane of outputs, on two Zen 4
 * cores: 3x3x3 at 14x14 1.75, 56x56 1.4, 128x128 1.8, stride 2 1.3, 7x7x7 1.35 times as fast.
 */
#include "algo/depthwise_tile.h"
#include "algo/pack_weights.h"
#include "algo/tile.h"
#include "algo/window.h"
#include "base/mem.h"
#include "base/num.h"

enum {
    tap_limit = 64,    /* along W: tables on the stack and in scratch */
};

struct depthwise {
    struct c3d_prepared base;
    struct c3d_problem problem;
    const struct c3d_kernels *kernels;
    c3d_sweep_fn *sweep;
    bool relu, stream;
    const float *weights, *bias; /* [group][out channel][tap], then the bias */
};

/* Whether taps are 3 x 3, and no vectors of a row meet padding but its first and its last. */
static bool has_edges(const struct c3d_problem *p)
{
    return p->kernel[H] == 3 && p->kernel[W] == 3 && p->dilation[W] == 1 && p->begin[W] <= 1 &&
           p->end[W] <= 1;
}

static c3d_sweep_fn *find_sweep(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    return request->kernels->find_sweep(p->kernel[H], p->kernel[W], p->stride[H], has_edges(p));
}

static const char *refusal(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    if (p->in_channels != 1 || p->groups == 1) {
        return "a group has more than one input channel, or there is one group";
    }
    if (p->columns) {
        return "one output per item";
    }
    if (request->kernels->find_sweep == NULL) {
        return "this ISA has no masked loads";
    }
    if (find_sweep(request) == NULL || p->stride[W] != p->stride[H] ||
        (p->stride[H] > 1 && p->dilation[H] > 1)) {
        return "no micro-kernel for this kernel height, stride and dilation along H and W";
    }
    if (p->kernel[W] > tap_limit || p->kernel[T] > tap_limit) {
        return "more than 64 taps along T or W";
    }
    if ((double)p->in[H] * (double)p->in[W] * (double)p->dilation[T] > INT32_MAX ||
        (double)p->kernel[W] * (double)p->dilation[W] > INT32_MAX) {
        return "taps too far apart";
    }
    return request->finite_weights ? NULL : "a weight is not finite, and it multiplies padding";
}

/* A vector of input for each tap along W serves up to six FMAs; beside them memory, a vector
 * of it read and one written in the time of five FMAs each. */
static double estimate(const struct c3d_request *request)
{
    const double fma = request->kernels->sweep_fma, memory = 5 * request->rates.memory;
    const struct c3d_problem *const p = request->problem;
    const double lanes = request->kernels->lanes, maps = (double)p->groups;
    const double vectors = maps * (double)p->out_channels * (double)p->out[T] *
                           (double)p->out[H] * (double)c3d_ceil_div(p->out[W], (int64_t)lanes);
    return vectors * ((double)c3d_reduction(p) * fma + memory) +
           maps * (double)c3d_volume(p->in) / lanes * memory;
}

static void destroy(struct c3d_prepared *prepared)
{
    c3d_free(prepared);
}

/* Of each channel and kt, kw after kw: what a column of input is multiplied by lies together. */
static void pack(const struct c3d_prepared *prepared, const float *weight, const float *bias,
                 float *packed)
{
    const struct depthwise *const d = (const struct depthwise *)prepared;
    const struct c3d_problem *const p = &d->problem;
    const int64_t channels = p->groups * p->out_channels, taps = c3d_volume(p->kernel);
    const int64_t plane = p->kernel[H] * p->kernel[W];
    for (int64_t oc = 0; oc < channels; oc++) {
        const float *const from = weight + oc * taps;
        float *const to = packed + oc * taps;
        for (int64_t tap = 0; tap < taps; tap++) {
            const int64_t kt = tap / plane, kh = tap % plane / p->kernel[W],
                          kw = tap % p->kernel[W];
            to[kt * plane + kw * p->kernel[H] + kh] = from[p->flip ? taps - 1 - tap : tap];
        }
    }
    c3d_pack_bias(p, 1, bias, packed + channels * taps);
}

static void attach(struct c3d_prepared *prepared, const float *packed)
{
    struct depthwise *const d = (struct depthwise *)prepared;
    const struct c3d_problem *const p = &d->problem;
    d->weights = packed;
    d->bias = packed + p->groups * p->out_channels * c3d_volume(p->kernel);
}

/* Tables of lanes for a row of so many outputs. */
static size_t table_bytes(const struct depthwise *d, int64_t outs)
{
    return (size_t)(c3d_ceil_div(outs, d->kernels->lanes) * d->problem.kernel[W] *
                    d->problem.stride[W]) * d->kernels->lanes_bytes;
}

static conv3d_status prepare(const struct c3d_request *request, struct c3d_prepared **prepared)
{
    const struct c3d_problem *const p = request->problem;
    const int64_t channels = p->groups * p->out_channels, taps = c3d_volume(p->kernel);
    *prepared = NULL;
    struct depthwise *const d = c3d_alloc(sizeof *d);
    if (d == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    *d = (struct depthwise){
        .problem = *p,
        .kernels = request->kernels,
        .sweep = find_sweep(request),
        .relu = request->relu,
        .stream = request->stream,
    };
    d->base = (struct c3d_prepared){
        .algorithm = &c3d_depthwise,
        .tile = c3d_depthwise_tile(request),
        .packed_bytes = (size_t)(channels * (taps + 1)) * sizeof(float),
    };
    while (table_bytes(d, d->base.tile.w) > request->scratch_limit && d->base.tile.w > 1) {
        d->base.tile.w = c3d_ceil_div(d->base.tile.w, 2);
    }
    d->base.scratch_bytes = table_bytes(d, d->base.tile.w);
    *prepared = &d->base;
    return CONV3D_OK;
}

/* One task, and of it one channel. */
struct worker {
    const struct depthwise *depthwise;
    const struct c3d_task *task;
    const float *input; /* of the task's item and group */
    float *output;
    unsigned char *lanes; /* for each block of a row: [kw][vector][step] */
    int blocks;           /* that a row is cut into, nearly equal ones: */
    int narrow, wider;    /* vectors of one, and how many have one more */
    struct c3d_sweep sweep;
};

/* Of `count` points that start at `first` and lie `step` apart, those inside 0 .. extent. */
static struct c3d_range inside(int64_t first, int64_t step, int64_t count, int64_t extent)
{
    const int64_t begin = first < 0 ? c3d_ceil_div(-first, step) : 0;
    const int64_t end = first < extent ? c3d_ceil_div(extent - first, step) : 0;
    return c3d_intersection((struct c3d_range){begin, end}, (struct c3d_range){0, count});
}

/* Vectors of a block of the task's rows. */
static int block_vectors(const struct worker *worker, int block)
{
    return worker->narrow + (block < worker->wider);
}

static void list_lanes(struct worker *worker)
{
    const struct depthwise *const d = worker->depthwise;
    const struct c3d_problem *const p = &d->problem;
    const int64_t lanes = d->kernels->lanes;
    unsigned char *to = worker->lanes;
    int64_t first = worker->task->out[W].begin;
    for (int block = 0; block < worker->blocks; first += block_vectors(worker, block++) * lanes) {
        const int64_t vectors = block_vectors(worker, block) * p->stride[W];
        for (int64_t kw = 0; kw < p->kernel[W]; kw++) {
            int64_t column = first * p->stride[W] + kw * p->dilation[W] - p->begin[W];
            for (int64_t v = 0; v < vectors; v++, column += lanes) {
                d->kernels->sweep_lanes(to, -column, p->in[W] - column);
                to += d->kernels->lanes_bytes;
            }
        }
    }
}

/* Boxes side by side, their first outputs in row h of plane t. */
static void sweep_rows(struct worker *worker, int64_t t, int64_t h)
{
    const struct depthwise *const d = worker->depthwise;
    const struct c3d_problem *const p = &d->problem;
    struct c3d_sweep *const s = &worker->sweep;
    const int lanes = d->kernels->lanes;
    const int64_t row = h * p->stride[H] - p->begin[H], plane = t * p->stride[T] - p->begin[T];
    const struct c3d_range planes =
        inside(plane, p->dilation[T], p->kernel[T] + s->planes - 1, p->in[T]);
    const struct c3d_range rows = inside(
        row, p->dilation[H], (s->rows - 1) * p->stride[H] + p->kernel[H], p->in[H]);
    s->plane_begin = (int)planes.begin;
    s->plane_end = (int)planes.end;
    s->row_begin = (int)rows.begin;
    s->row_end = (int)rows.end;
    s->lanes = worker->lanes;
    int64_t column = worker->task->out[W].begin;
    for (int block = 0; block < worker->blocks; block++, column += s->vector_count * lanes) {
        s->vector_count = block_vectors(worker, block);
        const int64_t last = column + (s->vector_count - 1) * lanes;
        s->last_lanes = (int)c3d_min(worker->task->out[W].end - last, lanes);
        const int64_t start =
            (plane * p->in[H] + row) * p->in[W] + column * p->stride[W] - p->begin[W];
        s->input = worker->input + start;
        s->out = worker->output + (t * p->out[H] + h) * p->out[W] + column;
        d->sweep(s);
        s->lanes += (size_t)(s->vector_count * p->kernel[W] * p->stride[W]) *
                    d->kernels->lanes_bytes;
    }
}

/* All rows of the task in plane t, or in that and the one a dilation later. */
static void sweep_planes(struct worker *worker, int64_t t)
{
    const struct depthwise *const d = worker->depthwise;
    const struct c3d_problem *const p = &d->problem;
    const struct c3d_range *const out = worker->task->out;
    const int64_t step = p->stride[H] == 1 ? p->dilation[H] : 1;
    const int64_t most = c3d_ceil_div(d->kernels->sweep_rows[block_vectors(worker, 0)], p->stride[H]);
    for (int64_t first = out[H].begin; first < c3d_min(out[H].begin + step, out[H].end);
         first++) {
        /* Boxes of nearly equal height. */
        int64_t h = first;
        for (int64_t boxes = c3d_ceil_div(c3d_ceil_div(out[H].end - h, step), most); boxes > 0;
             boxes--) {
            const int64_t rows = c3d_ceil_div(c3d_ceil_div(out[H].end - h, step), boxes);
            worker->sweep.rows = (int)rows;
            sweep_rows(worker, t, h);
            h += rows * step;
        }
    }
}

static void sweep_channel(struct worker *worker)
{
    const struct c3d_problem *const p = &worker->depthwise->problem;
    const struct c3d_range out = worker->task->out[T];
    if (!c3d_depthwise_pairs(p)) {
        worker->sweep.planes = 1;
        for (int64_t t = out.begin; t < out.end; t++) {
            sweep_planes(worker, t);
        }
        return;
    }
    const int64_t d = p->dilation[T];
    for (int64_t pair = out.begin; pair < out.end; pair += 2 * d) {
        for (int64_t t = pair; t < c3d_min(pair + d, out.end); t++) {
            worker->sweep.planes = t + d < out.end ? 2 : 1;
            sweep_planes(worker, t);
        }
    }
}

/* Blocks of as many vectors as a box may have, or fewer to be nearly equal, the widest first.  Single
 * planes take higher boxes for want of pairs. */
static void cut_rows(struct worker *worker)
{
    const struct depthwise *const d = worker->depthwise;
    int most = c3d_depthwise_pairs(&d->problem) ? C3D_SWEEP_VECTORS : C3D_SWEEP_VECTORS / 2;
    while (d->kernels->sweep_rows[most] == 0) {
        most--;
    }
    const int vectors =
        (int)c3d_ceil_div(c3d_extent(worker->task->out[W]), d->kernels->lanes);
    worker->blocks = (int)c3d_ceil_div(vectors, most);
    worker->narrow = vectors / worker->blocks;
    worker->wider = vectors % worker->blocks;
}

static void run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                     const struct c3d_task *next, const float *input, float *output,
                     void *scratch)
{
    (void)next;
    const struct depthwise *const d = (const struct depthwise *)prepared;
    const struct c3d_problem *const p = &d->problem;
    const int64_t plane = p->in[H] * p->in[W], taps = c3d_volume(p->kernel);
    int32_t columns[tap_limit];
    const float *const own = c3d_task_input(p, task, input);
    for (int64_t kw = 0; kw < p->kernel[W]; kw++) {
        columns[kw] = (int32_t)(kw * p->dilation[W]);
    }
    struct worker worker = {
        .depthwise = d,
        .task = task,
        .input = own,
        .lanes = scratch,
        .sweep = {
            .plane_step = (ptrdiff_t)(p->dilation[T] * plane),
            .row_step = (ptrdiff_t)(p->dilation[H] * p->in[W]),
            .columns = columns,
            .kt_count = (int)p->kernel[T],
            .kw_count = (int)p->kernel[W],
            .out_plane = (ptrdiff_t)(p->dilation[T] * p->out[H] * p->out[W]),
            .out_row = (ptrdiff_t)((p->stride[H] == 1 ? p->dilation[H] : 1) * p->out[W]),
            .relu = d->relu,
        },
    };
    cut_rows(&worker);
    list_lanes(&worker);
    for (int64_t oc = task->channels.begin; oc < task->channels.end; oc++) {
        const int64_t map = task->group * p->out_channels + oc;
        worker.output =
            output + (task->item * p->groups * p->out_channels + map) * c3d_volume(p->out);
        worker.sweep.weights = d->weights + map * taps;
        worker.sweep.bias = d->bias[map];
        worker.sweep.stream = d->stream && c3d_depthwise_whole_lines(p, task, worker.output);
        sweep_channel(&worker);
    }
}

const struct c3d_algorithm c3d_depthwise = {
    .name = "depthwise",
    .refusal = refusal,
    .estimate = estimate,
    .error = c3d_sequential_error,
    .prepare = prepare,
    .pack = pack,
    .attach = attach,
    .destroy = destroy,
    .run_task = run_task,
};
