/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partition.c - how equal the shares of 1 to 128 threads are, over a table of layers: the table of
 * doc/threads.md.  Computes nothing.
 *
 *     partition LAYERS.csv
 */
#include "conv3d.h"

#include "../tools/layer_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>



/* Work of all threads over threads times the work of the busiest; idle ones count. */
static double efficiency(const struct layer *layer, conv3d_math math, int threads)
{
    conv3d_options options;
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    int64_t shape[5];
    conv3d_options_init(&options);
    options.math = math;
    options.threads = threads;
    layer_weight_shape(layer, shape);
    float *const zeros = calloc(layer_elements(shape), sizeof *zeros);
    conv3d_tensor weight = {zeros, 5, {shape[0], shape[1], shape[2], shape[3], shape[4]}};
    if (zeros == NULL ||
        conv3d_plan_create(&plan, &layer->params, layer->input, &weight, NULL, &options) !=
            CONV3D_OK ||
        conv3d_plan_query(plan, &info) != CONV3D_OK) {
        fprintf(stderr, "%s: %s\n", layer->name, conv3d_last_error());
        exit(EXIT_FAILURE);
    }
    conv3d_plan_destroy(plan);
    free(zeros);
    return info.threads / (info.imbalance * threads);
}

/* Geometric mean and least over the layers of at least so many operations. */
static void print_cell(const struct layer_table *table, conv3d_math math, int threads,
                       double least_flops)
{
    double logs = 0, least = 1;
    int count = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (layer_flops(&table->layers[i]) >= least_flops) {
            const double value = efficiency(&table->layers[i], math, threads);
            logs += log(value);
            least = fmin(least, value);
            count++;
        }
    }
    printf(" %.2f (%.2f) |", exp(logs / count), least);
}

int main(int argc, char **argv)
{
    static const int threads[] = {1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128};
    struct layer_table table = LAYER_TABLE_EMPTY;
    char message[256];
    if (argc != 2 || layer_table_read(&table, argv[1], message, sizeof message) != 0) {
        fprintf(stderr, "partition: %s\n", argc != 2 ? "the path of a layer table?" : message);
        return EXIT_FAILURE;
    }
    printf("| threads | fast, > 10 GFLOP | fast, all | strict, > 10 GFLOP | strict, all |\n"
           "|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        printf("| %d |", threads[i]);
        for (int math = CONV3D_MATH_FAST; math <= CONV3D_MATH_STRICT; math++) {
            print_cell(&table, (conv3d_math)math, threads[i], 10e9);
            print_cell(&table, (conv3d_math)math, threads[i], 0);
        }
        printf("\n");
        fflush(stdout);
    }
    layer_table_free(&table);
    return EXIT_SUCCESS;
}
