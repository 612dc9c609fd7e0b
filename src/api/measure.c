/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.c - what the machine can do at most
 *
 * The two roofs of a roofline: multiply-adds in registers, and main memory.
 */
#include "base/mem.h"
#include "base/status.h"
#include "kernel/select.h"
#include "platform/clock.h"
#include "platform/team.h"
#include "platform/threads.h"
#include "platform/topology.h"
#include "tune/probe.h"

#include <string.h>

enum { max_threads = 4096, repeats = 5, result_step = C3D_ALIGNMENT / sizeof(double) };
/* Four times the last cache, at least 64 and at most 256 MiB, per buffer; the most if it is unknown. */
static const size_t least_bytes = (size_t)64 << 20, most_bytes = (size_t)256 << 20;

struct measurement {
    const struct c3d_kernels *kernels;
    size_t iterations;
    float *from, *to;
    size_t bytes;   /* of each buffer */
    double *result; /* one per member, a line apart */
    int members;    /* that were granted */
};

static void work(void *argument, int member, int members)
{
    struct measurement *const m = argument;
    m->result[member * result_step] = m->kernels->fma_work(m->iterations);
    if (member == 0) {
        m->members = members;
    }
}

/* A member's share of the buffers, in whole lines. */
static size_t share(const struct measurement *m, int member, int members, size_t *offset)
{
    const size_t lines = m->bytes / C3D_ALIGNMENT;
    const size_t begin = lines * (size_t)member / (size_t)members;
    const size_t end = lines * ((size_t)member + 1) / (size_t)members;
    *offset = begin * C3D_ALIGNMENT / sizeof(float);
    return (end - begin) * C3D_ALIGNMENT;
}

static void copy(void *argument, int member, int members)
{
    struct measurement *const m = argument;
    size_t offset;
    const size_t bytes = share(m, member, members, &offset);
    memcpy(m->to + offset, m->from + offset, bytes);
}

static void read_all(void *argument, int member, int members)
{
    struct measurement *const m = argument;
    size_t offset;
    const size_t bytes = share(m, member, members, &offset);
    /* One load per line brings all of it. */
    const float *const from = m->from + offset;
    float sums[4] = {0};
    for (size_t i = 0; i + 64 <= bytes / sizeof(float); i += 64) {
        for (size_t j = 0; j < 4; j++) {
            sums[j] += from[i + 16 * j];
        }
    }
    m->result[member * result_step] = (double)(sums[0] + sums[1] + sums[2] + sums[3]);
}

/* The shortest of at least a few runs, in seconds; of as many as take long enough for the
 * system to give each member a processor of its own. */
static double best_time(int threads, c3d_team_fn *body, struct measurement *m)
{
    static const double least_time = 0.25;
    const double begin = c3d_clock_seconds();
    double best = 0, end = begin;
    for (int i = 0; i < repeats || end - begin < least_time; i++) {
        const double start = c3d_clock_seconds();
        c3d_team_run(threads, NULL, body, m);
        end = c3d_clock_seconds();
        best = i == 0 || end - start < best ? end - start : best;
    }
    return best;
}

conv3d_status conv3d_machine_peak(double *flops_per_second)
{
    if (flops_per_second == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "flops_per_second is NULL");
    }
    const struct c3d_kernels *kernels;
    const conv3d_status status = c3d_kernels_select(&kernels);
    if (status != CONV3D_OK) {
        return status;
    }
    *flops_per_second = c3d_probe_peak(kernels);
    return CONV3D_OK;
}

conv3d_status conv3d_machine_measure(int threads, conv3d_rates *rates)
{
    if (rates == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "rates is NULL");
    }
    if (rates->size != sizeof *rates) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "rates.size is %zu; it must be %zu", rates->size,
                        sizeof *rates);
    }
    if (threads < 0 || threads > max_threads) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "threads is %d; it must be 0 to %d", threads,
                        max_threads);
    }
    struct measurement m = {.iterations = 1000000, .members = 1};
    const conv3d_status status = c3d_kernels_select(&m.kernels);
    if (status != CONV3D_OK) {
        return status;
    }
    const int team = threads > 0 ? threads : c3d_threads_default().count;
    const size_t l3 = c3d_topology_get()->l3_bytes;
    m.bytes = l3 == 0 || 4 * l3 > most_bytes ? most_bytes : 4 * l3;
    m.bytes = m.bytes < least_bytes ? least_bytes : m.bytes;
    m.from = c3d_alloc(m.bytes);
    m.to = c3d_alloc(m.bytes);
    m.result = c3d_alloc((size_t)team * C3D_ALIGNMENT);
    conv3d_status outcome = CONV3D_ERR_MEMORY;
    if (m.from != NULL && m.to != NULL && m.result != NULL) {
        memset(m.from, 0, m.bytes);
        memset(m.to, 0, m.bytes);
        const double flop_time = best_time(team, work, &m);
        const double flops = m.result[0]; /* of one member; reading overwrites it */
        const double copy_time = best_time(team, copy, &m);
        const double read_time = best_time(team, read_all, &m);
        const double copied = 2.0 * (double)m.bytes / copy_time;
        const double read = (double)m.bytes / read_time;
        rates->threads = m.members;
        rates->flops_per_second = flops * m.members / flop_time;
        rates->bytes_per_second = copied > read ? copied : read;
        outcome = CONV3D_OK;
    }
    c3d_free(m.from);
    c3d_free(m.to);
    c3d_free(m.result);
    return outcome == CONV3D_OK ? CONV3D_OK
                                : c3d_fail(CONV3D_ERR_MEMORY, "no memory for two buffers of %zu "
                                           "bytes", m.bytes);
}
