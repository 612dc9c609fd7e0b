/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share_draw.c - see share_draw.h
 */
#include "share_draw.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "machine_draw.h"
#include "svg.h"

/* Beyond these, drawings take long and show nothing more. */
enum { TASKS_MOST = 100000, BLOCKS_MOST = 512 };
enum { GAP = 14, PLANE_GAP = 4, LABEL = 16, HEIGHT_MOST = 640, PLANE_TALLEST = 420,
       BARS_HEIGHT = 70, BAR_WIDEST = 52 };
/* Room for the number of a thread in a tile, on a bar, and for a caption. */
enum { TILE_WIDTH = 24, TILE_HEIGHT = 14, CAPTION_LINE = 15, CAPTION_COLUMNS = 142 };

/* A panel for each block of channels of each item; in it a plane for each tile along T. */
struct grid {
    int64_t tile[3], tiles[3];      /* extents of a tile; how many there are, T, H, W */
    int64_t height, width;          /* of a plane, in outputs */
    int64_t items, blocks;          /* of channels */
    int64_t panels, planes;         /* that are drawn; planes of each panel */
    int64_t panels_across, planes_across, tiles_across; /* in a row; 0 = the plane is to scale */
    double plane_width, plane_height, panel_width, panel_height, plane_label;
    double left, top;
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

static int64_t parts(int64_t whole, int64_t part)
{
    return (whole + part - 1) / part;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void label_panel(const conv3d_plan_task *task, char *label, size_t capacity)
{
    snprintf(label, capacity, "n%" PRId64 " c%" PRId64 "-%" PRId64, task->item,
             task->channel_begin, task->channel_end - 1);
}

/* Planes whose tiles have at least this size, stretched towards their true shape. */
static void size_planes(struct grid *grid, double widest, double tile_width, double tile_height,
                        double stretched)
{
    const double across = tile_width * (double)grid->tiles[2];
    const double down = tile_height * (double)grid->tiles[1];
    const double shape = (double)grid->width / (double)grid->height;

    grid->tiles_across = 0;
    grid->plane_width = fmin(fmax(across, fmin(down * shape, stretched)), widest);
    grid->plane_height = fmin(fmax(down, fmin(across / shape, stretched)), PLANE_TALLEST);
    if (grid->tiles[1] == 1 && across > widest) { /* one long row, as of joined axes */
        grid->tiles_across = (int64_t)(widest / tile_width);
        grid->plane_width = tile_width * (double)grid->tiles_across;
        grid->plane_height =
            tile_height * (double)parts(grid->tiles[2], grid->tiles_across);
    }
    grid->plane_label = grid->tiles[0] > 1 && grid->plane_width >= 36 ? LABEL - 2 : 0;
}

static double plane_step(const struct grid *grid)
{
    return grid->plane_height + grid->plane_label + PLANE_GAP;
}

/* Lays out as much as there is room for; returns whether that is all. */
static int fill_page(struct grid *grid, double widest, double label_width)
{
    const int64_t panels = grid->items * grid->blocks;
    const int64_t rows_most =
        (int64_t)fmax(1, (HEIGHT_MOST - LABEL) / plane_step(grid));

    grid->planes_across = least(grid->tiles[0], (int64_t)fmax(1, (widest + PLANE_GAP) /
                                                         (grid->plane_width + PLANE_GAP)));
    grid->planes = least(grid->tiles[0], rows_most * grid->planes_across);
    grid->panel_width = fmax(
        (double)grid->planes_across * (grid->plane_width + PLANE_GAP) - PLANE_GAP, label_width);
    grid->panel_height =
        LABEL + (double)parts(grid->planes, grid->planes_across) * plane_step(grid) - PLANE_GAP;
    grid->panels_across =
        (int64_t)fmax(1, (widest + GAP) / (grid->panel_width + GAP));
    grid->panels = least(
        panels, grid->panels_across *
                    (int64_t)fmax(1, (HEIGHT_MOST + GAP) / (grid->panel_height + GAP)));
    if (grid->panels > BLOCKS_MOST)
        grid->panels = BLOCKS_MOST;
    return grid->panels == panels && grid->planes == grid->tiles[0];
}

/* Joined axes make another shape than the output's: the far end of the last task. */
static struct grid make_grid(const conv3d_plan *plan, const conv3d_plan_info *info, double left,
                             double right)
{
    static const struct {
        double tile_width, tile_height, stretched;
    } sizes[] = {{40, 22, 150}, {30, 18, 90}, {TILE_WIDTH, TILE_HEIGHT, 0}};
    const conv3d_plan_task first = task_at(plan, 0), last = task_at(plan, info->tasks - 1);
    struct grid grid = {.height = last.end[1], .width = last.end[2], .items = last.item + 1,
                        .left = left};
    char label[64];

    grid.blocks = info->tasks / grid.items;
    for (int axis = 0; axis < 3; axis++) {
        grid.tile[axis] = first.end[axis];
        grid.tiles[axis] = parts(last.end[axis], first.end[axis]);
        grid.blocks /= grid.tiles[axis];
    }
    label_panel(&last, label, sizeof label);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_planes(&grid, right - left, sizes[i].tile_width, sizes[i].tile_height,
                    sizes[i].stretched);
        if (fill_page(&grid, right - left, 6.6 * (double)strlen(label)))
            break;
    }
    return grid;
}

static double panel_x(const struct grid *grid, int64_t panel)
{
    return grid->left + (double)(panel % grid->panels_across) * (grid->panel_width + GAP);
}

static double panel_y(const struct grid *grid, int64_t panel)
{
    return grid->top + (double)(panel / grid->panels_across) * (grid->panel_height + GAP);
}

static double plane_x(const struct grid *grid, int64_t panel, int64_t plane)
{
    return panel_x(grid, panel) +
           (double)(plane % grid->planes_across) * (grid->plane_width + PLANE_GAP);
}

static double plane_y(const struct grid *grid, int64_t panel, int64_t plane)
{
    return panel_y(grid, panel) + LABEL + grid->plane_label +
           (double)(plane / grid->planes_across) * plane_step(grid);
}

static double grid_bottom(const struct grid *grid)
{
    return panel_y(grid, grid->panels - 1) + grid->panel_height;
}

/* Where the first blocks of channels begin: groups may make them unequal. */
struct blocks {
    int64_t begin[BLOCKS_MOST];
    int64_t count;
};

/* The number of a block, or where it would be. */
static int64_t find_block(const struct blocks *blocks, int64_t begin)
{
    int64_t low = 0, high = blocks->count;

    while (low < high) {
        const int64_t middle = (low + high) / 2;

        if (blocks->begin[middle] < begin)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_block(struct blocks *blocks, int64_t begin)
{
    const int64_t at = find_block(blocks, begin);

    if (at == BLOCKS_MOST || (at < blocks->count && blocks->begin[at] == begin))
        return;
    if (blocks->count < BLOCKS_MOST)
        blocks->count++;
    memmove(blocks->begin + at + 1, blocks->begin + at,
            (size_t)(blocks->count - at - 1) * sizeof *blocks->begin);
    blocks->begin[at] = begin;
}

static void draw_rect(double x, double y, double width, double height, int thread, int threads,
                      FILE *file)
{
    /* The white line around a thin one would be all that is seen. */
    const char *const class = width < 4 || height < 4 ? "thin" : "tile";
    char colour[8];

    machine_draw_colour(thread, threads, colour);
    fprintf(file, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                  "fill=\"%s\"/>\n", class, x, y, width, height, colour);
}

/* A tile of a plane that lies at x, y. */
static void draw_tile(const struct grid *grid, const conv3d_plan_task *task, double x, double y,
                      int thread, int threads, FILE *file)
{
    const int64_t column = task->begin[2] / grid->tile[2];
    double across = grid->plane_width / (double)grid->width;
    double height = grid->plane_height / (double)grid->height *
                    (double)(task->end[1] - task->begin[1]);

    if (grid->tiles_across > 0) {
        across = grid->plane_width / (double)(grid->tiles_across * grid->tile[2]);
        height = grid->plane_height / (double)parts(grid->tiles[2], grid->tiles_across);
        x += across * (double)(column % grid->tiles_across * grid->tile[2]);
        y += height * (double)(column / grid->tiles_across);
    } else {
        x += across * (double)task->begin[2];
        y += grid->plane_height / (double)grid->height * (double)task->begin[1];
    }
    const double width = across * (double)(task->end[2] - task->begin[2]);

    draw_rect(x, y, width, height, thread, threads, file);
    if (width >= (thread < 1000 ? 20 : 26) && height >= 10)
        fprintf(file, "<text class=\"number\" x=\"%.1f\" y=\"%.1f\">%d</text>\n", x + width / 2,
                y + height / 2 + 3.5, thread);
}

static void draw_labels(const struct grid *grid, const conv3d_plan_task *task, int64_t panel,
                        FILE *file)
{
    char label[64];

    label_panel(task, label, sizeof label);
    fprintf(file, "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", panel_x(grid, panel),
            panel_y(grid, panel) + 11, label);
    for (int64_t plane = 0; grid->plane_label > 0 && plane < grid->planes; plane++)
        fprintf(file, "<text class=\"number\" x=\"%.1f\" y=\"%.1f\">t%" PRId64 "</text>\n",
                plane_x(grid, panel, plane) + grid->plane_width / 2,
                plane_y(grid, panel, plane) - 4, plane * grid->tile[0]);
}

static void draw_tiles(const conv3d_plan *plan, const conv3d_plan_info *info,
                       const struct grid *grid, FILE *file)
{
    const int64_t tasks = least(info->tasks, TASKS_MOST);
    struct blocks blocks = {.count = 0};
    int thread = 0;
    conv3d_plan_share share = share_of(plan, thread);

    for (int64_t index = 0; index < tasks; index++)
        add_block(&blocks, task_at(plan, index).channel_begin);
    for (int64_t index = 0; index < tasks; index++) {
        const conv3d_plan_task task = task_at(plan, index);
        const int64_t plane = task.begin[0] / grid->tile[0];
        const int64_t block = find_block(&blocks, task.channel_begin);
        const int64_t panel = task.item * grid->blocks + block;

        while (index >= share.task_end && thread + 1 < info->threads)
            share = share_of(plan, ++thread);
        if (block == BLOCKS_MOST || panel >= grid->panels || plane >= grid->planes)
            continue;
        if (plane == 0 && task.begin[1] == 0 && task.begin[2] == 0)
            draw_labels(grid, &task, panel, file);
        draw_tile(grid, &task, plane_x(grid, panel, plane), plane_y(grid, panel, plane), thread,
                  info->threads, file);
    }
}

/* What is drawn, and what one picture cannot show; returns the y below. */
static double draw_caption(const conv3d_plan_info *info, const struct grid *grid, double top,
                           FILE *file)
{
    const int64_t panels = grid->items * grid->blocks;
    char text[640], left_out[320] = "";
    int length = 0;

    if (grid->panels < panels)
        length = snprintf(left_out, sizeof left_out, " Left out: %" PRId64 " of %" PRId64
                          " panels.", panels - grid->panels, panels);
    if (grid->planes < grid->tiles[0])
        length += snprintf(left_out + length, sizeof left_out - (size_t)length,
                           " Left out of each panel: %" PRId64 " of %" PRId64 " tiles along T.",
                           grid->tiles[0] - grid->planes, grid->tiles[0]);
    if (info->tasks > TASKS_MOST)
        snprintf(left_out + length, sizeof left_out - (size_t)length,
                 " Left out: all but the first %d tasks.", TASKS_MOST);
    snprintf(text, sizeof text,
             "%" PRId64 " tasks, each with the thread that begins with it; who is done takes "
             "over tasks of others. A panel for each item n and block of output channels c; in "
             "it a plane of H x W for each tile along T%s.%s",
             info->tasks, grid->tiles_across > 0 ? ", whose one row goes on below" : "",
             left_out);
    return top + CAPTION_LINE * svg_lines(file, "small", grid->left, top + 10, CAPTION_LINE,
                                          CAPTION_COLUMNS, text);
}

/* The work of each thread over the mean of all. */
static void draw_bars(const conv3d_plan *plan, const conv3d_plan_info *info, double left,
                      double right, double top, FILE *file)
{
    const double step = fmin((right - left) / info->threads, BAR_WIDEST);
    const double width = step * 0.8, full = BARS_HEIGHT / info->imbalance;
    const double bottom = top + BARS_HEIGHT;
    int numbered = 1; /* every so many threads, for want of room */

    while (step * numbered < TILE_WIDTH)
        numbered *= 2;
    for (int thread = 0; thread < info->threads; thread++) {
        const conv3d_plan_share share = share_of(plan, thread);
        const double x = left + step * thread, height = full * share.work * info->threads;

        draw_rect(x, bottom - height, width, height, thread, info->threads, file);
        if (thread % numbered == 0)
            fprintf(file, "<text class=\"number\" x=\"%.1f\" y=\"%.1f\">%d</text>\n",
                    x + width / 2, bottom + 13, thread);
    }
    fprintf(file, "<line class=\"mean\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
            left, bottom - full, left + step * info->threads, bottom - full);
}

double share_draw(const conv3d_plan *plan, double left, double right, double top, FILE *file)
{
    conv3d_plan_info info = {.size = sizeof info};

    if (conv3d_plan_query(plan, &info) != CONV3D_OK || info.tasks == 0)
        return top;
    struct grid grid = make_grid(plan, &info, left, right);

    grid.top = draw_caption(&info, &grid, top, file) + 8;
    const double bars = grid_bottom(&grid) + 44;

    if (file != NULL) {
        draw_tiles(plan, &info, &grid, file);
        fprintf(file, "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">Work of each thread; the "
                      "busiest has %.3f times the mean (dashed).</text>\n", left, bars - 10,
                info.imbalance);
        draw_bars(plan, &info, left, right, bars, file);
    }
    return bars + BARS_HEIGHT + 18;
}
