/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_packed.c - one input channel per group, from packed planes
 *
 * As in depthwise.c a box of outputs in several planes shares each vector of input, but each tap
 * loads its own: a core that does an FMA for each load has loads to spare, all FMAs of a tap are
 * independent, and any kernel, stride, dilation and multiplier is a list of offsets.
 * The planes of input that the planes of outputs touch lie packed in L2, with zeros for the padding
 * of rows and columns, and the columns of a stride apart, so that nothing is masked; each is packed
 * once, into the place of one that is no longer needed.  Products with those zeros are 1-4% of a
 * layer; leaving them out took 1.03 of the time for 3x3x3 and 0.97 for 7x7x7.
 *
 * Against reading in place, AVX2 with an AND for each load, two Zen 1 cores: 3x3x3 at 14x14 1.22,
 * 56x56 1.32, 128x128 1.45, stride 2 1.94, 7x7x7 1.15 times as fast.  With masked loads on two Zen 5
 * cores: isa_avx2.c.
 */
#include "algo/depthwise_tile.h"
#include "algo/pack_input.h"
#include "algo/tile.h"
#include "base/mem.h"
#include "base/num.h"

/* Panels of weights: each channel's taps one after another. */
static const struct c3d_panels channel = {.lanes = 1, .vectors = 1};

/* A thread's buffers, in bytes from their start. */
struct layout {
    size_t planes, held, taps, ring, bytes;
    int64_t plane_elems;
};

struct depthwise_packed {
    struct c3d_prepared base;
    struct c3d_problem problem;
    const struct c3d_kernels *kernels;
    bool relu, stream;
    struct c3d_blocking blocking; /* what c3d_pack_input() needs, for one plane */
    struct layout layout;
    const float *weights, *bias; /* [group][out channel][tap], then the bias */
};

/* Planes of outputs that are computed at a time, of so many a dilation apart. */
static int64_t planes_at_a_time(const struct c3d_problem *p, int64_t count)
{
    return !c3d_depthwise_pairs(p) ? 1 : p->kernel[T] == 3 ? count : c3d_min(count, 2);
}

/* Planes of input that are packed at a time, for tiles so deep. */
static int64_t ring_planes(const struct c3d_problem *p, int64_t depth)
{
    const int64_t count = c3d_ceil_div(depth, p->dilation[T]);
    return p->kernel[T] + planes_at_a_time(p, count) - 1;
}

static void map_window(const struct c3d_problem *p, const conv3d_tile *tile,
                       struct c3d_blocking *blocking)
{
    *blocking = (struct c3d_blocking){
        .planes = c3d_axis_map(1, 1, 1, 1),
        .rows = c3d_axis_map(tile->h, p->kernel[H], p->stride[H], p->dilation[H]),
        .row = c3d_row_layout(tile->w, p->kernel[W], p->stride[W], p->dilation[W]),
        .zero_rows = true,
        .cold = true,
    };
}

static size_t aligned(size_t bytes)
{
    return (size_t)c3d_round_up((int64_t)bytes, C3D_ALIGNMENT);
}

/* False if an offset within a plane, or all planes, are too large for the limit. */
static bool lay_out(const struct c3d_problem *p, const struct c3d_blocking *b, int64_t depth,
                    double limit, struct layout *layout)
{
    /* The last vector of the last row may end behind it. */
    const double elems = (double)b->rows.slots * (double)b->row.length + 2 * C3D_MAX_LANES;
    const double taps = (double)p->kernel[H] * (double)p->kernel[W];
    const double ring = (double)ring_planes(p, depth);
    const double bytes = ring * (elems * sizeof(float) + sizeof(float *) + sizeof(int64_t)) +
                         taps * sizeof(int32_t) + 4 * C3D_ALIGNMENT;
    if (elems > INT32_MAX || bytes > limit) {
        return false;
    }
    layout->plane_elems = c3d_round_up((int64_t)elems - C3D_MAX_LANES, C3D_MAX_LANES);
    layout->planes = 0;
    layout->held = aligned(layout->planes + (size_t)ring * sizeof(float *));
    layout->taps = aligned(layout->held + (size_t)ring * sizeof(int64_t));
    layout->ring = aligned(layout->taps + (size_t)taps * sizeof(int32_t));
    layout->bytes = layout->ring + (size_t)ring * (size_t)layout->plane_elems * sizeof(float);
    return true;
}

static const char *refusal(const struct c3d_request *request)
{
    static const conv3d_tile least = {.t = 1, .h = 1, .w = 1};
    const struct c3d_problem *const p = request->problem;
    struct c3d_blocking blocking;
    struct layout layout;
    if (p->in_channels != 1 || p->groups == 1) {
        return "a group has more than one input channel, or there is one group";
    }
    if (p->columns) {
        return "one output per item";
    }
    map_window(p, &least, &blocking);
    if (!lay_out(p, &blocking, least.t, (double)request->scratch_limit, &layout)) {
        return "the packed planes of one output exceed the limit";
    }
    return request->finite_weights ? NULL : "a weight is not finite, and it multiplies padding";
}

/* FMAs, what comes beside them for each box and plane of input, memory as in depthwise.c, and
 * packing, row by row.  Cycles of a Zen 1 core for a vector of outputs, 2 threads, and what this gives:
 * 7x7x7 437 and 440, 3x3x3 53 and 64, 1x3x3 40 and 37, 5x1x1 40 and 42, 3x1x1 29 and 36, 1x1x1 33
 * and 33. */
static double estimate(const struct c3d_request *request)
{
    static const double fma = 1.15, box = 4, plane = 3, row = 40, plain = 4, dealt = 8;
    const double memory = 5 * request->rates.memory;
    const struct c3d_problem *const p = request->problem;
    const double lanes = request->kernels->lanes, maps = (double)p->groups;
    const double vectors = maps * (double)p->out_channels * (double)p->out[T] *
                           (double)p->out[H] * (double)c3d_ceil_div(p->out[W], (int64_t)lanes);
    const double pack = p->stride[W] == 1 ? plain : dealt;
    return vectors * ((double)c3d_reduction(p) * fma + (double)p->kernel[T] * plane + box + memory) +
           maps * (double)p->in[T] * (double)p->in[H] *
               (row + (double)p->in[W] / lanes * (memory + pack));
}

static void destroy(struct c3d_prepared *prepared)
{
    c3d_free(prepared);
}

/* Elements in front of the bias. */
static ptrdiff_t bias_offset(const struct c3d_problem *p)
{
    return c3d_panel_offset(p, channel.lanes, p->groups, 0);
}

static void pack(const struct c3d_prepared *prepared, const float *weight, const float *bias,
                 float *packed)
{
    const struct c3d_problem *const p = &((const struct depthwise_packed *)prepared)->problem;
    c3d_pack_weights(p, channel, weight, packed);
    c3d_pack_bias(p, channel.lanes, bias, packed + bias_offset(p));
}

static void attach(struct c3d_prepared *prepared, const float *packed)
{
    struct depthwise_packed *const d = (struct depthwise_packed *)prepared;
    d->weights = packed;
    d->bias = packed + bias_offset(&d->problem);
}

/* Bytes of the ring for tiles of so many planes and rows. */
static double ring_bytes(const struct c3d_problem *p, conv3d_tile tile)
{
    struct c3d_blocking blocking;
    map_window(p, &tile, &blocking);
    return (double)ring_planes(p, tile.t) * (double)blocking.rows.slots *
           (double)blocking.row.length * sizeof(float);
}

/* That of depthwise.c where the ring does not grow with the tile.  A march computes two planes of
 * outputs in vain and packs the rows between tiles twice: tiles of 16 planes, or as many as fit half
 * of L2 with some rows. */
static conv3d_tile choose_tile(const struct c3d_request *request)
{
    enum { deep = 16, least_rows = 16 };
    const struct c3d_problem *const p = request->problem;
    const conv3d_tile *const wish = &request->tile;
    const double room = (double)c3d_l2_bytes(request) / 2;
    conv3d_tile tile = c3d_depthwise_tile(request);
    if (planes_at_a_time(p, deep) < deep) {
        return tile;
    }
    const int64_t deepest = tile.t;
    if (wish->t == 0) {
        tile.t = c3d_min(tile.t, deep * p->dilation[T]);
    }
    while (wish->h == 0 && tile.h > least_rows && ring_bytes(p, tile) > room) {
        tile.h = c3d_equal_parts(p->out[H], tile.h - 1);
    }
    while (wish->t == 0 && tile.t < deepest) {
        conv3d_tile deeper = tile;
        deeper.t = c3d_min(2 * tile.t, deepest);
        if (ring_bytes(p, deeper) > room) {
            break;
        }
        tile = deeper;
    }
    return tile;
}

static conv3d_status prepare(const struct c3d_request *request, struct c3d_prepared **prepared)
{
    const struct c3d_problem *const p = request->problem;
    const int64_t channels = p->groups * p->out_channels, taps = c3d_volume(p->kernel);
    *prepared = NULL;
    struct depthwise_packed *const d = c3d_alloc(sizeof *d);
    if (d == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    *d = (struct depthwise_packed){
        .base = {.algorithm = &c3d_depthwise_packed,
                 .tile = choose_tile(request),
                 .packed_bytes = (size_t)(channels * (taps + 1)) * sizeof(float)},
        .problem = *p,
        .kernels = request->kernels,
        .relu = request->relu,
        .stream = request->stream,
    };
    conv3d_tile *const tile = &d->base.tile;
    map_window(p, tile, &d->blocking);
    while (!lay_out(p, &d->blocking, tile->t, (double)request->scratch_limit, &d->layout)) {
        int64_t *const longer = tile->h > 1 ? &tile->h : tile->w > 1 ? &tile->w : &tile->t;
        if (*longer == 1) {
            c3d_free(d);
            return c3d_fail(CONV3D_ERR_LIMIT, "a limit of %zu workspace bytes per thread holds not "
                            "the planes of one output", request->scratch_limit);
        }
        *longer = c3d_ceil_div(*longer, 2);
        map_window(p, tile, &d->blocking);
    }
    d->base.scratch_bytes = d->layout.bytes;
    *prepared = &d->base;
    return CONV3D_OK;
}

/* One task, and of it one output channel. */
struct worker {
    const struct depthwise_packed *depthwise;
    const struct c3d_task *task;
    const float *input; /* of the task's item and group */
    float *output;      /* of the channel */
    const float **planes;
    int64_t *held; /* coordinate of each plane of the ring */
    float *ring;
    int64_t ring_planes;
    int most_width; /* of a box */
    struct c3d_box box;
};

/* The input plane of tap kt of output plane t, packed; further taps are those of the next output
 * planes, a dilation later.  Planes a dilation apart follow each other in the ring. */
static const float *packed_plane(struct worker *worker, int64_t t, int64_t kt)
{
    const struct depthwise_packed *const d = worker->depthwise;
    const struct c3d_problem *const p = &d->problem;
    const int64_t stride = p->stride[T], dilation = p->dilation[T];
    const int64_t at = t * stride + kt * dilation - p->begin[T];
    const int64_t number = stride == 1     ? t / dilation + kt
                           : dilation == 1 ? t * stride + kt
                                           : kt;
    const int64_t place = number % worker->ring_planes;
    float *const plane = worker->ring + place * d->layout.plane_elems;
    if (worker->held[place] != at) {
        const int64_t later = c3d_max(kt + 1 - p->kernel[T], 0);
        struct c3d_task task = *worker->task;
        task.out[T].begin = t + later * dilation;
        task.out[T].end = task.out[T].begin + 1;
        const struct c3d_chunk chunk = {
            .channels = {0, 1},
            .taps = {{kt - later, kt - later + 1}, {0, p->kernel[H]}, {0, p->kernel[W]}},
        };
        c3d_pack_input(d->kernels, p, &d->blocking, &task, &chunk, worker->input, plane);
        worker->held[place] = at;
    }
    return plane;
}

/* The planes inside the input that the box's outputs, the first of them in plane t, read. */
static void take_planes(struct worker *worker, int64_t t)
{
    const struct c3d_problem *const p = &worker->depthwise->problem;
    struct c3d_box *const box = &worker->box;
    const int64_t before = p->begin[T] - t * p->stride[T], dilation = p->dilation[T];
    const int64_t most = p->kernel[T] + box->plane_count - 1;
    const int64_t begin = before <= 0 ? 0 : c3d_min(c3d_ceil_div(before, dilation), most);
    const int64_t end = before + p->in[T] <= 0 ? 0 : c3d_ceil_div(before + p->in[T], dilation);
    box->plane_begin = (int)begin;
    box->plane_end = (int)c3d_max(begin, c3d_min(end, most));
    for (int q = box->plane_begin; q < box->plane_end; q++) {
        worker->planes[q] = packed_plane(worker, t, q);
    }
}

/* Boxes side by side, their first outputs in row h of plane t. */
static void compute_rows(struct worker *worker, int64_t t, int64_t h)
{
    const struct depthwise_packed *const d = worker->depthwise;
    const struct c3d_problem *const p = &d->problem;
    const struct c3d_range *const out = worker->task->out;
    struct c3d_box *const box = &worker->box;
    const int lanes = d->kernels->lanes;
    box->at = (h - out[H].begin) * box->row_step;
    box->out = worker->output + (t * p->out[H] + h) * p->out[W] + out[W].begin;
    for (int64_t left = c3d_extent(out[W]); left > 0; left -= box->width * lanes) {
        const int64_t vectors = c3d_ceil_div(left, lanes);
        box->width = (int)c3d_min(vectors, vectors == 4 ? 2 : worker->most_width);
        box->last_lanes = (int)c3d_min(left - (box->width - 1) * lanes, lanes);
        d->kernels->box(box);
        box->at += box->width * lanes;
        box->out += box->width * lanes;
    }
}

/* All rows of the task in the planes from t on, in boxes of nearly equal height, as high as the
 * widest of them may be. */
static void compute_planes(struct worker *worker, int64_t t)
{
    const struct c3d_range rows = worker->task->out[H];
    const int64_t vectors = c3d_ceil_div(c3d_extent(worker->task->out[W]),
                                         worker->depthwise->kernels->lanes);
    const bool march = worker->box.plane_count > 2;
    worker->most_width = march || vectors == 4 ? C3D_MARCH_VECTORS : C3D_BOX_VECTORS;
    const int64_t most =
        (march ? C3D_MARCH_SUMS : C3D_BOX_SUMS) / c3d_min(vectors, worker->most_width);
    take_planes(worker, t);
    int64_t h = rows.begin;
    for (int64_t boxes = c3d_ceil_div(c3d_extent(rows), most); boxes > 0; boxes--) {
        worker->box.rows = (int)c3d_ceil_div(rows.end - h, boxes);
        compute_rows(worker, t, h);
        h += worker->box.rows;
    }
}

static void compute_channel(struct worker *worker)
{
    const struct c3d_problem *const p = &worker->depthwise->problem;
    const struct c3d_range out = worker->task->out[T];
    const int64_t apart = c3d_depthwise_pairs(p) ? p->dilation[T] : 1;
    for (int64_t first = out.begin; first < c3d_min(out.begin + apart, out.end); first++) {
        for (int64_t t = first; t < out.end; t += worker->box.plane_count * apart) {
            worker->box.plane_count =
                (int)planes_at_a_time(p, c3d_ceil_div(out.end - t, apart));
            compute_planes(worker, t);
        }
    }
}

static void list_taps(const struct c3d_problem *p, const struct c3d_blocking *b, int32_t *tap)
{
    for (int64_t kh = 0; kh < p->kernel[H]; kh++) {
        for (int64_t kw = 0; kw < p->kernel[W]; kw++) {
            *tap++ = (int32_t)(kh * b->rows.per_tap * b->row.length +
                               c3d_tap_offset(&b->row, kw));
        }
    }
}

static void run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                     const struct c3d_task *next, const float *input, float *output,
                     void *scratch)
{
    (void)next;
    const struct depthwise_packed *const d = (const struct depthwise_packed *)prepared;
    const struct c3d_problem *const p = &d->problem;
    const struct c3d_blocking *const b = &d->blocking;
    const int64_t taps = c3d_volume(p->kernel);
    const struct layout *const layout = &d->layout;
    unsigned char *const buffers = scratch;
    int32_t *const tap_list = (int32_t *)(void *)(buffers + layout->taps);
    struct worker worker = {
        .depthwise = d,
        .task = task,
        .input = c3d_task_input(p, task, input),
        .planes = (const float **)(void *)(buffers + layout->planes),
        .held = (int64_t *)(void *)(buffers + layout->held),
        .ring = (float *)(void *)(buffers + layout->ring),
        .ring_planes = ring_planes(p, prepared->tile.t),
        .box = {
            .planes = (const float *const *)(void *)(buffers + layout->planes),
            .row_step = (ptrdiff_t)(b->rows.per_out * b->row.length),
            .taps = tap_list,
            .tap_count = (int)(p->kernel[H] * p->kernel[W]),
            .three_by_three = p->kernel[H] == 3 && p->kernel[W] == 3,
            .weight_step = (ptrdiff_t)(p->kernel[H] * p->kernel[W]),
            .kt_count = (int)p->kernel[T],
            .out_plane = (ptrdiff_t)(p->dilation[T] * p->out[H] * p->out[W]),
            .out_row = (ptrdiff_t)p->out[W],
            .relu = d->relu,
        },
    };
    list_taps(p, b, tap_list);
    for (int64_t i = 0; i < worker.ring_planes; i++) {
        worker.held[i] = INT64_MIN;
    }
    for (int64_t oc = task->channels.begin; oc < task->channels.end; oc++) {
        const int64_t map = task->group * p->out_channels + oc;
        worker.output =
            output + (task->item * p->groups * p->out_channels + map) * c3d_volume(p->out);
        worker.box.weights = d->weights + map * taps;
        worker.box.bias = d->bias[map];
        /* Lines as a whole: side by side boxes are not computed one after the other. */
        worker.box.stream = d->stream && c3d_depthwise_whole_lines(p, task, worker.output);
        compute_channel(&worker);
    }
}

const struct c3d_algorithm c3d_depthwise_packed = {
    .name = "depthwise_packed",
    .refusal = refusal,
    .estimate = estimate,
    .error = c3d_sequential_error,
    .prepare = prepare,
    .pack = pack,
    .attach = attach,
    .destroy = destroy,
    .run_task = run_task,
};
