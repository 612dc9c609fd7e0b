/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - see request.h
 */
#include "plan/request.h"

#include "base/mem.h"
#include "platform/topology.h"

#include <string.h>

/* Promise: no thread needs more than 32 MiB, whatever the problem; a line of it is
 * for aligning the caller's pointer. */
static const size_t scratch_limit = ((size_t)32 << 20) - C3D_ALIGNMENT - C3D_SCRATCH_GAP;

/* When input and output exceed the last cache, the output is not there as a whole when it is
 * read, and streaming it saves reading its lines before they are written.  Two threads of
 * Zen 4 with 32 MiB: outputs of 51 to 268 MB 1.06 to 1.35, of 19 MB (input as large) 1.03
 * dense, 1.36 depthwise. */
static bool exceeds_caches(const struct c3d_problem *p)
{
    static const size_t default_l3_bytes = (size_t)32 << 20;
    const size_t l3 = c3d_topology_get()->l3_bytes;
    const double inputs = (double)p->in_channels * (double)c3d_volume(p->in);
    const double outputs = (double)p->out_channels * (double)c3d_volume(p->out);
    return (double)(p->items * p->groups) * (inputs + outputs) * sizeof(float) >
           (double)(l3 > 0 ? l3 : default_l3_bytes);
}

void c3d_request_tile(struct c3d_request *request, const conv3d_tile *tile)
{
    request->tile = *tile;
    request->stream = tile->store == CONV3D_STORE_CHOOSE ? exceeds_caches(request->problem)
                                                         : tile->store == CONV3D_STORE_STREAMED;
}

conv3d_status c3d_request_limit(struct c3d_request *request)
{
    const size_t memory_limit = request->memory_limit;
    request->scratch_limit = scratch_limit;
    if (memory_limit == 0) {
        return CONV3D_OK;
    }
    const struct c3d_problem *const p = request->problem;
    const double channels =
        (double)p->groups * (double)c3d_round_up(p->out_channels, request->kernels->lanes);
    const double packed = channels * ((double)c3d_reduction(p) + 1) * sizeof(float);
    const double left = (double)memory_limit - packed - C3D_ALIGNMENT;
    if (left < 0) {
        return c3d_fail(CONV3D_ERR_LIMIT,
                        "memory_limit_bytes is %zu, but the packed weights alone take %.0f",
                        memory_limit, packed);
    }
    const double each = left / request->threads;
    if (each < (double)request->scratch_limit) {
        /* Rounded down so that padding to whole lines stays below the limit. */
        request->scratch_limit = (size_t)each / C3D_ALIGNMENT * C3D_ALIGNMENT;
    }
    return CONV3D_OK;
}

/* Threads on one core share its caches; whether they will is known where there are more than
 * cores. */
void c3d_request_caches(struct c3d_request *request)
{
    const struct c3d_topology *const topology = c3d_topology_get();
    const int cores = topology->cores > 0 ? topology->cores : topology->processors;
    const size_t sharers = (size_t)c3d_ceil_div(c3d_min(request->threads, topology->processors),
                                                cores);
    request->l1_bytes = topology->l1d_bytes / sharers;
    request->l2_bytes = topology->l2_bytes / sharers;
}

conv3d_status c3d_request_of_item(const struct c3d_request *request, struct c3d_problem *item,
                                  struct c3d_request *one)
{
    const conv3d_tile unset = {0};
    *item = *request->problem;
    item->items = 1;
    *one = *request;
    one->problem = item;
    one->threads = 1;
    one->split_vectors = false; /* bits are to depend on the instruction set only */
    memset(one->transform, 0, sizeof one->transform);
    c3d_request_tile(one, &unset);
    c3d_request_caches(one);
    return c3d_request_limit(one);
}

/*
 * Where tiles come one after another, every thread reads all the weights, and where blocks of
 * channels do, all the input.  What several threads read is in the caches of one node of memory
 * once, but in those of two nodes twice.
 */
static bool channels_go_outside(const struct c3d_problem *p)
{
    const double weights = (double)p->out_channels * (double)c3d_reduction(p);
    const double inputs =
        (double)p->items * (double)p->in_channels * (double)c3d_volume(p->in);
    return c3d_topology_get()->numa_nodes > 1 && weights > inputs;
}

void c3d_request_complete(const struct c3d_request *request, struct c3d_prepared *prepared)
{
    conv3d_tile *const tile = &prepared->tile;
    tile->store = request->stream ? CONV3D_STORE_STREAMED : CONV3D_STORE_CACHED;
    tile->order = request->tile.order;
    if (tile->order == CONV3D_ORDER_CHOOSE) {
        tile->order = channels_go_outside(request->problem) ? CONV3D_ORDER_OUTER
                                                            : CONV3D_ORDER_INNER;
    }
}
