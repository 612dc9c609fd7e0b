/* SPDX-License-Identifier: Apache-2.0 */
/*
 * big_memory.c - memory for whole tensors, refused rather than overcommitted
 *
 * The library tells what is available; where it does not know, the system's own
 * refusal must do.
 */
#include "big_memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "conv3d.h"

enum { CACHE_LINE = 64, PAGE = 4096 };

/* Smaller requests are not worth the question: it takes a tenth of the time that
 * touching so many bytes does, see plan/packed.c. */
static const size_t unasked_bytes = (size_t)4 << 20;

static int is_available(size_t bytes, char reason[BIG_MEMORY_REASON])
{
    conv3d_machine machine = {.size = sizeof machine};

    /* A query that fails is explained when the library is asked to compute. */
    if (bytes <= unasked_bytes || conv3d_machine_query(&machine) != CONV3D_OK ||
        bytes <= machine.memory_available)
        return 1;
    snprintf(reason, BIG_MEMORY_REASON, "%zu bytes are needed, %zu are available (%s)", bytes,
             machine.memory_available, machine.memory_reason);
    return 0;
}

void *big_memory_allocate(size_t bytes, char reason[BIG_MEMORY_REASON])
{
    if (!is_available(bytes, reason))
        return NULL;
    const size_t lines = bytes / CACHE_LINE + 1; /* one more, so that 0 bytes are something */
    char *const memory = aligned_alloc(CACHE_LINE, lines * CACHE_LINE);

    if (memory == NULL)
        snprintf(reason, BIG_MEMORY_REASON, "%zu bytes are needed, which the system refuses",
                 bytes);
    /* Untouched pages would count as available for the next request. */
    for (size_t i = 0; memory != NULL && i < bytes; i += PAGE)
        memory[i] = 0;
    return memory;
}
