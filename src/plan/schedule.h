/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - who computes what
 *
 * The output is cut into tasks: batch item x group x block of output channels x
 * T tile x H tile x W tile.  Their numbers put tasks that share input, or weights, beside
 * each other, and a member of a team starts with consecutive ones.
 */
#ifndef C3D_PLAN_SCHEDULE_H
#define C3D_PLAN_SCHEDULE_H

#include "algo/algo.h"

struct c3d_schedule {
    int64_t items, groups, channel_blocks, tiles[3];
    int64_t tasks; /* the product */
    conv3d_tile tile;
    int64_t channels, out[3]; /* of one group; extents to clip the last tiles to */
};

/* tile: all entries set but store. */
struct c3d_schedule c3d_schedule_make(const struct c3d_problem *problem, const conv3d_tile *tile);

/* Task number 0 <= index < tasks. */
struct c3d_task c3d_schedule_task(const struct c3d_schedule *schedule, int64_t index);

/* Work of the first `tasks` tasks, in outputs: tasks at the far ends are smaller. */
double c3d_schedule_work(const struct c3d_schedule *schedule, int64_t tasks);

/* The tasks that a member starts with: cut where the work, not the number of tasks, is equal. */
struct c3d_range c3d_schedule_share(const struct c3d_schedule *schedule, int member,
                                    int members);

/* Work of all members over members times that of the busiest one: 1 = equal shares. */
double c3d_schedule_efficiency(const struct c3d_schedule *schedule, int members);

#endif
