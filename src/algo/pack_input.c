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

/* What one call of c3d_pack_input() or c3d_prefetch_input() reads. */
struct source {
    int64_t plane_slots, row_slots; /* of each channel */
    int64_t t0, h0, w0;             /* coordinates of slot 0, perhaps in the padding */
};

static struct source source_of(const struct c3d_problem *p, const struct c3d_blocking *b,
                               const struct c3d_task *task, const struct c3d_chunk *chunk)
{
    return (struct source){
        c3d_slots_used(&b->planes, c3d_extent(task->out[T]), c3d_extent(chunk->taps[T])),
        c3d_slots_used(&b->rows, c3d_extent(task->out[H]), c3d_extent(chunk->taps[H])),
        origin(p, task, chunk, T),
        origin(p, task, chunk, H),
        origin(p, task, chunk, W),
    };
}

void c3d_pack_input(const struct c3d_problem *problem, const struct c3d_blocking *blocking,
                    const struct c3d_task *task, const struct c3d_chunk *chunk,
                    const float *input, float *packed)
{
    const struct c3d_axis *const planes = &blocking->planes, *const rows = &blocking->rows;
    const int64_t depth = problem->in[T], height = problem->in[H], width = problem->in[W];
    const struct source from = source_of(problem, blocking, task, chunk);
    const int64_t outs = c3d_extent(task->out[W]);
    for (int64_t c = chunk->channels.begin; c < chunk->channels.end; c++) {
        for (int64_t plane = 0; plane < from.plane_slots; plane++) {
            const int64_t t = from.t0 + c3d_slot_coordinate(planes, plane);
            if (t < 0 || t >= depth) {
                continue;
            }
            float *const to =
                packed + ((c - chunk->channels.begin) * planes->slots + plane) * rows->slots *
                             blocking->row.length;
            for (int64_t row = 0; row < from.row_slots; row++) {
                const int64_t h = from.h0 + c3d_slot_coordinate(rows, row);
                if (h >= 0 && h < height) {
                    pack_row(&blocking->row, input + ((c * depth + t) * height + h) * width,
                             width, from.w0, outs, to + row * blocking->row.length);
                } else if (blocking->zero_rows) {
                    memset(to + row * blocking->row.length, 0,
                           (size_t)blocking->row.length * sizeof *to);
                }
            }
        }
    }
}

int64_t c3d_input_planes(const struct c3d_blocking *blocking, const struct c3d_task *task,
                         const struct c3d_chunk *chunk)
{
    return c3d_extent(chunk->channels) *
           c3d_slots_used(&blocking->planes, c3d_extent(task->out[T]),
                          c3d_extent(chunk->taps[T]));
}

void c3d_prefetch_input(const struct c3d_problem *problem, const struct c3d_blocking *blocking,
                        const struct c3d_task *task, const struct c3d_chunk *chunk,
                        const float *input, struct c3d_range planes)
{
    enum { line = 64 / sizeof(float) };
    const struct source from = source_of(problem, blocking, task, chunk);
    const int64_t height = problem->in[H], width = problem->in[W];
    const int64_t columns = (c3d_extent(task->out[W]) - 1) * problem->stride[W] +
                            (c3d_extent(chunk->taps[W]) - 1) * problem->dilation[W] + 1;
    const int64_t left = c3d_max(from.w0, 0), right = c3d_min(from.w0 + columns, width);
    for (int64_t i = planes.begin; i < planes.end; i++) {
        const int64_t c = chunk->channels.begin + i / from.plane_slots;
        const int64_t t =
            from.t0 + c3d_slot_coordinate(&blocking->planes, i % from.plane_slots);
        if (t < 0 || t >= problem->in[T]) {
            continue;
        }
        const float *const plane = input + (c * problem->in[T] + t) * height * width;
        for (int64_t row = 0; row < from.row_slots; row++) {
            const int64_t h = from.h0 + c3d_slot_coordinate(&blocking->rows, row);
            if (h >= 0 && h < height) {
                for (int64_t w = left; w < right; w += line) {
                    __builtin_prefetch(plane + h * width + w, 0, 2);
                }
            }
        }
    }
}
