/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bar_chart.h - quantities side by side, as a drawing
 *
 * One horizontal bar each, its name before it and a note behind it.  The same figures give the
 * same bytes.
 */
#ifndef CONV3D_TOOLS_BAR_CHART_H
#define CONV3D_TOOLS_BAR_CHART_H

#include <stddef.h>
#include <stdio.h>

struct bar {
    char name[32];
    double value;  /* no bar unless positive and finite */
    char note[96];
    int is_marked;
};

/* An SVG element.  Write errors show in the stream. */
void bar_chart_draw(const struct bar *bars, size_t count, FILE *file);

#endif
