/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - time that only goes forward
 *
 * The one place that says which of the system's clocks is meant.
 */
#include "clock.h"

#include <time.h>

double clock_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
