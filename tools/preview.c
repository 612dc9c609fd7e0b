/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preview.c - a picture of a convolution
 *
 * A sheet of cells: one column per volume, one row per view.  Every volume has
 * its own grey scale, because outputs of different filters have nothing in
 * common.  Small volumes are enlarged and large ones thinned out, by whole
 * factors, so that every pixel shown is a voxel.
 */
#include "config.h"

#include "preview.h"

#include "exit_code.h"

#ifdef HAVE_PNG

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

enum {
    VIEWS = 3,
    MAX_OUTPUTS = 8,
    MAX_VOLUMES = 1 + MAX_OUTPUTS,
    GAP = 4,          /* pixels around every cell */
    MAX_SIDE = 4096,  /* pixels of the sheet */
    PLEASANT = 160,   /* volumes are enlarged to about this many pixels */
    BACKGROUND = 40   /* grey level between the cells */
};

/* A slice of a volume as an image: rows and columns of voxels. */
struct view {
    const float *first; /* the voxel at the top left */
    int64_t rows, columns;
    ptrdiff_t row_step, column_step; /* in elements; negative when upside down */
    int grow, thin;                  /* pixels per voxel, or voxels per pixel; one of them 1 */
};

struct sheet {
    struct view views[MAX_VOLUMES][VIEWS];
    int volumes;
    int64_t column_at[MAX_VOLUMES + 1], row_at[VIEWS + 1]; /* pixels; the last is the size */
    unsigned char *pixels;
};

static int64_t view_height(const struct view *view)
{
    return (view->rows + view->thin - 1) / view->thin * view->grow;
}

static int64_t view_width(const struct view *view)
{
    return (view->columns + view->thin - 1) / view->thin * view->grow;
}

static const float *voxel(const struct view *view, int64_t row, int64_t column)
{
    return view->first + row * view->row_step + column * view->column_step;
}

/* The view with these axes down and to the right, through the middle of the third. */
static struct view cut(const float *data, const int64_t extent[3], int down, int right,
                       int points_up)
{
    const ptrdiff_t step[3] = {(ptrdiff_t)(extent[1] * extent[2]), (ptrdiff_t)extent[2], 1};
    const int across = 3 - down - right;
    struct view view = {
        .first = data + extent[across] / 2 * step[across],
        .rows = extent[down],
        .columns = extent[right],
        .row_step = step[down],
        .column_step = step[right],
    };

    if (points_up) {
        view.first += (extent[down] - 1) * view.row_step;
        view.row_step = -view.row_step;
    }
    return view;
}

static void add_volume(struct sheet *sheet, const float *data, const int64_t extent[3],
                       const struct volume *input, int columns_of_sheet)
{
    enum { T, H, W };
    struct view *const views = sheet->views[sheet->volumes++];
    const int64_t room_across = MAX_SIDE / columns_of_sheet - 2 * GAP;
    const int64_t room_down = MAX_SIDE / VIEWS - 2 * GAP;
    int64_t longest = 1;
    int thin = 1;

    views[0] = cut(data, extent, H, W, input->h_points_up);
    views[1] = cut(data, extent, T, W, input->t_points_up);
    views[2] = cut(data, extent, T, H, input->t_points_up);
    for (int i = 0; i < VIEWS; i++) {
        longest = extent[i] > longest ? extent[i] : longest;
        while (views[i].rows > room_down * thin || views[i].columns > room_across * thin)
            thin++;
    }
    for (int i = 0; i < VIEWS; i++) {
        views[i].thin = thin;
        views[i].grow = longest < PLEASANT ? (int)(PLEASANT / longest) : 1;
    }
}

/* Cells as large as the largest view in their row and column. */
static void place_cells(struct sheet *sheet)
{
    int64_t at = 0;

    for (int v = 0; v < sheet->volumes; v++) {
        int64_t width = 0;

        for (int i = 0; i < VIEWS; i++) {
            const int64_t own = view_width(&sheet->views[v][i]);

            width = own > width ? own : width;
        }
        sheet->column_at[v] = at;
        at += width + 2 * GAP;
    }
    sheet->column_at[sheet->volumes] = at;
    at = 0;
    for (int i = 0; i < VIEWS; i++) {
        int64_t height = 0;

        for (int v = 0; v < sheet->volumes; v++) {
            const int64_t own = view_height(&sheet->views[v][i]);

            height = own > height ? own : height;
        }
        sheet->row_at[i] = at;
        at += height + 2 * GAP;
    }
    sheet->row_at[VIEWS] = at;
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Black and white of a volume: its range without the outermost half percent on
 * either side, which a single bright voxel would otherwise own. */
static int find_range(const struct view views[VIEWS], float range[2])
{
    size_t capacity = 0, count = 0;

    for (int i = 0; i < VIEWS; i++)
        capacity += (size_t)(view_height(&views[i]) / views[i].grow) *
                    (size_t)(view_width(&views[i]) / views[i].grow);

    float *const values = malloc(capacity * sizeof *values);

    if (values == NULL)
        return 0;
    for (int i = 0; i < VIEWS; i++) {
        for (int64_t row = 0; row < views[i].rows; row += views[i].thin) {
            for (int64_t column = 0; column < views[i].columns; column += views[i].thin) {
                const float value = *voxel(&views[i], row, column);

                if (isfinite(value))
                    values[count++] = value;
            }
        }
    }
    qsort(values, count, sizeof *values, compare_floats);
    range[0] = count > 0 ? values[count / 200] : 0.0f;
    range[1] = count > 0 ? values[count - 1 - count / 200] : 0.0f;
    free(values);
    return 1;
}

/* NaN is black; a volume of one value is mid-grey. */
static unsigned char grey(float value, const float range[2])
{
    if (isnan(value))
        return 0;
    if (value <= range[0] && value >= range[1])
        return 128;
    if (value <= range[0])
        return 0;
    if (value >= range[1])
        return 255;
    return (unsigned char)(255.0 * ((double)value - (double)range[0]) /
                               ((double)range[1] - (double)range[0]) +
                           0.5);
}

/* One view into the middle of its cell. */
static void paint(struct sheet *sheet, int volume, int row, const float range[2])
{
    const struct view *const view = &sheet->views[volume][row];
    const int64_t height = view_height(view), width = view_width(view);
    const int64_t sheet_width = sheet->column_at[sheet->volumes];
    const int64_t top = (sheet->row_at[row] + sheet->row_at[row + 1] - height) / 2;
    const int64_t left = (sheet->column_at[volume] + sheet->column_at[volume + 1] - width) / 2;

    for (int64_t y = 0; y < height; y++) {
        unsigned char *const line = sheet->pixels + (top + y) * sheet_width + left;
        const int64_t voxel_row = y / view->grow * view->thin;

        for (int64_t x = 0; x < width; x++)
            line[x] = grey(*voxel(view, voxel_row, x / view->grow * view->thin), range);
    }
}

static int write_png(struct atomic_file *file, const struct sheet *sheet, char *message,
                     size_t capacity)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_GRAY};
    png_alloc_size_t bytes = 0;

    image.width = (png_uint_32)sheet->column_at[sheet->volumes];
    image.height = (png_uint_32)sheet->row_at[VIEWS];
    /* In memory first: atomic_file does the writing, and libpng the rest. */
    if (!png_image_write_to_memory(&image, NULL, &bytes, 0, sheet->pixels, 0, NULL))
        return exit_fail(message, capacity, EXIT_MEMORY, "%s: libpng: %s", file->target,
                         image.message);
    unsigned char *const png = malloc(bytes);

    if (png == NULL)
        return exit_fail(message, capacity, EXIT_MEMORY, "%s: no memory", file->target);
    int code = EXIT_OK;

    if (!png_image_write_to_memory(&image, png, &bytes, 0, sheet->pixels, 0, NULL))
        code = exit_fail(message, capacity, EXIT_MEMORY, "%s: libpng: %s", file->target,
                         image.message);
    else
        code = atomic_file_write(file, png, bytes, message, capacity);
    free(png);
    return code;
}

static int draw_sheet(struct sheet *sheet)
{
    const size_t size = (size_t)sheet->column_at[sheet->volumes] * (size_t)sheet->row_at[VIEWS];
    float range[2];

    sheet->pixels = malloc(size);
    if (sheet->pixels == NULL)
        return 0;
    memset(sheet->pixels, BACKGROUND, size);
    for (int v = 0; v < sheet->volumes; v++) {
        if (!find_range(sheet->views[v], range))
            return 0;
        for (int i = 0; i < VIEWS; i++)
            paint(sheet, v, i, range);
    }
    return 1;
}

int preview_check(char *message, size_t capacity)
{
    (void)message;
    (void)capacity;
    return EXIT_OK;
}

int preview_write(struct atomic_file *file, const struct volume *input, const float *output,
                  const int64_t output_shape[5], char *message, size_t capacity)
{
    const int64_t voxels = output_shape[2] * output_shape[3] * output_shape[4];
    const int outputs = output_shape[1] < MAX_OUTPUTS ? (int)output_shape[1] : MAX_OUTPUTS;
    struct sheet sheet = {.volumes = 0};
    int code;

    add_volume(&sheet, input->data, input->shape + 2, input, 1 + outputs);
    for (int i = 0; i < outputs; i++)
        add_volume(&sheet, output + i * voxels, output_shape + 2, input, 1 + outputs);
    place_cells(&sheet);
    if (draw_sheet(&sheet))
        code = write_png(file, &sheet, message, capacity);
    else
        code = exit_fail(message, capacity, EXIT_MEMORY, "%s: no memory for the picture",
                         file->target);
    free(sheet.pixels);
    return code;
}

#else

int preview_check(char *message, size_t capacity)
{
    return exit_fail(message, capacity, EXIT_USAGE,
                     "--preview: this conv3d cannot write PNG; configure it --with-png "
                     "(Debian: libpng-dev)");
}

int preview_write(struct atomic_file *file, const struct volume *input, const float *output,
                  const int64_t output_shape[5], char *message, size_t capacity)
{
    (void)file;
    (void)input;
    (void)output;
    (void)output_shape;
    return preview_check(message, capacity);
}

#endif
