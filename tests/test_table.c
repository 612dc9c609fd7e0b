/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table.c - the layers of data/layers.csv, cut to a size for tests: fast math against
 * strict math, channels, kernels, strides, dilation and groups the layers' own; and whole, how
 * they are shared out.
 */
#include "support.h"

#include "../tools/layer_table.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* At most so many outputs along each axis of what is left of a layer. */
enum { OUTPUTS = 7 };

/* The first outputs of a layer, all its padding kept. */
static bool cut_layer(const struct layer *layer, struct problem *problem)
{
    problem->params = layer->params;
    for (int i = 0; i < 5; i++)
        problem->input[i] = layer->input[i];
    problem->input[0] = 1;
    for (int axis = 0; axis < 3; axis++) {
        const conv3d_params *p = &layer->params;
        const int64_t span = p->dilation[axis] * (p->kernel_size[axis] - 1) + 1;
        const int64_t padding = p->padding_begin[axis] + p->padding_end[axis];
        const int64_t enough = (OUTPUTS - 1) * p->stride[axis] + span - padding;
        if (problem->input[2 + axis] > enough)
            problem->input[2 + axis] = enough > 0 ? enough : 1;
    }
    return conv3d_output_shape(&problem->params, problem->input, problem->output) == CONV3D_OK;
}

/* In L2, relative to a. */
static double difference(const float *a, const float *b, size_t count)
{
    double square = 0.0, norm = 0.0;
    for (size_t i = 0; i < count; i++) {
        square += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        norm += (double)a[i] * a[i];
    }
    return square == 0.0 ? 0.0 : sqrt(square / norm);
}

static void fast_is_strict_but_for_rounding(const struct layer *layer)
{
    struct problem problem;
    struct workload workload;
    cr_assert(cut_layer(layer, &problem), "%s: %s", layer->name, conv3d_last_error());
    workload_make(&workload, &problem, 1);
    float *strict = allocate_floats(workload.output_count);
    float *fast = allocate_floats(workload.output_count);
    const conv3d_options strictly = options_for(CONV3D_MATH_STRICT);
    conv3d_options options = options_for(CONV3D_MATH_FAST);
    conv3d_plan *plan;
    cr_assert(workload_run(&workload, &strictly, strict));
    cr_assert(workload_run(&workload, &options, fast));
    cr_expect(difference(strict, fast, workload.output_count) <= 2e-5, "%s", layer->name);
    /* The cut layer may be too small to choose what the whole one does. */
    options.algorithm = "winograd";
    if (workload_plan(&workload, &options, &plan) == CONV3D_OK) {
        cr_assert(workload_run(&workload, &options, fast));
        cr_expect(difference(strict, fast, workload.output_count) <= 2e-5, "%s, winograd",
                  layer->name);
    }
    conv3d_plan_destroy(plan);
    free(strict);
    free(fast);
    workload_free(&workload);
}

static void read_file(struct layer_table *table, const char *name)
{
    char path[512], message[200];
    const char *top = getenv("top_srcdir");
    *table = (struct layer_table)LAYER_TABLE_EMPTY;
    snprintf(path, sizeof path, "%s/data/%s", top != NULL ? top : ".", name);
    if (layer_table_read(table, path, message, sizeof message) != 0)
        cr_skip("%s; set top_srcdir", message);
}

static void read_table(struct layer_table *table)
{
    read_file(table, "layers.csv");
    cr_assert(table->count >= 60);
}

/* What a network takes in all, in 10^9 multiply-adds: for the first five, what was published. */
Test(table, networks_are_whole)
{
    static const struct {
        const char *name;
        double total;
    } networks[] = {
        {"c3d", 38.5},
        {"r3d_18", 40.7},
        {"r2plus1d_18", 40.5},
        {"slowfast_r50", 65.7 * 224 * 224 / (256 * 256)},
        {"x3d_m", 4.73},
        {"unet3d", 263.3},
        {"vnet", 500.2},
        {"nnunet", 470.9},
    };
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        struct layer_table table;
        char name[64];
        double total = 0;
        snprintf(name, sizeof name, "networks/%s.csv", networks[i].name);
        read_file(&table, name);
        for (size_t n = 0; n < table.count; n++)
            total += 0.5e-9 * layer_flops(&table.layers[n]) * (double)table.layers[n].count;
        cr_expect(fabs(total - networks[i].total) < 0.003 * networks[i].total, "%s: %.2f", name,
                  total);
        layer_table_free(&table);
    }
}

Test(table, fast_math_is_strict_math_but_for_rounding)
{
    struct layer_table table;
    read_table(&table);
    const size_t tried = (size_t)test_count((int64_t)table.count);
    for (size_t n = 0; n < tried; n++)
        fast_is_strict_but_for_rounding(&table.layers[n * table.count / tried]);
    layer_table_free(&table);
}

/* Work of all 64 threads over 64 times that of the busiest, in the geometric mean over the layers
 * above 10 GFLOP; doc/threads.md has the figures for other numbers of threads. */
static double efficiency_of_64(const struct layer_table *table, conv3d_math math)
{
    enum { THREADS = 64 };
    double logs = 0;
    int count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct layer *const layer = &table->layers[i];
        struct problem problem;
        struct workload work;
        conv3d_options options = options_for(math);
        conv3d_plan *plan;
        conv3d_plan_info info = {.size = sizeof info};
        if (layer_flops(layer) < 10e9)
            continue;
        cr_assert(problem_from_params(&problem, &layer->params, layer->input));
        work = (struct workload){.problem = problem};
        work.weight_count = shape_count(
            (const int64_t[]){layer->params.out_channels,
                              layer->params.in_channels / layer->params.groups,
                              layer->params.kernel_size[0], layer->params.kernel_size[1],
                              layer->params.kernel_size[2]}, 5);
        work.weight = allocate_floats(work.weight_count);
        memset(work.weight, 0, work.weight_count * sizeof *work.weight);
        options.threads = THREADS;
        cr_assert(workload_plan(&work, &options, &plan) == CONV3D_OK, "%s", conv3d_last_error());
        cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
        logs += log(info.threads / (info.imbalance * THREADS));
        count++;
        conv3d_plan_destroy(plan);
        free(work.weight);
    }
    cr_assert(count >= 20);
    return exp(logs / count);
}

Test(table, shares_of_64_threads_are_equal_enough)
{
    struct layer_table table;
    setenv("HWLOC_SYNTHETIC",
           "pack:2 [numa] l3:4(size=32MB) l2:8(size=1MB) l1d:1(size=32KB) core:1 pu:1", 1);
    read_table(&table);
    const double fast = efficiency_of_64(&table, CONV3D_MATH_FAST);
    const double strict = efficiency_of_64(&table, CONV3D_MATH_STRICT);
    /* 0.91 and 0.99 with AVX-512, 0.83 and 0.93 with AVX2. */
    cr_expect(fast >= 0.8, "fast math: %.3f", fast);
    cr_expect(strict >= 0.9, "strict math: %.3f", strict);
    layer_table_free(&table);
}
