/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology_sysconf.c - the machine as the C library sees it, without hwloc
 */
#include "config.h" /* _GNU_SOURCE, for sched_getaffinity() */

#include "platform/topology.h"

#include "platform/caches.h"
#include "platform/team.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct c3d_topology topology;

static int allowed_processors(void)
{
    cpu_set_t set;
    /* Fails with EINVAL on machines with more processors than cpu_set_t has. */
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return CPU_COUNT(&set);
    }
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

static void discover(void)
{
    const struct c3d_caches caches = c3d_sysconf_caches();
    snprintf(topology.source, sizeof topology.source, "sysconf");
    topology.l1d_bytes = caches.l1d_bytes;
    topology.l2_bytes = caches.l2_bytes;
    topology.l3_bytes = caches.l3_bytes;
    const int bound = allowed_processors(), team = c3d_team_processors();
    topology.processors = bound > team ? bound : team; /* OpenMP may have bound the caller */
    topology.here = true;
}

const struct c3d_topology *c3d_topology_get(void)
{
    pthread_once(&once, discover);
    return &topology;
}

bool c3d_topology_read(const char *description, const char *allowed,
                       struct c3d_topology *t)
{
    (void)description, (void)allowed;
    *t = (struct c3d_topology){0};
    return false;
}

void c3d_topology_clear(struct c3d_topology *t)
{
    (void)t;
}
