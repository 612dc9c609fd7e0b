/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roofline.h - how far from the machine's limits, as a drawing
 *
 * Speed over operational intensity, both logarithmic, under the two roofs of
 * arithmetic and memory.  The same figures give the same bytes.
 */
#ifndef CONV3D_TOOLS_ROOFLINE_H
#define CONV3D_TOOLS_ROOFLINE_H

#include <stddef.h>
#include <stdio.h>

struct roofline_mark {
    const char *name;
    double intensity;  /* operations per byte */
    double speed;      /* operations per second */
    double peer_speed; /* 0 = none */
};

struct roofline {
    const char *title;
    const char *own, *peer;                    /* for the legend; peer NULL = none */
    double flops_per_second, bytes_per_second; /* the roofs */
    const struct roofline_mark *marks;
    size_t count;
};

/* An SVG document.  Write errors show in the stream. */
void roofline_draw(const struct roofline *roofline, FILE *file);

#endif
