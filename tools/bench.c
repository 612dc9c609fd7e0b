/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c - what follows from what was measured
 *
 * All reports take their figures from here, so that they agree.
 */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>

const char *bench_status_name(enum bench_status status)
{
    static const char *const names[] = {"ok", "FAILED", "refused", "no memory"};

    return names[status];
}

const char *bench_math_name(conv3d_math math)
{
    return math == CONV3D_MATH_STRICT ? "strict" : "fast";
}

const char *bench_kind_name(enum peer_kind kind)
{
    return kind == PEER_BEST ? "best" : "plain";
}

double bench_speed(const struct bench_row *row)
{
    return row->flops / row->timing.median;
}

double bench_effective_speed(const struct bench_row *row)
{
    return row->effective_flops / row->timing.median;
}

double bench_fma_share(const struct bench *bench, const struct bench_row *row)
{
    return bench_effective_speed(row) / bench->rates.flops_per_second;
}

double bench_memory_share(const struct bench *bench, const struct bench_row *row)
{
    return row->bytes / row->timing.median / bench->rates.bytes_per_second;
}

double bench_limit_share(const struct bench *bench, const struct bench_row *row)
{
    return bench_is_compute_bound(bench, row) ? bench_fma_share(bench, row)
                                              : bench_memory_share(bench, row);
}

int bench_is_compute_bound(const struct bench *bench, const struct bench_row *row)
{
    return row->effective_flops / bench->rates.flops_per_second >=
           row->bytes / bench->rates.bytes_per_second;
}

double bench_peer_ratio(const struct bench_row *row, enum peer_kind kind)
{
    if (row->status != BENCH_OK || row->peer[kind].timing.repeats == 0)
        return 0.0;
    return row->peer[kind].timing.median / row->timing.median;
}

double bench_old_ratio(const struct bench_row *row)
{
    return row->status == BENCH_OK ? row->old_median / row->timing.median : 0.0;
}

int bench_is_slower(const struct bench *bench, const struct bench_row *row)
{
    return row->status == BENCH_OK && row->old_median > 0.0 &&
           row->timing.median > row->old_median * (1.0 + bench->tolerance);
}
