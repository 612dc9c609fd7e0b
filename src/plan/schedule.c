/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c - who computes what
 */
#include "plan/schedule.h"

#include "base/num.h"

struct c3d_schedule c3d_schedule_make(const struct c3d_problem *problem, const conv3d_tile *tile)
{
    struct c3d_schedule s = {
        .items = problem->items,
        .groups = problem->groups,
        .channel_blocks = c3d_ceil_div(problem->out_channels, tile->oc),
        .tiles = {c3d_ceil_div(problem->out[T], tile->t), c3d_ceil_div(problem->out[H], tile->h),
                  c3d_ceil_div(problem->out[W], tile->w)},
        .tile = *tile,
        .channels = problem->out_channels,
        .out = {problem->out[T], problem->out[H], problem->out[W]},
    };
    s.tasks = s.items * s.groups * s.channel_blocks * c3d_volume(s.tiles);
    return s;
}

/* The number of a task has six digits, each with a base of its own; what it counts has an
 * extent that is cut in steps, of which the last may be shorter. */
enum { DIGITS = 6 };
struct digit {
    int64_t base, step, extent;
};
enum digit_name { ITEM, GROUP, T_TILE, H_TILE, W_TILE, CHANNELS };

/* Which digit counts what, fastest last.  The blocks of channels of one tile read the same
 * input; the tiles of one block read the same weights. */
static const enum digit_name channels_inner_order[DIGITS] = {ITEM,   GROUP,  T_TILE,
                                                             H_TILE, W_TILE, CHANNELS};
static const enum digit_name channels_outer_order[DIGITS] = {GROUP,  CHANNELS, ITEM,
                                                             T_TILE, H_TILE,   W_TILE};

static const enum digit_name *order_of(const struct c3d_schedule *s)
{
    return s->tile.order == CONV3D_ORDER_OUTER ? channels_outer_order : channels_inner_order;
}

static struct digit digit_of(const struct c3d_schedule *s, enum digit_name name)
{
    switch (name) {
    case ITEM:
        return (struct digit){s->items, 1, s->items};
    case GROUP:
        return (struct digit){s->groups, 1, s->groups};
    case CHANNELS:
        return (struct digit){s->channel_blocks, s->tile.oc, s->channels};
    case T_TILE:
        return (struct digit){s->tiles[T], s->tile.t, s->out[T]};
    case H_TILE:
        return (struct digit){s->tiles[H], s->tile.h, s->out[H]};
    default:
        return (struct digit){s->tiles[W], s->tile.w, s->out[W]};
    }
}

static struct c3d_range piece(struct digit digit, int64_t index)
{
    return (struct c3d_range){index * digit.step,
                              c3d_min((index + 1) * digit.step, digit.extent)};
}

struct c3d_task c3d_schedule_task(const struct c3d_schedule *schedule, int64_t index)
{
    struct c3d_range pieces[DIGITS];
    for (int i = DIGITS - 1; i >= 0; i--) {
        const enum digit_name name = order_of(schedule)[i];
        const struct digit digit = digit_of(schedule, name);
        pieces[name] = piece(digit, index % digit.base);
        index /= digit.base;
    }
    return (struct c3d_task){
        .item = pieces[ITEM].begin,
        .group = pieces[GROUP].begin,
        .channels = pieces[CHANNELS],
        .out = {pieces[T_TILE], pieces[H_TILE], pieces[W_TILE]},
    };
}

/*
 * With the digits of `tasks` from the slowest: all that comes before in this digit, times the
 * whole of the faster ones, for the present pieces of the slower ones.
 */
double c3d_schedule_work(const struct c3d_schedule *schedule, int64_t tasks)
{
    if (tasks >= schedule->tasks) {
        return (double)schedule->items * (double)schedule->groups * (double)schedule->channels *
               (double)c3d_volume(schedule->out);
    }
    double work = 0, slower = 1;
    int64_t faster_tasks = schedule->tasks;
    for (int i = 0; i < DIGITS; i++) {
        const struct digit digit = digit_of(schedule, order_of(schedule)[i]);
        double faster = 1;
        for (int j = i + 1; j < DIGITS; j++) {
            faster *= (double)digit_of(schedule, order_of(schedule)[j]).extent;
        }
        faster_tasks /= digit.base;
        const struct c3d_range now = piece(digit, tasks / faster_tasks);
        tasks %= faster_tasks;
        work += slower * (double)now.begin * faster;
        slower *= (double)c3d_extent(now);
    }
    return work;
}

/* The task after which the members before this one have done their part, to the nearest. */
static int64_t share_begin(const struct c3d_schedule *schedule, int member, int members)
{
    const double part = c3d_schedule_work(schedule, schedule->tasks) * member / members;
    int64_t below = 0, above = schedule->tasks; /* work(below) <= part <= work(above) */
    while (above - below > 1) {
        const int64_t middle = below + (above - below) / 2;
        if (c3d_schedule_work(schedule, middle) <= part) {
            below = middle;
        } else {
            above = middle;
        }
    }
    return part - c3d_schedule_work(schedule, below) <=
                   c3d_schedule_work(schedule, above) - part
               ? below
               : above;
}

struct c3d_range c3d_schedule_share(const struct c3d_schedule *schedule, int member, int members)
{
    return (struct c3d_range){
        member == 0 ? 0 : share_begin(schedule, member, members),
        member == members - 1 ? schedule->tasks : share_begin(schedule, member + 1, members)};
}

double c3d_schedule_efficiency(const struct c3d_schedule *schedule, int members)
{
    double busiest = 0;
    for (int member = 0; member < members; member++) {
        const struct c3d_range share = c3d_schedule_share(schedule, member, members);
        const double work =
            c3d_schedule_work(schedule, share.end) - c3d_schedule_work(schedule, share.begin);
        busiest = work > busiest ? work : busiest;
    }
    return busiest > 0 ? c3d_schedule_work(schedule, schedule->tasks) / (members * busiest) : 1;
}
