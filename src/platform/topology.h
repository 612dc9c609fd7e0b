/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology.h - caches, processors and what they share behind one struct
 *
 * Two implementations, one of which configure picks: topology_hwloc.c and
 * topology_sysconf.c.
 */
#ifndef C3D_PLATFORM_TOPOLOGY_H
#define C3D_PLATFORM_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

/* One processor that this process may use.  Those with the same core, l2, l3, node or package
 * share it; each counts from 0 among the processors listed. */
struct c3d_processor {
    int number; /* the operating system's */
    int core, l2, l3, node, package;
    int speed; /* of its kind of core: more is faster; 0 where all are alike */
};

struct c3d_topology {
    /* One data or unified cache as a core sees it; 0 = absent or unknown. */
    size_t l1d_bytes, l2_bytes, l3_bytes;
    int processors; /* that this process may use; at least 1 */
    int cores;      /* among them; 0 = unknown */
    int numa_nodes, packages; /* 0 = unknown */
    /* All `processors` of them, neighbours in the machine beside each other; NULL = unknown. */
    struct c3d_processor *list;
    bool here; /* this machine, not one described by HWLOC_SYNTHETIC, HWLOC_XMLFILE or a test */
    char source[32];
};

/* Discovered once per process, at the first call (milliseconds), without
 * changing any thread's binding; never NULL.  Thread-safe. */
const struct c3d_topology *c3d_topology_get(void);

/*
 * The machine of a description, as a test has it: text for hwloc_topology_set_synthetic(), or
 * the path of a file that lstopo has written, ending in ".xml".  allowed: processors that the
 * process may use, as "0-3,8"; NULL = all.  False without hwloc, memory, or a description that
 * hwloc takes.
 */
bool c3d_topology_read(const char *description, const char *allowed,
                       struct c3d_topology *topology);
/* Frees what c3d_topology_read() has allocated. */
void c3d_topology_clear(struct c3d_topology *topology);

#endif
