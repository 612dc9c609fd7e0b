/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding_hwloc.c - threads bound through hwloc
 */
#include "platform/binding.h"

#include "base/log.h"
#include "platform/topology_hwloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

static void warn_of_refusal(int processor)
{
    static atomic_flag has_warned = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&has_warned)) {
        c3d_log("conv3d: warning: no thread can be bound to processor %d (%s); "
                "it runs where the system puts it", processor, strerror(errno));
    }
}

static bool set_to_one(hwloc_topology_t machine, int processor)
{
    const hwloc_bitmap_t one = hwloc_bitmap_alloc();
    const bool bound = one != NULL && hwloc_bitmap_only(one, (unsigned)processor) == 0 &&
                       hwloc_set_cpubind(machine, one, HWLOC_CPUBIND_THREAD) == 0;
    hwloc_bitmap_free(one);
    return bound;
}

struct c3d_binding c3d_bind(int processor, bool free_only)
{
    hwloc_const_bitmap_t allowed;
    const hwloc_topology_t machine = c3d_hwloc_machine(&allowed);
    const hwloc_bitmap_t before = machine != NULL ? hwloc_bitmap_alloc() : NULL;
    if (before == NULL || hwloc_get_cpubind(machine, before, HWLOC_CPUBIND_THREAD) != 0 ||
        (free_only && !hwloc_bitmap_isincluded(allowed, before))) {
        hwloc_bitmap_free(before);
        return (struct c3d_binding){NULL};
    }
    if (!set_to_one(machine, processor)) {
        warn_of_refusal(processor);
        hwloc_bitmap_free(before);
        return (struct c3d_binding){NULL};
    }
    return (struct c3d_binding){before};
}

void c3d_unbind(struct c3d_binding binding)
{
    hwloc_const_bitmap_t allowed;
    if (binding.before != NULL) {
        /* Refused only if the process has lost all of these processors meanwhile; then the
         * system has moved the thread already. */
        (void)hwloc_set_cpubind(c3d_hwloc_machine(&allowed), binding.before,
                                HWLOC_CPUBIND_THREAD);
        hwloc_bitmap_free(binding.before);
    }
}
