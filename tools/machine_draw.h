/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine_draw.h - the processors of this machine, and which thread sits on each
 */
#ifndef CONV3D_TOOLS_MACHINE_DRAW_H
#define CONV3D_TOOLS_MACHINE_DRAW_H

#include <stdio.h>

#include "seating.h"

/* Nested boxes of packages, nodes of memory, caches and cores, between x = left and right; beside
 * or below them, the threads that the system places.  Returns the y below all; with NULL for the
 * file, only that. */
double machine_draw(const struct seating *seating, double left, double right, double top,
                    FILE *file);

/* The colour of a thread, also where its tiles are drawn. */
void machine_draw_colour(int thread, int threads, char colour[8]);

#endif
