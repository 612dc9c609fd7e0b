/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - direct convolution, outputs of a row in vector lanes
 *
 * The micro-kernel of direct.c with the roles exchanged: vectors come from the packed
 * window, the scalars are the weights of a block of output channels.  No lane is empty
 * for want of channels (heads, small groups), and finished sums lie as the output does:
 * register tiles write them there directly, which is faster where the output is a large
 * part of the work (stems, 1x1x1).
 */
#include "algo/rowwise.h"

#include "algo/rowwise_tile.h"
#include "algo/step_cost.h"
#include "algo/window.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>

static const char *refusal(const struct c3d_request *request)
{
    return c3d_rowwise_refusal(request);
}

/* The register tiles of `count` rows that so many vectors of a run are cut into, of nearly equal
 * width: a narrow last one would leave the FMA units waiting.  A matter of divisions, and the
 * same for most runs. */
struct cut {
    int64_t vectors;
    int count, parts;
    struct {
        int width;
        int64_t tiles;
    } part[C3D_MAX_VECTORS]; /* each narrower than the one before */
};

static void make_cut(struct cut *cut, const struct c3d_kernels *kernels, int count,
                     int64_t vectors)
{
    *cut = (struct cut){.vectors = vectors, .count = count};
    for (int64_t left = vectors; left > 0;) {
        const int64_t all =
            c3d_ceil_div(left, c3d_rowwise_tile_vectors(kernels, count, left));
        int width = (int)c3d_ceil_div(left, all);
        while (kernels->max_count[width] < count) {
            width++;
        }
        const int64_t tiles = c3d_max(left - (width - 1) * all, 1);
        if (cut->parts == 0 || cut->part[cut->parts - 1].width != width) {
            cut->parts++;
            cut->part[cut->parts - 1].width = width;
        }
        cut->part[cut->parts - 1].tiles += tiles;
        left -= tiles * width;
    }
}

/* What a register tile costs whose outputs are not consecutive, in calls: one of its own, its sums go
 * through memory, and are copied in parts (1 to 64 channels of 3x3x3 at 36x36 is 1.41 of direct's time
 * and estimated at 1.13; without, at 0.84). */
static const double torn_calls = 3;

/* One step of the reduction for a run of so many vectors, and its share of what register tiles
 * and calls cost beside.  Vectors come from L2, which takes half a load's time beyond what the FMAs
 * hide, once for all taps of a row; of gathered rows they hide most. */
static double run_cost(const struct c3d_request *request, int count, int64_t vectors)
{
    const struct c3d_problem *const p = request->problem;
    const struct c3d_kernels *const kernels = request->kernels;
    const bool aligned = c3d_rowwise_gathers(request);
    const double from_l2 = (aligned ? 0.1 : 0.5) * kernels->costs.load / (double)p->kernel[W];
    struct cut cut;
    make_cut(&cut, kernels, count, vectors);
    double cost = 0;
    for (int i = 0; i < cut.parts; i++) {
        const int width = cut.part[i].width;
        const double tiles = (double)cut.part[i].tiles;
        const double calls = (double)c3d_ceil_div(cut.part[i].tiles, C3D_ENOUGH_TILES) +
                             tiles * c3d_rowwise_torn(request, width) * torn_calls;
        cost += tiles * (c3d_step_cost(kernels, count, width, aligned) + from_l2 * width) +
                (tiles * C3D_TILE_COST + calls * kernels->costs.call) / (double)c3d_reduction(p);
    }
    return cost;
}

/* How output channels are cut into the rows of register tiles. */
struct blocks {
    int64_t size; /* channels of a block, the last may have fewer */
    double cost;  /* of one step of the reduction for one run of all of them */
};

/* Blocks of nearly equal size, as large as one width of register tiles allows, or as was
 * wished. */
static struct blocks choose_blocks(const struct c3d_request *request)
{
    const struct c3d_kernels *const kernels = request->kernels;
    const int64_t channels = request->problem->out_channels;
    const int64_t vectors = c3d_rowwise_run_vectors(request);
    struct blocks best = {0, INFINITY};
    if (request->tile.panel > 0) {
        const int64_t size =
            c3d_min(c3d_min(request->tile.panel, channels), kernels->max_count[1]);
        return (struct blocks){size, (double)c3d_ceil_div(channels, size) *
                                         run_cost(request, (int)size, vectors)};
    }
    for (int width = 1; width <= C3D_MAX_VECTORS; width++) {
        if (kernels->max_count[width] > 0) {
            const int64_t blocks = c3d_ceil_div(channels, kernels->max_count[width]);
            const int64_t size = c3d_ceil_div(channels, blocks);
            const double cost = (double)blocks * run_cost(request, (int)size, vectors);
            if (cost < best.cost) {
                best = (struct blocks){size, cost};
            }
        }
    }
    return best;
}

static double estimate(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    const struct blocks blocks = choose_blocks(request);
    const double rows = c3d_valid_tap_total(p, T) / (double)p->kernel[T];
    return (double)p->groups * c3d_rowwise_runs(request) * rows *
               (double)c3d_reduction(p) * blocks.cost +
           c3d_rowwise_overhead(request, blocks.size);
}

static conv3d_status prepare(const struct c3d_request *request, struct c3d_prepared **prepared)
{
    return c3d_rowwise_prepare(request, &c3d_rows, choose_blocks(request).size, prepared);
}

/* The taps of these planes for blocks of `count` channels, from the first of them on. */
static size_t list_taps(const struct c3d_rowwise_worker *worker, struct c3d_range planes,
                        int64_t count)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const struct c3d_problem *const p = &r->problem;
    const struct c3d_blocking *const b = &r->blocking;
    struct c3d_tap *tap = worker->taps;
    for (int64_t kt = planes.begin; kt < planes.end; kt++) {
        for (int64_t kh = 0; kh < p->kernel[H]; kh++) {
            const int64_t row = (kt - planes.begin) * b->planes.per_tap * b->plane_pitch +
                                kh * b->rows.per_tap * b->row.length;
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

/* Each register tile asks for what the one after it reads in place, of its last plane: L2 need not
 * hold more of the input, which it cannot where channels collide (32 of 8 MiB each, 1x1x1 to 25
 * channels: 0.70 to 0.84 of the time of packing them; 3x1x1 from 32 to 8 channels of 0.5 MiB 0.67; to
 * 16 of 1 MiB 0.74; where nothing collides 0.98 to 1.0, with two threads on Zen 5). */
static void ask_for_next_tiles(struct c3d_outer *outer)
{
    const ptrdiff_t width = outer->next.vectors;
    const float *const next = outer->vectors + outer->taps[outer->tap_count - 1].vector + width;
    for (int64_t i = 0; i < C3D_MAX_AHEAD; i++) {
        outer->ahead[i].at = next + c3d_min(i * C3D_LINE_ELEMS, width - 1);
        outer->ahead[i].step = outer->vector_step;
        outer->ahead[i].next = width;
    }
}

/* Has register tiles finish their own sums: all of them, or those before the end of the run, or the first;
 * none if not even that holds nothing but consecutive outputs. */
static void finish_tiles(const struct c3d_rowwise_worker *worker, struct c3d_outer *outer,
                         struct c3d_rowwise_piece *piece, int64_t outs, struct c3d_finish *finish)
{
    if (outer->tiles > 1 && piece->first + piece->count > outs) {
        outer->tiles--;
        piece->count -= outer->next.out;
    }
    bool whole = c3d_rowwise_finish(worker, piece, outs, finish);
    if (!whole && outer->tiles > 1) {
        outer->tiles = 1;
        piece->count = outer->next.out;
        whole = c3d_rowwise_finish(worker, piece, outs, finish);
    }
    outer->finish = whole ? finish : NULL;
}

/* Register tiles of a run: `piece` and `outer` know where, `outs` is the run's end; torn ones finish their
 * sums if they may. */
static void convolve_tiles(struct c3d_rowwise_worker *worker, struct c3d_outer *outer,
                           struct c3d_rowwise_piece *piece, int64_t outs, bool tear_up)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    struct c3d_finish finish;
    struct c3d_tear tear;
    outer->finish = NULL;
    outer->tear = NULL;
    piece->count = outer->tiles * outer->next.out;
    if (worker->last && tear_up) {
        outer->tiles = c3d_rowwise_finish_torn(worker, piece, outer, &finish, &tear);
    } else if (worker->last) {
        finish_tiles(worker, outer, piece, outs, &finish);
    }
    if (!r->ask_next) {
        c3d_prefetch_by(&worker->ahead, outer);
    } else if (piece->oc == worker->task->channels.begin && outer->tap_count > 0) {
        ask_for_next_tiles(outer);
    }
    r->kernels->outer(outer);
    if (worker->last && outer->finish == NULL && outer->tear == NULL) {
        const int64_t first = piece->first, end = first + piece->count;
        struct c3d_rowwise_piece rest = *piece;
        rest.acc_stride = piece->count;
        rest.first = c3d_max(first, 0);
        rest.count = c3d_min(end, outs) - rest.first;
        rest.acc = outer->acc + (rest.first - first);
        c3d_rowwise_store(worker, &rest);
    }
}

/* A run of outputs that starts with row h of plane t, which meets these taps along T, for
 * one block of channels; returns the end of the sums it leaves in memory. */
static float *convolve_run(struct c3d_rowwise_worker *worker, struct c3d_outer *outer,
                           struct c3d_rowwise_piece *piece, struct c3d_range planes,
                           int64_t rows, struct cut *cut, float *acc)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const int lanes = r->kernels->lanes;
    const int64_t outs = c3d_rowwise_run(r, rows, c3d_extent(worker->task->out[W]));
    const struct c3d_range readable = c3d_rowwise_readable(worker, piece->t, piece->h, planes);
    const float *const window = c3d_rowwise_window(worker, piece->t, piece->h, planes.begin);
    int64_t at = c3d_rowwise_run_begin(worker, piece);
    const int64_t vectors = c3d_ceil_div(outs - at, lanes);
    if (cut->vectors != vectors || cut->count != outer->count) {
        make_cut(cut, r->kernels, outer->count, vectors);
    }
    for (int i = 0; i < cut->parts; i++) {
        const int width = cut->part[i].width, step = width * lanes;
        outer->vector_count = width;
        outer->next.vectors = outer->next.out = step;
        outer->next.acc = outer->count * step;
        for (int64_t left = cut->part[i].tiles; left > 0; left -= outer->tiles) {
            outer->tiles = (int)c3d_min(left, C3D_ENOUGH_TILES);
            if (at < readable.begin || at > readable.end - outer->tiles * step) {
                outer->tiles = 1;
            }
            /* What may not be read was computed before, or will be, and is once more: the same
             * bits. */
            piece->first = c3d_min(c3d_max(at, readable.begin), readable.end - step);
            outer->vectors = window + piece->first;
            outer->acc = acc;
            convolve_tiles(worker, outer, piece, outs, r->tears && piece->first == at);
            at += outer->tiles * step;
            if (!worker->start || !worker->last) {
                acc += outer->tiles * outer->next.acc;
            }
        }
    }
    return acc;
}

static void convolve_chunk(struct c3d_rowwise_worker *worker)
{
    const struct c3d_rowwise *const r = worker->rowwise;
    const struct c3d_problem *const p = &r->problem;
    const struct c3d_range *const out = worker->task->out;
    const int64_t rows = r->joined ? c3d_extent(out[H]) : 1;
    float *acc = worker->acc;
    struct c3d_outer outer = {
        .vector_step = (ptrdiff_t)r->blocking.channel_pitch,
        .channels = (size_t)c3d_extent(worker->chunk.channels),
        .taps = worker->taps,
        .start = worker->start,
    };
    struct cut cut = {0};
    /* A block's weights stay in cache for all planes. */
    const struct c3d_range channels = worker->task->channels;
    for (int64_t oc = channels.begin; oc < channels.end; oc += r->block_size) {
        const int64_t count = c3d_min(r->block_size, channels.end - oc);
        outer.count = (int)count;
        outer.scalars = c3d_rowwise_weights(worker, oc, count);
        outer.scalar_step = (ptrdiff_t)(c3d_volume(p->kernel) * count);
        for (int i = 0; i < C3D_MAX_AHEAD; i++) { /* nothing new */
            outer.ahead[i].at = outer.scalars;
            outer.ahead[i].step = outer.ahead[i].next = 0;
        }
        for (int64_t t = out[T].begin; t < out[T].end; t++) {
            const struct c3d_range planes = c3d_valid_taps(p, T, t);
            outer.tap_count = list_taps(worker, planes, count);
            for (int64_t h = out[H].begin; h < out[H].end; h += rows) {
                struct c3d_rowwise_piece piece = {
                    .oc = oc, .t = t, .h = h, .channels = (int)count};
                acc = convolve_run(worker, &outer, &piece, planes, rows, &cut, acc);
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

const struct c3d_algorithm c3d_rows = {
    .name = "rows",
    .heeds = C3D_HEEDS_OC | C3D_HEEDS_IC | C3D_HEEDS_PANEL,
    .refusal = refusal,
    .estimate = estimate,
    .error = c3d_sequential_error,
    .prepare = prepare,
    .pack = c3d_rowwise_pack,
    .attach = c3d_rowwise_attach,
    .destroy = c3d_rowwise_destroy,
    .run_task = run_task,
};
