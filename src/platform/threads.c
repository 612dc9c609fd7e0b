/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads.c - see threads.h
 */
#include "platform/threads.h"

#include "base/env.h"
#include "platform/cgroup.h"
#include "platform/team.h"
#include "platform/topology.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static double quota;

static void read_quota(void)
{
    quota = c3d_cgroup_cpus("");
}

double c3d_threads_quota(void)
{
    pthread_once(&once, read_quota);
    return quota;
}

/* The number that a variable holds; 0 if it is unset or no positive number. */
static int positive(const char *name)
{
    const char *const text = c3d_env(name);
    char *end;
    const long value = text != NULL ? strtol(text, &end, 10) : 0;
    return text != NULL && *end == '\0' && value > 0 && value <= INT_MAX ? (int)value : 0;
}

/* Lowers the count to one that is known, at least to 1. */
static void limit(struct c3d_threads *threads, double most, const char *reason)
{
    if (most > 0 && most < threads->count) {
        threads->count = most > 1 ? (int)most : 1;
        threads->reason = reason;
    }
}

struct c3d_threads c3d_threads_default(void)
{
    if (c3d_team_processors() == 0) {
        return (struct c3d_threads){1, "built without OpenMP"};
    }
    if (c3d_team_is_orphan()) {
        return (struct c3d_threads){1, "a child of fork() has none of its parent's threads"};
    }
    if (c3d_env("OMP_NUM_THREADS") != NULL) {
        return (struct c3d_threads){c3d_team_default_threads(), "OMP_NUM_THREADS"};
    }
    const int slurm = positive("SLURM_CPUS_PER_TASK");
    if (slurm > 0) {
        return (struct c3d_threads){slurm, "SLURM_CPUS_PER_TASK"};
    }
    struct c3d_threads threads = {c3d_team_processors(), "processors allowed"};
    limit(&threads, c3d_topology_get()->cores, "cores allowed");
    limit(&threads, c3d_threads_quota(), "CPU quota of the control group");
    limit(&threads, c3d_team_default_threads(), "what the program asked of OpenMP");
    return threads;
}
