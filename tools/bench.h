/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - what was measured, and what follows from it
 *
 * One row per layer.  The measuring is in bench_layer.h, the printing in the
 * reports; here is only arithmetic.
 */
#ifndef CONV3D_TOOLS_BENCH_H
#define CONV3D_TOOLS_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "conv3d.h"
#include "layer_table.h"
#include "peer.h"
#include "sample_check.h"
#include "timing.h"

enum bench_status {
    BENCH_OK,
    BENCH_FAILED,   /* wrong outputs */
    BENCH_REFUSED,  /* by the named algorithm */
    BENCH_NO_MEMORY
};

/* How the peer did in one kind of ways. */
struct bench_peer {
    struct timing timing;   /* repeats 0 = none of its ways works */
    const char *way;        /* the faster one */
    char implementation[96];
    char reason[160];       /* why none works */
};

struct bench_row {
    const struct layer *layer;
    enum bench_status status;
    char reason[256];       /* unless BENCH_OK */
    char algorithm[32], isa[16];
    conv3d_math math;
    int threads;
    conv3d_tile tile;
    size_t packed_bytes, workspace_bytes;
    double flops, effective_flops, bytes;
    struct sample_result sample;
    struct timing timing;
    struct bench_peer peer[PEER_KINDS];
    double old_median;      /* seconds before; 0 = not known */
};

/* A whole run of the command. */
struct bench {
    char date[32];           /* UTC */
    conv3d_machine machine;
    conv3d_rates rates;
    conv3d_options options;
    double seconds;          /* per layer */
    int64_t repeats;         /* 0 = as the seconds allow */
    const struct peer *peer; /* NULL = none */
    const char *old_name;    /* what layers are compared with: the file of --compare, or
                                "untuned"; NULL = nothing */
    int compares_untuned;    /* that is measured as well, in turns */
    double tolerance;        /* part that a layer may be slower than before */
    const struct layer_table *layers;
    struct bench_row *rows;  /* one per layer */
    size_t count;            /* of rows that are done */
};

const char *bench_status_name(enum bench_status status);
const char *bench_math_name(conv3d_math math);
const char *bench_kind_name(enum peer_kind kind);

/* In operations per second, and as parts of what the machine can do. */
double bench_speed(const struct bench_row *row);
double bench_effective_speed(const struct bench_row *row);
double bench_fma_share(const struct bench *bench, const struct bench_row *row);
double bench_memory_share(const struct bench *bench, const struct bench_row *row);

/* The larger of both: the time that no algorithm that multiplies every tap can
 * beat, as a part of the time that was needed. */
double bench_limit_share(const struct bench *bench, const struct bench_row *row);
/* Whether that limit is arithmetic; else it is memory. */
int bench_is_compute_bound(const struct bench *bench, const struct bench_row *row);

/* Others' time / ours, so above 1 we are faster; 0 when there is none. */
double bench_peer_ratio(const struct bench_row *row, enum peer_kind kind);
double bench_old_ratio(const struct bench_row *row);
/* Whether the layer is slower than before by more than the tolerance. */
int bench_is_slower(const struct bench *bench, const struct bench_row *row);

#endif
