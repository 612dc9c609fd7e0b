/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team_serial.c - a team of one, for builds without OpenMP
 */
#include "platform/team.h"

#include "platform/float_state.h"

void c3d_team_run(int threads, const struct c3d_seats *seats, c3d_team_fn *body, void *argument)
{
    (void)threads, (void)seats;
    const fenv_t before = c3d_float_state_default();
    body(argument, 0, 1);
    c3d_float_state_restore(&before);
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

int c3d_team_place_processors(int *numbers, int capacity)
{
    (void)numbers, (void)capacity;
    return 0;
}

const char *c3d_team_name(void)
{
    return "serial";
}
