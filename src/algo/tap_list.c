/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap_list.c - see tap_list.h
 */
#include "algo/tap_list.h"

#include "algo/window.h"
#include "base/num.h"

/* Which part of a row of outputs a list serves. */
enum { INNER, LEFT_END, RIGHT_END };
_Static_assert(RIGHT_END + 1 == C3D_TAP_LISTS, "a list for each part");

void c3d_tap_lists_init(struct c3d_tap_lists *lists, const struct c3d_problem *problem,
                        const struct c3d_blocking *blocking, bool ragged, struct c3d_tap *taps)
{
    *lists = (struct c3d_tap_lists){
        .problem = problem,
        .blocking = blocking,
        .ragged = ragged,
    };
    for (int i = 0; i < C3D_TAP_LISTS; i++) {
        lists->lists[i].taps = taps + i * blocking->tap_count;
    }
}

void c3d_tap_lists_start(struct c3d_tap_lists *lists, const struct c3d_chunk *chunk)
{
    for (int axis = T; axis <= W; axis++) {
        lists->chunk[axis] = chunk->taps[axis];
    }
    for (int i = 0; i < C3D_TAP_LISTS; i++) {
        lists->lists[i].width = 0;
    }
}

static int part_of_row(const struct c3d_problem *p, struct c3d_range columns)
{
    const int64_t last = (columns.end - 1) * p->stride[W] + (p->kernel[W] - 1) * p->dilation[W];
    return columns.begin * p->stride[W] < p->begin[W] ? LEFT_END
           : last - p->begin[W] >= p->in[W]           ? RIGHT_END
                                                      : INNER;
}

/* Rows of a tile of these outputs that tap kw would multiply with padding, as a skip. */
static int32_t skip_of(const struct c3d_problem *p, int64_t kw, struct c3d_range columns)
{
    const int64_t at = kw * p->dilation[W] - p->begin[W];
    const int64_t first = at < 0 ? c3d_ceil_div(-at, p->stride[W]) : 0;
    const int64_t end = p->in[W] > at ? c3d_ceil_div(p->in[W] - at, p->stride[W]) : 0;
    const int64_t most = c3d_min(C3D_MAX_SKIP, c3d_extent(columns));
    const int64_t left = c3d_min(c3d_max(first - columns.begin, 0), most);
    const int64_t right = c3d_min(c3d_max(columns.end - end, 0), most);
    return (int32_t)(left > 0 ? left : -right);
}

static bool holds(const struct c3d_tap_list *list, const struct c3d_range valid[3],
                  struct c3d_range columns, int width)
{
    return list->width == width && c3d_same_range(list->valid[T], valid[T]) &&
           c3d_same_range(list->valid[H], valid[H]) &&
           c3d_same_range(list->valid[W], valid[W]) &&
           (!list->ragged || c3d_same_range(list->columns, columns));
}

static void fill(const struct c3d_tap_lists *lists, struct c3d_tap_list *list)
{
    const struct c3d_problem *const p = lists->problem;
    const struct c3d_blocking *const b = lists->blocking;
    const struct c3d_range *const valid = list->valid, *const from = lists->chunk;
    const int64_t *const kernel = p->kernel;
    const int64_t first = (from[T].begin * kernel[H] + from[H].begin) * kernel[W] + from[W].begin;
    struct c3d_tap *tap = list->taps;
    for (int64_t t = valid[T].begin; t < valid[T].end; t++) {
        for (int64_t h = valid[H].begin; h < valid[H].end; h++) {
            const int64_t row = (t - from[T].begin) * b->planes.per_tap * b->rows.slots +
                                (h - from[H].begin) * b->rows.per_tap;
            const int64_t weight = (t * kernel[H] + h) * kernel[W] - first;
            for (int64_t w = valid[W].begin; w < valid[W].end; w++) {
                tap->vector = (int32_t)((weight + w) * list->width);
                tap->scalar = (int32_t)(row * b->row.length +
                                        c3d_tap_offset(&b->row, w - from[W].begin));
                tap->skip = list->ragged ? skip_of(p, w, list->columns) : 0;
                tap++;
            }
        }
    }
    list->count = (size_t)(tap - list->taps);
}

const struct c3d_tap_list *c3d_tap_lists_find(struct c3d_tap_lists *lists,
                                              const struct c3d_range valid[3],
                                              struct c3d_range columns, int width)
{
    const int part = lists->ragged ? part_of_row(lists->problem, columns) : INNER;
    struct c3d_tap_list *const list = &lists->lists[part];
    if (!holds(list, valid, columns, width)) {
        list->ragged = part != INNER;
        list->columns = columns;
        list->width = width;
        for (int axis = T; axis <= W; axis++) {
            list->valid[axis] = valid[axis];
        }
        fill(lists, list);
    }
    return list;
}
