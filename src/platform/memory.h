/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - how much memory this process may still use
 *
 * Systems promise more than they have and kill the process that believes them; who is
 * about to touch much can ask beforehand.
 */
#ifndef C3D_PLATFORM_MEMORY_H
#define C3D_PLATFORM_MEMORY_H

#include <stdint.h>

struct c3d_memory {
    uint64_t available; /* bytes; UINT64_MAX = unknown */
    const char *reason; /* who allows no more; static storage */
};

/*
 * The least of what the machine has without swapping, what the control groups leave and what
 * RLIMIT_AS leaves of the address space, now: other processes and threads take from it.
 * root: as in cgroup.h.  Reads files at each call; thread-safe.
 */
struct c3d_memory c3d_memory_available(const char *root);

#endif
