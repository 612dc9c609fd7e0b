/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine_draw.c - see machine_draw.h
 */
#include "machine_draw.h"

#include <math.h>

#include "svg.h"

/* Boxes within boxes. */
enum level { PACKAGE, NODE, L3, CORE, PROCESSOR };

static const struct look {
    const char *title; /* NULL = no line for one */
    const char *fill;
    double padding;
    double widest; /* what a row of such boxes may take; 0 = the page */
} looks[] = {
    [PACKAGE] = {"package", "#f3f3f3", 8, 0},
    [NODE] = {"memory node", "#fbfbfb", 8, 0},
    [L3] = {"L3", "#eef2f7", 6, 0},
    [CORE] = {NULL, "#dde4ec", 3, 192},
    [PROCESSOR] = {NULL, "#fff", 0, 0},
};

enum { CELL_WIDTH = 38, CELL_HEIGHT = 36, GAP = 4, TITLE_HEIGHT = 16, TITLE_WIDTH = 100 };

struct size {
    double width, height;
};

struct drawing {
    const struct seating *seating;
    double page_width;
};

static int part_of(const conv3d_processor *p, enum level level)
{
    return level == PACKAGE ? p->package
           : level == NODE  ? p->numa_node
           : level == L3    ? p->l3
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

/* -1 if none sits there. */
static int thread_on(const struct seating *seating, int processor)
{
    for (int thread = 0; thread < seating->threads; thread++) {
        if (seating->processors[thread] == processor)
            return thread;
    }
    return -1;
}

static void draw_cell(const struct drawing *d, int number, double x, double y, FILE *file)
{
    const int thread = thread_on(d->seating, number);
    char colour[8] = "#ffffff";

    if (thread >= 0)
        machine_draw_colour(thread, d->seating->threads, colour);
    fprintf(file, "<rect class=\"cell\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" "
                  "fill=\"%s\"/>\n"
                  "<text class=\"number\" x=\"%.1f\" y=\"%.1f\">%d</text>\n",
            x, y, CELL_WIDTH, CELL_HEIGHT, colour, x + CELL_WIDTH / 2.0, y + 12, number);
    if (thread >= 0)
        fprintf(file, "<text class=\"thread\" x=\"%.1f\" y=\"%.1f\">%d</text>\n",
                x + CELL_WIDTH / 2.0, y + 28, thread);
}

static struct size flow(const struct drawing *d, enum level level, int first, int end, double x,
                        double y, FILE *file);

/* One box and what is in it; drawn after its size is known, because it lies below them. */
static struct size box(const struct drawing *d, enum level level, int first, int end, double x,
                       double y, FILE *file)
{
    const struct look *const look = &looks[level];
    const double title = look->title != NULL ? TITLE_HEIGHT : 0;

    if (level == PROCESSOR) {
        if (file != NULL)
            draw_cell(d, processor_at(first).number, x, y, file);
        return (struct size){CELL_WIDTH, CELL_HEIGHT};
    }
    const double inner_x = x + look->padding, inner_y = y + look->padding + title;
    const struct size inner = flow(d, level + 1, first, end, inner_x, inner_y, NULL);
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
        flow(d, level + 1, first, end, inner_x, inner_y, file);
    }
    return size;
}

/* The boxes of one level in rows, like words. */
static struct size flow(const struct drawing *d, enum level level, int first, int end, double x,
                        double y, FILE *file)
{
    const double widest = looks[level].widest > 0 ? looks[level].widest : d->page_width;
    double at_x = 0, at_y = 0, row_height = 0;
    struct size all = {0, 0};

    for (int next; first < end; first = next) {
        const conv3d_processor p = processor_at(first);

        for (next = first + 1; next < end; next++) {
            const conv3d_processor q = processor_at(next);

            if (part_of(&q, level) != part_of(&p, level))
                break;
        }
        const struct size one = box(d, level, first, next, x, y, NULL);

        if (at_x > 0 && at_x + one.width > widest) {
            at_x = 0;
            at_y += row_height + GAP;
            row_height = 0;
        }
        if (file != NULL)
            box(d, level, first, next, x + at_x, y + at_y, file);
        row_height = fmax(row_height, one.height);
        all.width = fmax(all.width, at_x + one.width);
        all.height = at_y + row_height;
        at_x += one.width + GAP;
    }
    return all;
}

double machine_draw(const struct seating *seating, double left, double right, double top,
                    FILE *file)
{
    /* Paddings of the three levels outside stay within the page. */
    const struct drawing d = {seating, right - left - 44};
    conv3d_processor p = {.size = sizeof p};
    int count = 0;

    while (conv3d_machine_processor(count, &p))
        count++;
    return top + flow(&d, PACKAGE, 0, count, left, top, file).height;
}
