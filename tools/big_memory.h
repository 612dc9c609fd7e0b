/* SPDX-License-Identifier: Apache-2.0 */
/*
 * big_memory.h - memory for whole tensors, refused rather than overcommitted
 *
 * malloc() promises what the system does not have and lets it kill the process
 * later; here a request beyond what is available now is refused at once.
 */
#ifndef CONV3D_TOOLS_BIG_MEMORY_H
#define CONV3D_TOOLS_BIG_MEMORY_H

#include <stddef.h>

enum { BIG_MEMORY_REASON = 128 };

/* Touched but not filled, aligned to a cache line; never NULL for 0 bytes.  NULL when
 * refused: `reason` then tells the bytes that are needed and available.  Give it back
 * with free(). */
void *big_memory_allocate(size_t bytes, char reason[BIG_MEMORY_REASON]);

#endif
