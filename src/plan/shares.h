/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shares.h - who does which task
 *
 * Each member of a team starts with a share of consecutive tasks, so that
 * neighbours in space, which share input, run on one core.  Who has done his own takes
 * from the end of the largest share left: on a shared machine cores are not equally
 * fast.  No bit of a result depends on it.
 */
#ifndef C3D_PLAN_SHARES_H
#define C3D_PLAN_SHARES_H

#include "platform/team.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What is left of each share: the next task and the end, 32 bits each, so that both change at once.
 * As far apart as there is room, two lines at most: who takes his next task does not wait for a line
 * that others write (432 tasks of half a microsecond on two Zen 5 cores: 0.92 of the time). */
struct c3d_shares {
    int apart;
    _Atomic uint64_t left[C3D_MAX_THREADS];
};

/* The most tasks that can be shared out. */
static const int64_t c3d_shares_most = UINT32_MAX;

/* Empty shares for so many members, 1 .. C3D_MAX_THREADS. */
void c3d_shares_init(struct c3d_shares *shares, int members);

/* Gives member the tasks begin .. end as his share. */
void c3d_shares_open(struct c3d_shares *shares, int member, int64_t begin, int64_t end);

/* Sets *task to the next one for member; false when none is left that he can see. */
bool c3d_shares_take(struct c3d_shares *shares, int member, int members, int64_t *task);

/* What member will take after that, unless somebody else does; -1 if nothing. */
int64_t c3d_shares_peek(struct c3d_shares *shares, int member);

#endif
