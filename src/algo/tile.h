/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tile.h - what every choice of a tile needs: how many there are, and what caches hold
 */
#ifndef C3D_ALGO_TILE_H
#define C3D_ALGO_TILE_H

#include "algo/algo.h"

/* Tasks of a call; as double, since candidates may overflow. */
static inline double c3d_task_count(const struct c3d_problem *p, const conv3d_tile *tile)
{
    return (double)p->items * (double)p->groups *
           (double)c3d_ceil_div(p->out_channels, tile->oc) *
           (double)c3d_ceil_div(p->out[T], tile->t) * (double)c3d_ceil_div(p->out[H], tile->h) *
           (double)c3d_ceil_div(p->out[W], tile->w);
}

/* The extent that cuts `extent` into as many nearly equal parts as `most` >= 1 needs. */
static inline int64_t c3d_equal_parts(int64_t extent, int64_t most)
{
    return c3d_ceil_div(extent, c3d_ceil_div(extent, c3d_min(most, extent)));
}

/* Caches of the machine; without a size from the system, small enough for any server core
 * of the last ten years. */
static inline size_t c3d_l1_bytes(const struct c3d_request *request)
{
    return request->l1_bytes > 0 ? request->l1_bytes : (size_t)32 << 10;
}

static inline size_t c3d_l2_bytes(const struct c3d_request *request)
{
    return request->l2_bytes > 0 ? request->l2_bytes : (size_t)512 << 10;
}

static inline size_t c3d_l3_bytes(const struct c3d_request *request)
{
    return request->l3_bytes > 0 ? request->l3_bytes : (size_t)32 << 20;
}

/* True if the input's channels lie so far apart, in sizes that the L2 cache divides, that
 * it does not hold a line of each of so many at a time. */
static inline bool c3d_channels_collide(const struct c3d_request *request, int64_t channels)
{
    enum { ways = 8 }; /* of an L2 cache, or fewer */
    const struct c3d_problem *const p = request->problem;
    const int64_t way = c3d_max((int64_t)c3d_l2_bytes(request) / ways, 1);
    const int64_t places = way / c3d_gcd(way, c3d_volume(p->in) * (int64_t)sizeof(float));
    return channels > places * ways / 2;
}

/* True if the input's channels lie so far apart, in powers of two, that a TLB does not hold a page of each
 * of so many at a time: read in place, 3x3x3 takes 1.02 to 1.2 of the time of packing it then (Zen 5, whose
 * second TLB has 256 sets of 16 pages), else 0.92 to 0.98. */
static inline bool c3d_pages_collide(const struct c3d_problem *p, int64_t channels)
{
    enum { reach = 1 << 20, ways = 16 }; /* bytes of a page for each set */
    const int64_t places = reach / c3d_gcd(reach, c3d_volume(p->in) * (int64_t)sizeof(float));
    return channels > places * ways / 2;
}

#endif
