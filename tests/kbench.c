/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kbench.c - how close one thread comes to the peak of its core
 *
 * Times conv3d_plan_execute(), packing of the input included, on the big 3x3x3
 * layers of published networks, for every ISA level of this machine, beside the
 * rate of FMA instructions on registers alone, measured in between.  A plain
 * program; "make check" builds it and does not run it.
 *
 *     tests/kbench [SECONDS_PER_LAYER [PART_OF_A_LAYER'S_NAME]]
 */
#include "../tools/random_data.h"

#include "kernel/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name, *problem;
} layers[] = {
    {"C3D conv2", "n1_ci64t16h56w56_co128_k3_p1"},
    {"C3D conv3a", "n1_ci128t8h28w28_co256_k3_p1"},
    {"C3D conv3b", "n1_ci256t8h28w28_co256_k3_p1"},
    {"I3D 2c", "n1_ci64t32h56w56_co192_k3_p1"},
    {"nnU-Net enc1.1", "n1_ci64t64h64w64_co64_k3_p1"},
    {"3D-UNet enc2b", "n1_ci64t54h62w62_co128_k3"},
};

/* Layers are cut along T until one call should take no longer than this; the
 * work per output stays what it is. */
static const double call_seconds = 0.1;

/* Processor time of this thread, which does all the work: a busy neighbour then
 * costs the measurement less. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* GFLOP/s of FMAs on registers, best of several short runs. */
static double measure_peak(const struct c3d_kernels *kernels)
{
    double best = 0.0;
    size_t iterations = 100000;
    for (int run = 0; run < 8; run++) {
        const double start = now();
        const double flops = kernels->fma_work(iterations);
        const double seconds = now() - start;
        if (seconds < 2e-3) { /* too short to time: warm up with more */
            iterations *= 2;
            run = -1;
            continue;
        }
        if (1e-9 * flops / seconds > best)
            best = 1e-9 * flops / seconds;
    }
    return best;
}

struct layer {
    char problem[128];
    conv3d_plan *plan;
    conv3d_plan_info info;
    float *input, *output;
    void *workspace;
};

static void die(const char *what)
{
    fprintf(stderr, "kbench: %s: %s\n", what, conv3d_last_error());
    exit(1);
}

static float *random_floats(size_t count, uint64_t seed)
{
    float *data = malloc(count * sizeof *data);
    if (data == NULL)
        die("memory");
    random_fill_real(data, count, seed);
    return data;
}

static size_t volume(const int64_t *shape, int rank)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)shape[i];
    return count;
}

/* Halves T until the layer has no more than this many operations. */
static void cut_layer(const conv3d_params *p, int64_t input[5], double most_flops)
{
    int64_t output[5];
    const int64_t span = p->kernel_size[0] - p->padding_begin[0] - p->padding_end[0];
    const int64_t least = span > 1 ? span : 1;
    while (input[2] > least) {
        if (conv3d_output_shape(p, input, output) != CONV3D_OK)
            die("shape");
        if (2.0 * (double)(volume(output, 5) * volume(p->kernel_size, 3)) *
                (double)p->in_channels <= most_flops)
            return;
        input[2] = input[2] / 2 > least ? input[2] / 2 : least;
    }
}

static void make_layer(struct layer *layer, const char *text, double most_flops)
{
    conv3d_params p;
    int64_t input[5];
    conv3d_options options;
    if (conv3d_problem_parse(text, &p, input) != CONV3D_OK)
        die(text);
    cut_layer(&p, input, most_flops);
    conv3d_problem_format(&p, input, layer->problem, sizeof layer->problem);
    const int64_t *k = p.kernel_size;
    conv3d_tensor weight = {NULL, 5, {p.out_channels, p.in_channels, k[0], k[1], k[2]}};
    float *weights = random_floats(volume(weight.shape, 5), 2);
    weight.data = weights;
    conv3d_options_init(&options);
    options.threads = 1;
    options.algorithm = "direct";
    layer->info.size = sizeof layer->info;
    if (conv3d_plan_create(&layer->plan, &p, input, &weight, NULL, &options) != CONV3D_OK ||
        conv3d_plan_query(layer->plan, &layer->info) != CONV3D_OK)
        die(text);
    free(weights);
    layer->input = random_floats(volume(input, 5), 1);
    layer->output = random_floats(volume(layer->info.output_shape, 5), 3);
    layer->workspace = malloc(layer->info.workspace_bytes);
    if (layer->workspace == NULL)
        die("memory");
}

static void free_layer(struct layer *layer)
{
    conv3d_plan_destroy(layer->plan);
    free(layer->input);
    free(layer->output);
    free(layer->workspace);
}

/* Best seconds of one call, within a budget. */
static double measure_layer(const struct layer *layer, double budget)
{
    double best = 1e30;
    const double end = now() + budget;
    do {
        const double start = now();
        if (conv3d_plan_execute(layer->plan, layer->input, layer->output, layer->workspace) !=
            CONV3D_OK)
            die("execute");
        if (now() - start < best)
            best = now() - start;
    } while (now() < end);
    return best;
}

static void bench_level(const struct c3d_kernels *kernels, double budget, const char *filter)
{
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        struct layer layer;
        if (strstr(layers[i].name, filter) == NULL)
            continue;
        /* Before and after: clock speed may change in between. */
        const double before = measure_peak(kernels);
        make_layer(&layer, layers[i].problem, 1e9 * before * call_seconds);
        const double seconds = measure_layer(&layer, budget);
        const double after = measure_peak(kernels);
        const double peak = before > after ? before : after;
        const double effective = 1e-9 * layer.info.effective_flops / seconds;
        printf("%-8s %-14s %-29s %8.2f %8.1f %8.1f %8.1f %8.1f\n", kernels->name,
               layers[i].name, layer.problem, 1e3 * seconds, 1e-9 * layer.info.flops / seconds,
               effective, peak, 100.0 * effective / peak);
        fflush(stdout);
        free_layer(&layer);
    }
}

int main(int argc, char **argv)
{
    static const char *const levels[] = {"portable", "avx2", "avx512", "neon"};
    const double budget = argc > 1 ? atof(argv[1]) : 1.0;
    const char *filter = argc > 2 ? argv[2] : "";
    printf("One thread.  GFLOP/s counts all taps, effective those inside the volume only; %% is "
           "effective of peak.\n%-8s %-14s %-29s %8s %8s %8s %8s %8s\n", "isa", "layer", "problem",
           "ms", "GFLOP/s", "effectiv", "peak", "%");
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const struct c3d_kernels *kernels;
        if (setenv("CONV3D_ISA", levels[i], 1) != 0)
            die("setenv");
        if (c3d_kernels_select(&kernels) == CONV3D_OK && strcmp(kernels->name, levels[i]) == 0)
            bench_level(kernels, budget, filter);
        else
            printf("%-8s not available here\n", levels[i]);
    }
    return 0;
}
