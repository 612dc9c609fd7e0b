/* SPDX-License-Identifier: Apache-2.0 */
/*
 * neighbours.c - see neighbours.h
 */
#include "tune/neighbours.h"

#include <math.h>
#include <string.h>

static bool same_triple(const int64_t a[3], const int64_t b[3])
{
    return memcmp(a, b, 3 * sizeof *a) == 0;
}

/* By how much extents differ; infinite if the kernel does. */
static double unlikeness(const conv3d_params *a, const int64_t a_shape[5],
                         const conv3d_params *b, const int64_t b_shape[5])
{
    if (!same_triple(a->kernel_size, b->kernel_size) || !same_triple(a->stride, b->stride) ||
        !same_triple(a->dilation, b->dilation) || (a->groups == 1) != (b->groups == 1)) {
        return INFINITY;
    }
    double sum = fabs(log2((double)a->out_channels / (double)b->out_channels));
    for (int i = 0; i < 5; i++) {
        sum += fabs(log2((double)a_shape[i] / (double)b_shape[i]));
    }
    return sum;
}

static void insert(struct c3d_neighbour list[C3D_NEIGHBOURS], size_t *count,
                   const struct c3d_neighbour *neighbour)
{
    if (*count == C3D_NEIGHBOURS) {
        if (neighbour->unlikeness >= list[C3D_NEIGHBOURS - 1].unlikeness) {
            return;
        }
        --*count; /* the last one goes */
    }
    size_t place = (*count)++;
    for (; place > 0 && list[place - 1].unlikeness > neighbour->unlikeness; place--) {
        list[place] = list[place - 1];
    }
    list[place] = *neighbour;
}

size_t c3d_neighbours_find(const struct c3d_database *database, const char *machine,
                           const char *algorithm, const conv3d_params *params,
                           const int64_t input_shape[5],
                           struct c3d_neighbour neighbours[C3D_NEIGHBOURS])
{
    const struct c3d_failure before = c3d_failure_save();
    size_t count = 0;
    for (size_t i = 0; i < database->count; i++) {
        struct c3d_key_parts parts;
        struct c3d_tile_record record;
        conv3d_params other;
        int64_t shape[5];
        if (!c3d_key_parse(database->entries[i].key, &parts) ||
            strcmp(parts.kind, "tile") != 0 || strcmp(parts.machine, machine) != 0 ||
            strcmp(parts.algorithm, algorithm) != 0 ||
            !c3d_tile_parse(database->entries[i].value, &record) ||
            conv3d_problem_parse(parts.problem, &other, shape) != CONV3D_OK) {
            continue;
        }
        const struct c3d_neighbour neighbour = {
            unlikeness(&other, shape, params, input_shape), record.tile};
        if (isfinite(neighbour.unlikeness)) {
            insert(neighbours, &count, &neighbour);
        }
    }
    c3d_failure_restore(&before);
    return count;
}
