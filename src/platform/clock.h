/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - a monotonic clock
 */
#ifndef C3D_PLATFORM_CLOCK_H
#define C3D_PLATFORM_CLOCK_H

/* Seconds since an arbitrary moment. */
double c3d_clock_seconds(void);

#endif
