/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap_list.c - see tap_list.h
 */
#include "algo/tap_list.h"

#include "algo/window.h"
#include "base/num.h"

/* Which part of a row of outputs a list serves, and likewise which rows of a plane. */
enum { INNER, LEFT_END, RIGHT_END, PARTS };
_Static_assert((int)PARTS == C3D_ROW_PARTS && (int)PARTS == C3D_PLANE_PARTS,
               "a list for each part of both");

void c3d_tap_lists_init(struct c3d_tap_lists *lists, const struct c3d_problem *problem,
                        const struct c3d_blocking *blocking, bool ragged, struct c3d_tap *taps)
{
    *lists = (struct c3d_tap_lists){
        .problem = problem,
        .blocking = blocking,
        .ragged = ragged,
    };
    for (int i = 0; i < C3D_TAP_LISTS; i++) {
        lists->rows[i / PARTS].lists[i % PARTS].taps = taps + i * blocking->tap_count;
    }
}

void c3d_tap_lists_start(struct c3d_tap_lists *lists, const struct c3d_chunk *chunk)
{
    bool same = true;
    for (int axis = T; axis <= W; axis++) {
        same = same && c3d_same_range(lists->chunk[axis], chunk->taps[axis]);
        lists->chunk[axis] = chunk->taps[axis];
    }
    for (int i = 0; i < C3D_PLANE_PARTS && !same; i++) {
        lists->rows[i].width = 0;
    }
}

static int part_of_row(const struct c3d_problem *p, struct c3d_range columns)
{
    const int64_t last = (columns.end - 1) * p->stride[W] + (p->kernel[W] - 1) * p->dilation[W];
    return columns.begin * p->stride[W] < p->begin[W] ? LEFT_END
           : last - p->begin[W] >= p->in[W]           ? RIGHT_END
                                                      : INNER;
}

/* Of a row whose taps begin so, and perhaps the one below it, whose taps end so. */
static int part_of_plane(struct c3d_range taps, struct c3d_range below, struct c3d_range chunk)
{
    return taps.begin > chunk.begin ? LEFT_END : below.end < chunk.end ? RIGHT_END : INNER;
}

/* The outputs of a row whose tap kw is a column of the volume. */
static struct c3d_range outputs_of_tap(const struct c3d_problem *p, int64_t kw)
{
    const int64_t at = kw * p->dilation[W] - p->begin[W];
    return (struct c3d_range){
        at < 0 ? c3d_ceil_div(-at, p->stride[W]) : 0,
        p->in[W] > at ? c3d_ceil_div(p->in[W] - at, p->stride[W]) : 0,
    };
}

/* Rows of a tile of these outputs that tap kw would multiply with padding, as a skip. */
static int32_t skip_of(const struct c3d_problem *p, int64_t kw, struct c3d_range columns)
{
    const struct c3d_range inside = outputs_of_tap(p, kw);
    const int64_t most = c3d_min(C3D_MAX_SKIP, c3d_extent(columns));
    const int64_t left = c3d_min(c3d_max(inside.begin - columns.begin, 0), most);
    const int64_t right = c3d_min(c3d_max(columns.end - inside.end, 0), most);
    return (int32_t)(left > 0 ? left : -right);
}

bool c3d_padding_left_out(const struct c3d_problem *p)
{
    for (int64_t kw = 0; kw < p->kernel[W]; kw++) {
        const struct c3d_range inside = outputs_of_tap(p, kw);
        const int64_t left = inside.begin, right = c3d_max(p->out[W] - inside.end, 0);
        if (left + right > C3D_MAX_SKIP) {
            return false;
        }
    }
    return true;
}

/* Row (t, h) of the kernel, counted from the chunk's first. */
static struct c3d_tap row_start(const struct c3d_tap_lists *lists, int width, int64_t t,
                                int64_t h)
{
    const struct c3d_problem *const p = lists->problem;
    const struct c3d_blocking *const b = lists->blocking;
    return (struct c3d_tap){
        .vector = (int32_t)((t * p->kernel[H] + h) * p->kernel[W] * width),
        .scalar = (int32_t)(t * b->planes.per_tap * b->plane_pitch +
                            h * b->rows.per_tap * b->row.length),
    };
}

/* The taps of a row of the kernel that starts at `start`. */
static void fill_row(const struct c3d_tap_lists *lists, const struct c3d_tap_list *list,
                     struct c3d_tap start, struct c3d_tap *taps)
{
    const struct c3d_range valid = lists->row->valid[W];
    const int64_t from = lists->chunk[W].begin;
    for (int64_t w = valid.begin; w < valid.end; w++) {
        *taps++ = (struct c3d_tap){
            start.vector + (int32_t)((w - from) * lists->row->width),
            start.scalar + (int32_t)c3d_tap_offset(&lists->blocking->row, w - from),
            list->ragged ? skip_of(lists->problem, w, list->columns) : 0,
        };
    }
}

static bool holds(struct c3d_range range, int64_t i)
{
    return range.begin <= i && i < range.end;
}

/* What row h of the kernel leaves out of two rows of outputs: nothing, the upper one, the lower one, as a
 * skip. */
static int32_t fold_skip(const struct c3d_row_taps *row, int64_t h, int64_t outputs)
{
    return !holds(row->valid[H], h) ? (int32_t)outputs
           : !holds(row->below, h)  ? -(int32_t)outputs
                                    : 0;
}

/* The taps along H that some row of outputs has. */
static struct c3d_range taps_of_any(const struct c3d_row_taps *row)
{
    const struct c3d_range a = row->valid[H], b = row->below;
    if (c3d_extent(b) == 0) {
        return a;
    }
    return c3d_extent(a) == 0
               ? b
               : (struct c3d_range){c3d_min(a.begin, b.begin), c3d_max(a.end, b.end)};
}

/* Rows differ by constants, which saves the divisions of all but the first: a list serves
 * a few register tiles only (3.7% of nnU-Net enc3.1 when each tap had its own). */
static void fill(const struct c3d_tap_lists *lists, struct c3d_tap_list *list)
{
    const struct c3d_row_taps *const row = lists->row;
    const struct c3d_range *const valid = row->valid, *const from = lists->chunk;
    const int width = row->width;
    const int64_t count = c3d_extent(valid[W]);
    const struct c3d_range rows = taps_of_any(row);
    const struct c3d_tap first = row_start(lists, width, valid[T].begin - from[T].begin,
                                           rows.begin - from[H].begin);
    struct c3d_tap *tap = list->taps;
    for (int64_t t = valid[T].begin; t < valid[T].end; t++) {
        for (int64_t h = rows.begin; h < rows.end; h++) {
            if (!holds(row->valid[H], h) && !holds(row->below, h)) {
                continue;
            }
            const struct c3d_tap start =
                row_start(lists, width, t - from[T].begin, h - from[H].begin);
            if (tap == list->taps) {
                fill_row(lists, list, start, tap);
            }
            for (int64_t w = 0; w < count; w++) {
                tap[w].vector = list->taps[w].vector + start.vector - first.vector;
                tap[w].scalar = list->taps[w].scalar + start.scalar - first.scalar;
                tap[w].skip = row->folded ? fold_skip(row, h, c3d_extent(list->columns))
                                          : list->taps[w].skip;
            }
            tap += count;
        }
    }
    list->count = (size_t)(tap - list->taps);
    list->triples = count == 3 && list->count > 0;
    list->adjacent = list->triples && list->taps[1].scalar - list->taps[0].scalar == 1 &&
                     list->taps[2].scalar - list->taps[1].scalar == 1;
}

void c3d_tap_lists_turn(struct c3d_tap_lists *lists, const struct c3d_range valid[3],
                        const struct c3d_range *below, int width)
{
    const struct c3d_range lower = below != NULL ? *below : valid[H];
    struct c3d_row_taps *const row =
        &lists->rows[part_of_plane(valid[H], lower, lists->chunk[H])];
    bool same = row->width == width && row->folded == (below != NULL) &&
                c3d_same_range(row->below, lower);
    row->folded = below != NULL;
    row->below = lower;
    for (int axis = T; axis <= W; axis++) {
        same = same && c3d_same_range(row->valid[axis], valid[axis]);
        row->valid[axis] = valid[axis];
    }
    row->width = width;
    for (int part = 0; part < PARTS && !same; part++) {
        row->lists[part].filled = false;
    }
    lists->row = row;
}

const struct c3d_tap_list *c3d_tap_lists_find(struct c3d_tap_lists *lists,
                                              struct c3d_range columns)
{
    const int part = lists->ragged ? part_of_row(lists->problem, columns) : INNER;
    struct c3d_tap_list *const list = &lists->row->lists[part];
    const bool of_columns = list->ragged || lists->row->folded;
    if (!list->filled || (of_columns && !c3d_same_range(list->columns, columns))) {
        list->filled = true;
        list->ragged = part != INNER;
        list->columns = columns;
        fill(lists, list);
    }
    return list;
}

int64_t c3d_tap_lists_alike(const struct c3d_tap_lists *lists, struct c3d_range columns,
                            int64_t most)
{
    if (!lists->ragged) {
        return most;
    }
    const int64_t count = c3d_extent(columns);
    int64_t tiles = 0;
    while (tiles < most && part_of_row(lists->problem, columns) == INNER) {
        columns = (struct c3d_range){columns.end, columns.end + count};
        tiles++;
    }
    return c3d_max(tiles, 1);
}
