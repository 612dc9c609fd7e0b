/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk_body.h - how a register tile of outer products walks its reduction
 *
 * Included by outer_body.h, under the macros of kernel_body.h.  The channels, and of each its taps, one
 * step after another; the tile's size and the kind of walk are constants at every call.
 */
#include "kernel/kernel.h"
#include "kernel/step.h"
#include "kernel/vec.h"

#include <stdbool.h>

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

static C3D_ALWAYS_INLINE bool is_folded(const enum tile_kind kind)
{
    return kind == FOLDED || kind == FOLDED_BOTH;
}

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
    const bool large = !is_folded(kind) && v_has_step(count, width) && count * width >= LARGE_TILE;
    for (; large && end - tap >= 3 * ROWS; tap += 3 * ROWS) {
        C3D_UNROLL
        for (int i = 0; i < ROWS; i++) {
            walk_triple(tap + 3 * i, acc, vectors, scalars, count, width, pitch, kind);
        }
    }
    for (; tap < end; tap += 3) {
        if (is_folded(kind)) {
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
