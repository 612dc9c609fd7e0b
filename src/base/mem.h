/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.h - aligned allocation
 */
#ifndef C3D_BASE_MEM_H
#define C3D_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* A cache line, and the widest vector: packed buffers start on one, so that no
 * aligned vector straddles two; and the floats of a line. */
enum { C3D_ALIGNMENT = 64, C3D_LINE_ELEMS = C3D_ALIGNMENT / sizeof(float) };

/* bytes of uninitialised memory on a C3D_ALIGNMENT boundary, or NULL.
 * Free with c3d_free(). */
void *c3d_alloc(size_t bytes);
void c3d_free(void *memory);

/* The first C3D_ALIGNMENT boundary at or after memory. */
static inline char *c3d_align_up(void *memory)
{
    const uintptr_t address = (uintptr_t)memory;
    return (char *)memory + (-address & (C3D_ALIGNMENT - 1));
}

#endif
