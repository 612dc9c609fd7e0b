/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_caches.c - sizes of caches on a machine that hides them from hwloc
 */
#include "support.h"

#include "platform/caches.h"
#include "platform/topology.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct c3d_topology *machine_without_caches(const char *is_this_system)
{
    setenv("HWLOC_SYNTHETIC", "pu:2", 1);
    setenv("HWLOC_THISSYSTEM", is_this_system, 1);
    const struct c3d_topology *const topology = c3d_topology_get();
    if (strcmp(topology->source, "sysconf") == 0)
        cr_skip("no hwloc");
    return topology;
}

Test(caches, of_a_core_by_sysconf_where_hwloc_knows_none)
{
    const struct c3d_topology *const topology = machine_without_caches("1");
    const struct c3d_caches caches = c3d_sysconf_caches();
    cr_assert(topology->here);
    cr_expect_eq(topology->l1d_bytes, caches.l1d_bytes);
    cr_expect_eq(topology->l2_bytes, caches.l2_bytes);
    cr_expect_eq(topology->l3_bytes, 0, "glibc may take a package's caches for one");
}

Test(caches, of_another_machine_stay_unknown)
{
    const struct c3d_topology *const topology = machine_without_caches("0");
    cr_assert(!topology->here);
    cr_expect_eq(topology->l1d_bytes, 0);
    cr_expect_eq(topology->l2_bytes, 0);
    cr_expect_eq(topology->l3_bytes, 0);
}
