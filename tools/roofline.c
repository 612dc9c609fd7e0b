/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roofline.c - how far from the machine's limits, as a drawing
 */
#include "roofline.h"

#include <math.h>

#include "svg.h"

enum {
    WIDTH = 960, HEIGHT = 600,
    LEFT = 84, RIGHT = WIDTH - 28, TOP = 84, BOTTOM = HEIGHT - 64,
    LEGEND = TOP - 22
};

static const char style[] =
    ".grid{stroke:#e4e4e4;stroke-width:1}"
    ".roof{fill:none;stroke:#222;stroke-width:2}"
    ".half{fill:none;stroke:#888;stroke-width:1;stroke-dasharray:5 4}"
    ".pair{stroke:#b0b0b0;stroke-width:1}"
    ".own{fill:#1a66c9;fill-opacity:.85}"
    ".peer{fill:#fff;fill-opacity:.6;stroke:#d2500f;stroke-width:1.6}";

/* A logarithmic axis: values low..high on pixels from..to. */
struct axis {
    double low, high, from, to;
};

static double pixel(const struct axis *axis, double value)
{
    return axis->from + (axis->to - axis->from) * log(value / axis->low) /
                            log(axis->high / axis->low);
}

/* 1, 2 or 5 times a power of ten, number `step` of that sequence; 0 is 1. */
static double round_value(int step)
{
    static const double digits[] = {1.0, 2.0, 5.0};
    const int decade = step >= 0 ? step / 3 : -((2 - step) / 3);

    return digits[step - 3 * decade] * pow(10.0, decade);
}

/* The largest such step that is not above the value. */
static int step_below(double value)
{
    int step = 3 * (int)floor(log10(value)) + 3;

    while (round_value(step) > value * (1.0 + 1e-9))
        step--;
    return step;
}

static struct axis make_axis(double low, double high, double from, double to)
{
    return (struct axis){round_value(step_below(low / 1.15)),
                         round_value(step_below(high * 1.15) + 1), from, to};
}

static void choose_axes(const struct roofline *r, struct axis *x, struct axis *y)
{
    const double ridge = r->flops_per_second / r->bytes_per_second;
    double low_x = ridge / 4.0, high_x = ridge * 4.0;
    double low_y = r->flops_per_second / 50.0, high_y = r->flops_per_second;

    for (size_t i = 0; i < r->count; i++) {
        const struct roofline_mark *const mark = &r->marks[i];

        low_x = fmin(low_x, mark->intensity);
        high_x = fmax(high_x, mark->intensity);
        low_y = fmin(low_y, mark->speed);
        high_y = fmax(high_y, fmax(mark->speed, mark->peer_speed));
        if (mark->peer_speed > 0.0)
            low_y = fmin(low_y, mark->peer_speed);
    }
    *x = make_axis(low_x, high_x, LEFT, RIGHT);
    *y = make_axis(1e-9 * low_y, 1e-9 * high_y, BOTTOM, TOP);
}

static void draw_axes(const struct axis *x, const struct axis *y, FILE *file)
{
    for (int step = step_below(x->low); round_value(step) <= x->high * (1.0 + 1e-9); step++) {
        const double value = round_value(step), at = pixel(x, value);

        fprintf(file, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", at,
                TOP, at, BOTTOM);
        fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n", at,
                BOTTOM + 20, value);
    }
    for (int step = step_below(y->low); round_value(step) <= y->high * (1.0 + 1e-9); step++) {
        const double value = round_value(step), at = pixel(y, value);

        fprintf(file, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n",
                LEFT, at, RIGHT, at);
        fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT - 9,
                at + 4.5, value);
    }
    fprintf(file, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" "
                  "stroke=\"#999\"/>\n", LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
    fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">operational intensity "
                  "(effective operations per byte of input, weights and output)</text>\n",
            (LEFT + RIGHT) / 2, HEIGHT - 18);
    fprintf(file, "<text x=\"26\" y=\"%d\" text-anchor=\"middle\" "
                  "transform=\"rotate(-90 26 %d)\">effective GFLOP/s</text>\n",
            (TOP + BOTTOM) / 2, (TOP + BOTTOM) / 2);
}

/* The limit, or a part of it; cut off below. */
static void draw_roof(const struct roofline *r, const struct axis *x, const struct axis *y,
                      double part, const char *class, FILE *file)
{
    const double flops = 1e-9 * part * r->flops_per_second;
    const double bytes = 1e-9 * part * r->bytes_per_second;
    const double start = fmax(x->low, y->low / bytes);

    fprintf(file, "<polyline class=\"%s\" points=\"%.1f,%.1f %.1f,%.1f %.1f,%.1f\"/>\n", class,
            pixel(x, start), pixel(y, start * bytes), pixel(x, flops / bytes), pixel(y, flops),
            pixel(x, x->high), pixel(y, flops));
}

/* The line between a pair, so that it is seen who belongs to whom. */
static void draw_pair(const struct roofline_mark *mark, double x, const struct axis *y,
                      FILE *file)
{
    fprintf(file, "<line class=\"pair\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x,
            pixel(y, 1e-9 * mark->speed), x, pixel(y, 1e-9 * mark->peer_speed));
}

static void draw_mark(const struct roofline_mark *mark, const char *class, double x, double speed,
                      const struct axis *y, FILE *file)
{
    fprintf(file, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"><title>", class, x,
            pixel(y, 1e-9 * speed));
    svg_text(file, mark->name);
    fprintf(file, ": %.1f GFLOP/s</title></circle>\n", 1e-9 * speed);
}

/* Pairs first, ours last: on top. */
static void draw_marks(const struct roofline *r, const struct axis *x, const struct axis *y,
                       FILE *file)
{
    for (int layer = 0; layer < 3; layer++) {
        for (size_t i = 0; i < r->count; i++) {
            const struct roofline_mark *const mark = &r->marks[i];
            const double at = pixel(x, mark->intensity);

            if (layer == 2)
                draw_mark(mark, "own", at, mark->speed, y, file);
            else if (mark->peer_speed > 0.0 && layer == 0)
                draw_pair(mark, at, y, file);
            else if (mark->peer_speed > 0.0)
                draw_mark(mark, "peer", at, mark->peer_speed, y, file);
        }
    }
}

static void write_label(int x, const char *text, FILE *file)
{
    fprintf(file, "<text x=\"%d\" y=\"%d\">", x, LEGEND + 4);
    svg_text(file, text);
    fputs("</text>\n", file);
}

static void draw_key(int x, const char *class, const char *text, FILE *file)
{
    fprintf(file, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"4.5\"/>\n", class, x, LEGEND);
    write_label(x + 12, text, file);
}

static void draw_line_key(int x, const char *class, const char *text, FILE *file)
{
    fprintf(file, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", class, x,
            LEGEND, x + 30, LEGEND);
    write_label(x + 38, text, file);
}

/* Above the drawing, where no mark can be in the way. */
static void draw_legend(const struct roofline *r, FILE *file)
{
    char limits[96];

    fprintf(file, "<text class=\"title\" x=\"%d\" y=\"34\">", LEFT);
    svg_text(file, r->title);
    fputs("</text>\n", file);
    draw_key(LEFT + 6, "own", r->own, file);
    if (r->peer != NULL)
        draw_key(LEFT + 226, "peer", r->peer, file);
    snprintf(limits, sizeof limits, "%.1f GFLOP/s, %.1f GB/s", 1e-9 * r->flops_per_second,
             1e-9 * r->bytes_per_second);
    draw_line_key(RIGHT - 346, "roof", limits, file);
    draw_line_key(RIGHT - 98, "half", "half of it", file);
}

void roofline_draw(const struct roofline *r, FILE *file)
{
    struct axis x, y;

    choose_axes(r, &x, &y);
    svg_begin(file, WIDTH, HEIGHT, style);
    draw_legend(r, file);
    draw_axes(&x, &y, file);
    draw_roof(r, &x, &y, 0.5, "half", file);
    draw_roof(r, &x, &y, 1.0, "roof", file);
    draw_marks(r, &x, &y, file);
    svg_end(file);
}
