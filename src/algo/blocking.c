/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocking.c - how the direct algorithm cuts its work to fit the caches
 *
 * Tries the balanced tiles of each axis and keeps the one that a small model
 * says is done first.  The unit of cost is one vector FMA.
 */
#include "algo/blocking.h"

#include "algo/pack_input.h"
#include "algo/step_cost.h"
#include "algo/tap_list.h"
#include "algo/tile.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>

/* Costs in vector FMAs, measured on a Zen 4 core to one digit. */
static const double tile_latency = 10;  /* smaller tiles wait for their own results */
static const double stream_line = 8, far_run = 120; /* as struct sums, of streamed results */
static const double l3_vector = 4; /* per vector from beyond L2 */
/* Per vector of input in place, and panel, if it serves a single tap along W (Zen 5). */
static const double lone_vector = 6;

/* What sums cost beside their products. */
struct sums {
    double round_trip; /* per vector and chunk */
    double stored;     /* per vector of results, transposed */
    double run;        /* per run stored: another page */
};

/* A core that does whole vectors of FMAs at a time waits as long for memory as one that splits them, in the
 * time of more FMAs.  Zen 5: 17 of 109 problems are cut or computed otherwise than with the costs of Zen 4, 0.71
 * to 1.03 of the time, and one 1.23; with 5, 6, 8 instead of 7 no better; AVX2 there, 8 problems 0.95. */
static struct sums sum_costs(const struct c3d_request *request)
{
    return request->split_vectors ? (struct sums){4, 5, 30} : (struct sums){7, 7.5, 45};
}

/* The next smaller extent that cuts `extent` into equal parts, 0 after 1. */
static int64_t next_smaller(int64_t extent, int64_t tile)
{
    return tile <= 1 ? 0 : c3d_ceil_div(extent, c3d_ceil_div(extent, tile - 1));
}

/* Whether rows are not cut into segments: the micro-kernel knows scalars that are two apart, all
 * columns are used, and the taps of a row stay neighbours, whose addresses are constants.  3x3x3 with
 * stride 2 takes 0.93 to 0.96 of the time, 4x4x4 and 7x7x7 0.97 to 0.98, 1x3x3 and 2x2x2 0.99 to 1.01
 * (AVX2, Zen 1). */
static bool stays_whole(const struct c3d_problem *p)
{
    return p->stride[W] == 2 && p->dilation[W] % 2 == 1 && p->kernel[W] > 1;
}

void c3d_blocking_in_place(const struct c3d_problem *p, struct c3d_blocking *b)
{
    b->planes = c3d_axis_in_place(b->tile.t, b->taps[T], p->stride[T], p->dilation[T]);
    b->rows = c3d_axis_in_place(b->tile.h, b->taps[H], p->stride[H], p->dilation[H]);
    b->row = c3d_row_in_place(p->in[W], p->dilation[W]);
    b->plane_pitch = p->in[H] * p->in[W];
    b->channel_pitch = c3d_volume(p->in);
}

/* Everything that follows from tile and taps; elems as double, since this is
 * where candidates that could overflow are weeded out. */
static double derive(const struct c3d_request *request, struct c3d_blocking *b)
{
    const struct c3d_problem *const p = request->problem;
    b->planes = c3d_axis_map(b->tile.t, b->taps[T], p->stride[T], p->dilation[T]);
    b->rows = c3d_axis_map(b->tile.h, b->taps[H], p->stride[H], p->dilation[H]);
    b->row = stays_whole(p) ? c3d_row_whole(b->tile.w, b->taps[W], p->stride[W], p->dilation[W])
                            : c3d_row_layout(b->tile.w, b->taps[W], p->stride[W], p->dilation[W]);
    const double window = (double)b->tile.ic * (double)b->planes.slots * (double)b->rows.slots *
                          (double)b->row.length;
    const double input = b->in_place ? 0 : window;
    const double pixels = (double)b->tile.t * (double)b->tile.h * (double)b->tile.w;
    const double acc = pixels * (double)c3d_round_up(b->tile.oc, request->kernels->lanes);
    const double taps = (double)b->taps[T] * (double)b->taps[H] * (double)b->taps[W];
    const double bytes = (input + acc) * sizeof(float) +
                         taps * C3D_TAP_LISTS * sizeof(struct c3d_tap) + 3.0 * C3D_ALIGNMENT;
    if (bytes <= (double)request->scratch_limit) {
        b->plane_pitch = b->rows.slots * b->row.length;
        b->channel_pitch = b->planes.slots * b->plane_pitch;
        b->window_elems = (int64_t)window;
        b->input_elems = (int64_t)input;
        b->acc_elems = (int64_t)acc;
        b->tap_count = (int64_t)taps;
        b->scratch_bytes = (size_t)bytes;
    }
    if (b->in_place) {
        c3d_blocking_in_place(p, b); /* the maps of what is packed have told how much is read */
    }
    return bytes;
}

static bool fits(const struct c3d_request *request, struct c3d_blocking *b)
{
    return derive(request, b) <= (double)request->scratch_limit;
}

/* Whether register tiles can read the input as it lies: columns of the volume all, and none of padding.  With
 * every second column in place, 3x3x3 takes 1.04 to 1.06 of the time of packing them. */
static bool can_read_in_place(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    return !p->columns && p->stride[W] == 1 && c3d_reach_in_place(p) < INT32_MAX &&
           (!request->finite_weights || c3d_padding_left_out(p));
}

/* Whether a register tile takes two short rows of outputs, whole ones.  The FMAs of a row of 4 are eight
 * chains with two vectors, no more than two units of a latency of four work at; those at its ends are
 * shorter.  Rows of 2, 3, 4 take 0.89, 0.90, 0.92 of the time, 7 with one vector 0.87; 5, 6, 7 with two
 * vectors 1.00, 1.07, 1.05 (AVX-512, two Zen 5 cores). */
static bool folds(const struct c3d_request *request, const struct c3d_blocking *b)
{
    enum { few_chains = 9 };
    const struct c3d_problem *const p = request->problem;
    const int vectors = b->panels.vectors;
    const int64_t left = p->begin[W], right = p->out[W] - 1 + p->kernel[W] - left - p->in[W];
    const bool alike = !b->ragged || (left <= 1 && left == c3d_max(right, 0)); /* both ends */
    return request->kernels->folds && request->finite_weights &&
           vectors <= C3D_MAX_RAGGED_VECTORS && p->kernel[W] == 3 && p->stride[W] == 1 &&
           p->dilation[W] == 1 && alike && b->tile.h > 1 && b->tile.w == p->out[W] &&
           b->tile.w * vectors <= few_chains &&
           2 * b->tile.w <= request->kernels->max_count[vectors];
}

/* Relative cost of a reduction step for one output, from the register tiles that `rows` rows of w
 * outputs are cut into. */
static double tile_inefficiency(const struct c3d_kernels *kernels, int64_t rows, int64_t w,
                                int vectors)
{
    const int64_t tiles = c3d_ceil_div(w, kernels->max_count[vectors]);
    const double count = (double)(rows * w) / (double)tiles;
    return fmax(c3d_step_cost(kernels, (int)ceil(count), vectors, true), tile_latency) /
           (count * vectors);
}

/* Ragged tiles pay for their branches where rows are short: 7, 14, 28, 56 outputs of 3x3x3 run
 * at 1.05, 1.04, 1.01, 0.98 of the speed (AVX-512, Zen 4).  Without branches (AVX2, Zen 1) 14, 28
 * and 56 at 1.03, 1.00, 1.01, where with them it had been 0.96, 0.99, 0.99 (Zen 4).  Five taps in 16
 * outputs: 0.97. */
static bool ragged_pays(const struct c3d_request *request, int vectors)
{
    const struct c3d_problem *const p = request->problem;
    return request->finite_weights && p->kernel[W] <= 3 &&
           p->out[W] <= (int64_t)request->kernels->ragged_row * vectors;
}

/* The part of the products along an axis that are not with padding. */
static double inside(const struct c3d_problem *p, int axis)
{
    return c3d_valid_tap_total(p, axis) / ((double)p->out[axis] * (double)p->kernel[axis]);
}

/* Of a task, to have its input at hand.  Read in place, it comes from beyond L2 once, if not for the output
 * channels before; and vectors of it that serve a single tap arrive too late. */
static double input_cost(const struct c3d_request *request, const struct c3d_blocking *b, size_t l2)
{
    const struct c3d_problem *const p = request->problem;
    const int lanes = request->kernels->lanes;
    if (!b->in_place) {
        /* Rows of stride 2 that stay whole cost less, but tiles that count on it are worse (2x2x2 1.04,
         * 3x3x3 1.06 of the time). */
        return c3d_pack_cost((double)p->in_channels * (double)b->planes.slots,
                             (double)b->rows.slots, (double)b->row.length, p->stride[W]) / lanes;
    }
    const double vectors =
        (double)b->window_elems / (double)b->tile.ic * (double)p->in_channels / lanes;
    const bool stays = vectors * lanes * sizeof(float) <= (double)l2 / 2;
    const double blocks = stays ? (double)c3d_ceil_div(p->out_channels, b->tile.oc) : 1;
    const double pixels = (double)b->tile.t * (double)b->tile.h * (double)b->tile.w;
    const double panels = (double)c3d_ceil_div(b->tile.oc, c3d_panel_channels(b->panels));
    const double lone =
        p->kernel[W] == 1 ? (double)c3d_reduction(p) * pixels / lanes * panels : 0;
    return vectors / blocks * l3_vector * request->rates.l3 + lone * lone_vector;
}

/* Time until the last thread is done. */
static double cost(const struct c3d_request *request, const struct c3d_blocking *b, size_t l2)
{
    const struct c3d_problem *const p = request->problem;
    const int lanes = request->kernels->lanes;
    const double pixels = (double)b->tile.t * (double)b->tile.h * (double)b->tile.w;
    const double vectors = (double)c3d_ceil_div(b->tile.oc, lanes);
    const int64_t panel = c3d_panel_channels(b->panels);
    const double panels = (double)c3d_ceil_div(b->tile.oc, panel);
    const double reduction = (double)c3d_reduction(p);
    const double chunks = (double)c3d_ceil_div(p->in_channels, b->tile.ic);

    const double compute = reduction * pixels * vectors * inside(p, T) * inside(p, H) *
                           (b->ragged ? inside(p, W) : 1) *
                           tile_inefficiency(request->kernels, b->folded ? 2 : 1, b->tile.w,
                                             c3d_panel_at(b->panels, b->tile.oc, 0).vectors);
    const struct sums sums = sum_costs(request);
    const double acc = chunks * pixels * vectors * sums.round_trip;
    const double runs = (double)b->tile.t *
                        (b->tile.w < p->out[W] ? (double)b->tile.h : 1) * vectors * lanes;
    const double stored = request->stream
                              ? stream_line * request->rates.memory * C3D_MAX_LANES / lanes
                              : sums.stored;
    const double store = pixels * vectors * stored +
                         runs * (request->stream ? far_run * request->rates.memory : sums.run);
    const double far_vector = l3_vector * request->rates.l3;
    const double weights = reduction * vectors * far_vector;
    /* What does not fit L2 comes from beyond it once per panel and chunk. */
    const double set = (double)(b->window_elems + b->acc_elems) * sizeof(float) +
                       (double)b->tile.ic * (double)b->tap_count * (double)panel * sizeof(float);
    const double spill = fmax(set - (double)l2, 0) / (sizeof(float) * lanes) * panels * chunks *
                         far_vector;
    const double rounds = ceil(fmax(c3d_task_count(p, &b->tile), 1) / request->threads);
    return rounds * (compute + input_cost(request, b, l2) + acc + store + weights + spill);
}

enum { short_tile = 7 }; /* rows */

/* Channels of equal chunks, of which each takes that many bytes, that need no more room, nor more
 * steps of the reduction. */
static int64_t chunk_of(const struct c3d_request *request, const struct c3d_blocking *b,
                        double each, double room, double steps)
{
    const int64_t all = request->problem->in_channels;
    const double channels = fmin(room / each, steps / (double)b->tap_count);
    return c3d_equal_parts(all, channels < (double)all ? c3d_max((int64_t)channels, 1) : all);
}

/*
 * As many input channels as leave the chunk's window, and the weights of a panel and the next, in
 * L2 beside the accumulators, but no more than 256 steps of the reduction for a 32 KiB L1: every
 * register tile walks the panel's weights again, and from L2 they hold up the tiles of AVX2.  C3D
 * conv2, one Zen 4 core, chunks of 2, 3, 4, 5, 6, 8, 11, 16 channels of 27 taps: 114, 120, 123, 124,
 * 126, 125, 123, 115 GFLOP/s with AVX2.  The 14 rows of AVX-512 use a vector of weights for twice as
 * long, and twice the steps, with fewer sums to store and reload, are 1-4% faster.  AVX2
 * takes as many if they are all there are (Zen 1, 16 channels of 27 taps instead of 8: 7x7 1.06, 14x14
 * 1.02 times as fast).
 *
 * L2 keeps up with an FMA that takes twice as long: chunks of 9, 12, 16, 24, 32 channels of 27 taps
 * take 1, 0.99, 0.99, 0.97, 0.96 of the time (Zen 1 with AVX2), if it holds the input of the next
 * chunk too, which is asked for meanwhile; else up to 1.08.
 */
static int64_t choose_ic(const struct c3d_request *request, struct c3d_blocking *b, size_t l2)
{
    enum { long_steps = 864, long_enough = 576 };
    const int rows = request->kernels->max_count[b->panels.vectors];
    if (request->tile.ic > 0) {
        return c3d_min(request->tile.ic, request->problem->in_channels);
    }
    b->tile.ic = 1;
    if (!fits(request, b)) {
        return 1;
    }
    const double room = (double)l2 - (double)b->acc_elems * sizeof(float);
    const double window = (double)b->window_elems * sizeof(float);
    const double weights = 2.0 * (double)b->tap_count * /* this panel's and the next one's */
                           (double)c3d_panel_channels(b->panels) * sizeof(float);
    if (request->split_vectors && b->panels.vectors > 2) {
        const int64_t channels = chunk_of(request, b, 2 * window + weights, room, long_steps);
        if (channels * b->tap_count >= long_enough && !c3d_channels_collide(request, channels)) {
            return channels;
        }
    }
    const double steps = (double)c3d_l1_bytes(request) / 128, rest = room - 0.4 * (double)l2;
    const double all = (double)request->problem->in_channels;
    const bool whole = all * (double)b->tap_count <= 2 * steps && all * (window + weights) <= rest;
    return chunk_of(request, b, window + weights, rest,
                    whole || rows >= 2 * short_tile ? 2 * steps : steps);
}

/* A wish is clipped to the axis; without one, start from the largest equal part
 * that does not exceed `most`. */
static int64_t first_tile(int64_t wish, int64_t extent, double most)
{
    if (wish > 0) {
        return c3d_min(wish, extent);
    }
    return (double)extent <= most ? extent
                                  : c3d_ceil_div(extent, c3d_ceil_div(extent, (int64_t)most));
}

static int64_t next_tile(int64_t wish, int64_t extent, int64_t tile)
{
    return wish > 0 ? 0 : next_smaller(extent, tile);
}

/* Keeps this tile if it is the best so far; returns the cost of the best.  Of equal ones that are read in
 * place, those for fewer output channels: threads share more tasks out better. */
static double consider(const struct c3d_request *request, struct c3d_blocking *b, size_t l2,
                       struct c3d_blocking *best, double best_cost)
{
    static const double equal = 1.001;
    b->ragged = b->in_place ? request->finite_weights : ragged_pays(request, b->panels.vectors);
    b->folded = folds(request, b);
    b->tile.ic = choose_ic(request, b, l2);
    if (!fits(request, b) || (b->in_place && c3d_pages_collide(request->problem, b->tile.ic))) {
        return best_cost;
    }
    b->cost = cost(request, b, l2);
    if (b->cost < (b->in_place ? equal : 1) * best_cost) {
        *best = *b;
        return b->cost;
    }
    return best_cost;
}

/* The best tile for one block of output channels; returns its cost. */
static double search_tiles(const struct c3d_request *request, struct c3d_panels panels,
                           int64_t oc, size_t l2, struct c3d_blocking *best, double best_cost)
{
    const struct c3d_problem *const p = request->problem;
    const conv3d_tile *const wish = &request->tile;
    struct c3d_blocking b = {
        .panels = panels,
        .tile = {.oc = oc, .panel = c3d_panel_channels(panels)},
        .taps = {p->kernel[T], p->kernel[H], p->kernel[W]},
    };
    const bool could = can_read_in_place(request);
    /* Half of L2 for accumulators; at least one register tile. */
    const double pixels_max =
        fmax((double)l2 / 2 / sizeof(float) / (double)c3d_round_up(oc, request->kernels->lanes),
             request->kernels->max_count[panels.vectors]);
    for (b.tile.w = first_tile(wish->w, p->out[W], pixels_max); b.tile.w > 0;
         b.tile.w = next_tile(wish->w, p->out[W], b.tile.w)) {
        /* Short rows only when nothing longer fits, or occupies all threads. */
        if (wish->w == 0 && b.tile.w < c3d_min(p->out[W], 256) && best_cost < INFINITY &&
            c3d_task_count(p, &best->tile) >= request->threads) {
            break;
        }
        const double t_max = fmax(pixels_max / (double)b.tile.w, 1);
        for (b.tile.t = first_tile(wish->t, p->out[T], t_max); b.tile.t > 0;
             b.tile.t = next_tile(wish->t, p->out[T], b.tile.t)) {
            const double h_max = fmax(t_max / (double)b.tile.t, 1);
            for (b.tile.h = first_tile(wish->h, p->out[H], h_max); b.tile.h > 0;
                 b.tile.h = next_tile(wish->h, p->out[H], b.tile.h)) {
                for (int in_place = 0; in_place <= could; in_place++) {
                    b.in_place = in_place;
                    best_cost = consider(request, &b, l2, best, best_cost);
                }
            }
        }
    }
    return best_cost;
}

/* When the window of a single output row exceeds the limit: one output row
 * piece, one channel, and as much of the kernel as fits. */
static bool shrink_to_fit(const struct c3d_request *request, struct c3d_panels panels,
                          struct c3d_blocking *b)
{
    const struct c3d_problem *const p = request->problem;
    const int64_t panel = c3d_panel_channels(panels);
    *b = (struct c3d_blocking){
        .panels = panels,
        .tile = {.t = 1, .h = 1, .oc = c3d_min(p->out_channels, panel), .ic = 1, .panel = panel},
        .taps = {p->kernel[T], p->kernel[H], p->kernel[W]},
        .ragged = ragged_pays(request, panels.vectors),
    };
    b->tile.w = c3d_min(first_tile(request->tile.w, p->out[W], INFINITY),
                        request->kernels->max_count[panels.vectors]);
    for (int axis = T; axis <= W; axis++) {
        while (!fits(request, b) && b->taps[axis] > 1) {
            b->taps[axis] = c3d_ceil_div(b->taps[axis], 2);
        }
    }
    while (!fits(request, b) && b->tile.w > 1) {
        b->tile.w = c3d_ceil_div(b->tile.w, 2);
    }
    return fits(request, b);
}

conv3d_status c3d_choose_blocking(const struct c3d_request *request,
                                  struct c3d_blocking *blocking)
{
    const struct c3d_problem *const p = request->problem;
    const size_t l2 = c3d_l2_bytes(request);
    const struct c3d_panels panels = c3d_choose_panels(request);
    const int64_t panel = c3d_panel_channels(panels);
    double best_cost = INFINITY;
    if (request->tile.oc > 0) {
        const int64_t oc = c3d_round_up(c3d_min(request->tile.oc, p->out_channels), panel);
        best_cost = search_tiles(request, panels, c3d_min(oc, p->out_channels), l2, blocking,
                                 best_cost);
    } else {
        const int64_t all = c3d_ceil_div(p->out_channels, panel);
        for (int64_t some = all; some > 0; some = next_smaller(all, some)) {
            best_cost = search_tiles(request, panels, c3d_min(some * panel, p->out_channels),
                                     l2, blocking, best_cost);
        }
    }
    if (best_cost == INFINITY && !shrink_to_fit(request, panels, blocking)) {
        return c3d_fail(CONV3D_ERR_LIMIT, "a limit of %zu workspace bytes per thread holds not "
                        "even one row of outputs", request->scratch_limit);
    }
    return CONV3D_OK;
}

/* One call is for the same columns of some rows, or for many columns of one. */
static double call_cost(const struct c3d_request *request, const struct c3d_blocking *b)
{
    const struct c3d_problem *const p = request->problem;
    const int64_t tiles =
        c3d_ceil_div(b->tile.w, request->kernels->max_count[b->panels.vectors]);
    const double calls = (double)b->tile.t *
                         (double)(b->tile.h > 1 ? c3d_ceil_div(b->tile.h, C3D_ENOUGH_TILES) * tiles
                                                : c3d_ceil_div(tiles, C3D_ENOUGH_TILES));
    const double panels = (double)c3d_ceil_div(b->tile.oc, c3d_panel_channels(b->panels));
    const double chunks = (double)c3d_ceil_div(p->in_channels, b->tile.ic);
    return c3d_task_count(p, &b->tile) * chunks * panels * calls * request->kernels->costs.call;
}

static double collision_cost(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    if (!c3d_channels_collide(request, p->in_channels)) {
        return 0;
    }
    double elems = (double)p->groups * (double)p->in_channels;
    for (int axis = T; axis <= W; axis++) {
        elems *= (double)c3d_min(p->in[axis], p->out[axis] * p->kernel[axis]);
    }
    return elems * request->kernels->costs.collision / request->kernels->lanes;
}

/* Where the input is read in place, of few products a sum, packing no longer outweighs that the model takes
 * sums' way to memory for too short: 1 to 32 channels of 3x3x3 1.44 of rows' time, estimated at 1.09, 8 to
 * 64 of 1x3x3 1.14 (0.98), 3 to 64 of 3x3x3 1.16 (0.99), 16 to 64 0.94 (0.90). */
static double in_place_cost(const struct c3d_request *request)
{
    static const double sums_vector = 9;
    const struct c3d_problem *const p = request->problem;
    const double vectors = (double)c3d_ceil_div(p->out_channels, request->kernels->lanes);
    return sums_vector * (double)p->groups * vectors * (double)p->out[T] * (double)p->out[H] *
           (double)p->out[W];
}

double c3d_blocking_overhead(const struct c3d_request *request,
                             const struct c3d_blocking *blocking)
{
    return call_cost(request, blocking) +
           (blocking->in_place ? in_place_cost(request) : collision_cost(request));
}
