/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_summary.c - many layers in a few figures
 */
#include "bench_summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMPUTE_BOUND = LAYER_CLASSES, MEMORY_BOUND };

static void add_value(struct bench_mean *mean, double value, const struct bench_row *row)
{
    if (!(value > 0.0))
        return;
    if (mean->count == 0 || value < mean->worst_value) {
        mean->worst = row;
        mean->worst_value = value;
    }
    mean->logarithms += log(value);
    mean->count++;
}

double bench_mean_value(const struct bench_mean *mean)
{
    return mean->count > 0 ? exp(mean->logarithms / (double)mean->count) : 0.0;
}

static int belongs(const struct bench *bench, const struct bench_row *row, int group)
{
    if (group == COMPUTE_BOUND || group == MEMORY_BOUND)
        return bench_is_compute_bound(bench, row) == (group == COMPUTE_BOUND);
    return layer_class_has(group, row->layer);
}

static void add_to_groups(const struct bench *bench, const struct bench_row *row,
                          struct bench_group groups[BENCH_GROUPS])
{
    for (int i = 0; i < BENCH_GROUPS; i++) {
        struct bench_group *const group = &groups[i];

        if (!belongs(bench, row, i))
            continue;
        group->layers++;
        add_value(&group->limit, bench_limit_share(bench, row), row);
        for (int kind = 0; kind < PEER_KINDS; kind++)
            add_value(&group->peer[kind], bench_peer_ratio(row, (enum peer_kind)kind), row);
    }
}

/* The network of a row, appended if it is new. */
static struct bench_network *find_network(struct bench_summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->network_count; i++) {
        if (strcmp(summary->networks[i].name, name) == 0)
            return &summary->networks[i];
    }
    struct bench_network *const network = &summary->networks[summary->network_count++];

    network->name = name;
    return network;
}

static void add_to_network(const struct bench_row *row, struct bench_network *network)
{
    const double count = (double)row->layer->count;

    network->layers++;
    network->seconds += count * row->timing.median;
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        if (row->peer[kind].timing.repeats == 0)
            continue;
        network->peer_layers[kind]++;
        network->own_seconds[kind] += count * row->timing.median;
        network->peer_seconds[kind] += count * row->peer[kind].timing.median;
    }
}

int bench_summarise(const struct bench *bench, struct bench_summary *summary)
{
    memset(summary, 0, sizeof *summary);
    summary->networks = calloc(bench->count + 1, sizeof *summary->networks);
    if (summary->networks == NULL)
        return 0;
    for (int i = 0; i < LAYER_CLASSES; i++)
        summary->groups[i].name = layer_class_name(i);
    summary->groups[COMPUTE_BOUND].name = "compute-bound";
    summary->groups[MEMORY_BOUND].name = "memory-bound";
    for (size_t i = 0; i < bench->count; i++) {
        const struct bench_row *const row = &bench->rows[i];

        if (row->status != BENCH_OK)
            continue;
        add_to_groups(bench, row, summary->groups);
        if (row->layer->net[0] != '\0')
            add_to_network(row, find_network(summary, row->layer->net));
        add_value(&summary->old, bench_old_ratio(row), row);
        summary->slower += (size_t)bench_is_slower(bench, row);
    }
    return 1;
}

void bench_summary_free(struct bench_summary *summary)
{
    free(summary->networks);
    summary->networks = NULL;
}
