/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_draw.h - a benchmark under the roofs of its machine
 */
#ifndef CONV3D_TOOLS_BENCH_DRAW_H
#define CONV3D_TOOLS_BENCH_DRAW_H

#include <stdio.h>

#include "bench.h"

/* An SVG document of all timed layers.  An exit_code; explains on stderr. */
int bench_draw(const struct bench *bench, FILE *file);

#endif
