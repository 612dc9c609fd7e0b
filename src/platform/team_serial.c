/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team_serial.c - a team of one, for builds without OpenMP
 */
#include "platform/team.h"

void c3d_team_run(int threads, c3d_team_fn *body, void *argument)
{
    (void)threads;
    body(argument, 0, 1);
}

int c3d_team_default_threads(void)
{
    return 1;
}

bool c3d_team_is_orphan(void)
{
    return false;
}

int c3d_team_processors(void)
{
    return 0;
}

const char *c3d_team_name(void)
{
    return "serial";
}
