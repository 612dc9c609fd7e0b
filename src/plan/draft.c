/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.c - see draft.h
 */
#include "plan/draft.h"

#include "plan/request.h"

#include <math.h>
#include <string.h>

/* Of all items, were one thread to do them. */
static double estimate_of(const struct c3d_algorithm *algorithm,
                          const struct c3d_request *request)
{
    struct c3d_problem item = *request->problem;
    struct c3d_request one = *request;
    item.items = 1;
    one.problem = &item;
    one.threads = 1;
    return (double)request->problem->items * algorithm->estimate(&one);
}

bool c3d_draft_make(const struct conv3d_plan *plan, const struct c3d_candidate *candidate,
                    const conv3d_tile *wish, int threads, struct c3d_draft *draft)
{
    const struct c3d_algorithm *const algorithm = candidate->algorithm;
    struct c3d_request request = plan->request;
    struct c3d_prepared *prepared;
    request.threads = threads;
    memcpy(request.transform, candidate->transform, sizeof request.transform);
    c3d_request_tile(&request, wish);
    c3d_request_caches(&request);
    if (c3d_request_limit(&request) != CONV3D_OK ||
        algorithm->prepare(&request, &prepared) != CONV3D_OK) {
        return false;
    }
    c3d_request_complete(&request, prepared);
    draft->tile = prepared->tile;
    algorithm->destroy(prepared);
    c3d_request_tile(&request, &draft->tile);
    const struct c3d_schedule schedule = c3d_schedule_make(request.problem, &draft->tile);
    draft->estimate = estimate_of(algorithm, &request) /
                      (threads * c3d_schedule_efficiency(&schedule, threads));
    draft->tiles = schedule.items * c3d_volume(schedule.tiles);
    draft->channel_blocks = schedule.groups * schedule.channel_blocks;
    return isfinite(draft->estimate);
}
