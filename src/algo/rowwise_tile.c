/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowwise_tile.c - see rowwise_tile.h
 */
#include "algo/rowwise_tile.h"

#include "algo/step_cost.h"
#include "algo/tile.h"
#include "algo/window.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>

static const int64_t longest_row = 4096; /* 16 KiB, half of an L1 cache */
/* Rows are not halved by choice once they are no longer. */
static const int64_t shortest_row = 256;
/* Without halo all channels of a short row are better than some of a long one: 1x1x1 from 832, 512,
 * 480 channels 0.90, 0.94, 0.93 of the time (AVX2, Zen 1). */
static const int64_t shortest_gathered_row = 64;

/* Costs in vector FMAs, measured on a Zen 4 core to one digit. */
static const double store_vector = 5, weights_vector = 4;
/* The same of one lane. */
static const double packed_element = 20, read_element = 6, sum_round_trip = 12;

int64_t c3d_rowwise_run(const struct c3d_rowwise *rowwise, int64_t rows, int64_t outs)
{
    return rowwise->joined ? (rows - 1) * rowwise->blocking.row.length + outs : outs;
}

int64_t c3d_rowwise_torn_vectors(const struct c3d_rowwise *rowwise, int64_t rows, int64_t outs)
{
    return c3d_ceil_div(c3d_rowwise_run(rowwise, rows, outs), rowwise->kernels->lanes) +
           C3D_MAX_VECTORS;
}

/* Vectors of a plane of the full tile. */
static int64_t plane_vectors(const struct c3d_rowwise *rowwise)
{
    const conv3d_tile *const tile = &rowwise->blocking.tile;
    const int64_t run =
        c3d_ceil_div(c3d_rowwise_run(rowwise, tile->h, tile->w), rowwise->kernels->lanes) +
        (rowwise->stream ? 1 : 0); /* whose first begins where the output's line does */
    return rowwise->joined ? run : tile->h * run;
}

/* Joining pays when the columns between rows are fewer than the empty lanes at the ends of rows; and when
 * there are neither, if outputs are consecutive: register tiles may be wider (1x1x1 with stride 2 to 32x32
 * 0.83, 1x3x1 of 64 outputs 0.88 of the time, Zen 5).  Streamed results must be whole lines, in all channels, from the first of a
 * run to its last.  Vectors shorter than a line are not streamed: outputs that malloc() lays 16
 * bytes behind a line then take 0.60 to 0.95 of the time, since no line is written in part
 * through the caches and in part past them, and aligned ones 0.89 to 1.04 (nine layers, AVX2,
 * Zen 1). */
static void lay_out_runs(struct c3d_rowwise *r)
{
    const struct c3d_problem *const p = &r->problem;
    struct c3d_blocking *const b = &r->blocking;
    const int lanes = r->kernels->lanes;
    r->stream = false;
    const bool between = b->row.length > b->tile.w || b->tile.w < p->out[W];
    r->joined = b->row.segments == 1 && b->rows.per_out == 1;
    const int64_t apart = b->tile.h * c3d_ceil_div(b->tile.w, lanes);
    if (r->joined && plane_vectors(r) >= apart + (between ? 0 : 1)) {
        r->joined = false;
    }
    const bool consecutive = !r->joined || !between;
    r->stream = r->may_stream && consecutive && c3d_volume(p->out) % lanes == 0;
    const bool whole_vectors =
        consecutive && c3d_rowwise_run(r, r->joined ? b->tile.h : 1, b->tile.w) % lanes == 0;
    r->tears = r->kernels->tears && !r->stream && !whole_vectors &&
               (!r->joined || b->tile.w == p->out[W]);
}

/* Columns of padding that a packed row has in common with the next: zeros at the end of
 * one are those at the beginning of the other.  A row is no shorter than its outputs. */
static int64_t shared_columns(const struct c3d_problem *p)
{
    const int64_t span = (p->kernel[W] - 1) * p->dilation[W];
    const int64_t right = p->out[W] + span - p->begin[W] - p->in[W];
    return p->stride[W] == 1 ? c3d_max(c3d_min(c3d_min(p->begin[W], right), span), 0) : 0;
}

/* Where the register tiles find the window of the tile as it stands. */
static void lay_out_window(struct c3d_rowwise *r)
{
    const struct c3d_problem *const p = &r->problem;
    struct c3d_blocking *const b = &r->blocking;
    if (b->in_place) {
        c3d_blocking_in_place(p, b);
    } else {
        b->planes = c3d_axis_map(b->tile.t, b->taps[T], p->stride[T], p->dilation[T]);
        b->rows = c3d_axis_map(b->tile.h, b->taps[H], p->stride[H], p->dilation[H]);
        b->row = c3d_row_layout(b->tile.w, b->taps[W], p->stride[W], p->dilation[W]);
        if (b->tile.w == p->out[W] && b->row.segments == 1) {
            b->row.length -= shared_columns(p);
        }
        if (r->gathers && b->rows.slots == 1) { /* 14x14 0.96 of the time */
            b->row.length = c3d_round_up(b->row.length, C3D_LINE_ELEMS);
        }
        b->plane_pitch = b->rows.slots * b->row.length;
        b->channel_pitch = b->planes.slots * b->plane_pitch;
    }
}

/* Elements of a row of the window, and of one channel of it, that the tile touches. */
static double row_elems(const struct c3d_rowwise *r)
{
    const struct c3d_blocking *const b = &r->blocking;
    const struct c3d_problem *const p = &r->problem;
    return b->in_place ? (double)(b->tile.w + (p->kernel[W] - 1) * p->dilation[W])
                       : (double)b->row.length;
}

static double channel_window(const struct c3d_rowwise *r)
{
    return (double)r->blocking.planes.slots * (double)r->blocking.rows.slots * row_elems(r);
}

/* Maps and buffer sizes for the tile as it stands; false if a thread's buffers
 * would exceed `room` bytes. */
static bool derive(struct c3d_rowwise *r, size_t room)
{
    const struct c3d_problem *const p = &r->problem;
    struct c3d_blocking *const b = &r->blocking;
    const int lanes = r->kernels->lanes;
    lay_out_window(r);
    lay_out_runs(r);
    /* With one chunk the sums of a register tile are written at once. */
    const int64_t channels = c3d_round_up(b->tile.oc, r->block_size);
    const double tiles = r->tears ? C3D_ENOUGH_TILES : 1;
    const double sums = b->tile.ic == p->in_channels
                            ? tiles * C3D_MAX_ACCUMULATORS * lanes
                            : (double)b->tile.t * (double)plane_vectors(r) * lanes *
                                  (double)channels;
    const double window = (double)b->tile.ic * channel_window(r);
    const double taps = (double)b->taps[T] * (double)b->taps[H] * (double)b->taps[W];
    const double torn =
        r->tears ? (double)c3d_rowwise_torn_vectors(r, b->tile.h, b->tile.w) : 0;
    const double elems = C3D_ROWWISE_FRONT + window + sums + 2 * C3D_ROWWISE_SLACK;
    const double bytes = elems * sizeof(float) + taps * sizeof(struct c3d_tap) +
                         torn * sizeof(struct c3d_torn_vector) + 4 * C3D_ALIGNMENT;
    if (bytes > (double)room) {
        return false;
    }
    b->input_elems = b->in_place ? 0 : C3D_ROWWISE_FRONT + (int64_t)window + C3D_ROWWISE_SLACK;
    b->acc_elems = (int64_t)sums + C3D_ROWWISE_SLACK;
    b->tap_count = (int64_t)taps;
    b->scratch_bytes = (size_t)(b->input_elems + b->acc_elems) * sizeof(float) +
                       (size_t)b->tap_count * sizeof(struct c3d_tap) +
                       (size_t)torn * sizeof(struct c3d_torn_vector) + 4 * C3D_ALIGNMENT;
    return true;
}

/* Four tasks per thread keep the last one's lead small. */
static bool enough_tasks(const struct c3d_rowwise *r, const struct c3d_request *request)
{
    return c3d_task_count(&r->problem, &r->blocking.tile) >= 4.0 * request->threads;
}

/* Doubles the tile along one axis while it fits, up to `goal`. */
static void grow(struct c3d_rowwise *r, const struct c3d_request *request, size_t room,
                 int axis, int64_t goal)
{
    struct c3d_blocking *const b = &r->blocking;
    int64_t *const extent = axis == H ? &b->tile.h : &b->tile.t;
    const int64_t most = c3d_min(goal, r->problem.out[axis]);
    while (*extent < most) {
        const struct c3d_blocking before = *b;
        *extent = c3d_min(*extent * 2, most);
        if (!derive(r, room) || !enough_tasks(r, request)) {
            *b = before;
            break;
        }
    }
}

/* Nearly equal parts of rows, but whole lines, so that packed rows start on one: other
 * vectors take two loads. */
static int64_t equal_rows(int64_t extent, int64_t most)
{
    const int64_t equal = c3d_equal_parts(extent, most);
    return equal == extent ? extent : c3d_round_up(equal, C3D_MAX_LANES);
}

static int64_t wish_or(int64_t wish, int64_t extent, int64_t otherwise)
{
    return c3d_min(wish > 0 ? wish : otherwise, extent);
}

/* What a tile is fitted to, beside the room: blocks of so many output channels, rows no longer than
 * that, chunks of so many channels, and extents along H and T that are exceeded last. */
struct aim {
    int64_t oc, row, ic, goal;
};

/* Long rows first, then H and T up to the goal each for little halo, then as much as `room` allows.
 * False if nothing fits. */
static bool fit_tile(struct c3d_rowwise *r, const struct c3d_request *request, size_t room,
                     const struct aim *aim)
{
    const int64_t goals[2] = {aim->goal, INT64_MAX};
    const struct c3d_problem *const p = &r->problem;
    const conv3d_tile *const wish = &request->tile;
    struct c3d_blocking *const b = &r->blocking;
    b->tile = (conv3d_tile){
        .t = wish_or(wish->t, p->out[T], 1),
        .h = wish_or(wish->h, p->out[H], 1),
        .w = wish_or(wish->w, p->out[W], equal_rows(p->out[W], aim->row)),
        .oc = aim->oc,
        .ic = aim->ic,
        .panel = r->block_size,
    };
    const int64_t shortest = r->gathers ? shortest_gathered_row : shortest_row;
    while (!derive(r, room) && wish->w == 0 && b->tile.w > shortest) {
        b->tile.w = equal_rows(p->out[W], b->tile.w / 2);
    }
    if (!derive(r, room)) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        if (wish->h == 0) {
            grow(r, request, room, H, goals[i]);
        }
        if (wish->t == 0) {
            grow(r, request, room, T, goals[i]);
        }
    }
    if (wish->t == 0) {
        b->tile.t = c3d_equal_parts(p->out[T], b->tile.t);
    }
    if (wish->h == 0) {
        b->tile.h = c3d_equal_parts(p->out[H], b->tile.h);
    }
    return derive(r, room);
}

/* How many times its share the busiest thread has to do at most: a task of full size in every round, or,
 * as the last ones along each axis are smaller, what is left when all are busy to the end, and one task
 * (Graham, "Bounds on Multiprocessing Timing Anomalies", 1969: who is free takes the next). */
static double imbalance(const struct c3d_rowwise *r, const struct c3d_request *request)
{
    const struct c3d_problem *const p = &r->problem;
    const conv3d_tile *const tile = &r->blocking.tile;
    const double threads = request->threads;
    const double rounds = ceil(c3d_task_count(p, tile) / threads);
    const double outs = (double)tile->t * (double)tile->h * (double)tile->w * (double)tile->oc;
    const double share = (double)p->items * (double)p->groups * (double)p->out_channels *
                         (double)c3d_volume(p->out) / threads;
    return fmin(rounds * outs, share + outs * (1 - 1 / threads)) / share;
}

/* What depends on the tile, for each output: empty lanes, the halo packed with it, its share of the
 * weights, its sums on their way to memory and back between chunks.  In FMAs of one lane. */
static double tile_work(const struct c3d_rowwise *r)
{
    const struct c3d_problem *const p = &r->problem;
    const struct c3d_blocking *const b = &r->blocking;
    const double window = channel_window(r);
    const double blocks = (double)c3d_ceil_div(p->out_channels, b->tile.oc);
    const double outs = (double)b->tile.t * (double)b->tile.h * (double)b->tile.w;
    const double chunks = (double)c3d_ceil_div(p->in_channels, b->tile.ic);
    const double products = (double)c3d_reduction(p) * (double)p->out_channels;
    const double lanes =
        (double)b->tile.t * (double)plane_vectors(r) * (double)r->kernels->lanes;
    return products * (lanes + weights_vector * r->l3_rate) / outs +
           blocks * window / outs * (double)p->in_channels *
               (b->in_place ? read_element : packed_element) +
           (chunks - 1) * (double)p->out_channels * sum_round_trip;
}

/* The cheapest tile so far; of two that cost the same, as far as such guesses go, the one that leaves
 * threads much less without work.  (A little less, 1.02 instead of 1.06, is not worth shorter chunks:
 * 1x1x1 of 512 channels 1.00 to 1.02 of the time.) */
struct best {
    struct c3d_rowwise rowwise;
    double cost, imbalance;
};

static void consider(struct best *best, const struct c3d_rowwise *r,
                     const struct c3d_request *request)
{
    static const double same = 1.02, much = 1.1;
    const double waits = imbalance(r, request), cost = waits * tile_work(r);
    if (cost < best->cost || (cost < same * best->cost && much * waits < best->imbalance)) {
        *best = (struct best){*r, fmin(cost, best->cost), waits};
    }
}

/* Tries chunks of all channels, half of them, and so on; true if some tile makes enough tasks. */
static bool try_chunks(struct c3d_rowwise *r, const struct c3d_request *request, size_t room,
                       int64_t oc, int64_t row, struct best *best)
{
    static const int64_t goals[] = {8, INT64_MAX};
    const int64_t all = r->problem.in_channels, wish = request->tile.ic;
    bool enough = false;
    for (int64_t ic = wish_or(wish, all, all); ic > 0;
         ic = wish > 0 || ic == 1 ? 0 : c3d_ceil_div(ic, 2)) {
        for (size_t i = 0; i < sizeof goals / sizeof *goals; i++) {
            if (fit_tile(r, request, room, &(struct aim){oc, row, ic, goals[i]})) {
                enough = enough || enough_tasks(r, request);
                consider(best, r, request);
            }
        }
    }
    return enough;
}

/* The same with shorter rows, while there are too few tasks for several threads. */
static bool try_rows(struct c3d_rowwise *r, const struct c3d_request *request, size_t room,
                     int64_t oc, struct best *best)
{
    bool enough = false;
    for (int64_t row = longest_row; row >= shortest_gathered_row && !enough; row /= 2) {
        enough = try_chunks(r, request, room, oc, row, best) || request->threads == 1 ||
                 request->tile.w > 0;
    }
    return enough;
}

/* The cheapest tile of those that half of L2 holds; beyond it, less of everything that
 * was asked for.  Errors: LIMIT. */
static conv3d_status choose_tile(struct c3d_rowwise *r, const struct c3d_request *request)
{
    const struct c3d_problem *const p = &r->problem;
    struct c3d_blocking *const b = &r->blocking;
    const size_t l2 = c3d_l2_bytes(request);
    const size_t room = l2 / 2 < request->scratch_limit ? l2 / 2 : request->scratch_limit;
    for (int axis = T; axis <= W; axis++) {
        b->taps[axis] = p->kernel[axis];
    }
    b->zero_rows = true;
    /* Blocks of output channels, of which each packs the input again, where nothing else makes enough
     * tasks: 1x1x1 from 512 to 2048 channels in 98 outputs was one task, twice as long as two. */
    const int64_t wish =
        c3d_round_up(c3d_min(request->tile.oc, p->out_channels), r->block_size);
    const int64_t blocks = c3d_ceil_div(p->out_channels, r->block_size);
    struct best best = {.cost = INFINITY};
    bool enough = false;
    for (int64_t some = blocks; some > 0 && !enough; some = some > 1 ? c3d_ceil_div(some, 2) : 0) {
        const int64_t oc = wish_or(wish, p->out_channels, some * r->block_size);
        enough = try_rows(r, request, room, oc, &best) || wish > 0;
    }
    if (best.cost < INFINITY) {
        *r = best.rowwise;
        return CONV3D_OK;
    }
    const struct aim least = {wish_or(wish, p->out_channels, p->out_channels), longest_row, 1, 1};
    (void)fit_tile(r, request, room, &least);
    while (!derive(r, request->scratch_limit)) {
        int64_t *const largest = b->tile.ic > 1   ? &b->tile.ic
                                 : b->tile.t > 1  ? &b->tile.t
                                 : b->tile.h > 1  ? &b->tile.h
                                                  : &b->tile.w;
        if (*largest == 1) {
            return c3d_fail(CONV3D_ERR_LIMIT, "a limit of %zu workspace bytes per thread holds "
                            "not even the window of one output", request->scratch_limit);
        }
        *largest = c3d_ceil_div(*largest, 2);
    }
    return CONV3D_OK;
}

/* Columns from one row to the next where rows are joined. */
static int64_t joined_pitch(const struct c3d_problem *p)
{
    return p->out[W] + (p->kernel[W] - 1) * p->dilation[W] - shared_columns(p);
}

/* Vectors of a plane whose rows are joined; 0 when they cannot be, or take no fewer than
 * one by one. */
static int64_t joined_vectors(const struct c3d_problem *p, int lanes)
{
    const int64_t joined =
        c3d_ceil_div((p->out[H] - 1) * joined_pitch(p) + p->out[W], lanes);
    const bool possible = (p->stride[W] == 1 || p->kernel[W] == 1) &&
                          (p->stride[H] == 1 || p->kernel[H] == 1);
    const bool pays = possible && joined < p->out[H] * c3d_ceil_div(p->out[W], lanes);
    return pays ? joined : 0;
}

double c3d_rowwise_runs(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    return joined_vectors(p, request->kernels->lanes) > 0 ? 1 : (double)p->out[H];
}

int64_t c3d_rowwise_run_vectors(const struct c3d_request *request)
{
    const int lanes = request->kernels->lanes;
    const int64_t joined = joined_vectors(request->problem, lanes);
    return joined > 0 ? joined : c3d_ceil_div(request->problem->out[W], lanes);
}

double c3d_rowwise_torn(const struct c3d_request *request, int width)
{
    const struct c3d_problem *const p = request->problem;
    const int lanes = request->kernels->lanes;
    if (joined_vectors(p, lanes) == 0) {
        const int64_t row = c3d_round_up(p->out[W], lanes);
        return row == p->out[W] ? 0 : (double)width * lanes / (double)row;
    }
    const int64_t pitch = joined_pitch(p);
    return pitch == p->out[W] ? 0 : fmin((double)width * lanes / (double)pitch, 1);
}

static double input_bytes(const struct c3d_problem *p)
{
    return (double)(p->groups * p->in_channels) * (double)c3d_volume(p->in) * sizeof(float);
}

/* Of an element of the input that all blocks of output channels read where it lies.  Every row of a
 * register tile lies in a page of its own, and most cores have 64 at hand; an input that the L2 caches
 * nearly hold does not show it (96 rows of 1.2 MB: no slower). */
static double read_cost(const struct c3d_request *request, int64_t block_size)
{
    enum { pages = 64 };
    const struct c3d_problem *const p = request->problem;
    const bool many = p->in_channels * p->kernel[T] > pages &&
                      input_bytes(p) > 4.0 * (double)c3d_l2_bytes(request);
    const double blocks = (double)c3d_ceil_div(p->out_channels, block_size);
    return read_element + (many ? request->kernels->costs.many_rows * blocks : 0);
}

/* Asking ahead for inputs of 12 to 134 MB gave 1.07 to 1.16 with 1 MiB of L2; with 3 MB,
 * which the hardware fetches in time, 0.95 to 0.98. */
static bool is_far(const struct c3d_request *request)
{
    return input_bytes(request->problem) > 8.0 * (double)c3d_l2_bytes(request);
}

bool c3d_rowwise_gathers(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    const double in_place = request->kernels->in_place_products;
    const double planes = fmin((double)p->in[T], (double)p->out[T] * (double)p->kernel[T]);
    const double products = (double)p->out_channels * c3d_valid_tap_total(p, T) / planes;
    return in_place > 0 && p->kernel[H] == 1 && p->kernel[W] == 1 && products > in_place;
}

/* Whether register tiles can ask for what the next ones read: where they lie in a row, and L2 need not
 * hold it for other blocks with more than one plane at a time.  With the rows of 3x3x3 1.16 to 1.19 of the
 * time, 3x1x1 to five blocks 1.0 to 1.4. */
static bool can_ask_next(const struct c3d_request *request, int64_t block_size)
{
    const struct c3d_problem *const p = request->problem;
    return p->kernel[H] == 1 && p->kernel[W] == 1 &&
           (p->kernel[T] == 1 || p->out_channels <= block_size);
}

/* Whether register tiles can read the input as it lies: consecutive outputs read
 * consecutive elements, none in the padding of H and W, and a plane holds the longest
 * register tile wherever it ends.  It pays when a row is read by one block of output
 * channels, or stays in L2 for the others, or is asked for. */
static bool reads_in_place(const struct c3d_request *request, int64_t block_size)
{
    const struct c3d_problem *const p = request->problem;
    const int64_t span = (p->kernel[H] - 1) * p->dilation[H] * p->in[W] +
                         (p->kernel[W] - 1) * p->dilation[W];
    return p->stride[W] == 1 && p->begin[H] == 0 && p->begin[W] == 0 && p->end[H] == 0 &&
           p->end[W] == 0 && p->in[H] * p->in[W] - span >= C3D_ROWWISE_SLACK &&
           c3d_reach_in_place(p) < INT32_MAX &&
           (p->out_channels <= block_size || can_ask_next(request, block_size) ||
            !c3d_channels_collide(request, p->in_channels));
}

conv3d_status c3d_rowwise_cut(struct c3d_rowwise *r, const struct c3d_request *request,
                              int64_t block_size)
{
    const bool gathers = c3d_rowwise_gathers(request), far = is_far(request),
               in_place = !gathers && reads_in_place(request, block_size),
               collide = c3d_channels_collide(request, request->problem->in_channels);
    /* Unless channels collide, kernels that ask for a single line pay with 1.2 to 1.7 of the time for
     * 3 to 16 output channels (AVX2). */
    const bool ask_next = in_place && can_ask_next(request, block_size) &&
                          (collide || request->kernels->channels_per_ask == 1);
    *r = (struct c3d_rowwise){
        .problem = *request->problem,
        .kernels = request->kernels,
        .relu = request->relu,
        .ask_ahead = far && !collide && !gathers && !ask_next,
        .ask_next = ask_next,
        .may_stream = request->stream && request->kernels->lanes >= C3D_LINE_ELEMS,
        .l3_rate = request->rates.l3,
        .blocking.in_place = in_place,
        .gathers = gathers,
        .block_size = block_size,
    };
    /* Channels that collide push each other's lines out of L2 again before they are packed.  Packing asks
     * for them as it goes: 2x2x2 of stride 2 1.03 to 1.09, gathered rows 1.00 to 1.05 where nothing
     * collides. */
    r->blocking.cold = far && (collide || gathers);
    return choose_tile(r, request);
}

/* Of a tile, in FMAs of one lane.  Gathered rows of 1x1x1 cost less than others, of stride 2 too, and
 * channels that collide once for what comes from beyond L2: the planes of outputs without their
 * halo. */
static double pack_cost(const struct c3d_rowwise *r, const struct c3d_request *request)
{
    const struct c3d_problem *const p = &r->problem;
    const struct c3d_blocking *const b = &r->blocking;
    const double channels = (double)p->in_channels, planes = channels * (double)b->planes.slots;
    const double rows = (double)b->rows.slots, elems = row_elems(r);
    double cost = c3d_pack_cost(planes, rows, elems, p->stride[W]);
    if (r->gathers && p->kernel[T] == 1) {
        cost = planes * rows * elems * packed_element;
    }
    if (r->gathers && c3d_channels_collide(request, p->in_channels)) {
        cost += channels * (double)b->tile.t * rows * elems * request->kernels->costs.collision;
    }
    return cost;
}

/* Of a vector of sums, in vector FMAs, for each chunk of channels but the first. */
static double chunk_cost(const struct c3d_rowwise *r)
{
    const struct c3d_kernels *const kernels = r->kernels;
    const double tile_sums = kernels->max_count[kernels->panel_vectors] * kernels->panel_vectors;
    return sum_round_trip / kernels->lanes + (r->gathers ? C3D_TILE_COST / tile_sums : 0);
}

double c3d_rowwise_overhead(const struct c3d_request *request, int64_t block_size)
{
    const struct c3d_problem *const p = request->problem;
    struct c3d_rowwise r;
    if (c3d_rowwise_cut(&r, request, block_size) != CONV3D_OK) {
        return INFINITY;
    }
    const struct c3d_blocking *const b = &r.blocking;
    const int lanes = request->kernels->lanes;
    const double tasks = c3d_task_count(p, &b->tile), channels = (double)b->tile.oc;
    const double input = b->in_place ? (double)p->in_channels * channel_window(&r) *
                                          read_cost(request, block_size)
                                    : pack_cost(&r, request);
    const double weights = channels * (double)c3d_reduction(p) / lanes * weights_vector *
                           request->rates.l3;
    const double vectors = (double)b->tile.t * (double)plane_vectors(&r) * channels;
    const double chunks = (double)c3d_ceil_div(p->in_channels, b->tile.ic);
    const double sums = (chunks - 1) * chunk_cost(&r);
    return tasks * (input / lanes + weights + vectors * (store_vector + sums));
}
