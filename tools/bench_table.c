/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_table.c - a benchmark for a person
 *
 * Rows appear as they are measured; columns that hold nothing are left out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench_format.h"
#include "exit_code.h"

enum { MOST_NAME_WIDTH = 48 };

/* Wide enough for every layer, within reason. */
static int name_width(const struct bench *bench)
{
    size_t width = strlen("layer");

    for (size_t i = 0; i < bench->layers->count; i++) {
        const size_t length = strlen(bench->layers->layers[i].name);

        width = length > width ? length : width;
    }
    return width < MOST_NAME_WIDTH ? (int)width : MOST_NAME_WIDTH;
}

static void begin(const struct bench *bench, FILE *file)
{
    const conv3d_machine *const machine = &bench->machine;

    fprintf(file, "conv3d %s, %s, %s\n", conv3d_version(), bench->date,
            machine->cpu[0] != '\0' ? machine->cpu : "unknown processor");
    fprintf(file, "%s, %d threads: %.1f GFLOP/s of multiply-adds, %.1f GB/s of memory\n",
            machine->isa, bench->rates.threads, 1e-9 * bench->rates.flops_per_second,
            1e-9 * bench->rates.bytes_per_second);
    if (bench->peer != NULL)
        fprintf(file, "best, plain: %s in the layout it prefers, and with plain tensors; "
                      "x: its time / ours\n", bench->peer->version());
    if (bench->old_name != NULL)
        fprintf(file, "old: %s; x: its time / ours\n", bench->old_name);
    fprintf(file, "\n%-*s %-16s %-33s %3s %9s %9s %8s %8s %5s %5s %9s %8s", name_width(bench),
            "layer", "algorithm", "tile", "thr", "median ms", "min ms", "GFLOP/s", "eff.", "fma%",
            "mem%", "of limit", "work KiB");
    for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++)
        fprintf(file, " %6s ms %5s", bench_kind_name((enum peer_kind)kind), "x");
    if (bench->old_name != NULL)
        fprintf(file, " %6s ms %5s", "old", "x");
    fputc('\n', file);
    fflush(file);
}

/* A time and its ratio to ours, or dashes. */
static void write_ratio(double seconds, double ratio, FILE *file)
{
    if (ratio > 0.0)
        fprintf(file, " %9.3f %5.2f", 1e3 * seconds, ratio);
    else
        fprintf(file, " %9s %5s", "-", "-");
}

static void write_row(const struct bench *bench, const struct bench_row *row, FILE *file)
{
    char tile[CONV3D_TILE_TEXT];

    fprintf(file, "%-*s ", name_width(bench), row->layer->name);
    if (row->status != BENCH_OK) {
        fprintf(file, "%s: %s\n", bench_status_name(row->status), row->reason);
        fflush(file);
        return;
    }
    conv3d_tile_format(&row->tile, tile, sizeof tile);
    fprintf(file, "%-16s %-33s %3d %9.3f %9.3f %8.1f %8.1f %5.1f %5.1f %4.2f %-4s %8.0f",
            row->algorithm, tile, row->threads, 1e3 * row->timing.median, 1e3 * row->timing.min,
            1e-9 * bench_speed(row), 1e-9 * bench_effective_speed(row),
            100.0 * bench_fma_share(bench, row), 100.0 * bench_memory_share(bench, row),
            bench_limit_share(bench, row), bench_is_compute_bound(bench, row) ? "fma" : "mem",
            (double)row->workspace_bytes / 1024.0);
    for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++)
        write_ratio(row->peer[kind].timing.median, bench_peer_ratio(row, (enum peer_kind)kind),
                    file);
    if (bench->old_name != NULL)
        write_ratio(row->old_median, bench_old_ratio(row), file);
    fputc('\n', file);
    fflush(file);
}

static void write_mean(const struct bench_mean *mean, FILE *file)
{
    if (mean->count > 0)
        fprintf(file, " %8.3f", bench_mean_value(mean));
    else
        fprintf(file, " %8s", "-");
}

static void write_groups(const struct bench *bench, const struct bench_summary *summary,
                         FILE *file)
{
    fprintf(file, "\n%-26s %6s %8s", "geometric means", "layers", "of limit");
    for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++)
        fprintf(file, " %6s x", bench_kind_name((enum peer_kind)kind));
    fputc('\n', file);
    for (int i = 0; i < BENCH_GROUPS; i++) {
        const struct bench_group *const group = &summary->groups[i];

        if (group->layers == 0)
            continue;
        fprintf(file, "%-26s %6zu", group->name, group->layers);
        write_mean(&group->limit, file);
        for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++)
            write_mean(&group->peer[kind], file);
        fputc('\n', file);
    }
}

static void write_worst(const char *what, const struct bench_mean *mean, FILE *file)
{
    if (mean->count > 0)
        fprintf(file, "worst %-20s %s: %.3f\n", what, mean->worst->layer->name,
                mean->worst_value);
}

static void write_networks(const struct bench *bench, const struct bench_summary *summary,
                           FILE *file)
{
    if (summary->network_count == 0)
        return;
    fprintf(file, "\n%-26s %6s %10s", "networks", "layers", "ms");
    for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++)
        fprintf(file, " %6s ms %5s", bench_kind_name((enum peer_kind)kind), "x");
    fputc('\n', file);
    for (size_t i = 0; i < summary->network_count; i++) {
        const struct bench_network *const network = &summary->networks[i];

        fprintf(file, "%-26s %6zu %10.3f", network->name, network->layers,
                1e3 * network->seconds);
        for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++) {
            write_ratio(network->peer_seconds[kind],
                        network->peer_layers[kind] > 0
                            ? network->peer_seconds[kind] / network->own_seconds[kind]
                            : 0.0, file);
            if (network->peer_layers[kind] != network->layers)
                fprintf(file, " (%zu)", network->peer_layers[kind]);
        }
        fputc('\n', file);
    }
}

static int end(const struct bench *bench, const struct bench_summary *summary, FILE *file)
{
    if (summary->groups[0].layers == 0)
        return EXIT_OK;
    write_groups(bench, summary, file);
    write_worst("share of the limit", &summary->groups[0].limit, file);
    for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++) {
        char what[32];

        snprintf(what, sizeof what, "%s x", bench_kind_name((enum peer_kind)kind));
        write_worst(what, &summary->groups[0].peer[kind], file);
    }
    write_networks(bench, summary, file);
    if (summary->old.count > 0)
        fprintf(file, "\n%s: %zu layers, geometric mean x %.3f, worst %s: %.3f; "
                      "%zu slower by more than %g%%\n", bench->old_name, summary->old.count,
                bench_mean_value(&summary->old), summary->old.worst->layer->name,
                summary->old.worst_value, summary->slower, 100.0 * bench->tolerance);
    return EXIT_OK;
}

const struct bench_format bench_format_table = {begin, write_row, end};
