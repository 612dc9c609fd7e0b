/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_layer.c - tune one layer, and keep what was measured
 */
#include "tune_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit_code.h"
#include "report.h"

/* What the library's callbacks are given. */
struct run {
    const struct tune_wish *wish;
    struct tune_result *result;
    size_t capacity; /* of the result's trials */
    int no_memory;
};

static int tell_progress(void *context, const conv3d_tune_progress *progress)
{
    const struct run *const run = context;

    return run->wish->progress(run->wish->context, progress);
}

static void keep_trial(void *context, const conv3d_trial *trial)
{
    struct run *const run = context;
    struct tune_result *const result = run->result;

    if (result->count == run->capacity) {
        const size_t capacity = run->capacity > 0 ? 2 * run->capacity : 64;
        struct tune_trial *const trials =
            realloc(result->trials, capacity * sizeof *result->trials);

        if (trials == NULL) {
            run->no_memory = 1;
            return;
        }
        result->trials = trials;
        run->capacity = capacity;
    }
    struct tune_trial *const kept = &result->trials[result->count++];

    *kept = (struct tune_trial){.tile = trial->tile,
                                .threads = trial->threads,
                                .seconds = trial->seconds,
                                .runs = trial->runs};
    snprintf(kept->algorithm, sizeof kept->algorithm, "%s", trial->algorithm);
}

static void take_result(const conv3d_tune_result *found, struct tune_result *result)
{
    static const enum tune_outcome outcomes[] = {
        [CONV3D_TUNE_FASTER] = TUNE_FASTER,
        [CONV3D_TUNE_KEPT] = TUNE_KEPT,
        [CONV3D_TUNE_KNOWN] = TUNE_KNOWN,
        [CONV3D_TUNE_STOPPED] = TUNE_STOPPED,
    };

    result->outcome = outcomes[found->outcome];
    result->before = found->before;
    result->after = found->after;
    result->noise = found->noise;
    result->tile_before = found->tile_before;
    result->tile = found->tile;
    result->threads = found->threads;
    result->effective_flops = found->effective_flops;
    result->candidates = found->candidates;
    memcpy(result->algorithm_before, found->algorithm_before, sizeof result->algorithm_before);
    memcpy(result->algorithm, found->algorithm, sizeof result->algorithm);
}

int tune_layer(const struct tune_wish *wish, const struct layer *layer,
               struct tune_result *result)
{
    struct run run = {.wish = wish, .result = result};
    const conv3d_tune_options tune = {
        .size = sizeof tune,
        .time_limit = wish->seconds,
        .again = wish->again,
        .exhaustive = wish->exhaustive,
        .progress = tell_progress,
        .trial = keep_trial,
        .context = &run,
    };
    conv3d_tune_result found = {.size = sizeof found};

    *result = (struct tune_result){
        .layer = layer, .flops = layer_flops(layer), .bytes = layer_bytes(layer)};
    const conv3d_status status =
        conv3d_tune(&layer->params, layer->input, &wish->options, &tune, &found);
    switch (status) {
    case CONV3D_OK:
        take_result(&found, result);
        break;
    case CONV3D_ERR_UNSUPPORTED: /* a named algorithm need not accept every layer */
    case CONV3D_ERR_MEMORY:
        result->outcome = TUNE_FAILED;
        snprintf(result->reason, sizeof result->reason, "%s", conv3d_last_error());
        break;
    default: /* the layer is valid, so the options, the environment or the database are not */
        return report_status(status);
    }
    if (!run.no_memory)
        return EXIT_OK;
    report_error("no memory for the trials of %s", layer->name);
    return EXIT_MEMORY;
}

void tune_result_free(struct tune_result *result)
{
    free(result->trials);
    result->trials = NULL;
    result->count = 0;
}
