/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outer_body.h - the micro-kernel of outer products of kernel.h
 *
 * Included by kernel_body.h, under the same macros.  A tile of rows x vectors stays in
 * registers while the reduction passes by.  There is code for each width, kind of walk and
 * number of rows, with all loops but those of the reduction unrolled.
 */
#include "kernel/kernel.h"
#include "kernel/step.h"
#include "kernel/vec.h"

#include <stdbool.h>

_Static_assert(C3D_COUNT_1 <= C3D_MAX_COUNT && C3D_COUNT_2 <= C3D_MAX_COUNT &&
                   C3D_MAX_COUNT == 14,
               "outer_any_count lists the counts up to 14");

/* One step of the reduction for rows first .. end of a tile. */
static C3D_ALWAYS_INLINE void outer_step(vf *acc, const float *from, const float *by,
                                         const int first, const int end, const int width,
                                         const int pitch)
{
    vf x[C3D_MAX_VECTORS];
    if (v_has_step(end - first, width)) {
        v_step(acc + first * width, from, by + first * pitch, end - first, width, pitch);
        return;
    }
    if (width == 1) {
        /* Without a loop over vectors: clang 14 leaves the accumulators in memory when
         * an unrolled loop has a single iteration. */
        x[0] = v_load(from);
        C3D_UNROLL
        for (int m = first; m < end; m++) {
            acc[m] = v_fma_broadcast(x[0], by + m * pitch, acc[m]);
        }
        return;
    }
    C3D_UNROLL
    for (int v = 0; v < width; v++) {
        x[v] = v_load(from + v * C3D_LANES);
    }
    C3D_UNROLL
    for (int m = first; m < end; m++) {
        const vf scalar = v_broadcast(by + m * pitch);
        C3D_UNROLL
        for (int v = 0; v < width; v++) {
            acc[m * width + v] = v_accumulate(x[v], scalar, acc[m * width + v]);
        }
    }
}

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

enum { LINE_ELEMS = 64 / sizeof(float) }; /* of a cache */

/*
 * How a tile walks its taps.  SINGLE has one, TRIPLES rows of three, all whole, or leaving out
 * the first row of the tile for the first tap, the last for the last, or both.  FOLDED is two such
 * tiles whose outputs lie one below the other.
 */
enum tile_kind {
    WHOLE,
    RAGGED,
    LANE_SCALARS,
    SINGLE,
    TRIPLES,
    TRIPLES_LEFT,
    TRIPLES_RIGHT,
    TRIPLES_BOTH,
    FOLDED,
    FOLDED_BOTH
};

static C3D_ALWAYS_INLINE void walk_tap(const struct c3d_tap *tap, vf *acc, const float *vectors,
                                       const float *scalars, const int count, const int width,
                                       const int pitch, const enum tile_kind kind)
{
    const float *const from = vectors + tap->vector;
    const float *const by = scalars + tap->scalar;
    if (kind == WHOLE || tap->skip == 0) {
        outer_step(acc, from, by, 0, count, width, pitch);
    } else if (tap->skip > 0) {
        outer_step(acc, from, by, 1, count, width, pitch);
    } else {
        outer_step(acc, from, by, 0, count - 1, width, pitch);
    }
}

/* One channel's taps. */
static C3D_ALWAYS_INLINE void walk_taps(const struct c3d_outer *o, vf *acc, const float *vectors,
                                        const float *scalars, const int count, const int width,
                                        const int pitch, const enum tile_kind kind)
{
    enum { SOME = 4 }; /* 27 dilated taps 0.96 to 0.98 of the time (Zen 1) */
    const struct c3d_tap *const end = o->taps + o->tap_count, *tap = o->taps;
    for (; kind == WHOLE && v_has_step(count, width) && end - tap >= SOME; tap += SOME) {
        C3D_UNROLL
        for (int i = 0; i < SOME; i++) {
            walk_tap(tap + i, acc, vectors, scalars, count, width, pitch, kind);
        }
    }
    for (; tap < end; tap++) {
        walk_tap(tap, acc, vectors, scalars, count, width, pitch, kind);
    }
}
_Static_assert(C3D_MAX_SKIP == 1, "walk_taps knows no other");

/* Whether a row of three has to be adjacent.  A step of 4 x 2 has no room for two more addresses: it
 * dispatches 28 halves of instructions in its 8 cycles (Zen 1, which can do 4 a cycle). */
static C3D_ALWAYS_INLINE bool must_be_adjacent(const int width, const enum tile_kind kind)
{
    return kind == TRIPLES || width < 3;
}

/* Whether registers hold a tile one vector wide, and all that slide_triple() works with. */
static C3D_ALWAYS_INLINE bool can_slide(const int count, const int width, const int pitch)
{
    enum { registers = C3D_LANES == 16 ? 32 : 16, others = 5 };
    return width == 1 && pitch == 1 && count + others <= registers;
}

/* A row of three in a tile one vector wide, output after output: neighbours share their scalars, so
 * that 14 outputs take 19 loads instead of 45 for 42 FMAs.  A core that does as many of both in a cycle
 * reaches 0.95 of the peak instead of 0.62 (Zen 5, AVX-512). */
static C3D_ALWAYS_INLINE void slide_triple(vf *acc, const float *from, const float *by,
                                           const int count, const bool left, const bool right)
{
    const vf x[3] = {v_load(from), v_load(from + C3D_LANES), v_load(from + 2 * C3D_LANES)};
    vf second = v_broadcast(by + 1), first = left ? second : v_broadcast(by);
    C3D_UNROLL
    for (int m = 0; m < count; m++) {
        if (m > 0 || !left) {
            acc[m] = v_accumulate(x[0], first, acc[m]);
        }
        acc[m] = v_accumulate(x[1], second, acc[m]);
        if (m < count - 1 || !right) {
            const vf third = v_broadcast(by + m + 2);
            acc[m] = v_accumulate(x[2], third, acc[m]);
            first = second;
            second = third;
        }
    }
}

/* A row of three. */
static C3D_ALWAYS_INLINE void walk_triple(const struct c3d_tap *tap, vf *acc,
                                          const float *vectors, const float *scalars,
                                          const int count, const int width, const int pitch,
                                          const enum tile_kind kind)
{
    const float *const from = vectors + tap->vector, *by = scalars + tap->scalar;
    C3D_OPAQUE(by); /* a register, that the scalars' addresses are constants from */
    const bool adjacent = must_be_adjacent(width, kind);
    const bool left = kind == TRIPLES_LEFT || kind == TRIPLES_BOTH;
    const bool right = kind == TRIPLES_RIGHT || kind == TRIPLES_BOTH;
    if (can_slide(count, width, pitch)) {
        slide_triple(acc, from, by, count, left, right);
        return;
    }
    outer_step(acc, from, by, left ? 1 : 0, count, width, pitch);
    outer_step(acc, from + width * C3D_LANES, adjacent ? by + 1 : scalars + tap[1].scalar, 0,
               count, width, pitch);
    outer_step(acc, from + 2 * width * C3D_LANES, adjacent ? by + 2 : scalars + tap[2].scalar, 0,
               right ? count - 1 : count, width, pitch);
}

/* A row of three in both halves, one after the other: their chains of FMAs are independent, and L1 has the
 * weights the second time. */
static C3D_ALWAYS_INLINE void walk_folded(const struct c3d_outer *o, const struct c3d_tap *tap,
                                          vf *acc, const float *vectors, const float *scalars,
                                          const int count, const int width,
                                          const enum tile_kind kind)
{
    const int half = count / 2;
    const enum tile_kind each = kind == FOLDED ? TRIPLES : TRIPLES_BOTH;
    if (tap->skip <= 0) {
        walk_triple(tap, acc, vectors, scalars, half, width, 1, each);
    }
    if (tap->skip >= 0) {
        walk_triple(tap, acc + half * width, vectors, scalars + o->fold, half, width, 1, each);
    }
}

/* Three rows at a time, in tiles of nine vectors and more: a loop that is left every nine rounds,
 * once per channel, stops the FMA units for a dozen of 324 cycles (4 x 3, Zen 1; from L1 0.94 and
 * 0.965 of the peak). */
static C3D_ALWAYS_INLINE void walk_triples(const struct c3d_outer *o, vf *acc,
                                           const float *vectors, const float *scalars,
                                           const int count, const int width, const int pitch,
                                           const enum tile_kind kind)
{
    enum { ROWS = 3, LARGE_TILE = 9 };
    const struct c3d_tap *const end = o->taps + o->tap_count, *tap = o->taps;
    const bool folded = kind == FOLDED || kind == FOLDED_BOTH;
    const bool large = !folded && v_has_step(count, width) && count * width >= LARGE_TILE;
    for (; large && end - tap >= 3 * ROWS; tap += 3 * ROWS) {
        C3D_UNROLL
        for (int i = 0; i < ROWS; i++) {
            walk_triple(tap + 3 * i, acc, vectors, scalars, count, width, pitch, kind);
        }
    }
    for (; tap < end; tap += 3) {
        if (folded) {
            walk_folded(o, tap, acc, vectors, scalars, count, width, kind);
        } else {
            walk_triple(tap, acc, vectors, scalars, count, width, pitch, kind);
        }
    }
}

/* Scalars in lanes; the taps are the lanes. */
static C3D_ALWAYS_INLINE void walk_lanes(const struct c3d_outer *o, vf *acc, const float *from,
                                         const float *by, const int count, const int width)
{
    enum { steps = C3D_FEW_INSTRUCTIONS ? 4 : 1 };
    size_t left = o->tap_count;
    for (; left >= steps; left -= steps) {
        C3D_UNROLL
        for (int i = 0; i < steps; i++) {
            outer_step(acc, from + i * width * C3D_LANES, by + i, 0, count, width, C3D_LANES);
        }
        C3D_UNROLL
        for (int i = 0; i < steps * width * C3D_LANES; i += LINE_ELEMS) {
            __builtin_prefetch(from + C3D_PANEL_AHEAD + i, 0, 2);
        }
        from += steps * width * C3D_LANES;
        by += steps;
    }
    for (; steps > 1 && left > 0; left--) {
        outer_step(acc, from, by, 0, count, width, C3D_LANES);
        from += width * C3D_LANES;
        by++;
    }
}

/* Where the lines to ask for lie, as integers: they may leave their arrays. */
struct ahead {
    uintptr_t at[C3D_MAX_AHEAD], step[C3D_MAX_AHEAD];
};

/* Asks for lines first .. end, and turns to those of the next channel. */
static C3D_ALWAYS_INLINE void ask_ahead(struct ahead *ahead, const int first, const int end)
{
    C3D_UNROLL
    for (int i = first; i < end; i++) {
        __builtin_prefetch((const void *)ahead->at[i], 0, 2);
        ahead->at[i] += ahead->step[i];
    }
}

/* Where a tile's walk over the channels stands. */
struct walk {
    const float *vectors, *scalars;
    struct ahead ahead;
    size_t left;
};

static C3D_ALWAYS_INLINE struct walk begin_walk(const struct c3d_outer *o, const ptrdiff_t tile)
{
    struct walk walk = {
        .vectors = o->vectors + tile * o->next.vectors,
        .scalars = o->scalars + tile * o->next.scalars,
        .left = o->tap_count > 0 ? o->channels : 0,
    };
    C3D_UNROLL
    for (int i = 0; i < C3D_MAX_AHEAD; i++) {
        walk.ahead.at[i] = (uintptr_t)o->ahead[i].at +
                           (uintptr_t)(tile * o->ahead[i].next) * sizeof(float);
        walk.ahead.step[i] = (uintptr_t)o->ahead[i].step * sizeof(float);
    }
    return walk;
}

static C3D_ALWAYS_INLINE void next_channel(const struct c3d_outer *o, struct walk *walk)
{
    ask_ahead(&walk->ahead, 0, C3D_MAX_AHEAD);
    walk->vectors += o->vector_step;
    walk->scalars += o->scalar_step;
    walk->left--;
}

/* Three rows of three and no more, for the same reason: 1x3x3 takes 0.975 to 1.0 of the time; not in
 * ragged tiles (1.03 to 1.05). */
static C3D_ALWAYS_INLINE void walk_nine(const struct c3d_outer *o, vf *acc, struct walk *walk,
                                        const int count, const int width, const int pitch)
{
    for (; walk->left > 0; next_channel(o, walk)) {
        C3D_UNROLL
        for (int i = 0; i < 9; i += 3) {
            walk_triple(o->taps + i, acc, walk->vectors, walk->scalars, count, width, pitch,
                        TRIPLES);
        }
    }
}

/* A single tap, for four channels at a time. */
static C3D_ALWAYS_INLINE void walk_single(const struct c3d_outer *o, vf *acc, struct walk *walk,
                                          const int count, const int width)
{
    enum { SINGLE_CHANNELS = 4, some = C3D_CHANNELS_PER_ASK == 1 ? C3D_MAX_AHEAD : 1 };
    _Static_assert(C3D_CHANNELS_PER_ASK == 1 || C3D_CHANNELS_PER_ASK == SINGLE_CHANNELS,
                   "all channels ask, or one of those that go together");
    walk->vectors += o->taps->vector;
    walk->scalars += o->taps->scalar;
    for (; walk->left >= SINGLE_CHANNELS; walk->left -= SINGLE_CHANNELS) {
        C3D_UNROLL
        for (int i = 0; i < SINGLE_CHANNELS; i++) {
            outer_step(acc, walk->vectors, walk->scalars, 0, count, width, 1);
            ask_ahead(&walk->ahead, 0, some);
            walk->vectors += o->vector_step;
            walk->scalars += o->scalar_step;
        }
        ask_ahead(&walk->ahead, some, C3D_MAX_AHEAD);
    }
    for (; walk->left > 0; next_channel(o, walk)) {
        outer_step(acc, walk->vectors, walk->scalars, 0, count, width, 1);
    }
}

/* So many taps, a constant, without a loop over them, the end of which a core guesses too seldom:
 * 3x1x1 takes 0.92 of the time (AVX2, Zen 1). */
static C3D_ALWAYS_INLINE void walk_exactly(const struct c3d_outer *o, const int taps, vf *acc,
                                           struct walk *walk, const int count, const int width,
                                           const int pitch)
{
    for (; walk->left > 0; next_channel(o, walk)) {
        C3D_UNROLL
        for (int i = 0; i < taps; i++) {
            walk_tap(o->taps + i, acc, walk->vectors, walk->scalars, count, width, pitch, WHOLE);
        }
    }
}

#define TAPS_CASE(n) \
    case n: \
        walk_exactly(o, n, acc, walk, count, width, pitch); \
        break;

static C3D_ALWAYS_INLINE void walk_few(const struct c3d_outer *o, vf *acc, struct walk *walk,
                                       const int count, const int width, const int pitch)
{
    switch (o->tap_count) {
        TAPS_CASE(2)
        TAPS_CASE(3)
        TAPS_CASE(4)
        TAPS_CASE(5)
        TAPS_CASE(6)
        TAPS_CASE(7)
        TAPS_CASE(8)
        TAPS_CASE(9)
    }
}

#undef TAPS_CASE

/* All channels. */
static C3D_ALWAYS_INLINE void walk_channels(const struct c3d_outer *o, vf *acc, struct walk *walk,
                                            const int count, const int width, const int pitch,
                                            const enum tile_kind kind)
{
    if (kind == SINGLE) {
        walk_single(o, acc, walk, count, width);
        return;
    }
    if (kind == WHOLE && v_has_step(count, width)) {
        walk_few(o, acc, walk, count, width, pitch);
    }
    if (kind == TRIPLES && o->tap_count == 9 && v_has_step(count, width)) {
        walk_nine(o, acc, walk, count, width, pitch);
    }
    for (; walk->left > 0; next_channel(o, walk)) {
        if (kind == LANE_SCALARS) {
            walk_lanes(o, acc, walk->vectors, walk->scalars, count, width);
        } else if (kind == WHOLE || kind == RAGGED) {
            walk_taps(o, acc, walk->vectors, walk->scalars, count, width, pitch, kind);
        } else {
            walk_triples(o, acc, walk->vectors, walk->scalars, count, width, pitch, kind);
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
        if (n <= limit && (kind < FOLDED || n % 2 == 0)) { \
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
