/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packed.c - see packed.h
 */
#include "plan/packed.h"

#include "base/mem.h"
#include "platform/memory.h"

#include <inttypes.h>

/* Asking takes 0.15 to 0.19 ms: three times as long as the rest of a small plan (0.05 ms),
 * but a tenth of what touching so many bytes for the first time does (2 ms; a virtual machine
 * with Zen 4).  A process with less than this left fails over anything. */
static const size_t unchecked_bytes = (size_t)4 << 20;

/* Systems grant memory that they do not have and kill who touches it. */
static conv3d_status check_memory(const struct conv3d_plan *plan)
{
    const uint64_t packed = plan->prepared->packed_bytes, workspace = plan->workspace_bytes;
    if (packed + workspace <= unchecked_bytes) {
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

conv3d_status c3d_packed_make(const struct conv3d_plan *plan, const float *weight,
                              const float *bias, float **packed)
{
    struct c3d_prepared *const prepared = plan->prepared;
    const conv3d_status status = check_memory(plan);
    *packed = NULL;
    if (status != CONV3D_OK) {
        return status;
    }
    *packed = c3d_alloc(prepared->packed_bytes);
    if (*packed == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for %zu bytes of packed weights",
                        prepared->packed_bytes);
    }
    prepared->algorithm->pack(prepared, weight, bias, *packed);
    return CONV3D_OK;
}
