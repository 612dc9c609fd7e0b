/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heat_map.c - see heat_map.h
 */
#include "heat_map.h"

#include <inttypes.h>
#include <math.h>

#include "colour_map.h"
#include "svg.h"

enum {
    LEFT = 72, TOP = 52, MARGIN = 12,
    CELL_HEIGHT = 32, CELL_WIDE = 64, CELL_NARROW = 46, FEW_COLUMNS = 12,
    LEGEND_HEIGHT = 50, LEGEND_WIDTH = 728, SCALE_STEPS = 10, SCALE_STEP = 14, KEY = 18
};

/* The colours span at least this part of the highest value: a map of mere noise is to look
 * even. */
static const double least_span = 0.2;

/* Documents may hold several drawings, whose styles all apply to all of them: hence the prefix. */
static const char style[] =
    ".heat-number{text-anchor:middle}"
    ".heat-light{text-anchor:middle;fill:#fff}"
    ".heat-dark{text-anchor:middle;fill:#000}"
    ".heat-row{text-anchor:end}"
    ".heat-none{fill:#fff;stroke:#bbb}"
    ".heat-strike{stroke:#bbb}"
    ".heat-recorded{fill:none;stroke-width:3}"
    ".heat-untuned{fill:none;stroke-width:2;stroke-dasharray:4 3}";

struct layout {
    int cell_width, width, height;
    int below;        /* the cells */
    double low, high; /* values of the first and of the last colour */
};

static int is_measured(double value)
{
    return isfinite(value) && value > 0.0;
}

static struct layout lay_out(const struct heat_map *map)
{
    struct layout layout = {
        .cell_width = map->column_count <= FEW_COLUMNS ? CELL_WIDE : CELL_NARROW,
        .below = TOP + CELL_HEIGHT * (int)map->row_count,
        .low = INFINITY,
    };
    const int right = LEFT + layout.cell_width * (int)map->column_count;

    for (size_t i = 0; i < map->row_count * map->column_count; i++) {
        if (is_measured(map->values[i])) {
            layout.low = fmin(layout.low, map->values[i]);
            layout.high = fmax(layout.high, map->values[i]);
        }
    }
    layout.low = fmin(layout.low, layout.high * (1.0 - least_span));
    layout.width = MARGIN + (right > LEGEND_WIDTH ? right : LEGEND_WIDTH);
    layout.height = layout.below + LEGEND_HEIGHT;
    return layout;
}

static int cell_x(const struct layout *layout, size_t column)
{
    return LEFT + layout->cell_width * (int)column;
}

static int cell_y(size_t row)
{
    return TOP + CELL_HEIGHT * (int)row;
}

static void draw_axes(const struct heat_map *map, const struct layout *layout, FILE *file)
{
    const int middle = (TOP + layout->below) / 2;

    fprintf(file, "<text x=\"%d\" y=\"18\">", LEFT);
    svg_text(file, map->column_axis);
    fprintf(file, "</text>\n<text class=\"heat-number\" x=\"18\" y=\"%d\" "
                  "transform=\"rotate(-90 18 %d)\">", middle, middle);
    svg_text(file, map->row_axis);
    fputs("</text>\n", file);
    for (size_t i = 0; i < map->column_count; i++)
        fprintf(file, "<text class=\"heat-number\" x=\"%d\" y=\"%d\">%" PRId64 "</text>\n",
                cell_x(layout, i) + layout->cell_width / 2, TOP - 8, map->columns[i]);
    for (size_t i = 0; i < map->row_count; i++)
        fprintf(file, "<text class=\"heat-row\" x=\"%d\" y=\"%d\">%" PRId64 "</text>\n",
                LEFT - 8, cell_y(i) + CELL_HEIGHT / 2 + 5, map->rows[i]);
}

static void draw_blank(int x, int y, int width, int height, FILE *file)
{
    fprintf(file, "<rect class=\"heat-none\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                  "<line class=\"heat-strike\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
            x, y, width, height, x, y + height, x + width, y);
}

/* A frame within a box: solid and outside, or dashed and inside, so that both fit into one. */
static void draw_mark(const char *class, int inset, int x, int y, int width, int height,
                      const char *colour, FILE *file)
{
    fprintf(file, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                  "stroke=\"%s\"/>\n", class, x + inset, y + inset, width - 2 * inset,
            height - 2 * inset, colour);
}

static void draw_recorded(int x, int y, int width, int height, const char *colour, FILE *file)
{
    draw_mark("heat-recorded", 2, x, y, width, height, colour, file);
}

static void draw_untuned(int x, int y, int width, int height, const char *colour, FILE *file)
{
    draw_mark("heat-untuned", 5, x, y, width, height, colour, file);
}

static void draw_cell(const struct heat_map *map, const struct layout *layout, size_t index,
                      FILE *file)
{
    const int x = cell_x(layout, index % map->column_count);
    const int y = cell_y(index / map->column_count), width = layout->cell_width;
    const double value = map->values[index];
    const double part = (value - layout->low) / (layout->high - layout->low);
    const int is_light = !is_measured(value) || !colour_map_is_dark(part);
    char colour[8], number[SVG_NUMBER];

    if (is_measured(value)) {
        colour_map(part, colour);
        svg_number(value, number);
        fprintf(file, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>"
                      "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", x, y, width, CELL_HEIGHT,
                colour, is_light ? "heat-dark" : "heat-light", x + width / 2,
                y + CELL_HEIGHT / 2 + 5, number);
    } else {
        draw_blank(x, y, width, CELL_HEIGHT, file);
    }
    if (index == map->recorded)
        draw_recorded(x, y, width, CELL_HEIGHT, is_light ? "#000" : "#fff", file);
    if (index == map->untuned)
        draw_untuned(x, y, width, CELL_HEIGHT, is_light ? "#000" : "#fff", file);
}

/* From the lowest to the highest colour; returns the x behind it. */
static int draw_scale(const struct heat_map *map, const struct layout *layout, int y, FILE *file)
{
    char colour[8], low[SVG_NUMBER], high[SVG_NUMBER];

    for (int i = 0; i < SCALE_STEPS; i++) {
        colour_map((double)i / (SCALE_STEPS - 1), colour);
        fprintf(file, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n",
                LEFT + i * SCALE_STEP, y, SCALE_STEP, KEY, colour);
    }
    svg_number(layout->low, low);
    svg_number(layout->high, high);
    fprintf(file, "<text class=\"heat-row\" x=\"%d\" y=\"%d\">%s</text>\n"
                  "<text x=\"%d\" y=\"%d\">%s ", LEFT - 8, y + 14, low,
            LEFT + SCALE_STEPS * SCALE_STEP + 8, y + 14, high);
    svg_text(file, map->unit);
    fputs("</text>\n", file);
    return LEFT + SCALE_STEPS * SCALE_STEP + 120;
}

/* What the marks mean. */
static void draw_legend(const struct heat_map *map, const struct layout *layout, FILE *file)
{
    const int y = layout->below + 20;
    int x = LEFT;

    if (layout->high > 0.0)
        x = draw_scale(map, layout, y, file);
    draw_recorded(x, y - 2, 30, KEY + 4, "#000", file);
    fprintf(file, "<text x=\"%d\" y=\"%d\">recorded</text>\n", x + 36, y + 14);
    draw_untuned(x + 112, y - 5, 36, KEY + 10, "#000", file);
    fprintf(file, "<text x=\"%d\" y=\"%d\">untuned</text>\n", x + 152, y + 14);
    draw_blank(x + 226, y, 26, KEY, file);
    fprintf(file, "<text x=\"%d\" y=\"%d\">not measured</text>\n", x + 258, y + 14);
}

void heat_map_draw(const struct heat_map *map, FILE *file)
{
    const struct layout layout = lay_out(map);

    svg_begin(file, layout.width, layout.height, style);
    draw_axes(map, &layout, file);
    for (size_t i = 0; i < map->row_count * map->column_count; i++)
        draw_cell(map, &layout, i, file);
    draw_legend(map, &layout, file);
    svg_end(file);
}
