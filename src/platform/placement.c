/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placement.c - see placement.h
 */
#include "platform/placement.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* How many threads sit in each package, node, cache and core. */
struct loads {
    int *package, *node, *l3, *l2, *core;
};

/* Whether a is the better seat: a core of its own, then speed, then the least crowded part of
 * the machine, the largest part first. */
static bool is_better(const struct loads *loads, bool spread, const struct c3d_processor *a,
                      const struct c3d_processor *b)
{
    const int differences[] = {
        loads->core[a->core] - loads->core[b->core],
        b->speed - a->speed,
        loads->package[a->package] - loads->package[b->package],
        loads->node[a->node] - loads->node[b->node],
        loads->l3[a->l3] - loads->l3[b->l3],
        loads->l2[a->l2] - loads->l2[b->l2],
    };
    const size_t count = spread ? sizeof differences / sizeof *differences : 2;
    for (size_t i = 0; i < count; i++) {
        if (differences[i] != 0) {
            return differences[i] < 0;
        }
    }
    return false; /* the earlier one */
}

static int by_value(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

bool c3d_placement_pick(const struct c3d_topology *topology, bool spread, int threads,
                       int *picked)
{
    const int n = topology->processors;
    if (topology->list == NULL || threads > n) {
        return false;
    }
    /* Each kind of part is at most as many as the processors. */
    int *const counts = c3d_alloc(6 * (size_t)n * sizeof *counts);
    if (counts == NULL) {
        return false;
    }
    memset(counts, 0, 6 * (size_t)n * sizeof *counts);
    const struct loads loads = {counts, counts + n, counts + 2 * n, counts + 3 * n,
                                counts + 4 * n};
    int *const taken = counts + 5 * n;
    for (int t = 0; t < threads; t++) {
        int best = -1;
        for (int i = 0; i < n; i++) {
            if (!taken[i] && (best < 0 || is_better(&loads, spread, &topology->list[i],
                                                    &topology->list[best]))) {
                best = i;
            }
        }
        const struct c3d_processor *const seat = &topology->list[best];
        loads.package[seat->package]++;
        loads.node[seat->node]++;
        loads.l3[seat->l3]++;
        loads.l2[seat->l2]++;
        loads.core[seat->core]++;
        taken[best] = 1;
        picked[t] = best;
    }
    qsort(picked, (size_t)threads, sizeof *picked, by_value);
    c3d_free(counts);
    return true;
}
