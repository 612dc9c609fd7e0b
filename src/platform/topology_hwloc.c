/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology_hwloc.c - the machine as hwloc sees it
 *
 * hwloc honours cgroup cpusets and knows caches on every architecture.
 */
#include "platform/topology.h"

#include "platform/team.h"

#include <hwloc.h>
#include <pthread.h>
#include <stdio.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct c3d_topology topology;

static size_t cache_bytes(hwloc_topology_t hwloc, hwloc_obj_type_t type)
{
    const hwloc_obj_t cache = hwloc_get_obj_by_type(hwloc, type, 0);
    return cache != NULL ? (size_t)cache->attr->cache.size : 0;
}

/* Objects that have any of these processors. */
static int count_of(hwloc_topology_t hwloc, hwloc_obj_type_t type, hwloc_const_bitmap_t processors)
{
    int count = 0;
    for (hwloc_obj_t object = NULL;
         (object = hwloc_get_next_obj_by_type(hwloc, type, object)) != NULL;) {
        count += hwloc_bitmap_intersects(object->cpuset, processors);
    }
    return count;
}

/* The processors that this process is bound to; all of the machine's where only OpenMP has
 * bound a thread, or nothing is known.  NULL without memory. */
static hwloc_bitmap_t bound_processors(hwloc_topology_t hwloc)
{
    const hwloc_const_bitmap_t all = hwloc_topology_get_topology_cpuset(hwloc);
    const hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    if (bound != NULL && (hwloc_get_cpubind(hwloc, bound, HWLOC_CPUBIND_PROCESS) != 0 ||
                          count_of(hwloc, HWLOC_OBJ_PU, bound) < c3d_team_processors())) {
        hwloc_bitmap_copy(bound, all);
    }
    return bound;
}

static void read_topology(hwloc_topology_t hwloc)
{
    const hwloc_bitmap_t processors = bound_processors(hwloc);
    topology.l1d_bytes = cache_bytes(hwloc, HWLOC_OBJ_L1CACHE);
    topology.l2_bytes = cache_bytes(hwloc, HWLOC_OBJ_L2CACHE);
    topology.l3_bytes = cache_bytes(hwloc, HWLOC_OBJ_L3CACHE);
    if (processors != NULL) {
        topology.processors = count_of(hwloc, HWLOC_OBJ_PU, processors);
        topology.cores = count_of(hwloc, HWLOC_OBJ_CORE, processors);
        topology.numa_nodes = count_of(hwloc, HWLOC_OBJ_NUMANODE, processors);
        hwloc_bitmap_free(processors);
    }
}

/* Debian splits hwloc's device backends into plugins that open X displays and
 * GPU drivers; caches and cores need none of them. */
static void leave_out_devices(hwloc_topology_t hwloc)
{
#if HWLOC_API_VERSION >= 0x00020100
    static const char *const components[] = {"gl",   "opencl",    "cuda", "nvml",
                                             "rsmi", "levelzero", "pci"};
    for (size_t i = 0; i < sizeof components / sizeof *components; i++) {
        hwloc_topology_set_components(hwloc, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
                                      components[i]);
    }
#else
    (void)hwloc;
#endif
}

static void discover(void)
{
    const unsigned version = hwloc_get_api_version();
    hwloc_topology_t hwloc;
    snprintf(topology.source, sizeof topology.source, "hwloc %u.%u.%u", version >> 16,
             version >> 8 & 0xff, version & 0xff);
    topology.processors = 1;
    if (hwloc_topology_init(&hwloc) != 0) {
        return;
    }
    leave_out_devices(hwloc);
#if HWLOC_API_VERSION >= 0x00020500
    /* The x86 backend would otherwise visit every processor by rebinding the
     * calling thread. */
    hwloc_topology_set_flags(hwloc, HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING);
#endif
    if (hwloc_topology_load(hwloc) == 0) {
        read_topology(hwloc);
    }
    hwloc_topology_destroy(hwloc);
    if (topology.processors < 1) {
        topology.processors = 1;
    }
}

const struct c3d_topology *c3d_topology_get(void)
{
    pthread_once(&once, discover);
    return &topology;
}
