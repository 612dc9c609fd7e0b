/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c - who computes what
 */
#include "plan/schedule.h"

#include "base/num.h"

struct c3d_schedule c3d_schedule_make(const struct c3d_problem *problem,
                                      const conv3d_tile *tile)
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

/* The last digit of *index in a number system of `base`. */
static int64_t take_digit(int64_t *index, int64_t base)
{
    const int64_t digit = *index % base;
    *index /= base;
    return digit;
}

static struct c3d_range piece(int64_t index, int64_t step, int64_t extent)
{
    return (struct c3d_range){index * step, c3d_min((index + 1) * step, extent)};
}

struct c3d_task c3d_schedule_task(const struct c3d_schedule *schedule, int64_t index)
{
    const conv3d_tile *const tile = &schedule->tile;
    struct c3d_task task;
    /* Fastest first: the channel blocks of one tile read the same input. */
    task.channels = piece(take_digit(&index, schedule->channel_blocks), tile->oc,
                          schedule->channels);
    task.out[W] = piece(take_digit(&index, schedule->tiles[W]), tile->w, schedule->out[W]);
    task.out[H] = piece(take_digit(&index, schedule->tiles[H]), tile->h, schedule->out[H]);
    task.out[T] = piece(take_digit(&index, schedule->tiles[T]), tile->t, schedule->out[T]);
    task.group = take_digit(&index, schedule->groups);
    task.item = index;
    return task;
}
