/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowwise.c - see rowwise.h
 */
#include "algo/rowwise.h"

#include "algo/rowwise_tile.h"
#include "algo/window.h"
#include "base/mem.h"
#include "base/num.h"

const char *c3d_rowwise_refusal(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    if (p->columns) {
        return "one output per item";
    }
    const double taps = (double)p->kernel[T] * (double)p->kernel[H] * (double)p->kernel[W];
    /* One output, one input channel, sums of all output channels. */
    const double least = taps * (sizeof(float) + sizeof(struct c3d_tap)) +
                         ((double)(p->out_channels + C3D_MAX_COUNT) * C3D_MAX_LANES +
                          (C3D_ENOUGH_TILES * C3D_MAX_ACCUMULATORS * C3D_MAX_LANES) +
                          C3D_ROWWISE_FRONT + 2 * C3D_ROWWISE_SLACK) * sizeof(float) +
                         (1 + C3D_MAX_VECTORS) * sizeof(struct c3d_torn_vector) +
                         4.0 * C3D_ALIGNMENT;
    if (least > (double)request->scratch_limit) {
        return "the window of one output exceeds the limit of workspace";
    }
    return request->finite_weights ? NULL : "a weight is not finite, and it multiplies padding";
}

void c3d_rowwise_destroy(struct c3d_prepared *prepared)
{
    c3d_free(prepared);
}

conv3d_status c3d_rowwise_prepare(const struct c3d_request *request,
                                  const struct c3d_algorithm *algorithm, int64_t block_size,
                                  struct c3d_prepared **prepared)
{
    const struct c3d_problem *const p = request->problem;
    const int64_t channels = p->groups * p->out_channels;
    *prepared = NULL;
    struct c3d_rowwise *const r = c3d_alloc(sizeof *r);
    if (r == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    const conv3d_status status = c3d_rowwise_cut(r, request, block_size);
    if (status != CONV3D_OK) {
        c3d_free(r);
        return status;
    }
    r->base = (struct c3d_prepared){
        .algorithm = algorithm,
        .tile = r->blocking.tile,
        .scratch_bytes = r->blocking.scratch_bytes,
        .packed_bytes = (size_t)(channels * (c3d_reduction(p) + 1)) * sizeof(float),
    };
    *prepared = &r->base;
    return CONV3D_OK;
}

/* Elements in front of the bias. */
static int64_t bias_offset(const struct c3d_problem *p)
{
    return p->groups * p->out_channels * c3d_reduction(p);
}

void c3d_rowwise_pack(const struct c3d_prepared *prepared, const float *weight,
                      const float *bias, float *packed)
{
    const struct c3d_rowwise *const r = (const struct c3d_rowwise *)prepared;
    const struct c3d_problem *const p = &r->problem;
    const int64_t taps = c3d_volume(p->kernel), reduction = c3d_reduction(p);
    float *const packed_bias = packed + bias_offset(p);
    for (int64_t g = 0; g < p->groups; g++) {
        for (int64_t oc = 0; oc < p->out_channels; oc++) {
            const int64_t channel = g * p->out_channels + oc;
            const int64_t first = oc / r->block_size * r->block_size;
            const int64_t count = c3d_min(r->block_size, p->out_channels - first);
            float *const to = packed + (g * p->out_channels + first) * reduction + (oc - first);
            const float *const from = weight + channel * reduction;
            for (int64_t i = 0; i < reduction; i++) {
                const int64_t tap = i % taps;
                to[i * count] = from[p->flip ? i - tap + taps - 1 - tap : i];
            }
            /* Never -0, so that adding it turns a sum of -0 into +0. */
            packed_bias[channel] = (bias != NULL ? bias[channel] : 0.0f) + 0.0f;
        }
    }
}

void c3d_rowwise_attach(struct c3d_prepared *prepared, const float *packed)
{
    struct c3d_rowwise *const r = (struct c3d_rowwise *)prepared;
    r->weights = packed;
    r->bias = packed + bias_offset(&r->problem);
}

/* Input channels from c on. */
static struct c3d_chunk chunk_from(const struct c3d_rowwise *r, int64_t c)
{
    const struct c3d_problem *const p = &r->problem;
    return (struct c3d_chunk){
        .channels = {c, c3d_min(c + r->blocking.tile.ic, p->in_channels)},
        .taps = {{0, p->kernel[T]}, {0, p->kernel[H]}, {0, p->kernel[W]}},
    };
}

int c3d_rowwise_tile_vectors(const struct c3d_kernels *kernels, int count, int64_t vectors)
{
    int most = C3D_MAX_VECTORS;
    while (most > 1 && (kernels->max_count[most] < count || most > vectors)) {
        most--;
    }
    return most;
}

/* Starts asking for what is packed after the chunk at work: the next, or the first of
 * the next task. */
static void start_prefetch(struct c3d_rowwise_worker *worker, const struct c3d_task *next,
                           const float *input)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const struct c3d_task *const task = worker->last ? next : worker->task;
    if (task == NULL || !r->ask_ahead) {
        worker->ahead = (struct c3d_prefetch){.problem = &r->problem, .steps = 1};
        return;
    }
    const struct c3d_chunk chunk = chunk_from(r, worker->last ? 0 : worker->chunk.channels.end);
    const int64_t vectors = c3d_ceil_div(c3d_extent(worker->task->out[W]), r->kernels->lanes);
    const int64_t rows = c3d_extent(worker->task->out[T]) * c3d_extent(worker->task->out[H]);
    const int64_t blocks = c3d_ceil_div(c3d_extent(worker->task->channels), r->block_size);
    const int64_t tiles = c3d_ceil_div(
        vectors, c3d_rowwise_tile_vectors(r->kernels, (int)r->block_size, vectors));
    c3d_prefetch_start(&worker->ahead, &r->problem, &r->blocking, task, &chunk,
                       c3d_task_input(&r->problem, task, input), rows * blocks * tiles);
}

/* Columns from one row of a run to the next. */
static int64_t run_pitch(const struct c3d_rowwise_worker *worker)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    return r->joined ? r->blocking.row.length : c3d_extent(worker->task->out[W]);
}

/* Which lanes of the vectors of a run of so many rows are outputs.  A run of several is of whole rows, which
 * follow each other in the output. */
static void tear_run(const struct c3d_rowwise_worker *worker, int64_t rows)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const int64_t pitch = run_pitch(worker), width = c3d_extent(worker->task->out[W]);
    const int lanes = r->kernels->lanes;
    const int64_t vectors = c3d_rowwise_torn_vectors(r, rows, width);
    int64_t at = 0, row = 0, column = 0;
    for (struct c3d_torn_vector *torn = worker->torn; torn < worker->torn + vectors; torn++) {
        *torn = (struct c3d_torn_vector){.at = (int32_t)at};
        for (int64_t lane = 0, count; lane < lanes && row < rows; lane += count) {
            const bool outputs = column < width;
            count = c3d_min((outputs ? width : pitch) - column, lanes - lane);
            if (outputs) {
                torn->lanes |= (uint16_t)(((1u << count) - 1) << lane);
                at += count;
            }
            column += count;
            if (column == pitch) {
                row++;
                column = 0;
            }
        }
    }
}

void c3d_rowwise_run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                          const struct c3d_task *next, const float *input, float *output,
                          void *scratch, void (*body)(struct c3d_rowwise_worker *worker))
{
    const struct c3d_rowwise *const r = (const struct c3d_rowwise *)prepared;
    const struct c3d_problem *const p = &r->problem;
    const struct c3d_blocking *const b = &r->blocking;
    const int64_t map = task->item * p->groups + task->group;
    struct c3d_rowwise_worker worker = {
        .rowwise = r,
        .task = task,
        .source = b->in_place ? input : (float *)scratch + C3D_ROWWISE_FRONT,
        .output = output + map * p->out_channels * c3d_volume(p->out),
        .start = true,
    };
    worker.acc = (float *)c3d_align_up((float *)scratch + b->input_elems);
    worker.taps = (struct c3d_tap *)c3d_align_up(worker.acc + b->acc_elems);
    if (r->tears) {
        worker.torn = (struct c3d_torn_vector *)c3d_align_up(worker.taps + b->tap_count);
        tear_run(&worker, r->joined ? c3d_extent(task->out[H]) : 1);
    }
    for (int64_t c = 0; c < p->in_channels; c += b->tile.ic) {
        worker.chunk = chunk_from(r, c);
        worker.last = worker.chunk.channels.end == p->in_channels;
        start_prefetch(&worker, next, input);
        if (b->in_place) {
            worker.origin = c3d_task_input(p, task, input) - input +
                            c3d_window_begin(p, task, &worker.chunk);
        } else {
            c3d_pack_input(r->kernels, p, b, task, &worker.chunk, c3d_task_input(p, task, input),
                           (float *)scratch + C3D_ROWWISE_FRONT);
        }
        body(&worker);
        worker.start = false;
    }
}

/* Of output (t, h) of the volume at the task's first column. */
static int64_t window_offset(const struct c3d_rowwise_worker *worker, int64_t t, int64_t h,
                             int64_t kt)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const struct c3d_blocking *const b = &r->blocking;
    const struct c3d_range *const out = worker->task->out;
    return worker->origin +
           ((t - out[T].begin) * b->planes.per_out + kt * b->planes.per_tap) * b->plane_pitch +
           (h - out[H].begin) * b->rows.per_out * b->row.length;
}

const float *c3d_rowwise_window(const struct c3d_rowwise_worker *worker, int64_t t, int64_t h,
                                int64_t kt)
{
    return worker->source + c3d_max(window_offset(worker, t, h, kt), 0);
}

struct c3d_range c3d_rowwise_readable(const struct c3d_rowwise_worker *worker, int64_t t,
                                      int64_t h, struct c3d_range planes)
{
    const struct c3d_problem *const p = &worker->rowwise->problem;
    const struct c3d_blocking *const b = &worker->rowwise->blocking;
    if (!b->in_place || c3d_extent(planes) == 0) {
        return (struct c3d_range){-C3D_ROWWISE_FRONT, INT64_MAX};
    }
    /* Of all chunks, whose register tiles must be the same. */
    const int64_t before = window_offset(worker, t, h, planes.begin) -
                           worker->chunk.channels.begin * b->channel_pitch;
    const int64_t elems = p->items * p->groups * p->in_channels * b->channel_pitch;
    const int64_t reach =
        (p->in_channels - 1) * b->channel_pitch +
        (c3d_extent(planes) - 1) * p->dilation[T] * b->plane_pitch +
        (p->kernel[H] - 1) * p->dilation[H] * p->in[W] + (p->kernel[W] - 1) * p->dilation[W];
    return (struct c3d_range){-before, elems - before - reach};
}

const float *c3d_rowwise_weights(const struct c3d_rowwise_worker *worker, int64_t oc,
                                 int64_t count)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const struct c3d_problem *const p = &r->problem;
    return r->weights + (worker->task->group * p->out_channels + oc) * c3d_reduction(p) +
           worker->chunk.channels.begin * c3d_volume(p->kernel) * count;
}

/* Of a piece, the first channel and the given column of its run's row. */
static float *piece_output(const struct c3d_rowwise_worker *worker,
                           const struct c3d_rowwise_piece *piece, int64_t row, int64_t column)
{
    const struct c3d_problem *const p = &worker->rowwise->problem;
    return worker->output + ((piece->oc * p->out[T] + piece->t) * p->out[H] + piece->h + row) *
                                p->out[W] + worker->task->out[W].begin + column;
}

/* How far behind a vector's boundary an output lies.  Lanes are a power of two: divisions would
 * take a tenth of a layer with few steps. */
static int64_t elems_past_vector(const struct c3d_rowwise *r, const float *out)
{
    return (int64_t)((uintptr_t)out / sizeof(float) & (uintptr_t)(r->kernels->lanes - 1));
}

int64_t c3d_rowwise_run_begin(const struct c3d_rowwise_worker *worker,
                              const struct c3d_rowwise_piece *piece)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    return r->stream ? -elems_past_vector(r, piece_output(worker, piece, 0, 0)) : 0;
}

/* Whether the tile that begins with this vector holds nothing but consecutive outputs. */
static bool is_whole(const struct c3d_torn_vector *first, int lanes, int vectors)
{
    const struct c3d_torn_vector *const last = first + vectors - 1;
    return last->at - first->at == (vectors - 1) * lanes && last->lanes == (1u << lanes) - 1;
}

int c3d_rowwise_finish_torn(const struct c3d_rowwise_worker *worker,
                            const struct c3d_rowwise_piece *piece, struct c3d_outer *outer,
                            struct c3d_finish *finish, struct c3d_tear *tear)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const int lanes = r->kernels->lanes, width = outer->vector_count;
    const struct c3d_torn_vector *const first = worker->torn + piece->first / lanes;
    const bool whole = is_whole(first, lanes, width);
    int tiles = 1;
    while (tiles < outer->tiles && is_whole(first + tiles * width, lanes, width) == whole) {
        tiles++;
    }
    const float *const bias = r->bias + worker->task->group * r->problem.out_channels + piece->oc;
    float *const out = piece_output(worker, piece, 0, 0);
    const ptrdiff_t row_stride = (ptrdiff_t)c3d_volume(r->problem.out);
    if (whole) {
        *finish = (struct c3d_finish){
            .bias = bias, .out = out + first->at, .row_stride = row_stride, .relu = r->relu};
        outer->finish = finish;
    } else {
        *tear = (struct c3d_tear){
            .vectors = first, .bias = bias, .out = out, .row_stride = row_stride, .relu = r->relu};
        outer->tear = tear;
    }
    return tiles;
}

bool c3d_rowwise_finish(const struct c3d_rowwise_worker *worker,
                        const struct c3d_rowwise_piece *piece, int64_t outs,
                        struct c3d_finish *finish)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const int64_t pitch = run_pitch(worker), width = c3d_extent(worker->task->out[W]);
    const int64_t first = piece->first;
    if (first < 0 || first + piece->count > outs) {
        return false;
    }
    const bool consecutive = pitch == width && width == r->problem.out[W];
    const int64_t row = consecutive || first < pitch ? 0 : first / pitch;
    const int64_t column = first - row * pitch;
    if (!consecutive && column + piece->count > width) {
        return false;
    }
    *finish = (struct c3d_finish){
        .bias = r->bias + worker->task->group * r->problem.out_channels + piece->oc,
        .out = piece_output(worker, piece, row, column),
        .row_stride = (ptrdiff_t)c3d_volume(r->problem.out),
        .relu = r->relu,
    };
    finish->stream = r->stream && elems_past_vector(r, finish->out) == 0;
    return true;
}

void c3d_rowwise_store(const struct c3d_rowwise_worker *worker,
                       const struct c3d_rowwise_piece *piece)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const struct c3d_problem *const p = &r->problem;
    const struct c3d_range *const out = worker->task->out;
    const int64_t width = c3d_extent(out[W]);
    const int64_t pitch = run_pitch(worker);
    const int64_t volume = c3d_volume(p->out);
    const int64_t end = piece->first + piece->count;
    struct c3d_copy copy = {
        .bias = r->bias + worker->task->group * p->out_channels + piece->oc,
        .acc_stride = piece->acc_stride,
        .row_stride = (ptrdiff_t)volume,
        .rows = piece->channels,
        .relu = r->relu,
    };
    for (int64_t at = piece->first, stop; at < end; at = stop) {
        const int64_t row = at < pitch ? 0 : at / pitch, column = at - row * pitch;
        stop = c3d_min((row + 1) * pitch, end);
        if (column < width) {
            copy.acc = piece->acc + (at - piece->first);
            copy.count = (size_t)c3d_min(width - column, stop - at);
            copy.out = piece_output(worker, piece, row, column);
            r->kernels->copy(&copy);
        }
    }
}
