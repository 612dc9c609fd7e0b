/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - a monotonic clock
 */
#include "config.h" /* _GNU_SOURCE, for clock_gettime() */

#include "platform/clock.h"

#include <time.h>

double c3d_clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
