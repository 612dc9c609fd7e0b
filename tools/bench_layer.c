/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_layer.c - measure one layer
 *
 * As a user calls it: weights packed beforehand, plain input and output, the
 * workspace the caller's.  Nothing is timed before its output has been checked.
 */
#include "bench_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_peer.h"
#include "big_memory.h"
#include "exit_code.h"
#include "random_data.h"
#include "report.h"

/* Streams of random numbers; the same data in every run. */
enum { SEED_INPUT = 1, SEED_WEIGHT, SEED_SAMPLE };

/* What one call needs. */
struct convolution {
    float *input, *weight, *output;
    void *workspace;
    conv3d_plan *plan;
};

static int execute(void *context)
{
    const struct convolution *const c = context;

    return report_status(conv3d_plan_execute(c->plan, c->input, c->output, c->workspace));
}

static void release(struct convolution *c)
{
    conv3d_plan_destroy(c->plan);
    free(c->input);
    free(c->weight);
    free(c->output);
    free(c->workspace);
}

static int fail_memory(struct bench_row *row, const char *what, const char *reason)
{
    row->status = BENCH_NO_MEMORY;
    snprintf(row->reason, sizeof row->reason, "no memory for %s: %s; the layer has %.0f MB", what,
             reason, 1e-6 * layer_bytes(row->layer));
    return EXIT_OK;
}

static int create_tensors(struct convolution *c, const struct layer *layer,
                          struct bench_row *row)
{
    int64_t weight_shape[5];
    char reason[BIG_MEMORY_REASON];

    layer_weight_shape(layer, weight_shape);
    const size_t inputs = layer_elements(layer->input), outputs = layer_elements(layer->output);
    const size_t weights = layer_elements(weight_shape);

    if ((c->input = big_memory_allocate(inputs * sizeof(float), reason)) == NULL)
        return fail_memory(row, "the input", reason);
    if ((c->weight = big_memory_allocate(weights * sizeof(float), reason)) == NULL)
        return fail_memory(row, "the weight", reason);
    if ((c->output = big_memory_allocate(outputs * sizeof(float), reason)) == NULL)
        return fail_memory(row, "the output", reason);
    random_fill_real(c->input, inputs, SEED_INPUT);
    random_fill_real(c->weight, weights, SEED_WEIGHT);
    memset(c->output, 0xff, outputs * sizeof(float)); /* NaN */
    return EXIT_OK;
}

static int take_plan(struct convolution *c, struct bench_row *row)
{
    conv3d_plan_info info = {.size = sizeof info};
    char reason[BIG_MEMORY_REASON];
    const int code = report_status(conv3d_plan_query(c->plan, &info));

    if (code != EXIT_OK)
        return code;
    snprintf(row->algorithm, sizeof row->algorithm, "%s", info.algorithm);
    snprintf(row->isa, sizeof row->isa, "%s", info.isa);
    row->math = info.math;
    row->threads = info.threads;
    row->tile = info.tile;
    row->packed_bytes = info.packed_bytes;
    row->workspace_bytes = info.workspace_bytes;
    row->flops = info.flops;
    row->effective_flops = info.effective_flops;
    c->workspace = big_memory_allocate(info.workspace_bytes, reason);
    return c->workspace != NULL ? EXIT_OK : fail_memory(row, "the workspace", reason);
}

static int create_plan(struct convolution *c, const struct bench *bench, struct bench_row *row)
{
    conv3d_tensor weight = {.data = c->weight, .rank = 5};

    layer_weight_shape(row->layer, weight.shape);
    const conv3d_status status = conv3d_plan_create(&c->plan, &row->layer->params,
                                                    row->layer->input, &weight, NULL,
                                                    &bench->options);
    switch (status) {
    case CONV3D_OK:
        return take_plan(c, row);
    case CONV3D_ERR_UNSUPPORTED: /* a named algorithm need not accept every layer */
        row->status = BENCH_REFUSED;
        break;
    case CONV3D_ERR_MEMORY:
    case CONV3D_ERR_LIMIT:
        row->status = BENCH_NO_MEMORY;
        break;
    default: /* the layer is valid, so the options or the environment are not */
        return report_status(status);
    }
    snprintf(row->reason, sizeof row->reason, "%s", conv3d_last_error());
    return EXIT_OK;
}

static int check(struct convolution *c, const struct bench *bench, struct bench_row *row)
{
    const struct sample_case sample = {
        .params = &row->layer->params,
        .input_shape = row->layer->input,
        .output_shape = row->layer->output,
        .input = c->input,
        .weight = c->weight,
        .output = c->output,
        .relu = bench->options.activation == CONV3D_ACTIVATION_RELU,
    };
    const int code = execute(c);

    if (code != EXIT_OK)
        return code;
    sample_check(&sample, SEED_SAMPLE, &row->sample);
    if (sample_result_is_good(&row->sample, row->math))
        return EXIT_OK;
    row->status = BENCH_FAILED;
    snprintf(row->reason, sizeof row->reason,
             "%lld of %lld sampled outputs wrong, error %.3g times the bound, relative L2 %.3g, "
             "%lld outputs not written",
             (long long)row->sample.over_bound, (long long)row->sample.samples,
             row->sample.worst_ratio, row->sample.relative_l2, (long long)row->sample.unwritten);
    return EXIT_OK;
}

/* Ours and the peer's, in turns. */
static int race(struct convolution *c, const struct bench *bench, struct bench_row *row)
{
    struct bench_peer_layer peer_layer = {.layer = row->layer,
                                          .input = c->input,
                                          .weight = c->weight,
                                          .expected = c->output};
    struct contestant contestants[1 + PEER_KINDS] = {{.run = execute, .context = c}};
    int of_kind[PEER_KINDS], count = 1;

    if (bench->peer != NULL)
        bench_peer_prepare(bench->peer, &peer_layer, row->peer);
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        of_kind[kind] = count;
        if (peer_layer.runs[kind] != NULL)
            contestants[count++] =
                (struct contestant){.run = bench->peer->run, .context = peer_layer.runs[kind]};
    }
    const int code = timing_race(contestants, count, bench->seconds, bench->repeats);

    row->timing = contestants[0].timing;
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        if (peer_layer.runs[kind] != NULL)
            row->peer[kind].timing = contestants[of_kind[kind]].timing;
    }
    if (bench->peer != NULL)
        bench_peer_release(bench->peer, &peer_layer);
    return code;
}

int bench_layer(const struct bench *bench, const struct layer *layer, struct bench_row *row)
{
    struct convolution c = {NULL, NULL, NULL, NULL, NULL};

    memset(row, 0, sizeof *row);
    row->layer = layer;
    row->bytes = layer_bytes(layer);
    int code = create_tensors(&c, layer, row);
    if (code == EXIT_OK && row->status == BENCH_OK)
        code = create_plan(&c, bench, row);
    if (code == EXIT_OK && row->status == BENCH_OK)
        code = check(&c, bench, row);
    if (code == EXIT_OK && row->status == BENCH_OK)
        code = race(&c, bench, row);
    release(&c);
    return code;
}
