/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team_openmp.c - a team of OpenMP threads
 *
 * num_threads() applies to this region alone: no setting of the host program
 * changes.
 */
#include "platform/team.h"

#include <omp.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

void c3d_team_run(int threads, c3d_team_fn *body, void *argument)
{
    if (threads <= 1) {
        body(argument, 0, 1);
        return;
    }
#pragma omp parallel num_threads(threads)
    body(argument, omp_get_thread_num(), omp_get_num_threads());
}

int c3d_team_default_threads(void)
{
    return omp_get_max_threads();
}

/* With places, which libgomp binds the first thread to before main(), it counts theirs. */
int c3d_team_processors(void)
{
    return omp_get_num_procs();
}

const char *c3d_team_name(void)
{
    return "OpenMP " TEXT(_OPENMP);
}
