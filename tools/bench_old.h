/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_old.h - an earlier benchmark, to compare with
 */
#ifndef CONV3D_TOOLS_BENCH_OLD_H
#define CONV3D_TOOLS_BENCH_OLD_H

#include "layer_table.h"

/* One timed layer of a file that `bench --format json` wrote. */
struct bench_old_layer {
    char name[192], problem[192];
    double median; /* seconds */
};

struct bench_old {
    struct bench_old_layer *layers;
    size_t count;
    int threads;     /* of its rates */
    char isa[16];
};

/* What it is before anything is read. */
#define BENCH_OLD_EMPTY {NULL, 0, 0, ""}

/* EXIT_OK, or an exit_code and one line in `message`. */
int bench_old_read(struct bench_old *old, const char *path, char *message, size_t capacity);

/* The seconds of the layer of the same name and problem; 0 if it is not there. */
double bench_old_median(const struct bench_old *old, const struct layer *layer);

void bench_old_free(struct bench_old *old);

#endif
