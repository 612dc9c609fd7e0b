/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team.h - run one function on several threads
 *
 * Two implementations, one of which configure picks: team_openmp.c (the only
 * file with an OpenMP directive) and team_serial.c.
 */
#ifndef C3D_PLATFORM_TEAM_H
#define C3D_PLATFORM_TEAM_H

#include "platform/seats.h"

#include <stdbool.h>

/* The most that a team may have. */
enum { C3D_MAX_THREADS = 4096 };

/* Called once per member with 0 <= member < members. */
typedef void c3d_team_fn(void *argument, int member, int members);

/* Runs body on a team of at most `threads` members, the caller among them, and
 * returns when all are done.  Fewer may be granted (nesting, OMP_THREAD_LIMIT,
 * OMP_DYNAMIC): body must divide its work by `members`, which is the same in
 * all of them.
 *
 * seats: where the members run meanwhile, if all of them are granted, the caller is in no
 * other parallel region, and no other team of this process sits at that moment; NULL =
 * anywhere.  Body runs in the default floating-point state, and every thread has its own
 * binding and floating-point state again afterwards. */
void c3d_team_run(int threads, const struct c3d_seats *seats, c3d_team_fn *body, void *argument);

/* Threads a team gets by default: OMP_NUM_THREADS as OpenMP sees it, or what the host program
 * has set since. */
int c3d_team_default_threads(void);

/* Whether this is the child of a process that had threads: its teams are the caller alone, of
 * which the first one warns (base/log.h). */
bool c3d_team_is_orphan(void);

/* Processors that teams of this process may run on, even where OpenMP has bound the caller to
 * one of them; 0 if teams are always of one. */
int c3d_team_processors(void);

/* The operating system's numbers of those that OpenMP's places hold: writes at most `capacity` of
 * them and returns how many there are; 0 without places. */
int c3d_team_place_processors(int *numbers, int capacity);

/* "OpenMP 201511" or "serial"; static storage. */
const char *c3d_team_name(void);

#endif
