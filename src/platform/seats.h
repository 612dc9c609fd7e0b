/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seats.h - which thread of a team runs on which processor
 */
#ifndef C3D_PLATFORM_SEATS_H
#define C3D_PLATFORM_SEATS_H

#include "base/status.h"

#include <stdbool.h>

struct c3d_seats {
    int count;       /* threads that are bound: the whole team, or 0 */
    int *processors; /* the operating system's number for each; NULL if count is 0 */
    bool free_only;  /* leave threads alone that somebody else has placed; see binding.h */
    const char *reason; /* static storage */
};

/*
 * What somebody wishes: "auto", "none", "compact", "spread", or the system's numbers of the
 * processors of thread 0, 1, ..., such as "0-3,8"; NULL = CONV3D_BIND, else auto.  What cannot be
 * is no error: then count is 0, and reason says why.
 *
 * auto takes all cores or none: who has fewer threads than cores shares the machine with
 * others, of whom two would choose the same processors.  It leaves alone what OMP_PROC_BIND and
 * the like have placed, teams whose calls are not `long_enough` to pay for it, and machines
 * with one L3 and one node of memory: there it costs 1-2%, and 4-14% beside another busy program,
 * whose processor a bound thread cannot leave (doc/threads.md).
 *
 * Release with c3d_seats_release().  Errors: ARGUMENT or ENVIRONMENT (not such a text), MEMORY.
 */
C3D_CHECKED conv3d_status c3d_seats_make(const char *wish, int threads, bool long_enough,
                                         struct c3d_seats *seats);
void c3d_seats_release(struct c3d_seats *seats);

/* The variable that has had OpenMP place its threads; NULL = none. */
const char *c3d_seats_taken_by(void);

#endif
