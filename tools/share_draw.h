/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share_draw.h - which thread of a plan begins with which tiles
 */
#ifndef CONV3D_TOOLS_SHARE_DRAW_H
#define CONV3D_TOOLS_SHARE_DRAW_H

#include <stdio.h>

#include "conv3d.h"

/*
 * The H x W planes of each item, block of channels and tile along T, as many as fit, cut as the
 * plan cuts them, in the colours of machine_draw(); below, the work of each thread.  Between
 * x = left and right.  Returns the y below; with NULL for the file, only that.
 */
double share_draw(const conv3d_plan *plan, double left, double right, double top, FILE *file);

#endif
