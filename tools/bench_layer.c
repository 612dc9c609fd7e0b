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

struct tensors {
    float *input, *weight, *output;
};

/* What a plan needs to be called. */
struct call {
    const struct tensors *tensors;
    conv3d_plan *plan;
    void *workspace;
};

/* A layer at work: as it is to be measured, and as it would be untuned. */
struct convolution {
    struct tensors tensors;
    struct call call, untuned;
};

static int execute(void *context)
{
    const struct call *const call = context;
    const struct tensors *const tensors = call->tensors;

    return report_status(conv3d_plan_execute(call->plan, tensors->input, tensors->output,
                                             call->workspace));
}

static void release_call(struct call *call)
{
    conv3d_plan_destroy(call->plan);
    free(call->workspace);
}

static void release(struct convolution *c)
{
    release_call(&c->call);
    release_call(&c->untuned);
    free(c->tensors.input);
    free(c->tensors.weight);
    free(c->tensors.output);
}

static int fail_memory(struct bench_row *row, const char *what, const char *reason)
{
    row->status = BENCH_NO_MEMORY;
    snprintf(row->reason, sizeof row->reason, "no memory for %s: %s; the layer has %.0f MB", what,
             reason, 1e-6 * layer_bytes(row->layer));
    return EXIT_OK;
}

static int create_tensors(struct tensors *tensors, const struct layer *layer,
                          struct bench_row *row)
{
    int64_t weight_shape[5];
    char reason[BIG_MEMORY_REASON];

    layer_weight_shape(layer, weight_shape);
    const size_t inputs = layer_elements(layer->input), outputs = layer_elements(layer->output);
    const size_t weights = layer_elements(weight_shape);

    if ((tensors->input = big_memory_allocate(inputs * sizeof(float), reason)) == NULL)
        return fail_memory(row, "the input", reason);
    if ((tensors->weight = big_memory_allocate(weights * sizeof(float), reason)) == NULL)
        return fail_memory(row, "the weight", reason);
    if ((tensors->output = big_memory_allocate(outputs * sizeof(float), reason)) == NULL)
        return fail_memory(row, "the output", reason);
    random_fill_real(tensors->input, inputs, SEED_INPUT);
    random_fill_real(tensors->weight, weights, SEED_WEIGHT);
    return EXIT_OK;
}

static void describe(const conv3d_plan_info *info, struct bench_row *row)
{
    snprintf(row->algorithm, sizeof row->algorithm, "%s", info->algorithm);
    snprintf(row->isa, sizeof row->isa, "%s", info->isa);
    row->math = info->math;
    row->threads = info->threads;
    row->tile = info->tile;
    row->packed_bytes = info->packed_bytes;
    row->workspace_bytes = info->workspace_bytes;
    row->flops = info->flops;
    row->effective_flops = info->effective_flops;
}

static int create_plan(struct call *call, const conv3d_options *options, struct bench_row *row)
{
    conv3d_tensor weight = {.data = call->tensors->weight, .rank = 5};

    layer_weight_shape(row->layer, weight.shape);
    const conv3d_status status = conv3d_plan_create(&call->plan, &row->layer->params,
                                                    row->layer->input, &weight, NULL, options);
    switch (status) {
    case CONV3D_OK:
        return EXIT_OK;
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

static int check(struct call *call, const conv3d_options *options, struct bench_row *row)
{
    const struct tensors *const tensors = call->tensors;
    const struct sample_case sample = {
        .params = &row->layer->params,
        .input_shape = row->layer->input,
        .output_shape = row->layer->output,
        .input = tensors->input,
        .weight = tensors->weight,
        .output = tensors->output,
        .relu = options->activation == CONV3D_ACTIVATION_RELU,
    };

    memset(tensors->output, 0xff, layer_elements(row->layer->output) * sizeof(float)); /* NaN */
    const int code = execute(call);
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

/* Makes a call ready, checked, and says in the row what it is. */
static int prepare_call(struct call *call, const struct tensors *tensors,
                        const conv3d_options *options, struct bench_row *row)
{
    conv3d_plan_info info = {.size = sizeof info};
    char reason[BIG_MEMORY_REASON];

    call->tensors = tensors;
    int code = create_plan(call, options, row);
    if (code != EXIT_OK || row->status != BENCH_OK)
        return code;
    code = report_status(conv3d_plan_query(call->plan, &info));
    if (code != EXIT_OK)
        return code;
    describe(&info, row);
    call->workspace = big_memory_allocate(info.workspace_bytes, reason);
    return call->workspace != NULL ? check(call, options, row)
                                   : fail_memory(row, "the workspace", reason);
}

/* The row is at last about the call that is to be measured, and so is the output. */
static int prepare(struct convolution *c, const struct bench *bench, struct bench_row *row)
{
    conv3d_options untuned = bench->options;
    int code = create_tensors(&c->tensors, row->layer, row);

    untuned.effort = CONV3D_EFFORT_MODEL;
    if (code == EXIT_OK && row->status == BENCH_OK && bench->compares_untuned)
        code = prepare_call(&c->untuned, &c->tensors, &untuned, row);
    if (code == EXIT_OK && row->status == BENCH_OK)
        code = prepare_call(&c->call, &c->tensors, &bench->options, row);
    return code;
}

/* Ours, untuned, and the peer's, in turns. */
static int race(struct convolution *c, const struct bench *bench, struct bench_row *row)
{
    struct bench_peer_layer peer_layer = {.layer = row->layer,
                                          .input = c->tensors.input,
                                          .weight = c->tensors.weight,
                                          .expected = c->tensors.output};
    struct contestant contestants[2 + PEER_KINDS] = {{.run = execute, .context = &c->call}};
    struct timing *places[2 + PEER_KINDS] = {&row->timing}, untuned;
    int count = 1;

    if (bench->compares_untuned) {
        places[count] = &untuned;
        contestants[count++] = (struct contestant){.run = execute, .context = &c->untuned};
    }
    if (bench->peer != NULL)
        bench_peer_prepare(bench->peer, &peer_layer, row->peer);
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        if (peer_layer.runs[kind] == NULL)
            continue;
        places[count] = &row->peer[kind].timing;
        contestants[count++] =
            (struct contestant){.run = bench->peer->run, .context = peer_layer.runs[kind]};
    }
    const int code = timing_race(contestants, count, bench->seconds, bench->repeats);

    for (int i = 0; i < count; i++)
        *places[i] = contestants[i].timing;
    if (bench->compares_untuned)
        row->old_median = untuned.median;
    if (bench->peer != NULL)
        bench_peer_release(bench->peer, &peer_layer);
    return code;
}

int bench_layer(const struct bench *bench, const struct layer *layer, struct bench_row *row)
{
    struct convolution c = {.tensors = {NULL, NULL, NULL}};

    memset(row, 0, sizeof *row);
    row->layer = layer;
    row->bytes = layer_bytes(layer);
    int code = prepare(&c, bench, row);
    if (code == EXIT_OK && row->status == BENCH_OK)
        code = race(&c, bench, row);
    release(&c);
    return code;
}
