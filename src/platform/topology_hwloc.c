/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology_hwloc.c - the machine as hwloc sees it
 *
 * hwloc honours cgroup cpusets and knows caches on every architecture.
 */
#include "platform/topology_hwloc.h"

#include "base/mem.h"
#include "platform/caches.h"
#include "platform/team.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct c3d_topology topology;
static hwloc_topology_t machine; /* kept for binding threads; NULL if hwloc cannot load it */
static hwloc_bitmap_t allowed_here;

static size_t cache_bytes(hwloc_topology_t hwloc, hwloc_obj_type_t type)
{
    const hwloc_obj_t cache = hwloc_get_obj_by_type(hwloc, type, 0);
    return cache != NULL ? (size_t)cache->attr->cache.size : 0;
}

/*
 * The processors that this process may run on.  Where OpenMP has bound the caller, the kernel
 * tells of one processor only, and OpenMP knows of all that it will use.  NULL without memory.
 */
static hwloc_bitmap_t allowed_processors(hwloc_topology_t hwloc)
{
    const hwloc_bitmap_t allowed = hwloc_bitmap_alloc();
    if (allowed == NULL) {
        return NULL;
    }
    if (hwloc_get_cpubind(hwloc, allowed, HWLOC_CPUBIND_PROCESS) != 0) {
        hwloc_bitmap_fill(allowed);
    } else if (hwloc_bitmap_weight(allowed) < c3d_team_processors()) {
        const int count = c3d_team_place_processors(NULL, 0);
        int *const places = c3d_alloc((size_t)count * sizeof *places);
        if (places != NULL && c3d_team_place_processors(places, count) == count) {
            for (int i = 0; i < count; i++) {
                hwloc_bitmap_set(allowed, (unsigned)places[i]);
            }
        }
        c3d_free(places);
    }
    hwloc_bitmap_and(allowed, allowed, hwloc_topology_get_topology_cpuset(hwloc));
    return allowed;
}

/* Numbers objects in the order in which they are met, the processors of one after another. */
struct numbering {
    hwloc_obj_t seen;
    int count;
};

static int number_of(struct numbering *n, hwloc_obj_t object)
{
    if (object != n->seen) {
        n->seen = object;
        n->count++;
    }
    return n->count - 1;
}

/* What a processor is part of; `without` where the machine has or tells of no such thing. */
static hwloc_obj_t holder(hwloc_topology_t hwloc, hwloc_obj_t pu, hwloc_obj_type_t type,
                          hwloc_obj_t without)
{
    const hwloc_obj_t found = hwloc_get_ancestor_obj_by_type(hwloc, type, pu);
    return found != NULL ? found : without;
}

/* Nodes are no ancestors: they hang beside the tree.  A package without memory uses another's. */
static hwloc_obj_t node_of(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
    for (hwloc_obj_t node = NULL;
         (node = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_NUMANODE, node)) != NULL;) {
        if (hwloc_bitmap_isset(node->cpuset, pu->os_index)) {
            return node;
        }
    }
    return hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_NUMANODE, NULL);
}

/* hwloc ranks the kinds of cores from 0; faster ones, which save less power, come later. */
static int speed_of(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
#if HWLOC_API_VERSION >= 0x00020400
    const int kind = hwloc_cpukinds_get_by_cpuset(hwloc, pu->cpuset, 0);
    int speed;
    if (kind >= 0 &&
        hwloc_cpukinds_get_info(hwloc, (unsigned)kind, NULL, &speed, NULL, NULL, 0) == 0) {
        return speed > 0 ? speed : 0;
    }
#else
    (void)hwloc, (void)pu;
#endif
    return 0;
}

/* hwloc lists processors in the order of the tree: neighbours share most. */
static void list_processors(hwloc_topology_t hwloc, hwloc_const_bitmap_t allowed,
                            struct c3d_topology *t)
{
    struct numbering cores = {0}, l2s = {0}, l3s = {0}, nodes = {0}, packages = {0};
    const int all = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PU);
    t->list = c3d_alloc((size_t)(all > 0 ? all : 0) * sizeof *t->list);
    t->processors = 0;
    for (hwloc_obj_t pu = NULL;
         (pu = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_PU, pu)) != NULL;) {
        if (hwloc_bitmap_isset(allowed, pu->os_index)) {
            const hwloc_obj_t core = holder(hwloc, pu, HWLOC_OBJ_CORE, pu);
            const hwloc_obj_t package =
                holder(hwloc, pu, HWLOC_OBJ_PACKAGE, hwloc_get_root_obj(hwloc));
            const struct c3d_processor processor = {
                .number = (int)pu->os_index,
                .core = number_of(&cores, core),
                .l2 = number_of(&l2s, holder(hwloc, pu, HWLOC_OBJ_L2CACHE, core)),
                .l3 = number_of(&l3s, holder(hwloc, pu, HWLOC_OBJ_L3CACHE, package)),
                .node = number_of(&nodes, node_of(hwloc, pu)),
                .package = number_of(&packages, package),
                .speed = speed_of(hwloc, pu),
            };
            if (t->list != NULL) {
                t->list[t->processors] = processor;
            }
            t->processors++;
        }
    }
    t->cores = cores.count;
    t->numa_nodes = nodes.count;
    t->packages = packages.count;
}

static void describe(hwloc_topology_t hwloc, hwloc_const_bitmap_t allowed, struct c3d_topology *t)
{
    t->l1d_bytes = cache_bytes(hwloc, HWLOC_OBJ_L1CACHE);
    t->l2_bytes = cache_bytes(hwloc, HWLOC_OBJ_L2CACHE);
    t->l3_bytes = cache_bytes(hwloc, HWLOC_OBJ_L3CACHE);
    if (allowed != NULL) {
        list_processors(hwloc, allowed, t);
    }
    if (t->processors < 1) {
        t->processors = 1;
    }
}

/*
 * A virtual machine may hide its caches from Linux and hwloc, but still answer the older leaves of
 * CPUID.  Those do not tell how many caches the last level has (see caches.h): it stays unknown.
 */
static void add_private_caches(struct c3d_topology *t)
{
    if (t->l1d_bytes == 0 && t->l2_bytes == 0) {
        const struct c3d_caches caches = c3d_sysconf_caches();
        t->l1d_bytes = caches.l1d_bytes;
        t->l2_bytes = caches.l2_bytes;
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
    if (hwloc_topology_load(hwloc) != 0) {
        hwloc_topology_destroy(hwloc);
        return;
    }
    machine = hwloc;
    allowed_here = allowed_processors(hwloc);
    describe(hwloc, allowed_here, &topology);
    topology.here = hwloc_topology_is_thissystem(hwloc) != 0;
    if (topology.here) {
        add_private_caches(&topology);
    }
}

const struct c3d_topology *c3d_topology_get(void)
{
    pthread_once(&once, discover);
    return &topology;
}

hwloc_topology_t c3d_hwloc_machine(hwloc_const_bitmap_t *allowed)
{
    pthread_once(&once, discover);
    *allowed = allowed_here;
    return allowed_here != NULL ? machine : NULL;
}

/* When the library is unloaded, which may be long before the process ends. */
static __attribute__((destructor)) void forget(void)
{
    c3d_topology_clear(&topology);
    hwloc_bitmap_free(allowed_here);
    allowed_here = NULL;
    if (machine != NULL) {
        hwloc_topology_destroy(machine);
        machine = NULL;
    }
}

static bool set_source(hwloc_topology_t hwloc, const char *description)
{
    const char *const end = strrchr(description, '.');
    return end != NULL && strcmp(end, ".xml") == 0
               ? hwloc_topology_set_xml(hwloc, description) == 0
               : hwloc_topology_set_synthetic(hwloc, description) == 0;
}

bool c3d_topology_read(const char *description, const char *allowed,
                       struct c3d_topology *t)
{
    hwloc_topology_t hwloc;
    *t = (struct c3d_topology){.source = "description"};
    if (hwloc_topology_init(&hwloc) != 0) {
        return false;
    }
    const hwloc_bitmap_t set = hwloc_bitmap_alloc_full();
    leave_out_devices(hwloc);
    if (set != NULL && (allowed == NULL || hwloc_bitmap_list_sscanf(set, allowed) == 0) &&
        set_source(hwloc, description) && hwloc_topology_load(hwloc) == 0) {
        describe(hwloc, set, t);
    }
    hwloc_bitmap_free(set);
    hwloc_topology_destroy(hwloc);
    return t->list != NULL;
}

void c3d_topology_clear(struct c3d_topology *t)
{
    c3d_free(t->list);
    t->list = NULL;
}
