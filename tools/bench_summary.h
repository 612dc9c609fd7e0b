/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_summary.h - many layers in a few figures
 *
 * Ratios and shares are averaged geometrically: half as fast in one layer and
 * twice as fast in another cancel.  Rows that were not timed do not count.
 */
#ifndef CONV3D_TOOLS_BENCH_SUMMARY_H
#define CONV3D_TOOLS_BENCH_SUMMARY_H

#include "bench.h"
#include "layer_class.h"

/* A geometric mean; 0 of nothing. */
struct bench_mean {
    double logarithms;
    size_t count;
    const struct bench_row *worst; /* with the smallest value */
    double worst_value;
};

struct bench_group {
    const char *name;
    size_t layers;
    struct bench_mean limit;            /* shares of the limit */
    struct bench_mean peer[PEER_KINDS]; /* ratios */
};

/* A pass through a network, every layer as often as it occurs. */
struct bench_network {
    const char *name;
    size_t layers;
    double seconds;
    /* Of the layers that the peer was timed on: its seconds, and ours. */
    double peer_seconds[PEER_KINDS], own_seconds[PEER_KINDS];
    size_t peer_layers[PEER_KINDS];
};

enum { BENCH_GROUPS = LAYER_CLASSES + 2 };

struct bench_summary {
    struct bench_group groups[BENCH_GROUPS]; /* the classes, compute-bound, memory-bound */
    struct bench_network *networks;
    size_t network_count;
    struct bench_mean old; /* ratios to the old file */
    size_t slower;         /* beyond the tolerance */
};

/* 0 when there is no memory.  The summary points into the bench. */
int bench_summarise(const struct bench *bench, struct bench_summary *summary);
void bench_summary_free(struct bench_summary *summary);

double bench_mean_value(const struct bench_mean *mean);

#endif
