/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology.h - caches, cores and NUMA nodes behind one struct
 *
 * Two implementations, one of which configure picks: topology_hwloc.c and
 * topology_sysconf.c.
 */
#ifndef C3D_PLATFORM_TOPOLOGY_H
#define C3D_PLATFORM_TOPOLOGY_H

#include <stddef.h>

struct c3d_topology {
    /* One data or unified cache as a core sees it; 0 = absent or unknown. */
    size_t l1d_bytes, l2_bytes, l3_bytes;
    int processors; /* that this process may use; at least 1 */
    int cores;      /* among them; 0 = unknown */
    int numa_nodes; /* 0 = unknown */
    char source[32];
};

/* Discovered once per process, at the first call (milliseconds), without
 * changing any thread's binding; never NULL.  Thread-safe. */
const struct c3d_topology *c3d_topology_get(void);

#endif
