/* SPDX-License-Identifier: Apache-2.0 */
/*
 * direct.c - blocked direct convolution, output channels in vector lanes
 *
 * A task owns a box of outputs.  For each chunk of input channels it packs the
 * window that the box reads into an L2-sized buffer, unless all that is read
 * of it can stay where it lies; then, panel by panel of
 * output channels, register tiles of consecutive outputs of a row run through
 * the chunk's reduction and are kept as partial sums beside it.  At the end
 * the sums are transposed into the output, bias and activation on the way.
 *
 * Every output is one chain of FMAs in the order c, kt, kh, kw: chunks come in
 * that order, and partial sums are stored and reloaded exactly.  Taps in the
 * padding of T and H are left out.  Those of W are left out by ragged tiles where
 * the micro-kernel can, and multiplied by packed zeros elsewhere, which changes no
 * bit of a sum but possibly the sign of a zero, and that ends as +0 when the bias is
 * added; only when some weight is not finite are rows cut where the set of valid kw
 * changes, and all W padding is left out.
 */
#include "algo/algo.h"
#include "algo/blocking.h"
#include "algo/pack_input.h"
#include "algo/pack_weights.h"
#include "algo/tap_list.h"
#include "algo/window.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>

struct direct {
    struct c3d_prepared base;
    struct c3d_problem problem;
    const struct c3d_kernels *kernels;
    struct c3d_blocking blocking;
    bool relu, stream;
    bool skip_columns; /* leave out W padding too: some weight is not finite */
    const float *weights, *bias; /* panels, and behind them the bias */
};

/* What comes after the chunk and the panel at work, asked for meanwhile: both lie
 * beyond L2, in pieces too short for the hardware to foresee. */
struct next {
    struct c3d_prefetch input;
    const float *weights, *weights_end;
    int64_t weights_lines; /* for every register tile */
};

/* A chunk of a task. */
struct stage {
    const struct c3d_task *task;
    const float *source; /* input of the task's item and group */
    struct c3d_chunk chunk;
};

/* What one task works with. */
struct worker {
    const struct direct *direct;
    const struct c3d_task *task;
    struct c3d_chunk chunk;
    struct stage after; /* perhaps of the next task; empty channels = nothing */
    struct next next;
    const float *window; /* packed, or the input itself, where it may begin in front of it */
    float *acc;   /* [panel][output of the task][lane] */
    struct c3d_tap_lists taps;
};

static const char *refusal(const struct c3d_request *request)
{
    (void)request;
    return NULL; /* every shape */
}

static double estimate(const struct c3d_request *request)
{
    struct c3d_blocking blocking;
    if (c3d_choose_blocking(request, &blocking) != CONV3D_OK) {
        return INFINITY;
    }
    return blocking.cost + c3d_blocking_overhead(request, &blocking);
}

static void destroy(struct c3d_prepared *prepared)
{
    c3d_free(prepared);
}

static conv3d_status prepare(const struct c3d_request *request, struct c3d_prepared **prepared)
{
    const struct c3d_problem *const problem = request->problem;
    const int lanes = request->kernels->lanes;
    *prepared = NULL;
    struct c3d_blocking blocking;
    const conv3d_status status = c3d_choose_blocking(request, &blocking);
    if (status != CONV3D_OK) {
        return status;
    }
    int64_t elems;
    if (!c3d_packed_elems(problem, lanes, &elems)) {
        return c3d_fail(CONV3D_ERR_OVERFLOW, "the packed weights of %lld channels do not fit "
                        "the address space", (long long)(problem->groups * problem->out_channels));
    }
    const int64_t bias_elems = problem->groups * c3d_padded_channels(problem, lanes);
    struct direct *const direct = c3d_alloc(sizeof *direct);
    if (direct == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    *direct = (struct direct){
        .base = {.algorithm = &c3d_direct,
                 .tile = blocking.tile,
                 .scratch_bytes = blocking.scratch_bytes,
                 .packed_bytes = (size_t)(elems + bias_elems) * sizeof(float)},
        .problem = *problem,
        .kernels = request->kernels,
        .blocking = blocking,
        .relu = request->relu,
        .stream = request->stream,
        .skip_columns = !request->finite_weights,
    };
    *prepared = &direct->base;
    return CONV3D_OK;
}

/* Elements in front of the bias. */
static ptrdiff_t bias_offset(const struct direct *direct)
{
    return c3d_panel_offset(&direct->problem, direct->kernels->lanes, direct->problem.groups, 0);
}

static void pack(const struct c3d_prepared *prepared, const float *weight, const float *bias,
                 float *packed)
{
    const struct direct *const direct = (const struct direct *)prepared;
    c3d_pack_weights(&direct->problem, direct->blocking.panels, weight, packed);
    c3d_pack_bias(&direct->problem, direct->kernels->lanes, bias, packed + bias_offset(direct));
}

static void attach(struct c3d_prepared *prepared, const float *packed)
{
    struct direct *const direct = (struct direct *)prepared;
    direct->weights = packed;
    direct->bias = packed + bias_offset(direct);
}

/* The end of the run of outputs from w on that share valid taps. */
static int64_t run_end(const struct worker *worker, int64_t w, struct c3d_range *taps)
{
    const struct direct *const d = worker->direct;
    const int64_t end = worker->task->out[W].end;
    if (!d->skip_columns) {
        *taps = worker->chunk.taps[W];
        return end;
    }
    *taps = c3d_intersection(c3d_valid_taps(&d->problem, W, w), worker->chunk.taps[W]);
    do {
        w++;
    } while (w < end && c3d_same_range(c3d_intersection(c3d_valid_taps(&d->problem, W, w),
                                                      worker->chunk.taps[W]), *taps));
    return w;
}

/* What to ask for while register tiles are at work: for each a line of input for each channel,
 * and one or two of weights; more than that at once. */
static void prefetch(struct next *next, const struct c3d_kernels *kernels,
                     struct c3d_outer *outer)
{
    enum { WEIGHTS = 1, most = C3D_MAX_AHEAD - WEIGHTS };
    _Static_assert(most == 2, "as many lines for each asker as are needed, 1 or 2");
    c3d_prefetch_by(&next->input, outer);
    const int64_t tiles = outer->tiles;
    const int64_t left = c3d_max(next->weights_end - next->weights, 0);
    const int64_t lines =
        c3d_min(next->weights_lines, c3d_ceil_div(left, tiles * C3D_LINE_ELEMS));
    const int64_t askers = c3d_max(
        (int64_t)outer->channels / (outer->tap_count == 1 ? kernels->channels_per_ask : 1), 1);
    const int64_t each = lines <= 0 ? 0 : lines <= askers ? 1 : most;
    for (int64_t i = 0; i < most; i++) {
        outer->ahead[WEIGHTS + i].at =
            each > 0 ? next->weights + c3d_min(i, each - 1) * C3D_LINE_ELEMS : outer->scalars;
        outer->ahead[WEIGHTS + i].step = each * C3D_LINE_ELEMS;
        outer->ahead[WEIGHTS + i].next = lines * C3D_LINE_ELEMS;
    }
    for (int64_t tile = 0; tile < tiles; tile++) {
        for (int64_t i = each * askers; i < lines; i++) {
            __builtin_prefetch(next->weights + i * C3D_LINE_ELEMS, 0, 2);
        }
        next->weights += lines * C3D_LINE_ELEMS;
    }
}

/* Register tiles of one panel, of the same columns in each of some rows of outputs that have
 * the same taps, or one after another in one row; `outer` holds what does not change. */
static void convolve_tiles(struct worker *worker, struct c3d_outer *outer,
                           const struct c3d_tap_list *list)
{
    outer->taps = list->taps;
    outer->tap_count = list->count;
    outer->ragged = list->ragged;
    outer->triples = list->triples;
    outer->adjacent = list->adjacent;
    const struct c3d_kernels *const kernels = worker->direct->kernels;
    prefetch(&worker->next, kernels, outer);
    kernels->outer(outer);
}

/* What row (t, h) of outputs reads of the window, from its first plane and row on. */
static const float *window_row(const struct worker *worker, int64_t t, int64_t h)
{
    const struct c3d_blocking *const b = &worker->direct->blocking;
    const struct c3d_range *const out = worker->task->out;
    return worker->window + (t - out[T].begin) * b->planes.per_out * b->plane_pitch +
           (h - out[H].begin) * b->rows.per_out * b->row.length;
}

/* One panel for some rows of a plane of outputs whose taps are these.  All rows of a register
 * tile's columns are one call; of a single row, as many tiles as are alike. */
static void convolve_rows(struct worker *worker, struct c3d_outer *outer, int64_t t,
                          struct c3d_range rows, struct c3d_range taps[3], float *acc)
{
    const struct direct *const d = worker->direct;
    const struct c3d_blocking *const b = &d->blocking;
    const struct c3d_range *const out = worker->task->out;
    const int width = outer->vector_count * d->kernels->lanes;
    const int limit = d->kernels->max_count[outer->vector_count];
    const float *const row = window_row(worker, t, rows.begin);
    const bool single = c3d_extent(rows) == 1;
    for (int64_t w = out[W].begin; w < out[W].end;) {
        const int64_t end = run_end(worker, w, &taps[W]);
        /* Tiles of nearly equal length: a short last one would leave the FMA
         * units waiting. */
        const int64_t tiles = c3d_ceil_div(end - w, limit);
        const int64_t shorter = (end - w) / tiles, longer_tiles = (end - w) % tiles;
        c3d_tap_lists_turn(&worker->taps, taps, NULL, width);
        for (int64_t tile = 0, together; tile < tiles; tile += together) {
            const int64_t count = shorter + (tile < longer_tiles);
            const int64_t of_count = c3d_min((tile < longer_tiles ? longer_tiles : tiles) - tile,
                                             C3D_ENOUGH_TILES);
            const struct c3d_range columns = {w, w + count};
            const struct c3d_tap_list *const list = c3d_tap_lists_find(&worker->taps, columns);
            outer->count = (int)count;
            outer->scalars = row + (w - out[W].begin) * b->row.per_out;
            outer->acc = acc + (w - out[W].begin) * width;
            together = 1;
            if (single) {
                together = c3d_tap_lists_alike(&worker->taps, columns, of_count);
                outer->tiles = (int)together;
                outer->next.scalars = count * b->row.per_out;
                outer->next.acc = count * width;
            }
            convolve_tiles(worker, outer, list);
            w += together * count;
        }
    }
}

static struct c3d_range taps_of_row(const struct worker *worker, int64_t h)
{
    return c3d_intersection(c3d_valid_taps(&worker->direct->problem, H, h), worker->chunk.taps[H]);
}

/* One panel for rows of a plane of outputs two by two, all whole: each two are a register tile.  Returns
 * the row after them. */
static int64_t convolve_pairs(struct worker *worker, struct c3d_outer *outer, int64_t t, int64_t h,
                              struct c3d_range taps[3], float *acc)
{
    const struct direct *const d = worker->direct;
    const struct c3d_blocking *const b = &d->blocking;
    const struct c3d_range *const out = worker->task->out;
    const int width = outer->vector_count * d->kernels->lanes;
    const ptrdiff_t row = (ptrdiff_t)(b->rows.per_out * b->row.length);
    const struct c3d_range below = taps_of_row(worker, h + 1);
    int64_t end = h;
    do {
        end += 2;
    } while (end + 1 < out[H].end && end - h < 2 * C3D_ENOUGH_TILES &&
             c3d_same_range(taps[H], taps_of_row(worker, end)) &&
             c3d_same_range(below, taps_of_row(worker, end + 1)));
    taps[W] = worker->chunk.taps[W];
    c3d_tap_lists_turn(&worker->taps, taps, &below, width);
    outer->tiles = (int)((end - h) / 2);
    outer->count = (int)(2 * c3d_extent(out[W]));
    outer->fold = row;
    outer->scalars = window_row(worker, t, h);
    outer->acc = acc;
    outer->next.scalars = 2 * row;
    outer->next.acc = outer->count * width;
    convolve_tiles(worker, outer, c3d_tap_lists_find(&worker->taps, out[W]));
    outer->fold = 0;
    return end;
}

/* One panel for a plane of outputs, row after row or many at once. */
static float *convolve_plane(struct worker *worker, struct c3d_outer *outer, int64_t t, float *acc)
{
    const struct direct *const d = worker->direct;
    const struct c3d_range *const out = worker->task->out;
    const int64_t row = c3d_extent(out[W]) * outer->vector_count * d->kernels->lanes;
    struct c3d_range taps[3] = {
        c3d_intersection(c3d_valid_taps(&d->problem, T, t), worker->chunk.taps[T]),
    };
    for (int64_t h = out[H].begin, end; h < out[H].end; h = end) {
        taps[H] = taps_of_row(worker, h);
        if (d->blocking.folded && h + 1 < out[H].end) {
            end = convolve_pairs(worker, outer, t, h, taps, acc);
            acc += (end - h) * row;
            continue;
        }
        end = h;
        do {
            end++;
        } while (end < out[H].end && end - h < C3D_ENOUGH_TILES &&
                 c3d_same_range(taps[H], taps_of_row(worker, end)));
        outer->tiles = (int)(end - h);
        outer->next.scalars = d->blocking.rows.per_out * d->blocking.row.length;
        outer->next.acc = row;
        convolve_rows(worker, outer, t, (struct c3d_range){h, end}, taps, acc);
        acc += (end - h) * row;
    }
    return acc;
}

/* A chunk's part of a panel of weights. */
struct piece {
    const float *weights;
    int vectors;
    int64_t elems;
};

static struct piece find_piece(const struct direct *d, const struct c3d_chunk *chunk,
                               int64_t group, int64_t oc)
{
    const struct c3d_problem *const p = &d->problem;
    const int lanes = d->kernels->lanes;
    const struct c3d_panel panel = c3d_panel_at(d->blocking.panels, p->out_channels, oc);
    const int64_t width = (int64_t)panel.vectors * lanes, taps = c3d_volume(p->kernel);
    const struct c3d_range *const from = chunk->taps;
    const int64_t first =
        (from[T].begin * p->kernel[H] + from[H].begin) * p->kernel[W] + from[W].begin;
    const int64_t end =
        ((from[T].end - 1) * p->kernel[H] + from[H].end - 1) * p->kernel[W] + from[W].end;
    return (struct piece){
        d->weights + c3d_panel_offset(p, lanes, group, panel.channel) +
            (chunk->channels.begin * taps + first) * width,
        panel.vectors,
        c3d_max((c3d_extent(chunk->channels) - 1) * taps + end - first, 0) * width,
    };
}

/* Starts asking for the input of the chunk to come, in equal parts for all register
 * tiles of the chunk at work; returns their number for one panel, more or less. */
static int64_t start_prefetch(struct worker *worker)
{
    const struct direct *const d = worker->direct;
    const struct stage *const after = &worker->after;
    const struct c3d_task *const task = worker->task;
    const int64_t rows = c3d_extent(task->out[H]);
    const int64_t tiles = c3d_extent(task->out[T]) *
                          (d->blocking.folded ? c3d_ceil_div(rows, 2) : rows) *
                          c3d_ceil_div(c3d_extent(task->out[W]),
                                       d->kernels->max_count[d->blocking.panels.vectors]);
    const int64_t panels =
        c3d_ceil_div(c3d_extent(task->channels), c3d_panel_channels(d->blocking.panels));
    c3d_prefetch_start(&worker->next.input, &d->problem, &d->blocking, after->task,
                       &after->chunk, after->source, tiles * panels);
    return tiles;
}

static void convolve_chunk(struct worker *worker, bool start)
{
    const struct direct *const d = worker->direct;
    const struct c3d_task *const task = worker->task;
    const struct stage *const after = &worker->after;
    const int64_t channels = c3d_panel_channels(d->blocking.panels);
    const int64_t tiles = start_prefetch(worker);
    float *acc = worker->acc;
    struct piece next = find_piece(d, &worker->chunk, task->group, task->channels.begin);
    for (int64_t oc = task->channels.begin; oc < task->channels.end; oc += channels) {
        const struct piece now = next;
        const int64_t width = (int64_t)now.vectors * d->kernels->lanes;
        struct c3d_outer outer = {
            .vectors = now.weights,
            .vector_step = (ptrdiff_t)(c3d_volume(d->problem.kernel) * width),
            .scalar_step = (ptrdiff_t)d->blocking.channel_pitch,
            .channels = (size_t)c3d_extent(worker->chunk.channels),
            .vector_count = now.vectors,
            .strided = d->blocking.row.per_out == 2,
            .start = start,
        };
        next = oc + channels < task->channels.end
                   ? find_piece(d, &worker->chunk, task->group, oc + channels)
                   : find_piece(d, &after->chunk, after->task->group, after->task->channels.begin);
        worker->next.weights = next.weights;
        worker->next.weights_end = next.weights + next.elems;
        worker->next.weights_lines = c3d_ceil_div(next.elems, tiles * C3D_LINE_ELEMS);
        for (int64_t t = task->out[T].begin; t < task->out[T].end; t++) {
            acc = convolve_plane(worker, &outer, t, acc);
        }
    }
}

/* Sets chunk to the one after it in the order of the sum; false after the last. */
static bool advance(const struct direct *d, struct c3d_chunk *chunk)
{
    for (int axis = W; axis >= T; axis--) {
        struct c3d_range *const taps = &chunk->taps[axis];
        const int64_t step = d->blocking.taps[axis], kernel = d->problem.kernel[axis];
        if (taps->end < kernel) {
            *taps = (struct c3d_range){taps->end, c3d_min(taps->end + step, kernel)};
            return true;
        }
        *taps = (struct c3d_range){0, c3d_min(step, kernel)};
    }
    chunk->channels.begin = chunk->channels.end;
    chunk->channels.end =
        c3d_min(chunk->channels.end + d->blocking.tile.ic, d->problem.in_channels);
    return chunk->channels.begin < chunk->channels.end;
}

/* Columns whose channels lie side by side, as do the lanes of their sums. */
static void store_columns(const struct worker *worker, float *output)
{
    const struct direct *const d = worker->direct;
    const struct c3d_problem *const p = &d->problem;
    const struct c3d_task *const task = worker->task;
    const int lanes = d->kernels->lanes;
    const int64_t padded = c3d_padded_channels(p, lanes);
    const int64_t step = c3d_column_step(p, p->out_channels);
    const int64_t width = c3d_panel_channels(d->blocking.panels);
    const float *acc = worker->acc;
    for (int64_t oc = task->channels.begin; oc < task->channels.end; oc += width) {
        const struct c3d_panel panel = c3d_panel_at(d->blocking.panels, p->out_channels, oc);
        const struct c3d_copy copy = {
            .acc = acc,
            .bias = d->bias + task->group * padded + panel.channel,
            .acc_stride = panel.vectors * lanes,
            .row_stride = (ptrdiff_t)step,
            .out = output + task->out[W].begin * step + task->group * p->out_channels +
                   panel.channel,
            .count = (size_t)panel.channels,
            .rows = c3d_extent(task->out[W]),
            .relu = d->relu,
            .bias_of_lanes = true,
        };
        d->kernels->copy(&copy);
        acc += copy.rows * copy.acc_stride;
    }
}

/* Outputs that are consecutive in the tensor are stored in one piece: rows of
 * a tile as wide as the volume join, and planes of one as high. */
static void store_task(const struct worker *worker, float *output)
{
    const struct direct *const d = worker->direct;
    const struct c3d_problem *const p = &d->problem;
    const struct c3d_task *const task = worker->task;
    const int lanes = d->kernels->lanes;
    const int64_t volume = c3d_volume(p->out), plane = p->out[H] * p->out[W];
    const int64_t out_h = c3d_extent(task->out[H]), out_w = c3d_extent(task->out[W]);
    const bool join_rows = out_w == p->out[W];
    const bool join_planes = join_rows && out_h == p->out[H];
    const int64_t t_step = join_planes ? c3d_extent(task->out[T]) : 1;
    const int64_t h_step = join_rows ? out_h : 1;
    const int64_t padded = c3d_padded_channels(p, lanes);
    const float *acc = worker->acc;
    const int64_t width = c3d_panel_channels(d->blocking.panels);
    for (int64_t oc = task->channels.begin; oc < task->channels.end; oc += width) {
        const struct c3d_panel panel = c3d_panel_at(d->blocking.panels, p->out_channels, oc);
        struct c3d_store store = {
            .bias = d->bias + task->group * padded + panel.channel,
            .acc_stride = panel.vectors * lanes,
            .lane_stride = (ptrdiff_t)volume,
            .count = (size_t)(t_step * h_step * out_w),
            .vector_count = panel.vectors,
            .lane_count = panel.channels,
            .relu = d->relu,
            .stream = d->stream,
        };
        float *const channel =
            output + ((task->item * p->groups + task->group) * p->out_channels +
                      panel.channel) * volume;
        for (int64_t t = task->out[T].begin; t < task->out[T].end; t += t_step) {
            for (int64_t h = task->out[H].begin; h < task->out[H].end; h += h_step) {
                store.acc = acc;
                store.out = channel + t * plane + h * p->out[W] + task->out[W].begin;
                d->kernels->store(&store);
                acc += (int64_t)store.count * store.acc_stride;
            }
        }
    }
}

/* The first chunk in the order of the sum. */
static struct c3d_chunk first_chunk(const struct direct *d)
{
    const struct c3d_problem *const p = &d->problem;
    const struct c3d_blocking *const b = &d->blocking;
    return (struct c3d_chunk){
        .channels = {0, c3d_min(b->tile.ic, p->in_channels)},
        .taps = {{0, c3d_min(b->taps[T], p->kernel[T])},
                 {0, c3d_min(b->taps[H], p->kernel[H])},
                 {0, c3d_min(b->taps[W], p->kernel[W])}},
    };
}

static void run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                     const struct c3d_task *next, const float *input, float *output,
                     void *scratch)
{
    const struct direct *const d = (const struct direct *)prepared;
    const struct c3d_problem *const p = &d->problem;
    const struct c3d_blocking *const b = &d->blocking;
    float *const packed = scratch;
    float *const acc = (float *)c3d_align_up(packed + b->input_elems);
    struct stage now = {task, c3d_task_input(p, task, input), first_chunk(d)};
    struct worker worker = {
        .direct = d,
        .task = task,
        .window = packed,
        .acc = acc,
    };
    c3d_tap_lists_init(&worker.taps, p, b, d->blocking.ragged,
                       (struct c3d_tap *)c3d_align_up(acc + b->acc_elems));
    bool more = true;
    for (bool start = true; more; start = false) {
        struct stage after = now;
        more = advance(d, &after.chunk);
        if (!more && next != NULL) {
            after = (struct stage){next, c3d_task_input(p, next, input), first_chunk(d)};
        }
        worker.chunk = now.chunk;
        worker.after = after;
        c3d_tap_lists_start(&worker.taps, &now.chunk);
        if (b->in_place) {
            worker.window = now.source + c3d_window_begin(p, task, &now.chunk);
        } else {
            c3d_pack_input(d->kernels, p, b, task, &now.chunk, now.source, packed);
        }
        convolve_chunk(&worker, start);
        now = after;
    }
    if (p->columns) {
        store_columns(&worker, output);
    } else {
        store_task(&worker, output);
    }
}

const struct c3d_algorithm c3d_direct = {
    .name = "direct",
    .heeds = C3D_HEEDS_OC | C3D_HEEDS_IC | C3D_HEEDS_PANEL,
    .refusal = refusal,
    .estimate = estimate,
    .error = c3d_sequential_error,
    .prepare = prepare,
    .pack = pack,
    .attach = attach,
    .destroy = destroy,
    .run_task = run_task,
};
