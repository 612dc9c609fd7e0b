/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team.h - run one function on several threads
 *
 * Two implementations, one of which configure picks: team_openmp.c (the only
 * file with an OpenMP directive) and team_serial.c.
 */
#ifndef C3D_PLATFORM_TEAM_H
#define C3D_PLATFORM_TEAM_H

#include <stdbool.h>

/* Called once per member with 0 <= member < members. */
typedef void c3d_team_fn(void *argument, int member, int members);

/* Runs body on a team of at most `threads` members, the caller among them, and
 * returns when all are done.  Fewer may be granted (nesting, OMP_THREAD_LIMIT,
 * OMP_DYNAMIC): body must divide its work by `members`, which is the same in
 * all of them. */
void c3d_team_run(int threads, c3d_team_fn *body, void *argument);

/* Threads a team gets by default: OMP_NUM_THREADS as OpenMP sees it, or what the host program
 * has set since. */
int c3d_team_default_threads(void);

/* Whether this is the child of a process that had threads: its teams are the caller alone, of
 * which the first one warns (base/log.h). */
bool c3d_team_is_orphan(void);

/* Processors that teams of this process may run on, even where OpenMP has bound the caller to
 * one of them; 0 if teams are always of one. */
int c3d_team_processors(void);

/* "OpenMP 201511" or "serial"; static storage. */
const char *c3d_team_name(void);

#endif
