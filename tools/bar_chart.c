/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bar_chart.c - see bar_chart.h
 */
#include "bar_chart.h"

#include <math.h>

#include "svg.h"

/* RIGHT is where the longest bar ends: behind it a note of 50 characters has room. */
enum { WIDTH = 960, LEFT = 190, RIGHT = 520, MARGIN = 8, STEP = 26, BAR_HEIGHT = 18 };

/* The prefix: see heat_map.c. */
static const char style[] =
    ".bar{fill:#8fb1dc}"
    ".bar-marked{fill:#1a66c9}"
    ".bar-name{text-anchor:end}"
    ".bar-name-marked{text-anchor:end;font-weight:bold}"
    ".bar-note-marked{font-weight:bold}";

static double bar_length(double value, double highest)
{
    return isfinite(value) && value > 0.0 ? (RIGHT - LEFT) * (value / highest) : 0.0;
}

static void draw_bar(const struct bar *bar, double highest, int y, FILE *file)
{
    const char *const suffix = bar->is_marked ? "-marked" : "";
    const double length = bar_length(bar->value, highest);

    fprintf(file, "<text class=\"bar-name%s\" x=\"%d\" y=\"%d\">", suffix, LEFT - 8, y + 14);
    svg_text(file, bar->name);
    fprintf(file, "</text><rect class=\"bar%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                  "<text class=\"bar-note%s\" x=\"%.1f\" y=\"%d\">", suffix, LEFT, y, length,
            BAR_HEIGHT, suffix, LEFT + length + 8, y + 14);
    svg_text(file, bar->note);
    fputs("</text>\n", file);
}

void bar_chart_draw(const struct bar *bars, size_t count, FILE *file)
{
    double highest = 0.0;

    for (size_t i = 0; i < count; i++) {
        if (isfinite(bars[i].value))
            highest = fmax(highest, bars[i].value);
    }
    svg_begin(file, WIDTH, 2 * MARGIN + STEP * (int)count, style);
    for (size_t i = 0; i < count; i++)
        draw_bar(&bars[i], highest, MARGIN + STEP * (int)i, file);
    svg_end(file);
}
