/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h - what a plan would be if it were made another way, without making it
 */
#ifndef C3D_PLAN_DRAFT_H
#define C3D_PLAN_DRAFT_H

#include "plan/plan.h"

struct c3d_draft {
    conv3d_tile tile;    /* that the wishes lead to */
    double estimate;     /* time until the last thread is done, in vector FMAs of one core */
    int64_t tiles, channel_blocks; /* tasks in a group: places times blocks of channels */
};

/* By one of the candidates of plan's choice; false if it cannot be had. */
bool c3d_draft_make(const struct conv3d_plan *plan, const struct c3d_candidate *candidate,
                    const conv3d_tile *wish, int threads, struct c3d_draft *draft);

#endif
