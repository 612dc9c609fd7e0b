/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_input.c - copies the window of a tile into a private buffer
 */
#include "algo/pack_input.h"

#include "base/mem.h"
#include "base/num.h"

#include <string.h>

/* Four floats, whatever the processor: this file is not compiled for one ISA. */
typedef float quad __attribute__((vector_size(16)));
typedef float quad_memory __attribute__((vector_size(16), aligned(4), may_alias));

/* Columns first, first+step, ... of a row, those from begin to end of them. */
static void gather(const float *restrict row, int64_t first, int64_t step, int64_t begin,
                   int64_t end, float *restrict packed)
{
    int64_t i = begin;
    if (step == 1) {
        if (end > begin) {
            memcpy(packed + begin, row + first + begin, (size_t)(end - begin) * sizeof *packed);
        }
        return;
    }
    if (step == 2) {
        /* Eight columns, of which the last must not lie beyond the row. */
        for (; i + 5 <= end; i += 4) {
            const float *const from = row + first + i * 2;
            const quad a = *(const quad_memory *)from, b = *(const quad_memory *)(from + 4);
            *(quad_memory *)(packed + i) = __builtin_shufflevector(a, b, 0, 2, 4, 6);
        }
    }
    for (; i < end; i++) {
        packed[i] = row[first + i * step];
    }
}

static void clear(float *packed, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        packed[i] = 0;
    }
}

/* The range of i, within 0 .. count, for which column first + i*step is inside. */
static struct c3d_range inside(int64_t first, int64_t step, int64_t count, int64_t width)
{
    const int64_t begin = first >= 0 ? 0 : c3d_min(c3d_ceil_div(-first, step), count);
    const int64_t end =
        first >= width ? 0 : c3d_min(c3d_ceil_div(width - first, step), count);
    return (struct c3d_range){begin, c3d_max(begin, end)};
}

/* Four segments that start in neighbouring columns, as squares of 4 x 4 transposed. */
static void gather_four(const float *restrict row, int64_t first, int64_t step, int64_t begin,
                        int64_t end, int64_t pitch, float *restrict packed)
{
    int64_t i = begin;
    for (; i + 4 <= end; i += 4) {
        const float *const from = row + first + i * step;
        const quad a = *(const quad_memory *)from, b = *(const quad_memory *)(from + step),
                   c = *(const quad_memory *)(from + 2 * step),
                   d = *(const quad_memory *)(from + 3 * step);
        const quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
                   cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
                   AB = __builtin_shufflevector(a, b, 2, 6, 3, 7),
                   CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
        float *const to = packed + i;
        *(quad_memory *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
        *(quad_memory *)(to + pitch) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
        *(quad_memory *)(to + 2 * pitch) = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
        *(quad_memory *)(to + 3 * pitch) = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
    }
    for (int s = 0; s < 4; s++) {
        gather(row, first + s, step, i, end, packed + s * pitch);
    }
}

static void pack_row(const struct c3d_row *layout, const float *row, int64_t width,
                     int64_t first, int64_t outs, float *packed)
{
    const int64_t count = outs + layout->shift_max, step = layout->stride;
    int64_t s = 0;
    if (layout->column_step == 1 && step > 1) {
        for (; s + 4 <= layout->segments; s += 4) {
            /* Inside for all four: from where the first is to where the last is. */
            const struct c3d_range begin = inside(first + s, step, count, width),
                                   end = inside(first + s + 3, step, count, width);
            const struct c3d_range all = {begin.begin, c3d_max(begin.begin, end.end)};
            for (int64_t q = s; q < s + 4; q++) {
                const struct c3d_range some = inside(first + q, step, count, width);
                float *const to = packed + q * layout->pitch;
                clear(to, 0, some.begin);
                gather(row, first + q, step, some.begin, c3d_min(all.begin, some.end), to);
                gather(row, first + q, step, c3d_max(all.end, some.begin), some.end, to);
                clear(to, some.end, count);
            }
            gather_four(row, first + s, step, all.begin, all.end, layout->pitch,
                        packed + s * layout->pitch);
        }
    }
    for (; s < layout->segments; s++) {
        const int64_t from = first + s * layout->column_step;
        const struct c3d_range some = inside(from, step, count, width);
        float *const to = packed + s * layout->pitch;
        clear(to, 0, some.begin);
        gather(row, from, step, some.begin, some.end, to);
        clear(to, some.end, count);
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

enum { line_elems = C3D_ALIGNMENT / sizeof(float) };

void c3d_prefetch_start(struct c3d_prefetch *prefetch, const struct c3d_problem *problem,
                        const struct c3d_blocking *blocking, const struct c3d_task *task,
                        const struct c3d_chunk *chunk, const float *input)
{
    const struct source from = source_of(problem, blocking, task, chunk);
    const int64_t columns = (c3d_extent(task->out[W]) - 1) * problem->stride[W] +
                            (c3d_extent(chunk->taps[W]) - 1) * problem->dilation[W] + 1;
    const int64_t left = c3d_max(from.w0, 0), right = c3d_min(from.w0 + columns, problem->in[W]);
    const bool any = right > left && c3d_extent(chunk->channels) > 0;
    *prefetch = (struct c3d_prefetch){
        .problem = problem,
        .blocking = blocking,
        .input = input + chunk->channels.begin * c3d_volume(problem->in),
        .t = from.t0,
        .h = from.h0,
        .planes = any ? from.plane_slots : 0,
        .rows = from.row_slots,
        .left = left,
        .right = right,
        .lines = any ? from.plane_slots * from.row_slots * ((right - left) / line_elems + 1) : 0,
    };
}

const float *c3d_prefetch_next_row(struct c3d_prefetch *prefetch)
{
    const struct c3d_problem *const p = prefetch->problem;
    for (; prefetch->plane < prefetch->planes; prefetch->plane++, prefetch->row = 0) {
        const int64_t t = prefetch->t +
                          c3d_slot_coordinate(&prefetch->blocking->planes, prefetch->plane);
        if (t < 0 || t >= p->in[T]) {
            continue;
        }
        while (prefetch->row < prefetch->rows) {
            const int64_t h =
                prefetch->h + c3d_slot_coordinate(&prefetch->blocking->rows, prefetch->row);
            prefetch->row++;
            if (h >= 0 && h < p->in[H]) {
                const float *const row = prefetch->input + (t * p->in[H] + h) * p->in[W];
                prefetch->at = row + prefetch->left + line_elems;
                prefetch->end = row + prefetch->right;
                return row + prefetch->left;
            }
        }
    }
    return NULL;
}
