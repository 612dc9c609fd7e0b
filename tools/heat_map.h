/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heat_map.h - a quantity over two lengths, as a drawing
 *
 * A cell for each pair, with its number, the darker the less.  The same figures give the same
 * bytes.
 */
#ifndef CONV3D_TOOLS_HEAT_MAP_H
#define CONV3D_TOOLS_HEAT_MAP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HEAT_MAP_NONE SIZE_MAX

struct heat_map {
    const char *row_axis, *column_axis, *unit;
    const int64_t *rows, *columns;
    size_t row_count, column_count;
    const double *values;      /* row by row; not measured unless positive and finite */
    /* Cells that are marked, row * column_count + column, or HEAT_MAP_NONE. */
    size_t recorded, untuned;
};

/* An SVG element.  Write errors show in the stream. */
void heat_map_draw(const struct heat_map *map, FILE *file);

#endif
