/* SPDX-License-Identifier: Apache-2.0 */
/*
 * winograd.c - fused Winograd convolution in three dimensions
 *
 * A task packs the window of a block of tiles with channels in lanes and transforms it along
 * T.  Then, frequency by frequency of T, it transforms along H and W, multiplies by
 * the weights of each frequency of H and W (the micro-kernel of direct.c, tiles in the
 * place of outputs), and transforms the sums back along W and H; at last along T.  One
 * frequency of T at a time stays in L2.  doc/winograd.md has the mathematics.
 */
#include "algo/algo.h"
#include "algo/wild.h"
#include "algo/winograd_block.h"
#include "algo/winograd_weights.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <string.h>

struct winograd {
    struct c3d_prepared base;
    struct c3d_problem problem;
    const struct c3d_kernels *kernels;
    struct c3d_winograd_block block;
    bool relu, stream;
    const float *weights, *bias;
    struct c3d_prepared *direct; /* for tiles that must not be transformed */
};

/* What one task works with.  winograd_block.h gives the layouts. */
struct worker {
    const struct winograd *winograd;
    const struct c3d_task *task;
    const float *source; /* input of the task's item and group */
    int64_t tiles[3], count; /* of the task: fewer than the block's at the end of an axis */
    float *raw;    /* a channel block of the window, planes in the place of plane tiles */
    float *window; /* [frequency of T][channel block] */
    float *band;   /* rows of a row of tiles, transformed along H: [frequency][column][L] */
    float *input;
    float *sums;
    float *half;   /* [frequency of H][output along W], else as sums */
    float *slices; /* [frequency of T][panel][output along H][along W], else as sums */
    float *output; /* one panel: [t][h][w][lane] */
    bool wild;     /* some value may be */
};

static const char *refusal(const struct c3d_request *request)
{
    return c3d_winograd_refusal(request);
}

static double estimate(const struct c3d_request *request)
{
    struct c3d_winograd_block block;
    return c3d_winograd_cut(request, &block) == CONV3D_OK ? block.cost : INFINITY;
}

static void destroy(struct c3d_prepared *prepared)
{
    struct winograd *const winograd = (struct winograd *)prepared;
    if (winograd != NULL) {
        if (winograd->direct != NULL) {
            c3d_direct.destroy(winograd->direct);
        }
        c3d_free(winograd);
    }
}

/* The same problem, its tiles as direct likes them, but for the panels: tasks begin with one. */
static conv3d_status prepare_direct(const struct c3d_request *request,
                                    const struct c3d_winograd_block *block,
                                    struct c3d_prepared **direct)
{
    struct c3d_request wish = *request;
    wish.tile = (conv3d_tile){.panel = block->tile.panel};
    wish.scratch_limit = (size_t)c3d_winograd_room(request, block);
    return c3d_direct.prepare(&wish, direct);
}

/* Of the packed weights and bias, those of direct beginning on a line behind them. */
static int64_t own_elems(const struct c3d_problem *p, const struct c3d_winograd_block *block)
{
    return c3d_round_up(c3d_winograd_weights(p, block) +
                            p->groups * c3d_padded_channels(p, block->panels.lanes),
                        C3D_LINE_ELEMS);
}

static conv3d_status prepare(const struct c3d_request *request, struct c3d_prepared **prepared)
{
    const struct c3d_problem *const p = request->problem;
    struct c3d_winograd_block block;
    *prepared = NULL;
    conv3d_status status = c3d_winograd_cut(request, &block);
    if (status != CONV3D_OK) {
        return status;
    }
    struct c3d_prepared *direct;
    status = prepare_direct(request, &block, &direct);
    if (status != CONV3D_OK) {
        return status;
    }
    struct winograd *const winograd = c3d_alloc(sizeof *winograd);
    if (winograd == NULL) {
        c3d_direct.destroy(direct);
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    const size_t scratch_bytes = block.scratch_bytes > direct->scratch_bytes
                                     ? block.scratch_bytes
                                     : direct->scratch_bytes;
    *winograd = (struct winograd){
        .base = {.algorithm = &c3d_winograd,
                 .tile = block.tile,
                 .scratch_bytes = scratch_bytes,
                 .packed_bytes = (size_t)own_elems(p, &block) * sizeof(float) +
                                 direct->packed_bytes},
        .problem = *p,
        .kernels = request->kernels,
        .block = block,
        .relu = request->relu,
        .stream = request->stream,
        .direct = direct,
    };
    *prepared = &winograd->base;
    return CONV3D_OK;
}

static void pack(const struct c3d_prepared *prepared, const float *weight, const float *bias,
                 float *packed)
{
    const struct winograd *const winograd = (const struct winograd *)prepared;
    const struct c3d_problem *const p = &winograd->problem;
    const struct c3d_winograd_block *const block = &winograd->block;
    c3d_winograd_pack(p, block, weight, packed);
    c3d_pack_bias(p, block->panels.lanes, bias, packed + c3d_winograd_weights(p, block));
    c3d_direct.pack(winograd->direct, weight, bias, packed + own_elems(p, block));
}

static void attach(struct c3d_prepared *prepared, const float *packed)
{
    struct winograd *const winograd = (struct winograd *)prepared;
    const struct c3d_problem *const p = &winograd->problem;
    const struct c3d_winograd_block *const block = &winograd->block;
    winograd->weights = packed;
    winograd->bias = packed + c3d_winograd_weights(p, block);
    c3d_direct.attach(winograd->direct, packed + own_elems(p, block));
}

/* Of the axes of the window, those that the task's tiles read. */
static int64_t inputs_of(const struct worker *worker, int axis)
{
    const struct c3d_winograd_axis *const a = &worker->winograd->block.axes[axis];
    return a->inputs - (a->tiles - worker->tiles[axis]) * a->outs * a->stride;
}

/* A row of the window, channels of block cb in lanes, zeros in the padding. */
static void pack_row(struct worker *worker, int64_t cb, int64_t t, int64_t h, float *to)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_problem *const p = &g->problem;
    const int lanes = g->kernels->lanes;
    const int64_t columns = g->block.axes[W].inputs;
    const int64_t first = worker->task->out[W].begin * p->stride[W] - p->begin[W];
    if (t < 0 || t >= p->in[T] || h < 0 || h >= p->in[H]) {
        memset(to, 0, (size_t)(columns * lanes) * sizeof *to);
        return;
    }
    const int64_t left = c3d_min(c3d_max(-first, 0), columns);
    const int64_t end = c3d_max(c3d_min(p->in[W] - first, columns), left);
    const int64_t volume = c3d_volume(p->in);
    memset(to, 0, (size_t)(left * lanes) * sizeof *to);
    worker->wild |= g->kernels->interleave(&(struct c3d_interleave){
        .from = worker->source + cb * lanes * volume + (t * p->in[H] + h) * p->in[W] + first + left,
        .to = to + left * lanes,
        .channel_step = (ptrdiff_t)volume,
        .count = end - left,
        .channels = (int)c3d_min(p->in_channels - cb * lanes, lanes),
    });
    memset(to + end * lanes, 0, (size_t)((columns - end) * lanes) * sizeof *to);
}

/* Channel block cb of the window, transformed along T. */
static void pack_window(struct worker *worker, int64_t cb)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_winograd_block *const b = &g->block;
    const struct c3d_winograd_axis *const axis = &b->axes[T];
    const int lanes = g->kernels->lanes;
    const int64_t rows = inputs_of(worker, H), columns = b->axes[W].inputs;
    const struct c3d_problem *const p = &g->problem;
    const int64_t t0 = worker->task->out[T].begin * p->stride[T] - p->begin[T];
    const int64_t h0 = worker->task->out[H].begin * p->stride[H] - p->begin[H];
    float *const window = worker->window + cb * axis->tiles * b->plane;
    float *const planes = axis->plain ? window : worker->raw;
    for (int64_t t = 0; t < inputs_of(worker, T); t++) {
        for (int64_t h = 0; h < rows; h++) {
            pack_row(worker, cb, t0 + t, h0 + h, planes + t * b->plane + h * columns * lanes);
        }
    }
    for (int64_t tile = 0; tile < worker->tiles[T] && !axis->plain; tile++) {
        g->kernels->transform(&(struct c3d_lines){
            .from = planes + c3d_tile_start(axis, tile) * axis->stride * b->plane,
            .to = window + tile * b->plane,
            .from_line = lanes,
            .to_line = lanes,
            .from_step = (ptrdiff_t)(axis->dilation * b->plane),
            .to_step = (ptrdiff_t)(b->channel_blocks * axis->tiles * b->plane),
            .lines = rows * columns,
            .matrix = &axis->input,
        });
    }
}

/* Where tile n of the block has its lanes of channel block cb. */
static float *tile_input(const struct worker *worker, int64_t n, int64_t cb)
{
    const struct c3d_winograd_block *const b = &worker->winograd->block;
    const int lanes = worker->winograd->kernels->lanes;
    return worker->input +
           ((n / b->rows * b->channel_blocks + cb) * b->rows + n % b->rows) * lanes;
}

/* A row of tiles, the first being number n of the block, along W. */
static void transform_row(const struct worker *worker, const float *band, int64_t n, int64_t cb)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_winograd_block *const b = &g->block;
    const struct c3d_winograd_axis *const axis = &b->axes[W];
    const int lanes = g->kernels->lanes;
    for (int64_t tile = 0, some; tile < worker->tiles[W]; tile += some) {
        int64_t step;
        const int64_t run = c3d_tile_run(axis, tile, worker->tiles[W], &step);
        some = c3d_min(run, b->rows - (n + tile) % b->rows);
        struct c3d_lines lines = {
            .from = band + c3d_tile_start(axis, tile) * axis->stride * lanes,
            .to = tile_input(worker, n + tile, cb),
            .from_line = (ptrdiff_t)(step * axis->stride) * lanes,
            .to_line = lanes,
            .from_step = (ptrdiff_t)axis->dilation * lanes,
            .to_step = (ptrdiff_t)b->input_frequency,
            .lines = some,
            .matrix = &axis->input,
        };
        for (int f = 0; f < b->axes[H].points; f++) {
            g->kernels->transform(&lines);
            lines.from += axis->inputs * lanes;
            lines.to += axis->points * b->input_frequency;
        }
    }
}

/* One frequency of T along H and W. */
static void transform_input(const struct worker *worker, int frequency)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_winograd_block *const b = &g->block;
    const struct c3d_winograd_axis *const axes = b->axes;
    const int64_t row = axes[W].inputs * g->kernels->lanes;
    for (int64_t cb = 0; cb < b->channel_blocks; cb++) {
        for (int64_t t = 0; t < worker->tiles[T]; t++) {
            const float *const plane =
                worker->window +
                ((frequency * b->channel_blocks + cb) * axes[T].tiles + t) * b->plane;
            for (int64_t h = 0; h < worker->tiles[H]; h++) {
                const float *band =
                    plane + c3d_tile_start(&axes[H], h) * axes[H].stride * row;
                if (!axes[H].plain) {
                    g->kernels->transform(&(struct c3d_lines){
                        .from = band,
                        .to = worker->band,
                        .from_line = g->kernels->lanes,
                        .to_line = g->kernels->lanes,
                        .from_step = (ptrdiff_t)(axes[H].dilation * row),
                        .to_step = (ptrdiff_t)row,
                        .lines = axes[W].inputs,
                        .matrix = &axes[H].input,
                    });
                    band = worker->band;
                }
                transform_row(worker, band, (t * worker->tiles[H] + h) * worker->tiles[W], cb);
            }
        }
    }
}

/* The sums of a panel for all frequencies of H and W, from all input channels.  Those of a
 * register tile are one call. */
static void multiply(const struct worker *worker, const float *weights, int vectors,
                     float *sums)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_winograd_block *const b = &g->block;
    const int lanes = g->kernels->lanes, width = vectors * lanes;
    const int64_t channels = g->problem.in_channels, whole = channels / lanes;
    struct c3d_outer outer = {
        .vector_step = (ptrdiff_t)lanes * width,
        .scalar_step = (ptrdiff_t)b->rows * lanes,
        .tiles = b->axes[H].points * b->axes[W].points,
        .next = {
            .vectors = (ptrdiff_t)channels * width,
            .scalars = (ptrdiff_t)b->input_frequency,
            .acc = (ptrdiff_t)b->sum_frequency,
        },
        .vector_count = vectors,
        .lane_scalars = 1,
    };
    for (int i = 0; i < C3D_MAX_AHEAD; i++) {
        outer.ahead[i].at = weights;
    }
    for (int64_t n = 0; n < worker->count; n += b->rows) {
        outer.count = (int)c3d_min(b->rows, worker->count - n);
        outer.acc = sums + n * width;
        outer.vectors = weights;
        outer.scalars = tile_input(worker, n, 0);
        outer.channels = (size_t)whole;
        outer.tap_count = (size_t)lanes;
        outer.start = 1;
        g->kernels->outer(&outer);
        if (channels > whole * lanes) {
            outer.vectors += whole * outer.vector_step;
            outer.scalars += whole * outer.scalar_step;
            outer.channels = 1;
            outer.tap_count = (size_t)(channels - whole * lanes);
            outer.start = 0;
            g->kernels->outer(&outer);
        }
    }
}

/* Sums of one frequency of T back along W, then H. */
static void transform_sums(const struct worker *worker, int vectors, const float *sums,
                           float *half, float *slice)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_winograd_block *const b = &g->block;
    const struct c3d_winograd_axis *const h = &b->axes[H], *const w = &b->axes[W];
    struct c3d_lines lines = {
        .from_line = g->kernels->lanes,
        .to_line = g->kernels->lanes,
        .lines = worker->count * vectors,
    };
    if (w->points > 1) {
        lines.from_step = lines.to_step = (ptrdiff_t)b->sum_frequency;
        lines.matrix = &w->output;
        for (int f = 0; f < h->points; f++) {
            lines.from = sums + f * w->points * b->sum_frequency;
            lines.to = half + f * w->outs * b->sum_frequency;
            g->kernels->transform(&lines);
        }
    }
    if (h->points > 1) {
        lines.from_step = lines.to_step = (ptrdiff_t)(w->outs * b->sum_frequency);
        lines.matrix = &h->output;
        for (int i = 0; i < w->outs; i++) {
            lines.from = half + i * b->sum_frequency;
            lines.to = slice + i * b->sum_frequency;
            g->kernels->transform(&lines);
        }
    }
}

/* Multiplies one frequency of T. */
static void convolve_panel(const struct worker *worker, int frequency, struct c3d_panel panel,
                           float *slice)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_problem *const p = &g->problem;
    const struct c3d_winograd_axis *const axes = g->block.axes;
    const int64_t area = (int64_t)axes[H].points * axes[W].points;
    const float *const weights =
        g->weights + ((worker->task->group * axes[T].points + frequency) *
                          c3d_padded_channels(p, g->kernels->lanes) + panel.channel) *
                         area * p->in_channels;
    float *const half = axes[H].points > 1 ? worker->half : slice;
    float *const sums = axes[W].points > 1 ? worker->sums : half;
    multiply(worker, weights, panel.vectors, sums);
    transform_sums(worker, panel.vectors, sums, half, slice);
}

/* A panel's slices back along T, to where store_panel() expects them. */
static void transform_slices(const struct worker *worker, const float *slices,
                             int64_t slice_step, int vectors)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_winograd_block *const b = &g->block;
    const struct c3d_winograd_axis *const t = &b->axes[T], *const h = &b->axes[H],
                                   *const w = &b->axes[W];
    const int lanes = g->kernels->lanes, width = vectors * lanes;
    struct c3d_lines lines = {
        .from_line = width,
        .from_step = (ptrdiff_t)slice_step,
        .to_step = (ptrdiff_t)(t->dilation * b->tile.h * b->tile.w * width),
        .matrix = &t->output,
    };
    for (int64_t n = 0, some; n < worker->count; n += some) {
        const int64_t column = n % worker->tiles[W];
        const int64_t row = n / worker->tiles[W] % worker->tiles[H];
        const int64_t plane = n / worker->tiles[W] / worker->tiles[H];
        int64_t step;
        lines.lines = some = c3d_tile_run(w, column, worker->tiles[W], &step);
        lines.to_line = (ptrdiff_t)(step * width);
        for (int i = 0; i < h->outs; i++) {
            for (int k = 0; k < w->outs; k++) {
                const int64_t at =
                    (c3d_tile_start(t, plane) * b->tile.h + c3d_tile_start(h, row) +
                     i * h->dilation) * b->tile.w + c3d_tile_start(w, column) + k * w->dilation;
                for (int v = 0; v < vectors; v++) {
                    lines.from = slices + (i * w->outs + k) * b->sum_frequency + n * width +
                                 v * lanes;
                    lines.to = worker->output + at * width + v * lanes;
                    g->kernels->transform(&lines);
                }
            }
        }
    }
}

/* Finishes a panel and writes it into the tensor. */
static void store_panel(const struct worker *worker, struct c3d_panel panel, float *output)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_problem *const p = &g->problem;
    const struct c3d_winograd_block *const b = &g->block;
    const struct c3d_task *const task = worker->task;
    const int64_t volume = c3d_volume(p->out), out_w = c3d_extent(task->out[W]);
    const int64_t out_h = c3d_extent(task->out[H]);
    const bool join_rows = out_w == p->out[W] && out_w == b->tile.w;
    const bool join_planes = join_rows && out_h == p->out[H] && out_h == b->tile.h;
    const int64_t h_step = join_rows ? out_h : 1;
    const int64_t t_step = join_planes ? c3d_extent(task->out[T]) : 1;
    struct c3d_store store = {
        .bias = g->bias + task->group * c3d_padded_channels(p, g->kernels->lanes) +
                panel.channel,
        .acc_stride = panel.vectors * g->kernels->lanes,
        .lane_stride = (ptrdiff_t)volume,
        .count = (size_t)(t_step * h_step * out_w),
        .vector_count = panel.vectors,
        .lane_count = panel.channels,
        .relu = g->relu,
        .stream = g->stream,
    };
    float *const channel =
        output + ((task->item * p->groups + task->group) * p->out_channels + panel.channel) *
                     volume;
    for (int64_t t = 0; t < c3d_extent(task->out[T]); t += t_step) {
        for (int64_t h = 0; h < out_h; h += h_step) {
            store.acc = worker->output +
                        (t * b->tile.h + h) * b->tile.w * store.acc_stride;
            store.out = channel + ((task->out[T].begin + t) * p->out[H] + task->out[H].begin + h) *
                                      p->out[W] + task->out[W].begin;
            g->kernels->store(&store);
        }
    }
}

/* Computes outputs of the task directly, in pieces no larger than that algorithm's own. */
static void convolve_directly(const struct worker *worker, const struct c3d_range out[3],
                              const float *input, float *output, void *scratch)
{
    const struct c3d_prepared *const direct = worker->winograd->direct;
    const conv3d_tile *const tile = &direct->tile;
    const struct c3d_range *const channels = &worker->task->channels;
    struct c3d_task piece = *worker->task;
    for (int64_t oc = channels->begin; oc < channels->end; oc += tile->oc) {
        piece.channels = (struct c3d_range){oc, c3d_min(oc + tile->oc, channels->end)};
        for (int64_t t = out[T].begin; t < out[T].end; t += tile->t) {
            piece.out[T] = (struct c3d_range){t, c3d_min(t + tile->t, out[T].end)};
            for (int64_t h = out[H].begin; h < out[H].end; h += tile->h) {
                piece.out[H] = (struct c3d_range){h, c3d_min(h + tile->h, out[H].end)};
                for (int64_t w = out[W].begin; w < out[W].end; w += tile->w) {
                    piece.out[W] = (struct c3d_range){w, c3d_min(w + tile->w, out[W].end)};
                    c3d_direct.run_task(direct, &piece, NULL, input, output, scratch);
                }
            }
        }
    }
}

/* The outputs of tile group n of an axis of the task, and the inputs that they read. */
static void tile_group(const struct worker *worker, int axis, int64_t n, struct c3d_range *out,
                       struct c3d_range *in)
{
    const struct c3d_problem *const p = &worker->winograd->problem;
    const struct c3d_winograd_axis *const a = &worker->winograd->block.axes[axis];
    const int64_t extent = a->outs * a->dilation;
    const int64_t begin = worker->task->out[axis].begin + n * extent;
    *out = (struct c3d_range){begin, c3d_min(begin + extent, worker->task->out[axis].end)};
    in->begin = begin * a->stride - p->begin[axis];
    in->end = in->begin + (extent - 1) * a->stride + (p->kernel[axis] - 1) * a->dilation + 1;
}

/* Computes the tiles that hold wild values once more.  Tiles are judged one by one, or
 * groups of interleaved ones, so that the cut into blocks changes no bit. */
static void tame(const struct worker *worker, const float *input, float *output, void *scratch)
{
    const struct winograd *const g = worker->winograd;
    const struct c3d_winograd_axis *const axes = g->block.axes;
    int64_t groups[3];
    for (int axis = T; axis <= W; axis++) {
        groups[axis] = worker->tiles[axis] / axes[axis].dilation;
    }
    for (int64_t n = 0; n < c3d_volume(groups); n++) {
        struct c3d_range out[3], in[3];
        tile_group(worker, T, n / groups[W] / groups[H], &out[T], &in[T]);
        tile_group(worker, H, n / groups[W] % groups[H], &out[H], &in[H]);
        tile_group(worker, W, n % groups[W], &out[W], &in[W]);
        if (c3d_input_is_wild(&g->problem, worker->source, in)) {
            convolve_directly(worker, out, input, output, scratch);
        }
    }
}

/* Takes a buffer from the scratch memory. */
static float *take(char **scratch, int64_t elems)
{
    float *const buffer = (float *)c3d_align_up(*scratch);
    *scratch = (char *)(buffer + elems);
    return buffer;
}

static void run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                     const struct c3d_task *next, const float *input, float *output,
                     void *scratch)
{
    const struct winograd *const g = (const struct winograd *)prepared;
    const struct c3d_problem *const p = &g->problem;
    const struct c3d_winograd_block *const b = &g->block;
    const int64_t width = c3d_panel_channels(b->panels);
    const int64_t panels = c3d_ceil_div(c3d_extent(task->channels), width);
    const int frequencies = b->axes[T].points;
    char *rest = scratch;
    struct worker worker = {
        .winograd = g,
        .task = task,
        .source = c3d_task_input(p, task, input),
    };
    (void)next;
    for (int axis = T; axis <= W; axis++) {
        worker.tiles[axis] = c3d_tiles_of(&b->axes[axis], c3d_extent(task->out[axis]));
    }
    worker.count = c3d_volume(worker.tiles);
    worker.raw = take(&rest, b->raw_elems);
    worker.window = take(&rest, b->window_elems);
    worker.band = take(&rest, b->band_elems);
    worker.input = take(&rest, b->input_elems);
    worker.sums = take(&rest, b->sum_elems);
    worker.half = take(&rest, b->half_elems);
    worker.slices = take(&rest, frequencies * panels * b->slice_elems);
    worker.output = take(&rest, b->output_elems);
    for (int64_t cb = 0; cb < b->channel_blocks; cb++) {
        pack_window(&worker, cb);
    }
    for (int f = 0; f < frequencies; f++) {
        transform_input(&worker, f);
        for (int64_t i = 0; i < panels; i++) {
            const struct c3d_panel panel =
                c3d_panel_at(b->panels, p->out_channels, task->channels.begin + i * width);
            convolve_panel(&worker, f, panel, worker.slices + (f * panels + i) * b->slice_elems);
        }
    }
    for (int64_t i = 0; i < panels; i++) {
        const struct c3d_panel panel =
            c3d_panel_at(b->panels, p->out_channels, task->channels.begin + i * width);
        transform_slices(&worker, worker.slices + i * b->slice_elems,
                         panels * b->slice_elems, panel.vectors);
        store_panel(&worker, panel, output);
    }
    if (worker.wild) {
        tame(&worker, input, output, scratch);
    }
}

const struct c3d_algorithm c3d_winograd = {
    .name = "winograd",
    .heeds = C3D_HEEDS_OC | C3D_HEEDS_PANEL,
    .next_transform = c3d_winograd_next,
    .refusal = refusal,
    .estimate = estimate,
    .error = c3d_winograd_error,
    .prepare = prepare,
    .pack = pack,
    .attach = attach,
    .destroy = destroy,
    .run_task = run_task,
};
