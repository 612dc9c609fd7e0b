/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - time that only goes forward
 */
#ifndef CONV3D_TOOLS_CLOCK_H
#define CONV3D_TOOLS_CLOCK_H

/* Seconds since some moment in the past. */
double clock_seconds(void);

#endif
