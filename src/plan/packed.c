/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packed.c - see packed.h
 */
#include "plan/packed.h"

#include "base/mem.h"
#include "plan/plan.h"
#include "platform/binding.h"
#include "platform/memory.h"
#include "platform/topology.h"

#include <inttypes.h>
#include <string.h>

/* Asking takes 0.15 to 0.19 ms: three times as long as the rest of a small plan (0.05 ms),
 * but a tenth of what touching so many bytes for the first time does (2 ms; a virtual machine
 * with Zen 4).  A process with less than this left fails over anything. */
static const size_t unchecked_bytes = (size_t)4 << 20;

/* Systems grant memory that they do not have and kill who touches it. */
static conv3d_status check_memory(const struct conv3d_plan *plan, uint64_t packed)
{
    const uint64_t workspace = plan->workspace_bytes;
    const uint64_t touched = packed + plan->prepared->scratch_bytes * (uint64_t)plan->threads;
    if (touched <= unchecked_bytes) {
        return CONV3D_OK;
    }
    const struct c3d_memory memory = c3d_memory_available("");
    if (packed + workspace <= memory.available) {
        return CONV3D_OK;
    }
    return c3d_fail(CONV3D_ERR_MEMORY,
                    "%" PRIu64 " bytes are needed, %" PRIu64 " for packed weights and %" PRIu64
                    " for a workspace (threads: %d); %" PRIu64 " are available (%s)",
                    packed + workspace, packed, workspace, plan->threads, memory.available,
                    memory.reason);
}

static int node_of_thread(const struct conv3d_plan *plan, int thread)
{
    const struct c3d_topology *const topology = c3d_topology_get();
    int i = 0;
    while (topology->list[i].number != plan->seats.processors[thread]) {
        i++; /* who has a seat is listed */
    }
    return topology->list[i].node;
}

static int count_different(const int *values, int count)
{
    int different = 0;
    for (int i = 0; i < count; i++) {
        int before = 0;
        while (values[before] != values[i]) {
            before++;
        }
        different += before == i;
    }
    return different;
}

static bool may_copy(const struct conv3d_plan *plan, const struct c3d_request *request)
{
    return plan->seats.count > 0 && request->memory_limit == 0 &&
           plan->prepared->packed_bytes > request->l3_bytes;
}

/* One more copy; the first is the plan's own. */
static conv3d_status add_copy(const struct conv3d_plan *plan, const struct c3d_request *request,
                              struct c3d_packed *packed)
{
    const struct c3d_algorithm *const algorithm = plan->prepared->algorithm;
    const size_t bytes = plan->prepared->packed_bytes;
    struct c3d_packed_copy *const copy = &packed->copies[packed->count];
    *copy = (struct c3d_packed_copy){.prepared = plan->prepared};
    if (packed->count > 0) {
        const conv3d_status status = algorithm->prepare(request, &copy->prepared);
        if (status != CONV3D_OK) {
            return status;
        }
    }
    packed->count++;
    copy->memory = c3d_alloc(bytes);
    if (copy->memory == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for %zu bytes of packed weights", bytes);
    }
    algorithm->pack(copy->prepared, request->weight, request->bias, copy->memory);
    algorithm->attach(copy->prepared, copy->memory);
    return CONV3D_OK;
}

/* A copy for each node, packed by this thread while it visits there; turns the nodes of the
 * threads into their copies. */
static conv3d_status add_copies(const struct conv3d_plan *plan, const struct c3d_request *request,
                                struct c3d_packed *packed)
{
    conv3d_status status = CONV3D_OK;
    for (int t = 0; status == CONV3D_OK && t < plan->threads; t++) {
        const int node = packed->of_thread[t];
        int copy = 0;
        while (copy < packed->count && packed->copies[copy].node != node) {
            copy++;
        }
        if (copy == packed->count) {
            const struct c3d_binding binding = c3d_bind(plan->seats.processors[t], false);
            status = add_copy(plan, request, packed);
            packed->copies[copy].node = node;
            c3d_unbind(binding);
        }
        packed->of_thread[t] = copy;
    }
    return status;
}

/* What decides the layout: algorithm and transform, and how channels are cut into panels. */
static bool packed_alike(const struct conv3d_plan *plan, const struct conv3d_plan *donor)
{
    return donor->packed.count == 1 && donor->packed.copies[0].memory != NULL &&
           donor->prepared->algorithm == plan->prepared->algorithm &&
           strcmp(donor->transform, plan->transform) == 0 &&
           donor->prepared->tile.panel == plan->prepared->tile.panel &&
           donor->prepared->packed_bytes == plan->prepared->packed_bytes;
}

static conv3d_status borrow(const struct conv3d_plan *plan, const struct conv3d_plan *donor,
                            struct c3d_packed *packed)
{
    packed->copies = c3d_alloc(sizeof *packed->copies);
    if (packed->copies == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    packed->count = 1;
    packed->copies[0] = (struct c3d_packed_copy){.prepared = plan->prepared};
    plan->prepared->algorithm->attach(plan->prepared, donor->packed.copies[0].memory);
    return CONV3D_OK;
}

conv3d_status c3d_packed_make(const struct conv3d_plan *plan, const struct c3d_request *request,
                              const struct conv3d_plan *donor, struct c3d_packed *packed)
{
    int nodes = 1;
    *packed = (struct c3d_packed){0};
    if (donor != NULL && packed_alike(plan, donor)) {
        return borrow(plan, donor, packed);
    }
    if (may_copy(plan, request)) {
        packed->of_thread = c3d_alloc((size_t)plan->threads * sizeof *packed->of_thread);
        if (packed->of_thread == NULL) {
            return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
        }
        for (int t = 0; t < plan->threads; t++) {
            packed->of_thread[t] = node_of_thread(plan, t);
        }
        nodes = count_different(packed->of_thread, plan->threads);
    }
    const conv3d_status status =
        check_memory(plan, (uint64_t)nodes * plan->prepared->packed_bytes);
    if (status != CONV3D_OK) {
        return status;
    }
    packed->copies = c3d_alloc((size_t)nodes * sizeof *packed->copies);
    if (packed->copies == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    return packed->of_thread != NULL ? add_copies(plan, request, packed)
                                     : add_copy(plan, request, packed);
}

void c3d_packed_release(struct c3d_packed *packed)
{
    for (int i = 0; i < packed->count; i++) {
        struct c3d_packed_copy *const copy = &packed->copies[i];
        if (i > 0) {
            copy->prepared->algorithm->destroy(copy->prepared);
        }
        c3d_free(copy->memory);
    }
    c3d_free(packed->copies);
    c3d_free(packed->of_thread);
    *packed = (struct c3d_packed){0};
}
