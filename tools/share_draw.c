/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share_draw.c - see share_draw.h
 */
#include "share_draw.h"

#include <inttypes.h>
#include <math.h>

#include "machine_draw.h"

/* Beyond these, drawings take long and show nothing more. */
enum { TASKS_MOST = 100000, PLANES_MOST = 24, PLANES_PER_ROW = 6 };
enum { GAP = 14, LABEL = 18, PLANE_TALLEST = 150, PLANE_LEAST = 26, BARS_HEIGHT = 70,
       BAR_WIDEST = 52 };

/* Where planes lie, which all have the size of the output. */
struct grid {
    int64_t height, width; /* of the output */
    int64_t step;          /* tile.t: a plane for each */
    int64_t planes;        /* that are drawn */
    double left, top, plane_width, plane_height;
};

static conv3d_plan_task task_at(const conv3d_plan *plan, int64_t index)
{
    conv3d_plan_task task = {.size = sizeof task};

    if (conv3d_plan_query_task(plan, index, &task) != CONV3D_OK)
        task.end[0] = 0; /* cannot be: the caller knows how many there are */
    return task;
}

static conv3d_plan_share share_of(const conv3d_plan *plan, int thread)
{
    conv3d_plan_share share = {.size = sizeof share};

    if (conv3d_plan_query_share(plan, thread, &share) != CONV3D_OK)
        share.work = 0; /* nor this */
    return share;
}

/* Joined axes make another shape than the output's: the far end of the last task. */
static struct grid make_grid(const conv3d_plan *plan, const conv3d_plan_info *info, double left,
                             double right, double top)
{
    const conv3d_plan_task first = task_at(plan, 0), last = task_at(plan, info->tasks - 1);
    struct grid grid = {.height = last.end[1], .width = last.end[2],
                        .step = first.end[0] > 0 ? first.end[0] : 1, .left = left, .top = top};
    const int64_t planes = (last.end[0] + grid.step - 1) / grid.step;

    grid.planes = planes < PLANES_MOST ? planes : PLANES_MOST;
    const int64_t per_row = grid.planes < PLANES_PER_ROW ? grid.planes : PLANES_PER_ROW;
    const double widest = (right - left - GAP * (double)(per_row - 1)) / (double)per_row;
    const double scale = fmin(widest / (double)grid.width, PLANE_TALLEST / (double)grid.height);

    grid.plane_width = grid.width * scale < PLANE_LEAST ? PLANE_LEAST : grid.width * scale;
    grid.plane_height = grid.height * scale < PLANE_LEAST ? PLANE_LEAST : grid.height * scale;
    return grid;
}

static double plane_x(const struct grid *grid, int64_t plane)
{
    return grid->left + (double)(plane % PLANES_PER_ROW) * (grid->plane_width + GAP);
}

static double plane_y(const struct grid *grid, int64_t plane)
{
    return grid->top + LABEL +
           (double)(plane / PLANES_PER_ROW) * (grid->plane_height + LABEL + 6);
}

static double grid_bottom(const struct grid *grid)
{
    return plane_y(grid, grid->planes - 1) + grid->plane_height;
}

static void draw_tile(const struct grid *grid, const conv3d_plan_task *task, int thread,
                      int threads, FILE *file)
{
    const int64_t plane = task->begin[0] / grid->step;
    const double across = grid->plane_width / (double)grid->width;
    const double down = grid->plane_height / (double)grid->height;
    const double x = plane_x(grid, plane) + across * (double)task->begin[2];
    const double y = plane_y(grid, plane) + down * (double)task->begin[1];
    const double width = across * (double)(task->end[2] - task->begin[2]);
    const double height = down * (double)(task->end[1] - task->begin[1]);
    char colour[8];

    machine_draw_colour(thread, threads, colour);
    fprintf(file, "<rect class=\"tile\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                  "fill=\"%s\"/>\n", x, y, width, height, colour);
    if (width >= 22 && height >= 13)
        fprintf(file, "<text class=\"number\" x=\"%.1f\" y=\"%.1f\">%d</text>\n", x + width / 2,
                y + height / 2 + 3.5, thread);
}

static void draw_tiles(const conv3d_plan *plan, const conv3d_plan_info *info,
                       const struct grid *grid, FILE *file)
{
    int thread = 0;
    conv3d_plan_share share = share_of(plan, thread);

    for (int64_t index = 0; index < info->tasks && index < TASKS_MOST; index++) {
        const conv3d_plan_task task = task_at(plan, index);

        while (index >= share.task_end && thread + 1 < info->threads)
            share = share_of(plan, ++thread);
        if (task.item == 0 && task.channel_begin == 0 &&
            task.begin[0] / grid->step < grid->planes)
            draw_tile(grid, &task, thread, info->threads, file);
    }
    for (int64_t plane = 0; plane < grid->planes; plane++)
        fprintf(file, "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">t %" PRId64 "</text>\n",
                plane_x(grid, plane), plane_y(grid, plane) - 4, plane * grid->step);
}

/* What one picture cannot show. */
static void draw_caption(const conv3d_plan_info *info, const conv3d_plan_task *first,
                         const conv3d_plan_task *last, const struct grid *grid, double y,
                         FILE *file)
{
    const int64_t planes = (last->end[0] + grid->step - 1) / grid->step;

    fprintf(file, "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">%" PRId64 " tasks; drawn: item 0 of "
                  "%" PRId64 ", channels 0-%" PRId64 " of %" PRId64 ", %" PRId64 " of %" PRId64
                  " tiles along T%s. Who is done takes over tasks of others.</text>\n",
            grid->left, y, info->tasks, info->output_shape[0], first->channel_end - 1,
            info->output_shape[1], grid->planes, planes,
            info->tasks > TASKS_MOST ? " (of the first 100000 tasks)" : "");
}

/* The work of each thread over the mean of all. */
static void draw_bars(const conv3d_plan *plan, const conv3d_plan_info *info, double left,
                      double right, double top, FILE *file)
{
    const double step = fmin((right - left) / info->threads, BAR_WIDEST);
    const double width = step * 0.8, full = BARS_HEIGHT / info->imbalance;
    const double bottom = top + BARS_HEIGHT;

    for (int thread = 0; thread < info->threads; thread++) {
        const conv3d_plan_share share = share_of(plan, thread);
        const double x = left + step * thread, height = full * share.work * info->threads;
        char colour[8];

        machine_draw_colour(thread, info->threads, colour);
        fprintf(file, "<rect class=\"tile\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                      "height=\"%.1f\" fill=\"%s\"/>\n", x, bottom - height, width, height,
                colour);
        if (step >= 22)
            fprintf(file, "<text class=\"number\" x=\"%.1f\" y=\"%.1f\">%d</text>\n",
                    x + width / 2, bottom + 13, thread);
    }
    fprintf(file, "<line class=\"mean\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", left,
            bottom - full, left + step * info->threads, bottom - full);
}

double share_draw(const conv3d_plan *plan, double left, double right, double top, FILE *file)
{
    conv3d_plan_info info = {.size = sizeof info};

    if (conv3d_plan_query(plan, &info) != CONV3D_OK || info.tasks == 0)
        return top;
    const struct grid grid = make_grid(plan, &info, left, right, top + LABEL);
    const double bars = grid_bottom(&grid) + 44;

    if (file != NULL) {
        const conv3d_plan_task first = task_at(plan, 0), last = task_at(plan, info.tasks - 1);

        draw_caption(&info, &first, &last, &grid, top + 10, file);
        draw_tiles(plan, &info, &grid, file);
        fprintf(file, "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">Work of each thread; the "
                      "busiest has %.3f times the mean (dashed).</text>\n", left, bars - 10,
                info.imbalance);
        draw_bars(plan, &info, left, right, bars, file);
    }
    return bars + BARS_HEIGHT + 18;
}
