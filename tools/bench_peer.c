/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_peer.c - the peer's best foot: which of its ways is timed
 *
 * Ways are tried one after the other, and the slower one of two is dropped at
 * once: each may hold a copy of all tensors.
 */
#include "bench_peer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "big_memory.h"
#include "exit_code.h"
#include "report.h"

/* Relative L2 distance of two float32 results that are both right: far above what
 * rounding does, far below a wrong tap. */
static const double agreement = 1e-4;

static double relative_distance(const float *a, const float *b, size_t count)
{
    double squares = 0.0, error_squares = 0.0;

    for (size_t i = 0; i < count; i++) {
        const double error = (double)a[i] - (double)b[i];

        error_squares += error * error;
        squares += (double)b[i] * (double)b[i];
    }
    return error_squares == 0.0 ? 0.0 : sqrt(error_squares / squares);
}

/* Runs once; whether the output agrees with ours. */
static int agrees(const struct peer *peer, struct peer_run *run,
                  const struct bench_peer_layer *layer, char *reason, size_t capacity)
{
    const size_t count = layer_elements(layer->layer->output);
    char memory[BIG_MEMORY_REASON];
    float *const output = big_memory_allocate(count * sizeof *output, memory);
    const char *problem = NULL;

    if (output == NULL)
        problem = memory;
    else if (peer->run(run) != EXIT_OK || !peer->read_output(run, layer->layer, output))
        problem = "it fails to run";
    else if (!(relative_distance(output, layer->expected, count) <= agreement))
        problem = "its output differs from ours";
    free(output);
    if (problem != NULL)
        snprintf(reason, capacity, "%s", problem);
    return problem == NULL;
}

/* A checked run with the time of a trial; NULL and the reason if there is none. */
static struct peer_run *try_way(const struct peer *peer, int way,
                                const struct bench_peer_layer *layer, double *seconds,
                                char *reason, size_t capacity)
{
    struct peer_run *const run =
        peer->prepare(way, layer->layer, layer->input, layer->weight, reason, capacity);

    if (run == NULL)
        return NULL;
    if (agrees(peer, run, layer, reason, capacity)) {
        if (timing_trial(peer->run, run, seconds) == EXIT_OK)
            return run;
        snprintf(reason, capacity, "it fails to run");
    }
    peer->destroy(run);
    return NULL;
}

static void choose_way(const struct peer *peer, enum peer_kind kind,
                       struct bench_peer_layer *layer, struct bench_peer *chosen)
{
    double best = INFINITY;

    for (int way = 0; way < peer->way_count; way++) {
        char reason[BIG_MEMORY_REASON];
        double seconds;

        if (peer->ways[way].kind != kind)
            continue;
        struct peer_run *const run =
            try_way(peer, way, layer, &seconds, reason, sizeof reason);

        if (run == NULL) {
            const size_t used = strlen(chosen->reason);

            snprintf(chosen->reason + used, sizeof chosen->reason - used, "%s%s: %s",
                     used > 0 ? "; " : "", peer->ways[way].name, reason);
        } else if (seconds < best) {
            peer->destroy(layer->runs[kind]);
            layer->runs[kind] = run;
            chosen->way = peer->ways[way].name;
            best = seconds;
        } else {
            peer->destroy(run);
        }
    }
}

void bench_peer_prepare(const struct peer *peer, struct bench_peer_layer *layer,
                        struct bench_peer peers[PEER_KINDS])
{
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        struct bench_peer *const chosen = &peers[kind];

        choose_way(peer, (enum peer_kind)kind, layer, chosen);
        if (layer->runs[kind] != NULL)
            snprintf(chosen->implementation, sizeof chosen->implementation, "%s",
                     peer->implementation(layer->runs[kind]));
        else
            report_note("%s: no %s time of %s: %s", layer->layer->name,
                        bench_kind_name((enum peer_kind)kind), peer->name, chosen->reason);
    }
}

void bench_peer_release(const struct peer *peer, struct bench_peer_layer *layer)
{
    for (int kind = 0; kind < PEER_KINDS; kind++)
        peer->destroy(layer->runs[kind]);
}
