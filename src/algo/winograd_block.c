/* SPDX-License-Identifier: Apache-2.0 */
/*
 * winograd_block.c - see winograd_block.h
 */
#include "algo/winograd_block.h"

#include "algo/step_cost.h"
#include "algo/tile.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>

/* Fewer channels are bound by the transforms. */
enum { least_channels = 12 };

/* Beyond these, sizes of blocks, which hold whole groups of interleaved tiles, could
 * overflow. */
enum { most_dilation = 64 };
static const double largest_volume = 0x1p40;

/* What direct.c can do with, when it must, for kernels up to 5x5x5. */
static const double least_room = 512 * 1024;

/* For aligning each of a thread's buffers. */
enum { SLACK = 8 * C3D_ALIGNMENT };

static void set_matrix(struct c3d_matrix *matrix, enum c3d_matrix_kind kind, int rows, int columns,
                       const double from[C3D_MAX_POINTS][C3D_MAX_POINTS])
{
    matrix->kind = kind;
    matrix->rows = rows;
    matrix->columns = columns;
    for (int i = 0; i < rows; i++) {
        for (int k = 0; k < columns; k++) {
            matrix->at[i][k] = (float)from[i][k];
        }
    }
}

/* An axis cut into tiles of `outs`. */
static void set_axis(struct c3d_winograd_axis *axis, int outs, int64_t taps, int64_t stride,
                     int64_t dilation)
{
    struct c3d_cook_toom *const maths = &axis->maths;
    c3d_cook_toom(outs, (int)taps, (int)stride, maths);
    const bool strided = stride == 2 && taps == 3 && (outs == 2 || outs == 3);
    const bool saves = outs > 1 && taps > 1 && stride == 1;
    axis->swift = strided || (saves && maths->points % 2 == 0);
    set_matrix(&axis->input,
               strided ? C3D_STRIDED_INPUT_MATRIX
               : saves ? C3D_INPUT_MATRIX
                       : C3D_OTHER_MATRIX,
               maths->points, maths->inputs, maths->input);
    set_matrix(&axis->output,
               strided ? C3D_STRIDED_OUTPUT_MATRIX
               : saves ? C3D_OUTPUT_MATRIX
                       : C3D_OTHER_MATRIX,
               outs, maths->points, maths->output);
    axis->outs = outs;
    axis->points = maths->points;
    axis->stride = stride;
    axis->dilation = taps > 1 ? dilation : 1;
    axis->plain = maths->points == 1 && stride == 1;
}

/* An odd number of lines, so that rows at this distance share no set of a cache. */
static int64_t odd_lines(int64_t elems)
{
    return (c3d_ceil_div(elems, C3D_LINE_ELEMS) | 1) * C3D_LINE_ELEMS;
}

static int64_t area(const struct c3d_winograd_block *b)
{
    return (int64_t)b->axes[H].points * b->axes[W].points;
}

/* Everything that follows from tiles and block. */
static void derive(const struct c3d_problem *p, struct c3d_winograd_block *b, int lanes,
                   int register_rows)
{
    struct c3d_winograd_axis *const axes = b->axes;
    for (int axis = T; axis <= W; axis++) {
        const struct c3d_winograd_axis *const a = &axes[axis];
        axes[axis].inputs = (a->tiles * a->outs - 1) * a->stride +
                            (p->kernel[axis] - 1) * a->dilation + 1;
    }
    const int64_t width = c3d_panel_channels(b->panels);
    const int64_t panels = c3d_ceil_div(b->tile.oc, width);
    b->tile.t = axes[T].tiles * axes[T].outs;
    b->tile.h = axes[H].tiles * axes[H].outs;
    b->tile.w = axes[W].tiles * axes[W].outs;
    b->tile.ic = p->in_channels;
    b->tile.panel = width;
    b->channel_blocks = c3d_ceil_div(p->in_channels, lanes);
    b->tiles = axes[T].tiles * axes[H].tiles * axes[W].tiles;
    b->rows = c3d_ceil_div(b->tiles, c3d_ceil_div(b->tiles, register_rows));
    b->plane = odd_lines(axes[H].inputs * axes[W].inputs * lanes);
    b->input_frequency = odd_lines(c3d_round_up(b->tiles, b->rows) * b->channel_blocks * lanes);
    b->sum_frequency = odd_lines(b->tiles * width);
    b->raw_elems = !axes[T].plain ? axes[T].inputs * b->plane : 0;
    b->window_elems = axes[T].points * b->channel_blocks * axes[T].tiles * b->plane;
    b->band_elems = !axes[H].plain ? axes[H].points * axes[W].inputs * lanes : 0;
    b->input_elems = area(b) * b->input_frequency;
    b->sum_elems = axes[W].points > 1 ? area(b) * b->sum_frequency : 0;
    b->half_elems = axes[H].points > 1 ? axes[H].points * axes[W].outs * b->sum_frequency : 0;
    b->slice_elems = axes[H].outs * axes[W].outs * b->sum_frequency;
    b->output_elems = b->tile.t * b->tile.h * b->tile.w * width;
    const double elems = (double)b->raw_elems + (double)b->window_elems +
                         (double)b->band_elems + (double)b->input_elems +
                         (double)b->sum_elems + (double)b->half_elems +
                         (double)axes[T].points * (double)panels * (double)b->slice_elems +
                         (double)b->output_elems;
    b->scratch_bytes = (size_t)(elems * sizeof(float));
}

/* Groups of tiles, `dilation` each, that the axis takes. */
static int64_t groups_of(const struct c3d_problem *p, const struct c3d_winograd_axis *axis,
                         int index)
{
    return c3d_ceil_div(p->out[index], axis->outs * axis->dilation);
}

/* Bytes that packed weights and bias take, those of direct.c for wild tiles included. */
static double packed_bytes(const struct c3d_problem *p, const struct c3d_winograd_block *b)
{
    const double channels =
        (double)p->groups * (double)c3d_padded_channels(p, b->panels.lanes);
    const double points = (double)b->axes[T].points * (double)area(b);
    return sizeof(float) * channels *
           ((double)p->in_channels * (points + (double)c3d_volume(p->kernel)) + 2);
}

double c3d_winograd_room(const struct c3d_request *request, const struct c3d_winograd_block *b)
{
    const double most = (double)request->scratch_limit - SLACK;
    if (request->memory_limit == 0) {
        return most;
    }
    const double left =
        (double)request->memory_limit - packed_bytes(request->problem, b) - SLACK;
    return fmin(most, left / request->threads - SLACK);
}

/* The axes in the order in which blocks grow. */
static const int order[3] = {W, H, T};

/* One axis of a block: what a stage of the transform writes for each of the others. */
static double along(const struct c3d_winograd_block *b, int axis, bool points)
{
    return (double)b->axes[axis].tiles *
           (points ? b->axes[axis].points : b->axes[axis].outs);
}

/* What a stage costs for each vector that it writes, in vector FMAs: most is waiting for L2
 * and beyond; eight points do not fit the registers, and not all matrices have short code. */
static double stage(const struct c3d_winograd_axis *axis)
{
    return axis->plain ? 0 : !axis->swift ? 8 : axis->points <= 7 ? 4 : 9;
}

static const double copied = 5;

/* What the transforms of a block cost for one block of input channels, and for one vector of
 * output channels. */
static double input_cost(const struct c3d_winograd_block *b)
{
    const double t = along(b, T, true), h = along(b, H, true), w = along(b, W, true);
    const double rows = (double)b->axes[H].inputs, columns = (double)b->axes[W].inputs;
    return stage(&b->axes[T]) * t * rows * columns + stage(&b->axes[H]) * t * h * columns +
           fmax(stage(&b->axes[W]), copied) * t * h * w;
}

static double output_cost(const struct c3d_winograd_block *b)
{
    const double t = along(b, T, true), h = along(b, H, true);
    const double rows = along(b, H, false), columns = along(b, W, false);
    return stage(&b->axes[W]) * t * h * columns + stage(&b->axes[H]) * t * rows * columns +
           fmax(stage(&b->axes[T]), copied) * along(b, T, false) * rows * columns;
}

/* What a block costs in vector FMAs: reading the weights, however few its tiles, and the rest. */
struct block_cost {
    double weights, work;
};

/*
 * For one vector of output channels after another, `vectors` of them.  Fitted to 670 plans for 19
 * layers, two threads of Zen 4, such that they compare with the estimates of direct.c, which are a
 * fifth short of whole layers.  Within 15% in the mean; doc/performance.md has what the choice
 * is worth.
 */
static struct block_cost block_cost(const struct c3d_request *request,
                                    const struct c3d_winograd_block *b, double vectors)
{
    static const double product = 0.95;
    const struct c3d_rates *const rates = &request->rates;
    const double near_weights = rates->l3, far_weights = 9 * rates->memory; /* a vector */
    /* What does not stay in the caches is waited for at either end. */
    const double memory = request->stream ? 35 * rates->memory : 0;
    const double packed = 30 + memory, stored = 4 + memory;
    const struct c3d_problem *const p = request->problem;
    const int lanes = request->kernels->lanes;
    const double points = (double)area(b) * b->axes[T].points;
    const double register_tiles = (double)c3d_ceil_div(b->tiles, b->rows);
    const int width = b->panels.vectors;
    const double steps = points * (double)p->in_channels; /* for each vector */
    const double products =
        register_tiles * steps * vectors *
        c3d_step_cost(request->kernels, (int)b->rows, width, true) / width * product;
    /* The part of the weights that L3 does not keep from call to call, since others use it
     * too: none of a third of its size, all of four thirds. */
    const double all = (double)c3d_ceil_div(p->out_channels, lanes) * lanes * sizeof(float);
    const double beyond = steps * all / (double)c3d_l3_bytes(request) - 1.0 / 3;
    const double far = fmin(fmax(beyond, 0), 1);
    const double window =
        (double)b->axes[T].inputs * (double)b->axes[H].inputs * (double)b->axes[W].inputs;
    const double outputs = along(b, T, false) * along(b, H, false) * along(b, W, false);
    const double channel_blocks = (double)b->channel_blocks;
    return (struct block_cost){
        .weights = steps * vectors * (near_weights + far * (far_weights - near_weights)),
        .work = products + channel_blocks * (rates->transform * input_cost(b) + window * packed) +
                vectors * (rates->transform * output_cost(b) + outputs * stored),
    };
}

/* Of one item on one thread, in vector FMAs. */
static double cost(const struct c3d_request *request, const struct c3d_winograd_block *b)
{
    const struct c3d_problem *const p = request->problem;
    double whole_blocks = (double)p->groups, blocks = whole_blocks; /* last ones count in part */
    for (int axis = T; axis <= W; axis++) {
        const double some = (double)c3d_tiles_of(&b->axes[axis], p->out[axis]) /
                            (double)b->axes[axis].tiles;
        blocks *= some;
        whole_blocks *= ceil(some);
    }
    const double channel_blocks = (double)c3d_ceil_div(p->out_channels, b->tile.oc);
    const struct block_cost each = block_cost(
        request, b, (double)c3d_ceil_div(p->out_channels, request->kernels->lanes) / channel_blocks);
    return channel_blocks * (whole_blocks * each.weights + blocks * each.work);
}

/* Until the last thread is done. */
static double time_of_team(const struct c3d_request *request, const struct c3d_winograd_block *b)
{
    const struct block_cost each = block_cost(
        request, b, (double)c3d_ceil_div(b->tile.oc, request->kernels->lanes));
    const double rounds = ceil(c3d_task_count(request->problem, &b->tile) / request->threads);
    return rounds * (each.weights + each.work);
}

/* Halves the block along T, H, W, else its output channels; false if nothing is left to halve. */
static bool shrink(const struct c3d_request *request, struct c3d_winograd_block *b)
{
    const int64_t panel = c3d_panel_channels(b->panels);
    for (int i = 2; i >= 0; i--) {
        struct c3d_winograd_axis *const axis = &b->axes[order[i]];
        if (axis->tiles > axis->dilation) {
            axis->tiles = c3d_ceil_div(axis->tiles / axis->dilation, 2) * axis->dilation;
            return true;
        }
    }
    if (b->tile.oc <= panel) {
        return false;
    }
    b->tile.oc = c3d_min(c3d_round_up(c3d_ceil_div(b->tile.oc, 2), panel),
                         request->problem->out_channels);
    return true;
}

/* The next smaller of the equal parts of `all` groups of tiles, in tiles; 0 after the smallest,
 * or where the extent of the block was wished for. */
static int64_t fewer_tiles(int64_t tiles, int64_t dilation, int64_t all, int64_t wish)
{
    const int64_t groups = tiles / dilation;
    return wish > 0 || groups <= 1 ? 0 : c3d_equal_parts(all, groups - 1) * dilation;
}

static int64_t fewer_channels(int64_t channels, int64_t panel, int64_t all, int64_t wish)
{
    const int64_t panels = c3d_ceil_div(channels, panel);
    return wish > 0 || panels <= 1
               ? 0
               : c3d_min(c3d_equal_parts(c3d_ceil_div(all, panel), panels - 1) * panel, all);
}

/* Smaller blocks in equal parts, where a team is sooner done with them. */
static void cut_for_team(const struct c3d_request *request, struct c3d_winograd_block *b,
                         int register_rows)
{
    const struct c3d_problem *const p = request->problem;
    const conv3d_tile *const wish = &request->tile;
    const int64_t wishes[3] = {wish->t, wish->h, wish->w};
    const int64_t panel = c3d_panel_channels(b->panels);
    const struct c3d_winograd_block largest = *b;
    double least = time_of_team(request, b);
    int64_t all[3];
    for (int axis = T; axis <= W; axis++) {
        all[axis] = groups_of(p, &b->axes[axis], axis);
    }
    struct c3d_winograd_block some = largest;
    for (; some.tile.oc > 0;
         some.tile.oc = fewer_channels(some.tile.oc, panel, p->out_channels, wish->oc)) {
        for (int axis = T; axis <= W; axis++) {
            some.axes[axis].tiles = largest.axes[axis].tiles;
        }
        /* Along W, H, T like the digits of a number. */
        for (int axis = T; axis <= W;) {
            derive(p, &some, request->kernels->lanes, register_rows);
            const double time = time_of_team(request, &some);
            if (time < least) {
                least = time;
                *b = some;
            }
            for (axis = T; axis <= W; axis++) {
                struct c3d_winograd_axis *const a = &some.axes[axis];
                a->tiles = fewer_tiles(a->tiles, a->dilation, all[axis], wishes[axis]);
                if (a->tiles > 0) {
                    break;
                }
                a->tiles = largest.axes[axis].tiles;
            }
        }
    }
}

/* As many tiles as leave the transformed input of one frequency of T in half of L2, but no more
 * than two register tiles, along W first; fewer where a team has to share them.  64
 * channels of 56x56, one Zen 4 core with 1 MiB: blocks of 14, 28, 42, 56, 84 tiles take 0.89,
 * 0.95, 0.98, 1, 1.08 of the time; 128 to 192 channels of 28x28, 7, 14, 21, 28, 42 tiles: 1.21,
 * 1.14, 1.06, 1, 0.99. */
static void choose_block(const struct c3d_request *request, struct c3d_winograd_block *b)
{
    const struct c3d_problem *const p = request->problem;
    const size_t l2 = c3d_l2_bytes(request);
    const int lanes = request->kernels->lanes;
    const int register_rows = request->kernels->max_count[b->panels.vectors];
    const double each = (double)area(b) * (double)c3d_round_up(p->in_channels, lanes) *
                        sizeof(float);
    const double room = c3d_winograd_room(request, b);
    int64_t most = (int64_t)fmin(fmax((double)l2 / 2 / each, register_rows), 2 * register_rows);
    const conv3d_tile *const wish = &request->tile;
    const int64_t wishes[3] = {wish->t, wish->h, wish->w};
    const int64_t panel = c3d_panel_channels(b->panels);
    b->tile.oc = wish->oc > 0 && wish->oc < p->out_channels
                     ? c3d_min(c3d_round_up(wish->oc, panel), p->out_channels)
                     : p->out_channels;
    for (int i = 0; i < 3; i++) {
        struct c3d_winograd_axis *const axis = &b->axes[order[i]];
        const int64_t group = axis->outs * axis->dilation;
        const int64_t all = groups_of(p, axis, order[i]);
        const int64_t some = wishes[order[i]] > 0
                                 ? c3d_min(c3d_ceil_div(wishes[order[i]], group), all)
                                 : c3d_equal_parts(all, c3d_max(most / axis->dilation, 1));
        axis->tiles = some * axis->dilation;
        most = c3d_max(most / axis->tiles, 1);
    }
    derive(p, b, lanes, register_rows);
    while ((double)b->scratch_bytes > room && shrink(request, b)) {
        derive(p, b, lanes, register_rows);
    }
    if (request->threads > 1) {
        cut_for_team(request, b, register_rows);
    }
}

conv3d_status c3d_winograd_cut(const struct c3d_request *request,
                               struct c3d_winograd_block *block)
{
    const struct c3d_problem *const p = request->problem;
    block->panels = c3d_choose_panels(request);
    for (int axis = T; axis <= W; axis++) {
        set_axis(&block->axes[axis], request->transform[axis], p->kernel[axis], p->stride[axis],
                 p->dilation[axis]);
    }
    choose_block(request, block);
    const double room = c3d_winograd_room(request, block);
    if ((double)block->scratch_bytes > room || room < least_room) {
        return c3d_fail(CONV3D_ERR_LIMIT, "a limit of %zu workspace bytes per thread holds no "
                        "block of Winograd tiles", request->scratch_limit);
    }
    block->cost = cost(request, block);
    block->scratch_bytes += SLACK;
    return CONV3D_OK;
}

int64_t c3d_winograd_weights(const struct c3d_problem *problem,
                             const struct c3d_winograd_block *block)
{
    return problem->groups * block->axes[T].points * area(block) * problem->in_channels *
           c3d_padded_channels(problem, block->panels.lanes);
}

/* The amplification of all axes, times the error of a sum of products: measured for uniform
 * data, 1 to 256 channels, kernels of 3 and 5 taps and all tiles, within 15%. */
double c3d_winograd_error(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    double error = 0x1p-24 * sqrt(1 + 0.12 * (double)p->in_channels);
    for (int axis = T; axis <= W; axis++) {
        struct c3d_cook_toom maths;
        c3d_cook_toom(request->transform[axis], (int)p->kernel[axis], (int)p->stride[axis], &maths);
        error *= maths.amplification;
    }
    return error;
}

/* Why no tile suits. */
static const char *any_refusal(const struct c3d_request *request)
{
    const struct c3d_problem *const p = request->problem;
    if (!request->fast) {
        return "math is strict";
    }
    if (c3d_volume(p->out) == 1 || p->columns) {
        return "one output per item";
    }
    bool any = false;
    for (int axis = T; axis <= W; axis++) {
        if (p->stride[axis] > 2 || (p->stride[axis] == 2 && p->dilation[axis] > 1 &&
                                    p->kernel[axis] > 1)) {
            return "a stride is above 2, or 2 and dilated";
        }
        if (p->kernel[axis] > 5 || p->kernel[axis] == 4) {
            return "a kernel extent is not 1, 2, 3 or 5";
        }
        if (p->kernel[axis] > 1 && p->dilation[axis] > most_dilation) {
            return "a dilation is above 64";
        }
        any = any || p->kernel[axis] > 1;
    }
    if (fmax((double)c3d_volume(p->in), (double)c3d_volume(p->out)) > largest_volume) {
        return "a volume has more than 2^40 voxels";
    }
    if (!any) {
        return "every kernel extent is 1";
    }
    if (p->in_channels < least_channels || p->out_channels < least_channels) {
        return "a group has too few channels to pay for the transforms";
    }
    return request->wild_weights ? "a weight is not finite, or far above the others" : NULL;
}

/* Half of what fast math promises, which is for data of any kind. */
static const double largest_error = 1e-5;

const char *c3d_winograd_refusal(const struct c3d_request *request)
{
    const char *const refusal = any_refusal(request);
    if (refusal != NULL || request->transform[T] == 0) {
        return refusal;
    }
    return c3d_winograd_error(request) > largest_error ? "an error above 1e-5 is expected" : NULL;
}

static bool is_possible(const struct c3d_problem *p, int axis, int outs)
{
    const int64_t taps = p->kernel[axis];
    return taps == 1 ? outs == 1
                     : (outs - 1) * p->stride[axis] + taps <= C3D_MAX_POINTS &&
                           (outs <= 2 || outs <= p->out[axis]);
}

/* The next larger extent of a tile along an axis, 0 after the last. */
static int next_outs(const struct c3d_problem *p, int axis, int outs)
{
    static const int sizes[] = {1, 2, 3, 4, 6};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i] > outs && is_possible(p, axis, sizes[i])) {
            return sizes[i];
        }
    }
    return 0;
}

bool c3d_winograd_next(const struct c3d_problem *problem, int outs[3])
{
    if (outs[T] == 0) {
        for (int axis = T; axis <= W; axis++) {
            outs[axis] = next_outs(problem, axis, 0);
        }
        return true;
    }
    for (int axis = W; axis >= T; axis--) {
        outs[axis] = next_outs(problem, axis, outs[axis]);
        if (outs[axis] > 0) {
            return true;
        }
        outs[axis] = next_outs(problem, axis, 0);
    }
    return false;
}
