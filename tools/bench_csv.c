/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_csv.c - a benchmark as comma-separated values
 *
 * The same columns whatever the options; what was not measured is empty.  The
 * first six are promised to scripts and stay as they are.
 */
#include <inttypes.h>

#include "bench_format.h"
#include "exit_code.h"

static void begin(const struct bench *bench, FILE *file)
{
    (void)bench;
    fputs("name,algorithm,threads,median_ms,min_ms,gflops,effective_gflops,fma_percent,"
          "memory_percent,limit_percent,bound,tile,workspace_bytes,repeats,status,math,isa,"
          "problem,net,count", file);
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        const char *const name = bench_kind_name((enum peer_kind)kind);

        fprintf(file, ",%s_ms,%s_min_ms,%s_ratio,%s_way,%s_implementation", name, name, name,
                name, name);
    }
    fputs(",old_ms,old_ratio\n", file);
}

static void write_own(const struct bench *bench, const struct bench_row *row, FILE *file)
{
    char tile[CONV3D_TILE_TEXT];

    conv3d_tile_format(&row->tile, tile, sizeof tile);
    if (row->status != BENCH_OK) {
        fprintf(file, "%s,%s,,,,,,,,,,,,,%s,,", row->layer->name, row->algorithm,
                bench_status_name(row->status));
        return;
    }
    fprintf(file, "%s,%s,%d,%.6g,%.6g,%.6g,%.6g,%.2f,%.2f,%.2f,%s,%s,%zu,%" PRId64 ",%s,%s,%s",
            row->layer->name, row->algorithm, row->threads, 1e3 * row->timing.median,
            1e3 * row->timing.min, 1e-9 * bench_speed(row), 1e-9 * bench_effective_speed(row),
            100.0 * bench_fma_share(bench, row), 100.0 * bench_memory_share(bench, row),
            100.0 * bench_limit_share(bench, row),
            bench_is_compute_bound(bench, row) ? "fma" : "memory", tile, row->workspace_bytes,
            row->timing.repeats, bench_status_name(row->status), bench_math_name(row->math),
            row->isa);
}

/* The peer's names for its code are its own, but a comma must not be in them. */
static void write_name(const char *name, FILE *file)
{
    for (; *name != '\0'; name++)
        fputc(*name == ',' || *name == '"' ? ';' : *name, file);
}

static void write_peer(const struct bench_row *row, enum peer_kind kind, FILE *file)
{
    const struct bench_peer *const peer = &row->peer[kind];

    if (peer->timing.repeats == 0) {
        fputs(",,,,,", file);
        return;
    }
    fprintf(file, ",%.6g,%.6g,%.4g,%s,", 1e3 * peer->timing.median, 1e3 * peer->timing.min,
            bench_peer_ratio(row, kind), peer->way);
    write_name(peer->implementation, file);
}

static void write_row(const struct bench *bench, const struct bench_row *row, FILE *file)
{
    write_own(bench, row, file);
    fprintf(file, ",%s,%s,%" PRId64, row->layer->problem, row->layer->net, row->layer->count);
    for (int kind = 0; kind < PEER_KINDS; kind++)
        write_peer(row, (enum peer_kind)kind, file);
    if (row->status == BENCH_OK && row->old_median > 0.0)
        fprintf(file, ",%.6g,%.4g\n", 1e3 * row->old_median, bench_old_ratio(row));
    else
        fputs(",,\n", file);
    fflush(file);
}

static int end(const struct bench *bench, const struct bench_summary *summary, FILE *file)
{
    (void)bench;
    (void)summary;
    (void)file;
    return EXIT_OK;
}

const struct bench_format bench_format_csv = {begin, write_row, end};
