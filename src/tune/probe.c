/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - see probe.h
 */
#include "tune/probe.h"

#include "algo/cook_toom.h"
#include "algo/tile.h"
#include "base/mem.h"
#include "platform/clock.h"
#include "platform/team.h"
#include "platform/topology.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each measurement is repeated for so long, in each of some rounds; the fastest run counts, since
 * everything else that happens on a machine only makes it slower.  Rounds, because virtual
 * machines have half of their speed for seconds at a time. */
static const double seconds_each = 0.08;
enum { ROUNDS = 5 };

/* What all members do at a time. */
struct work {
    const struct c3d_kernels *kernels;
    void (*body)(struct work *work, int member);
    float **buffers; /* one for each member */
    size_t bytes;    /* of a buffer that are walked through */
    size_t passes;
    double *sinks;   /* one for each member, a line apart */
};

enum { SINK_STEP = C3D_ALIGNMENT / sizeof(double) };

static void run_member(void *argument, int member, int members)
{
    struct work *const work = argument;
    (void)members;
    work->body(work, member);
}

static void multiply(struct work *work, int member)
{
    work->sinks[member * SINK_STEP] = work->kernels->fma_work(work->passes);
}

/* One load for each line brings all of it. */
static void read_lines(struct work *work, int member)
{
    const float *const from = work->buffers[member];
    const size_t lines = work->bytes / C3D_ALIGNMENT / 4 * 4;
    float sums[4] = {0};
    for (size_t pass = 0; pass < work->passes; pass++) {
        for (size_t line = 0; line < lines; line += 4) {
            for (size_t i = 0; i < 4; i++) {
                sums[i] += from[(line + i) * C3D_LINE_ELEMS];
            }
        }
        /* The sums of all passes are the same: the compiler must not know. */
        __asm__ volatile("" : : "r"(from) : "memory");
    }
    work->sinks[member * SINK_STEP] = (double)(sums[0] + sums[1] + sums[2] + sums[3]);
}

/* Of the input of F(4, 3), as Winograd's stages do it, from L2 to L2. */
enum { TRANSFORM_OUTS = 4, TRANSFORM_TAPS = 3 };
static void transform(struct work *work, int member)
{
    struct c3d_cook_toom maths;
    c3d_cook_toom(TRANSFORM_OUTS, TRANSFORM_TAPS, 1, &maths);
    struct c3d_matrix matrix = {
        .kind = C3D_INPUT_MATRIX, .rows = maths.points, .columns = maths.inputs};
    for (int i = 0; i < maths.points; i++) {
        for (int j = 0; j < maths.inputs; j++) {
            matrix.at[i][j] = (float)maths.input[i][j];
        }
    }
    const int lanes = work->kernels->lanes;
    const int64_t lines = (int64_t)(work->bytes / sizeof(float)) / (2 * maths.points * lanes);
    for (size_t pass = 0; pass < work->passes; pass++) {
        work->kernels->transform(&(struct c3d_lines){
            .from = work->buffers[member],
            .to = work->buffers[member] + lines * maths.points * lanes,
            .from_line = lanes,
            .to_line = lanes,
            .from_step = lines * lanes,
            .to_step = lines * lanes,
            .lines = lines,
            .matrix = &matrix,
        });
    }
    work->sinks[member * SINK_STEP] = 0;
}

/* Seconds of the fastest run of all members. */
static double best_time(struct work *work, int threads, void (*body)(struct work *, int),
                        size_t bytes, size_t passes)
{
    const double begin = c3d_clock_seconds();
    double best = INFINITY, end = begin;
    work->body = body;
    work->bytes = bytes;
    work->passes = passes;
    while (end - begin < seconds_each) {
        const double start = c3d_clock_seconds();
        c3d_team_run(threads, NULL, run_member, work);
        end = c3d_clock_seconds();
        best = fmin(best, end - start);
    }
    return best;
}

/* Seconds that a vector takes a core, read from buffers of so many bytes. */
static double read_time(struct work *work, int threads, size_t bytes)
{
    static const size_t bytes_of_run = (size_t)64 << 20;
    const size_t passes = (size_t)c3d_max(1, (int64_t)(bytes_of_run / bytes));
    const double lines = (double)(bytes / C3D_ALIGNMENT) * (double)passes;
    const double vectors = lines * C3D_LINE_ELEMS / work->kernels->lanes;
    return best_time(work, threads, read_lines, bytes, passes) / vectors;
}

/* The same of a vector multiplied, and of one transformed. */
static double fma_time(struct work *work, int threads)
{
    enum { iterations = 200000 };
    const double seconds = best_time(work, threads, multiply, 0, iterations);
    return seconds * 2.0 * work->kernels->lanes / work->sinks[0];
}

static double transform_time(struct work *work, int threads, size_t bytes)
{
    enum { passes = 100 };
    const double vectors = (double)(bytes / 2 / sizeof(float)) / work->kernels->lanes;
    return best_time(work, threads, transform, bytes, passes) / (vectors * passes);
}

static void measure(struct work *work, int threads, size_t most_bytes, struct c3d_probe *probe)
{
    const struct c3d_topology *const topology = c3d_topology_get();
    const struct c3d_request caches = {.l2_bytes = topology->l2_bytes,
                                       .l3_bytes = topology->l3_bytes};
    const size_t l2 = c3d_l2_bytes(&caches), l3 = c3d_l3_bytes(&caches);
    const size_t of_l3 =
        (size_t)c3d_max((int64_t)(2 * l2), (int64_t)(l3 / 2 / (size_t)threads));
    double fma = INFINITY, slowest = 0;
    *probe = (struct c3d_probe){
        .l2 = INFINITY, .l3 = INFINITY, .memory = INFINITY, .transform = INFINITY};
    for (int round = 0; round < ROUNDS; round++) {
        const double seconds = fma_time(work, threads);
        fma = fmin(fma, seconds);
        slowest = fmax(slowest, seconds);
        probe->l2 = fmin(probe->l2, read_time(work, threads, l2 / 2));
        probe->l3 = fmin(probe->l3, read_time(work, threads, of_l3));
        probe->memory = fmin(probe->memory, read_time(work, threads, most_bytes));
        probe->transform = fmin(probe->transform, transform_time(work, threads, l2 / 2));
    }
    probe->fma = 1 / fma;
    probe->unrest = slowest / fma;
    probe->l2 /= fma;
    probe->l3 /= fma;
    probe->memory /= fma;
    probe->transform /= fma;
}

conv3d_status c3d_probe_machine(const struct c3d_kernels *kernels, int threads,
                                struct c3d_probe *probe)
{
    /* All members together read far more than L3 holds. */
    const size_t l3 = c3d_topology_get()->l3_bytes;
    const size_t least = (size_t)16 << 20, all = 4 * (l3 > 0 ? l3 : (size_t)32 << 20);
    const size_t bytes = (size_t)c3d_max((int64_t)least, (int64_t)(all / (size_t)threads));
    struct work work = {
        .kernels = kernels,
        .buffers = calloc((size_t)threads, sizeof *work.buffers),
        .sinks = c3d_alloc((size_t)threads * C3D_ALIGNMENT),
    };
    bool memory = work.buffers != NULL && work.sinks != NULL;
    for (int i = 0; memory && i < threads; i++) {
        work.buffers[i] = c3d_alloc(bytes);
        memory = work.buffers[i] != NULL;
        if (memory) {
            memset(work.buffers[i], 0, bytes);
        }
    }
    if (memory) {
        measure(&work, threads, bytes, probe);
    }
    for (int i = 0; work.buffers != NULL && i < threads; i++) {
        c3d_free(work.buffers[i]);
    }
    free(work.buffers);
    c3d_free(work.sinks);
    return memory ? CONV3D_OK
                  : c3d_fail(CONV3D_ERR_MEMORY, "no memory for %d buffers of %zu bytes", threads,
                             bytes);
}

double c3d_probe_peak(const struct c3d_kernels *kernels)
{
    /* Each run less than a tick of a busy machine's scheduler. */
    enum { runs = 20, iterations = 50000 };
    double peak = 0;
    for (int i = 0; i < runs; i++) {
        const double start = c3d_clock_seconds();
        const double flops = kernels->fma_work(iterations);
        peak = fmax(peak, flops / (c3d_clock_seconds() - start));
    }
    return peak;
}
