/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_map.c - see tune_map.h
 *
 * Says what is drawn; heat_map.c and bar_chart.c know how.
 */
#include "tune_map.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bar_chart.h"
#include "heat_map.h"
#include "svg.h"
#include "tune_figures.h"

/* The lengths that tiles have along an axis, ascending. */
struct axis {
    int64_t *lengths;
    size_t count;
};

struct axes {
    struct axis t, h, w;
};

static size_t axis_find(const struct axis *axis, int64_t length)
{
    size_t at = 0;

    while (at < axis->count && axis->lengths[at] < length)
        at++;
    return at;
}

static void axis_add(struct axis *axis, int64_t length)
{
    const size_t at = axis_find(axis, length);

    if (at < axis->count && axis->lengths[at] == length)
        return;
    memmove(axis->lengths + at + 1, axis->lengths + at,
            (axis->count - at) * sizeof *axis->lengths);
    axis->lengths[at] = length;
    axis->count++;
}

static void add_tile(struct axes *axes, const conv3d_tile *tile)
{
    axis_add(&axes->t, tile->t);
    axis_add(&axes->h, tile->h);
    axis_add(&axes->w, tile->w);
}

static int has_algorithm(const struct tune_result *result, const struct tune_trial *trial)
{
    return strcmp(trial->algorithm, result->algorithm) == 0;
}

/* Whether the cost model had chosen another tile of the same algorithm, or this one. */
static int has_untuned(const struct tune_result *result)
{
    return strcmp(result->algorithm_before, result->algorithm) == 0;
}

/* The marked tiles have their place whether or not they are among the trials. */
static int axes_make(const struct tune_result *result, struct axes *axes)
{
    const size_t most = result->count + 2;
    int64_t *const lengths = calloc(3 * most, sizeof *lengths);

    if (lengths == NULL)
        return 0;
    *axes = (struct axes){{lengths, 0}, {lengths + most, 0}, {lengths + 2 * most, 0}};
    add_tile(axes, &result->tile);
    if (has_untuned(result))
        add_tile(axes, &result->tile_before);
    for (size_t i = 0; i < result->count; i++) {
        if (has_algorithm(result, &result->trials[i]))
            add_tile(axes, &result->trials[i].tile);
    }
    return 1;
}

static void axes_free(struct axes *axes)
{
    free(axes->t.lengths);
}

static size_t cell_of(const struct axes *axes, const conv3d_tile *tile)
{
    return axis_find(&axes->t, tile->t) * axes->h.count + axis_find(&axes->h, tile->h);
}

static int draw_cells(const struct tune_result *result, const struct axes *axes, FILE *file)
{
    double *const values = calloc(axes->t.count, axes->h.count * sizeof *values);
    const struct heat_map map = {
        .row_axis = "along T", .column_axis = "outputs of a tile along H", .unit = "GFLOP/s",
        .rows = axes->t.lengths, .columns = axes->h.lengths,
        .row_count = axes->t.count, .column_count = axes->h.count,
        .values = values,
        .recorded = cell_of(axes, &result->tile),
        .untuned = has_untuned(result) ? cell_of(axes, &result->tile_before) : HEAT_MAP_NONE,
    };

    if (values == NULL)
        return 0;
    for (size_t i = 0; i < result->count; i++) {
        const struct tune_trial *const trial = &result->trials[i];

        if (has_algorithm(result, trial)) {
            double *const value = &values[cell_of(axes, &trial->tile)];

            *value = fmax(*value, 1e-9 * tune_speed(result, trial->seconds));
        }
    }
    heat_map_draw(&map, file);
    free(values);
    return 1;
}

static void describe_width(const struct tune_result *result, int64_t width, struct bar *bar)
{
    const int is_untuned = has_untuned(result) && result->tile_before.w == width;
    char number[SVG_NUMBER];

    svg_number(bar->value, number);
    bar->is_marked = result->tile.w == width;
    snprintf(bar->name, sizeof bar->name, "%" PRId64 " along W", width);
    snprintf(bar->note, sizeof bar->note, "%s%s%s%s", bar->value > 0.0 ? number : "not measured",
             bar->value > 0.0 ? " GFLOP/s" : "", bar->is_marked ? ", recorded" : "",
             is_untuned ? ", untuned" : "");
}

static int draw_widths(const struct tune_result *result, const struct axis *widths, FILE *file)
{
    struct bar *const bars = calloc(widths->count, sizeof *bars);

    if (bars == NULL)
        return 0;
    for (size_t i = 0; i < result->count; i++) {
        const struct tune_trial *const trial = &result->trials[i];

        if (has_algorithm(result, trial)) {
            struct bar *const bar = &bars[axis_find(widths, trial->tile.w)];

            bar->value = fmax(bar->value, 1e-9 * tune_speed(result, trial->seconds));
        }
    }
    for (size_t i = 0; i < widths->count; i++)
        describe_width(result, widths->lengths[i], &bars[i]);
    bar_chart_draw(bars, widths->count, file);
    free(bars);
    return 1;
}

int tune_map_draw(const struct tune_result *result, FILE *file)
{
    struct axes axes;

    if (!axes_make(result, &axes))
        return 0;
    const int is_drawn = axes.t.count == 1 && axes.h.count == 1
                             ? draw_widths(result, &axes.w, file)
                             : draw_cells(result, &axes, file);

    axes_free(&axes);
    return is_drawn;
}
