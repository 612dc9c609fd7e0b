/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outer_body.h - the micro-kernel of outer products of kernel.h
 *
 * Included by kernel_body.h, under the same macros.  A tile of rows x vectors stays in
 * registers while the reduction passes by.  There is code for each width, kind of walk and
 * number of rows, with all loops but those of the reduction unrolled.
 */
#include "kernel/kernel.h"
#include "kernel/vec.h"
#include "kernel/walk_body.h"

#include <stdbool.h>

_Static_assert(C3D_COUNT_1 <= C3D_MAX_COUNT && C3D_COUNT_2 <= C3D_MAX_COUNT &&
                   C3D_MAX_COUNT == 14,
               "outer_any_count lists the counts up to 14");

/* Brings the lines that finish_tile() will write, so that its stores do not wait. */
static C3D_ALWAYS_INLINE void prefetch_finish(const struct c3d_finish *f, const float *out,
                                              const int count, const int width)
{
    const ptrdiff_t step = f->row_stride;
    C3D_UNROLL
    for (int m = 0; m < count; m++, out += step) {
        C3D_UNROLL
        for (int v = 0; v < width; v++) {
            __builtin_prefetch(out + v * C3D_LANES, 1, 3);
        }
    }
}

static C3D_ALWAYS_INLINE void finish_rows(const struct c3d_finish *f, float *out, const vf *acc,
                                          const int count, const int width, const bool stream)
{
    const vf least = least_result(f->relu);
    const float *const bias = f->bias;
    const ptrdiff_t step = f->row_stride;
    C3D_UNROLL
    for (int m = 0; m < count; m++, out += step) {
        const vf shift = v_broadcast(bias + m);
        C3D_UNROLL
        for (int v = 0; v < width; v++) {
            const vf result = v_at_least(acc[m * width + v] + shift, least);
            if (stream) {
                v_stream(out + v * C3D_LANES, result);
            } else {
                v_store(out + v * C3D_LANES, result);
            }
        }
    }
}

static C3D_ALWAYS_INLINE void finish_tile(const struct c3d_finish *f, float *out, const vf *acc,
                                          const int count, const int width)
{
    if (can_stream && f->stream) {
        finish_rows(f, out, acc, count, width, true);
    } else {
        finish_rows(f, out, acc, count, width, false);
    }
}

/* The same two of a torn tile, from its sums in memory: code of its own for every tile would make the table a
 * fifth longer. */
static C3D_NEVER_INLINE void prefetch_torn(const struct c3d_outer *o, ptrdiff_t tile)
{
    const struct c3d_tear *const t = o->tear;
    const struct c3d_torn_vector *vector = t->vectors + tile * o->vector_count;
    for (int v = 0; v < o->vector_count; v++, vector++) {
        const float *out = t->out + vector->at;
        for (int m = 0; m < o->count; m++, out += t->row_stride) {
            __builtin_prefetch(out, 1, 3);
        }
    }
}

static C3D_NEVER_INLINE void finish_torn(const struct c3d_outer *o, ptrdiff_t tile)
{
    const struct c3d_tear *const t = o->tear;
    const struct c3d_torn_vector *vector = t->vectors + tile * o->vector_count;
    const float *sums = o->acc + tile * o->next.acc;
    const vf least = least_result(t->relu);
    for (int v = 0; v < o->vector_count; v++, vector++, sums += C3D_LANES) {
        const float *from = sums;
        float *out = t->out + vector->at;
        for (int m = 0; m < o->count; m++, out += t->row_stride) {
            const vf sum = v_load(from) + v_broadcast(t->bias + m);
            v_store_compressed(out, v_at_least(sum, least), vector->lanes);
            from += o->vector_count * C3D_LANES;
        }
    }
}

/* The tile of that number, of count x width vectors, all constant at every call, so that
 * all loops but the two of the reduction vanish. */
static C3D_ALWAYS_INLINE void outer_tile(const struct c3d_outer *o, const ptrdiff_t tile,
                                         const int count, const int width, const int pitch,
                                         const enum tile_kind kind)
{
    const bool may_finish = kind != RAGGED && kind != LANE_SCALARS;
    const vf zero = {0};
    vf acc[C3D_MAX_ACCUMULATORS];
    if (may_finish && o->finish != NULL && !o->finish->stream) {
        prefetch_finish(o->finish, o->finish->out + tile * o->next.out, count, width);
    } else if (can_compress && may_finish && o->tear != NULL) {
        prefetch_torn(o, tile);
    }
    float *const sums = o->acc + tile * o->next.acc;
    C3D_UNROLL
    for (int i = 0; i < count * width; i++) {
        acc[i] = o->start ? zero : v_load(sums + i * C3D_LANES);
    }
    struct walk walk = begin_walk(o, tile);
    walk_channels(o, acc, &walk, count, width, pitch, kind);
    if (may_finish && o->finish != NULL) {
        finish_tile(o->finish, o->finish->out + tile * o->next.out, acc, count, width);
        return;
    }
    C3D_UNROLL
    for (int i = 0; i < count * width; i++) {
        v_store(sums + i * C3D_LANES, acc[i]);
    }
    if (can_compress && may_finish && o->tear != NULL) {
        finish_torn(o, tile);
    }
}

/* The micro-kernel.  Whatever a tile needs is read anew for each: kept from one to the next,
 * it would take registers that the loops inside need (GCC 12 spills sums). */
static C3D_ALWAYS_INLINE void outer_tiles(const struct c3d_outer *o, const int count,
                                          const int width, const int pitch,
                                          const enum tile_kind kind)
{
    ptrdiff_t tile = 0;
    do {
        C3D_OPAQUE(o);
        C3D_OPAQUE(tile);
        outer_tile(o, tile, count, width, pitch, kind);
    } while (++tile < o->tiles);
}

/* Tiles that there are not vanish at compile time. */
#define TILE_CASE(n) \
    case n: \
        if (n <= limit && (!is_folded(kind) || n % 2 == 0)) { \
            outer_tiles(o, n, width, pitch, kind); \
        } \
        break;

static C3D_ALWAYS_INLINE void outer_any_count(const struct c3d_outer *o, const int limit,
                                              const int width, const int pitch,
                                              const enum tile_kind kind)
{
    switch (o->count) {
        TILE_CASE(1)
        TILE_CASE(2)
        TILE_CASE(3)
        TILE_CASE(4)
        TILE_CASE(5)
        TILE_CASE(6)
        TILE_CASE(7)
        TILE_CASE(8)
        TILE_CASE(9)
        TILE_CASE(10)
        TILE_CASE(11)
        TILE_CASE(12)
        TILE_CASE(13)
        TILE_CASE(14)
    }
}

#undef TILE_CASE

#define TILE_FUNCTION(name, width, pitch, kind) \
    static C3D_NEVER_INLINE void name##_##width(const struct c3d_outer *o) \
    { \
        outer_any_count(o, C3D_COUNT_##width, width, pitch, kind); \
    }

#define NARROW_TILES(name, pitch, kind) \
    TILE_FUNCTION(name, 1, pitch, kind) \
    TILE_FUNCTION(name, 2, pitch, kind) \
    TILE_FUNCTION(name, 3, pitch, kind)
#define WIDE_TILES(name, pitch, kind) \
    TILE_FUNCTION(name, 4, pitch, kind) \
    TILE_FUNCTION(name, 6, pitch, kind) \
    TILE_FUNCTION(name, 8, pitch, kind)

NARROW_TILES(outer, 1, WHOLE)
WIDE_TILES(outer, 1, WHOLE)
NARROW_TILES(ragged, 1, RAGGED)
NARROW_TILES(strided, 2, WHOLE)
NARROW_TILES(strided_ragged, 2, RAGGED)
NARROW_TILES(lane_scalars, C3D_LANES, LANE_SCALARS)

/* By width, in tables of the functions. */
#define NARROW(name) [1] = name##_1, [2] = name##_2, [3] = name##_3
#define WIDE(name) [4] = name##_4, [6] = name##_6, [8] = name##_8
typedef void outer_fn(const struct c3d_outer *);

#if C3D_FEW_INSTRUCTIONS
NARROW_TILES(single, 1, SINGLE)
WIDE_TILES(single, 1, SINGLE)
NARROW_TILES(triples, 1, TRIPLES)
NARROW_TILES(triples_left, 1, TRIPLES_LEFT)
NARROW_TILES(triples_right, 1, TRIPLES_RIGHT)
NARROW_TILES(triples_both, 1, TRIPLES_BOTH)
NARROW_TILES(folded, 1, FOLDED)
NARROW_TILES(folded_both, 1, FOLDED_BOTH)
NARROW_TILES(strided_triples, 2, TRIPLES)
NARROW_TILES(strided_triples_left, 2, TRIPLES_LEFT)
NARROW_TILES(strided_triples_right, 2, TRIPLES_RIGHT)
NARROW_TILES(strided_triples_both, 2, TRIPLES_BOTH)

/* Of rows of three that lie so: by whether scalars are two apart, and whether the tile leaves out its
 * first row, and its last. */
static outer_fn *find_triples(const struct c3d_outer *o)
{
    static outer_fn *const functions[2][2][2][C3D_MAX_RAGGED_VECTORS + 1] = {
        {{{NARROW(triples)}, {NARROW(triples_right)}},
         {{NARROW(triples_left)}, {NARROW(triples_both)}}},
        {{{NARROW(strided_triples)}, {NARROW(strided_triples_right)}},
         {{NARROW(strided_triples_left)}, {NARROW(strided_triples_both)}}},
    };
    bool left = false, right = false;
    if (o->ragged) {
        const int32_t first = o->taps[0].skip, last = o->taps[2].skip;
        if (first < 0 || o->taps[1].skip != 0 || last > 0) {
            return NULL;
        }
        left = first > 0;
        right = last < 0;
    }
    const enum tile_kind kind = left || right ? TRIPLES_BOTH : TRIPLES;
    return o->adjacent || !must_be_adjacent(o->vector_count, kind)
               ? functions[o->strided != 0][left][right][o->vector_count]
               : NULL;
}

/* The longer code for these taps, or NULL. */
static outer_fn *find_long_code(const struct c3d_outer *o)
{
    static outer_fn *const single[C3D_MAX_VECTORS + 1] = {NARROW(single), WIDE(single)};
    static outer_fn *const folded[2][C3D_MAX_RAGGED_VECTORS + 1] = {{NARROW(folded)},
                                                                   {NARROW(folded_both)}};
    if (o->fold != 0) {
        return folded[o->ragged != 0][o->vector_count];
    }
    if (o->tap_count == 1 && !o->ragged && !o->strided) {
        return single[o->vector_count];
    }
    return o->triples && o->vector_count <= C3D_MAX_RAGGED_VECTORS ? find_triples(o) : NULL;
}
#else
static outer_fn *find_long_code(const struct c3d_outer *o)
{
    (void)o;
    return NULL;
}
#endif

#undef WIDE_TILES
#undef NARROW_TILES
#undef TILE_FUNCTION

static void outer(const struct c3d_outer *o)
{
    static outer_fn *const whole[2][C3D_MAX_VECTORS + 1] = {
        {NARROW(outer), WIDE(outer)},
        {NARROW(strided)},
    };
    static outer_fn *const ragged[2][C3D_MAX_RAGGED_VECTORS + 1] = {
        {NARROW(ragged)},
        {NARROW(strided_ragged)},
    };
    static outer_fn *const lane_scalars[C3D_MAX_PANEL_VECTORS + 1] = {NARROW(lane_scalars)};
    if (o->lane_scalars) {
        lane_scalars[o->vector_count](o);
        return;
    }
    outer_fn *const long_code = find_long_code(o);
    if (long_code != NULL) {
        long_code(o);
    } else if (o->ragged) {
        ragged[o->strided != 0][o->vector_count](o);
    } else {
        whole[o->strided != 0][o->vector_count](o);
    }
}
#undef WIDE
#undef NARROW
