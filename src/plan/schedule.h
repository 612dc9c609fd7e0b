/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - who computes what
 *
 * The output is cut into tasks: batch item x group x block of output channels x
 * T tile x H tile x W tile.  Each task has one owner, chosen from its number
 * and the size of the team alone, so that a run can be repeated.
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

struct c3d_schedule c3d_schedule_make(const struct c3d_problem *problem,
                                      const conv3d_tile *tile);

/* Task number 0 <= index < tasks. */
struct c3d_task c3d_schedule_task(const struct c3d_schedule *schedule, int64_t index);

#endif
