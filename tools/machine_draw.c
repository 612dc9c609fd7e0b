/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine_draw.c - see machine_draw.h
 */
#include "machine_draw.h"

#include <math.h>

#include "svg.h"

/* Boxes within boxes. */
enum level { PACKAGE, NODE, L3, L2, CORE, PROCESSOR };

static const struct look {
    const char *title; /* NULL = no line for one */
    const char *fill;
    double padding;
    double widest; /* what a row of such boxes may take; 0 = all there is */
} looks[] = {
    [PACKAGE] = {"package", "#f3f3f3", 8, 0},
    [NODE] = {"memory node", "#fbfbfb", 8, 0},
    [L3] = {"L3", "#eef2f7", 6, 0},
    [L2] = {"L2", "#f6f8fb", 4, 0},
    [CORE] = {NULL, "#dde4ec", 3, 192},
    [PROCESSOR] = {NULL, "#fff", 0, 0},
};

enum { CELL_WIDTH = 38, CELL_HEIGHT = 36, GAP = 4, TITLE_HEIGHT = 16, TITLE_WIDTH = 100 };
enum { CHIP_WIDTH = 38, CHIP_HEIGHT = 20, CHIPS_LEAST = 220 };

struct size {
    double width, height;
};

struct drawing {
    const struct seating *seating;
    int shared_l2; /* by cores: else each is that of a core, and no box of its own */
};

static int part_of(const conv3d_processor *p, enum level level)
{
    return level == PACKAGE ? p->package
           : level == NODE  ? p->numa_node
           : level == L3    ? p->l3
           : level == L2    ? p->l2
           : level == CORE  ? p->core
                            : p->number;
}

static conv3d_processor processor_at(int index)
{
    conv3d_processor p = {.size = sizeof p};

    (void)conv3d_machine_processor(index, &p); /* the caller has counted them */
    return p;
}

void machine_draw_colour(int thread, int threads, char colour[8])
{
    /* Not all around: the last is not to look like the first. */
    svg_colour(0.9 * thread / threads, colour);
}

/* Who sits there: the first of `count` threads. */
static int threads_on(const struct seating *seating, int processor, int *count)
{
    int first = -1;

    *count = 0;
    for (int thread = seating->threads - 1; thread >= 0; thread--) {
        if (seating->processors[thread] == processor) {
            first = thread;
            ++*count;
        }
    }
    return first;
}

static void draw_cell(const struct drawing *d, int number, double x, double y, FILE *file)
{
    int count;
    const int thread = threads_on(d->seating, number, &count);
    char colour[8] = "#ffffff";

    if (thread >= 0)
        machine_draw_colour(thread, d->seating->threads, colour);
    fprintf(file, "<rect class=\"cell\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" "
                  "fill=\"%s\"/>\n"
                  "<text class=\"number\" x=\"%.1f\" y=\"%.1f\">%d</text>\n",
            x, y, CELL_WIDTH, CELL_HEIGHT, colour, x + CELL_WIDTH / 2.0, y + 12, number);
    if (thread >= 0)
        fprintf(file, "<text class=\"thread\" x=\"%.1f\" y=\"%.1f\">%d%s</text>\n",
                x + CELL_WIDTH / 2.0, y + 28, thread, count > 1 ? "+" : "");
}

static struct size flow(const struct drawing *d, enum level level, int first, int end, double x,
                        double y, double widest, FILE *file);

/* One box and what is in it; drawn after its size is known, because it lies below them. */
static struct size box(const struct drawing *d, enum level level, int first, int end, double x,
                       double y, double widest, FILE *file)
{
    const struct look *const look = &looks[level];
    const double title = look->title != NULL ? TITLE_HEIGHT : 0;

    if (level == PROCESSOR) {
        if (file != NULL)
            draw_cell(d, processor_at(first).number, x, y, file);
        return (struct size){CELL_WIDTH, CELL_HEIGHT};
    }
    const enum level inside = level == L3 && !d->shared_l2 ? CORE : level + 1;
    const double inner_x = x + look->padding, inner_y = y + look->padding + title;
    const double inner_widest = widest - 2 * look->padding;
    const struct size inner =
        flow(d, inside, first, end, inner_x, inner_y, inner_widest, NULL);
    const struct size size = {
        fmax(inner.width, look->title != NULL ? TITLE_WIDTH : 0) + 2 * look->padding,
        inner.height + title + 2 * look->padding};

    if (file != NULL) {
        const conv3d_processor p = processor_at(first);

        fprintf(file, "<rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                      "fill=\"%s\"/>\n", x, y, size.width, size.height, look->fill);
        if (look->title != NULL)
            fprintf(file, "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">%s %d</text>\n", inner_x,
                    y + look->padding + 9, look->title, part_of(&p, level));
        flow(d, inside, first, end, inner_x, inner_y, inner_widest, file);
    }
    return size;
}

/* The boxes of one level in rows, like words. */
static struct size flow(const struct drawing *d, enum level level, int first, int end, double x,
                        double y, double widest, FILE *file)
{
    const double limit = looks[level].widest > 0 ? fmin(looks[level].widest, widest) : widest;
    double at_x = 0, at_y = 0, row_height = 0;
    struct size all = {0, 0};

    for (int next; first < end; first = next) {
        const conv3d_processor p = processor_at(first);

        for (next = first + 1; next < end; next++) {
            const conv3d_processor q = processor_at(next);

            if (part_of(&q, level) != part_of(&p, level))
                break;
        }
        const struct size one = box(d, level, first, next, x, y, widest, NULL);

        if (at_x > 0 && at_x + one.width > limit) {
            at_x = 0;
            at_y += row_height + GAP;
            row_height = 0;
        }
        if (file != NULL)
            box(d, level, first, next, x + at_x, y + at_y, widest, file);
        row_height = fmax(row_height, one.height);
        all.width = fmax(all.width, at_x + one.width);
        all.height = at_y + row_height;
        at_x += one.width + GAP;
    }
    return all;
}

/* Threads that have no processor; returns the y below. */
static double draw_anywhere(const struct seating *seating, double left, double right, double top,
                            FILE *file)
{
    const double padding = looks[PACKAGE].padding;
    const int most = (int)((right - left - 2 * padding + GAP) / (CHIP_WIDTH + GAP));
    const int columns = seating->threads < most ? seating->threads : most;
    const int rows = (seating->threads + columns - 1) / columns;
    const double width = fmax(columns * (CHIP_WIDTH + GAP) - GAP, CHIPS_LEAST - 2 * padding);
    const double height = TITLE_HEIGHT + rows * (CHIP_HEIGHT + GAP) - GAP + 2 * padding;

    if (file == NULL)
        return top + height;
    fprintf(file, "<rect class=\"anywhere\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                  "height=\"%.1f\"/>\n"
                  "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">threads, anywhere</text>\n",
            left, top, width + 2 * padding, height, left + padding, top + padding + 9);
    for (int thread = 0; thread < seating->threads; thread++) {
        const double x = left + padding + thread % columns * (CHIP_WIDTH + GAP);
        const double y = top + padding + TITLE_HEIGHT + thread / columns * (CHIP_HEIGHT + GAP);
        char colour[8];

        machine_draw_colour(thread, seating->threads, colour);
        fprintf(file, "<rect class=\"cell\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" "
                      "fill=\"%s\"/>\n"
                      "<text class=\"thread\" x=\"%.1f\" y=\"%.1f\">%d</text>\n",
                x, y, CHIP_WIDTH, CHIP_HEIGHT, colour, x + CHIP_WIDTH / 2.0, y + 15, thread);
    }
    return top + height;
}

/* Of the machine's processors, in the order of the library; some share an L2 but no core? */
static int count_processors(int *shared_l2)
{
    conv3d_processor last = {.size = sizeof last}, p = last;
    int count = 0;

    *shared_l2 = 0;
    for (; conv3d_machine_processor(count, &p); last = p, count++)
        *shared_l2 |= count > 0 && p.l2 == last.l2 && p.core != last.core;
    return count;
}

double machine_draw(const struct seating *seating, double left, double right, double top,
                    FILE *file)
{
    struct drawing d = {.seating = seating};
    const int count = count_processors(&d.shared_l2);
    const struct size size = flow(&d, PACKAGE, 0, count, left, top, right - left, file);

    if (seating_is_fixed(seating))
        return top + size.height;
    /* Beside the machine, or below it where that is too narrow. */
    const double gap = count > 0 ? 16 : 0;
    const int is_beside = left + size.width + gap + CHIPS_LEAST <= right;
    const double bottom =
        draw_anywhere(seating, is_beside ? left + size.width + gap : left, right,
                      is_beside ? top : top + size.height + gap, file);

    return fmax(top + size.height, bottom);
}
