/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_format.h - how a benchmark is written down
 *
 * Each format is a struct of functions: before the first layer, after each, and
 * after the last.  Write errors show in the stream.
 */
#ifndef CONV3D_TOOLS_BENCH_FORMAT_H
#define CONV3D_TOOLS_BENCH_FORMAT_H

#include <stdio.h>

#include "bench.h"
#include "bench_summary.h"

struct bench_format {
    void (*begin)(const struct bench *bench, FILE *file);
    void (*row)(const struct bench *bench, const struct bench_row *row, FILE *file);
    /* An exit_code. */
    int (*end)(const struct bench *bench, const struct bench_summary *summary, FILE *file);
};

extern const struct bench_format bench_format_table, bench_format_csv, bench_format_json;

#endif
