/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.c - aligned allocation
 */
#include "base/mem.h"

#include <stdlib.h>

void *c3d_alloc(size_t bytes)
{
    void *memory = NULL;
    /* One byte at least, so that NULL always means failure. */
    return posix_memalign(&memory, C3D_ALIGNMENT, bytes + (bytes == 0)) == 0 ? memory : NULL;
}

void c3d_free(void *memory)
{
    free(memory);
}
