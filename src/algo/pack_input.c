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

/* Of a segment, the elements begin .. end, all inside the row; from is where element 0
 * lies, perhaps outside. */
static void gather(const float *restrict from, int64_t step, struct c3d_range some,
                   float *restrict packed)
{
    for (int64_t i = some.begin; i < some.end; i++) {
        packed[i] = from[i * step];
    }
}

/* Four segments that start in neighbouring columns, as squares of 4 x 4 transposed. */
static void gather_four(const float *restrict from, int64_t step, int64_t pitch,
                        struct c3d_range some, float *restrict packed)
{
    int64_t i = some.begin;
    for (; i + 4 <= some.end; i += 4) {
        const float *const at = from + i * step;
        const quad a = *(const quad_memory *)at, b = *(const quad_memory *)(at + step),
                   c = *(const quad_memory *)(at + 2 * step),
                   d = *(const quad_memory *)(at + 3 * step);
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
    for (; i < some.end; i++) {
        for (int s = 0; s < 4; s++) {
            packed[s * pitch + i] = from[i * step + s];
        }
    }
}

/* Elements of a segment near the ends of the row, zero outside it. */
static void gather_checked(const float *row, int64_t width, int64_t first, int64_t step,
                           struct c3d_range some, float *packed)
{
    for (int64_t i = some.begin; i < some.end; i++) {
        const int64_t column = first + i * step;
        packed[i] = column >= 0 && column < width ? row[column] : 0;
    }
}

/* How far ahead of packing its input is asked for, 4 KiB. */
enum { elems_ahead = 1024 };

/* How rows are packed, the same for all rows of a window. */
struct row_plan {
    const struct c3d_kernels *kernels;
    const struct c3d_row *layout;
    int64_t width, first; /* of the volume; column of the first element, may be negative */
    int64_t count;        /* elements of a segment */
    struct c3d_range all; /* of them, inside the volume in every segment */
    ptrdiff_t ahead;      /* of what is read, asked for; 0 = nothing */
};

static struct row_plan plan_rows(const struct c3d_kernels *kernels,
                                 const struct c3d_blocking *blocking, int64_t width,
                                 int64_t first, int64_t outs)
{
    const struct c3d_row *const layout = &blocking->row;
    const int64_t count = (outs - 1) * layout->per_out + 1 + layout->shift_max;
    const int64_t step = layout->stride;
    const int64_t last = first + (layout->segments - 1) * layout->column_step;
    const int64_t begin = first < 0 ? c3d_min(c3d_ceil_div(-first, step), count) : 0;
    const int64_t end = last < width ? c3d_min(c3d_ceil_div(width - last, step), count) : 0;
    return (struct row_plan){kernels, layout, width, first, count,
                             {begin, c3d_max(begin, end)}, blocking->cold ? elems_ahead : 0};
}

/* True if the micro-kernel knows such rows. */
static bool is_dealt(const struct c3d_row *layout)
{
    return (layout->stride == 1 || layout->stride == 2 || layout->stride == 4) &&
           layout->segments <= layout->stride &&
           (layout->segments == 1 || layout->column_step == 1);
}

/* What is inside a row in every segment. */
static void pack_inside(const struct row_plan *plan, const float *row, float *packed)
{
    const struct c3d_row *const layout = plan->layout;
    const int64_t step = layout->stride, pitch = layout->pitch, segments = layout->segments;
    const float *const from = row + plan->first; /* perhaps before the row: not read there */
    int64_t s = 0;
    if (layout->column_step == 1 && step > 2) {
        for (; s + 4 <= segments; s += 4) {
            gather_four(from + s, step, pitch, plan->all, packed + s * pitch);
        }
    }
    for (; s < segments; s++) {
        gather(from + s * layout->column_step, step, plan->all, packed + s * pitch);
    }
}

/* What is outside, or inside in some segments. */
static void pack_ends(const struct row_plan *plan, const float *row, float *packed)
{
    const struct c3d_row *const layout = plan->layout;
    const struct c3d_range left = {0, plan->all.begin}, right = {plan->all.end, plan->count};
    for (int64_t s = 0; s < layout->segments; s++) {
        const int64_t first = plan->first + s * layout->column_step;
        float *const to = packed + s * layout->pitch;
        gather_checked(row, plan->width, first, layout->stride, left, to);
        gather_checked(row, plan->width, first, layout->stride, right, to);
    }
}

/* The ends of a row that is the input as it lies between zeros.  Calls of memset would take
 * longer than a short row. */
static void zero_ends(const struct row_plan *plan, float *packed)
{
    const int64_t left = plan->all.begin, right = plan->count - plan->all.end;
    if (plan->count >= 4 && left <= 4 && right <= 4) {
        const quad zeros = {0};
        *(quad_memory *)packed = zeros; /* partly what is inside, which comes later */
        *(quad_memory *)(packed + plan->count - 4) = zeros;
    } else {
        memset(packed, 0, (size_t)left * sizeof *packed);
        memset(packed + plan->all.end, 0, (size_t)right * sizeof *packed);
    }
}

/* Rows inside every segment, by the micro-kernel. */
static void deal_rows(const struct row_plan *plan, const float *rows, int64_t row_pitch,
                      int64_t count, float *packed)
{
    const struct c3d_row *const layout = plan->layout;
    plan->kernels->deal(&(struct c3d_deal){
        .from = rows + plan->first + plan->all.begin * layout->stride,
        .to = packed + plan->all.begin,
        .from_pitch = (ptrdiff_t)row_pitch,
        .to_pitch = (ptrdiff_t)layout->length,
        .segment_pitch = (ptrdiff_t)layout->pitch,
        .rows = count,
        .count = c3d_extent(plan->all),
        .step = (int)layout->stride,
        .segments = (int)layout->segments,
        .spare = plan->first + plan->all.end * layout->stride <= plan->width,
        .ahead = plan->ahead,
    });
}

/* Rows of a plane.  Each is read left to right and then left, as the caches foresee it:
 * with its ends first, a row began with a miss at its end (depthwise 3x3x3, stride 2: 0.83
 * of the speed); with the ends of all rows last, they had left the cache (0.95). */
static void pack_rows(const struct row_plan *plan, const float *rows, int64_t row_pitch,
                      int64_t count, float *packed)
{
    const struct c3d_row *const layout = plan->layout;
    const bool ends = plan->all.begin > 0 || plan->all.end < plan->count;
    const bool plain = layout->segments == 1 && layout->stride == 1;
    if (plain || (is_dealt(layout) && !ends)) {
        for (int64_t r = 0; r < count && ends; r++) {
            zero_ends(plan, packed + r * layout->length);
        }
        deal_rows(plan, rows, row_pitch, count, packed);
        return;
    }
    for (int64_t r = 0; r < count; r++) {
        const float *const row = rows + r * row_pitch;
        float *const to = packed + r * layout->length;
        if (is_dealt(layout)) {
            deal_rows(plan, row, row_pitch, 1, to);
        } else {
            pack_inside(plan, row, to);
        }
        if (ends) {
            pack_ends(plan, row, to);
        }
    }
}

/* The coordinate of the task's first output and the chunk's first tap. */
static int64_t origin(const struct c3d_problem *p, const struct c3d_task *task,
                      const struct c3d_chunk *chunk, int axis)
{
    return task->out[axis].begin * p->stride[axis] +
           chunk->taps[axis].begin * p->dilation[axis] - p->begin[axis];
}

ptrdiff_t c3d_window_begin(const struct c3d_problem *p, const struct c3d_task *task,
                           const struct c3d_chunk *chunk)
{
    return (ptrdiff_t)(((chunk->channels.begin * p->in[T] + origin(p, task, chunk, T)) * p->in[H] +
                        origin(p, task, chunk, H)) * p->in[W] + origin(p, task, chunk, W));
}

/* What one call of c3d_pack_input() or c3d_prefetch_start() reads. */
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

/* Columns whose channels lie side by side. */
static void pack_columns(const struct c3d_problem *p, const struct c3d_blocking *b,
                         struct c3d_range columns, struct c3d_range channels,
                         const float *input, float *packed)
{
    const int64_t step = c3d_column_step(p, p->in_channels), pitch = b->row.length;
    const struct c3d_range all = {0, c3d_extent(columns)};
    const float *const from = input + columns.begin * step;
    int64_t c = channels.begin;
    for (; c + 4 <= channels.end; c += 4) {
        gather_four(from + c, step, pitch, all, packed + (c - channels.begin) * pitch);
    }
    for (; c < channels.end; c++) {
        gather(from + c, step, all, packed + (c - channels.begin) * pitch);
    }
}

/* One plane of one channel of the window. */
static void pack_plane(const struct row_plan *plan, const struct c3d_blocking *blocking,
                       const struct source *from, int64_t height, const float *plane,
                       float *packed)
{
    const struct c3d_axis *const rows = &blocking->rows;
    const int64_t length = blocking->row.length;
    for (int64_t row = 0, count; row < from->row_slots; row += count) {
        const int64_t h = from->h0 + c3d_slot_coordinate(rows, row);
        float *const to = packed + row * length;
        count = 1;
        if (h >= 0 && h < height) {
            int64_t step;
            const int64_t run = c3d_slot_run(rows, row, &step);
            count = c3d_min(c3d_min(run, from->row_slots - row), c3d_ceil_div(height - h, step));
            pack_rows(plan, plane + h * plan->width, step * plan->width, count, to);
        } else if (blocking->zero_rows) {
            /* A row may share its last zeros with the next. */
            memset(to, 0, (size_t)c3d_max(length, plan->count) * sizeof *to);
        }
    }
}

/* A plane of the window; all are packed in this order, channel after channel. */
struct plane {
    int64_t channel, slot;
};

static struct plane plane_after(const struct source *from, struct plane plane)
{
    return plane.slot + 1 < from->plane_slots ? (struct plane){plane.channel, plane.slot + 1}
                                              : (struct plane){plane.channel + 1, 0};
}

/* Where it begins in the input. */
static int64_t plane_at(const struct c3d_problem *p, const struct c3d_blocking *b,
                        const struct source *from, struct plane plane)
{
    return (plane.channel * p->in[T] + from->t0 + c3d_slot_coordinate(&b->planes, plane.slot)) *
           p->in[H] * p->in[W];
}

/* The same, perhaps after a task's last plane: in its neighbour along W. */
static int64_t later_plane_at(const struct c3d_problem *p, const struct c3d_blocking *b,
                              const struct source *from, struct plane plane, int64_t columns)
{
    if (plane.channel >= p->in_channels) {
        plane.channel %= p->in_channels;
        return plane_at(p, b, from, plane) + columns;
    }
    return plane_at(p, b, from, plane);
}

void c3d_pack_input(const struct c3d_kernels *kernels, const struct c3d_problem *problem,
                    const struct c3d_blocking *blocking, const struct c3d_task *task,
                    const struct c3d_chunk *chunk, const float *input, float *packed)
{
    if (problem->columns) {
        pack_columns(problem, blocking, task->out[W], chunk->channels, input, packed);
        return;
    }
    const int64_t depth = problem->in[T], height = problem->in[H], width = problem->in[W];
    const struct source from = source_of(problem, blocking, task, chunk);
    const int64_t outs = c3d_extent(task->out[W]), columns = outs * problem->stride[W];
    struct row_plan plan = plan_rows(kernels, blocking, width, from.w0, outs);
    /* What comes 4 KiB later in memory is packed 4 KiB later only if planes are that long.  Of shorter
     * pieces of planes, some planes later: 1x1x1 0.93 to 0.98, 3x1x1 0.88 to 0.95 of the time where
     * channels collide (Zen 1). */
    const int64_t piece = from.row_slots * plan.count * blocking->row.segments;
    const bool in_pieces = blocking->cold && piece < elems_ahead && piece < height * width;
    const int64_t pieces = in_pieces ? c3d_ceil_div(elems_ahead, piece) : 0;
    struct plane plane = {chunk->channels.begin, 0};
    struct plane later = {chunk->channels.begin + pieces / from.plane_slots,
                          pieces % from.plane_slots};
    for (; plane.channel < chunk->channels.end; plane = plane_after(&from, plane)) {
        const int64_t at = plane_at(problem, blocking, &from, plane);
        const int64_t t = from.t0 + c3d_slot_coordinate(&blocking->planes, plane.slot);
        if (in_pieces) {
            plan.ahead = (ptrdiff_t)(later_plane_at(problem, blocking, &from, later, columns) - at);
            later = plane_after(&from, later);
        }
        if (t >= 0 && t < depth) {
            const int64_t channel = plane.channel - chunk->channels.begin;
            pack_plane(&plan, blocking, &from, height, input + at,
                       packed + channel * blocking->channel_pitch + plane.slot * blocking->plane_pitch);
        }
    }
}

/* Measured on a Zen 4 core to one digit.  A row costs its calls; a plane the misses until
 * the hardware has seen the rows' stride. */
double c3d_pack_cost(double planes, double rows, double row_elems, int64_t stride)
{
    static const double contiguous = 18, strided = 30, row = 400, plane = 2000;
    return planes * (plane + rows * (row + row_elems * (stride == 1 ? contiguous : strided)));
}

void c3d_prefetch_start(struct c3d_prefetch *prefetch, const struct c3d_problem *problem,
                        const struct c3d_blocking *blocking, const struct c3d_task *task,
                        const struct c3d_chunk *chunk, const float *input, int64_t steps)
{
    const struct source from = source_of(problem, blocking, task, chunk);
    const int64_t columns = (c3d_extent(task->out[W]) - 1) * problem->stride[W] +
                            (c3d_extent(chunk->taps[W]) - 1) * problem->dilation[W] + 1;
    const int64_t left = c3d_max(from.w0, 0), right = c3d_min(from.w0 + columns, problem->in[W]);
    const bool any = right > left && c3d_extent(chunk->channels) > 0 && !problem->columns;
    const int64_t lines =
        any ? from.plane_slots * from.row_slots * ((right - left) / C3D_LINE_ELEMS + 1) : 0;
    int64_t step;
    *prefetch = (struct c3d_prefetch){
        .problem = problem,
        .blocking = blocking,
        .input = input + chunk->channels.begin * c3d_volume(problem->in),
        .channels = c3d_extent(chunk->channels),
        .t = from.t0,
        .h = from.h0,
        .planes = any ? from.plane_slots : 0,
        .rows = from.row_slots,
        .left = left,
        .right = right,
        .joined = left == 0 && right == problem->in[W] &&
                  c3d_slot_run(&blocking->rows, 0, &step) >= from.row_slots && step == 1,
        .lines = lines,
        .steps = steps,
    };
}

/* Turns to the next row, or the next that are joined; false after the last. */
static bool next_row(struct c3d_prefetch *prefetch)
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
            if (h < 0 || h >= p->in[H]) {
                prefetch->row++;
                continue;
            }
            const int64_t rows =
                prefetch->joined ? c3d_min(prefetch->rows - prefetch->row, p->in[H] - h) : 1;
            const float *const row = prefetch->input + (t * p->in[H] + h) * p->in[W];
            prefetch->at = row + prefetch->left;
            prefetch->end = row + (rows - 1) * p->in[W] + prefetch->right;
            prefetch->row += rows;
            return true;
        }
    }
    return false;
}

/* The next lines, as many as follow each other and no more than `most`: where the first of
 * them lies in the first channel.  None after the last. */
static const float *next_lines(struct c3d_prefetch *prefetch, int64_t most, int64_t *count)
{
    *count = 0;
    if (prefetch->at >= prefetch->end && !next_row(prefetch)) {
        return NULL;
    }
    const float *const first = prefetch->at;
    *count = c3d_min(c3d_ceil_div(prefetch->end - first, C3D_LINE_ELEMS), most);
    prefetch->at += *count * C3D_LINE_ELEMS;
    return first;
}

void c3d_prefetch_by(struct c3d_prefetch *prefetch, struct c3d_outer *outer)
{
    const ptrdiff_t channel = (ptrdiff_t)c3d_volume(prefetch->problem->in);
    int64_t wanted = c3d_ceil_div(outer->tiles * prefetch->lines, prefetch->steps), count;
    const float *lines = next_lines(prefetch, wanted, &count);
    outer->ahead[0].at = count > 0 ? lines : outer->scalars;
    outer->ahead[0].step = count > 0 ? channel : 0;
    outer->ahead[0].next = count > 0 ? C3D_LINE_ELEMS : 0;
    for (int64_t asked = outer->tiles; count > 0; asked = 0) {
        for (int64_t i = asked; i < count; i++) {
            for (int64_t c = 0; c < prefetch->channels; c++) {
                __builtin_prefetch(lines + i * C3D_LINE_ELEMS + c * channel, 0, 2);
            }
        }
        wanted -= count;
        lines = next_lines(prefetch, wanted, &count);
    }
}
