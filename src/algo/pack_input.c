/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_input.c - copies the window of a tile into a private buffer
 */
#include "algo/pack_input.h"

#include "base/num.h"

#include <string.h>

/* Columns first, first+step, ... of a row of `width`: count of them, zeros for
 * those outside. */
static void pack_segment(const float *restrict row, int64_t width, int64_t first, int64_t step,
                         int64_t count, float *restrict packed)
{
    const int64_t lead = first >= 0 ? 0 : c3d_min(c3d_ceil_div(-first, step), count);
    const int64_t beyond =
        first >= width ? 0 : c3d_min(c3d_ceil_div(width - first, step), count);
    const int64_t end = c3d_max(lead, beyond);
    for (int64_t i = 0; i < lead; i++) {
        packed[i] = 0;
    }
    if (step == 1) {
        if (end > lead) {
            memcpy(packed + lead, row + first + lead, (size_t)(end - lead) * sizeof *packed);
        }
    } else if (step == 2) {
        /* The usual stride: a constant lets the compiler use shuffles. */
        for (int64_t i = lead; i < end; i++) {
            packed[i] = row[first + i * 2];
        }
    } else {
        for (int64_t i = lead; i < end; i++) {
            packed[i] = row[first + i * step];
        }
    }
    for (int64_t i = end; i < count; i++) {
        packed[i] = 0;
    }
}

static void pack_row(const struct c3d_row *layout, const float *row, int64_t width,
                     int64_t first, int64_t outs, float *packed)
{
    for (int64_t s = 0; s < layout->segments; s++) {
        pack_segment(row, width, first + s * layout->column_step, layout->stride,
                     outs + layout->shift_max, packed + s * layout->pitch);
    }
}

/* The coordinate of the task's first output and the chunk's first tap. */
static int64_t origin(const struct c3d_problem *p, const struct c3d_task *task,
                      const struct c3d_chunk *chunk, int axis)
{
    return task->out[axis].begin * p->stride[axis] +
           chunk->taps[axis].begin * p->dilation[axis] - p->begin[axis];
}

void c3d_pack_input(const struct c3d_problem *problem, const struct c3d_blocking *blocking,
                    const struct c3d_task *task, const struct c3d_chunk *chunk,
                    const float *input, float *packed)
{
    const struct c3d_axis *const planes = &blocking->planes, *const rows = &blocking->rows;
    const int64_t depth = problem->in[T], height = problem->in[H], width = problem->in[W];
    const int64_t plane_slots =
        c3d_slots_used(planes, c3d_extent(task->out[T]), c3d_extent(chunk->taps[T]));
    const int64_t row_slots =
        c3d_slots_used(rows, c3d_extent(task->out[H]), c3d_extent(chunk->taps[H]));
    const int64_t t0 = origin(problem, task, chunk, T), h0 = origin(problem, task, chunk, H),
                  w0 = origin(problem, task, chunk, W);
    const int64_t outs = c3d_extent(task->out[W]);
    for (int64_t c = chunk->channels.begin; c < chunk->channels.end; c++) {
        for (int64_t plane = 0; plane < plane_slots; plane++) {
            const int64_t t = t0 + c3d_slot_coordinate(planes, plane);
            if (t < 0 || t >= depth) {
                continue;
            }
            float *const to =
                packed + ((c - chunk->channels.begin) * planes->slots + plane) * rows->slots *
                             blocking->row.length;
            for (int64_t row = 0; row < row_slots; row++) {
                const int64_t h = h0 + c3d_slot_coordinate(rows, row);
                if (h >= 0 && h < height) {
                    pack_row(&blocking->row, input + ((c * depth + t) * height + h) * width,
                             width, w0, outs, to + row * blocking->row.length);
                } else if (blocking->zero_rows) {
                    memset(to + row * blocking->row.length, 0,
                           (size_t)blocking->row.length * sizeof *to);
                }
            }
        }
    }
}
