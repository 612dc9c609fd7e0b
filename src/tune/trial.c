/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - see trial.h
 */
#include "tune/trial.h"

#include "algo/tile.h"
#include "base/log.h"
#include "base/mem.h"
#include "platform/clock.h"
#include "platform/team.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fast math's promise. */
static const double most_error = 2e-5;

/* A measurement takes at least this many seconds, of calls one after another; shorter ones than
 * warm_below are called once before: others have been using the caches. */
static const double least_seconds = 0.5e-3, warm_below = 10e-3;

/* Numbers from -1 to 1, the same in every run.  (xorshift64*, Vigna 2016.) */
static void fill(float *values, size_t count, uint64_t state)
{
    for (size_t i = 0; i < count; i++) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        values[i] = (float)((int32_t)((state * UINT64_C(2685821657736338717)) >> 32)) * 0x1p-31f;
    }
}

static float *allocate(size_t count)
{
    return c3d_alloc((count > 0 ? count : 1) * sizeof(float));
}

/* A plan of the untuned plan's problem. */
static conv3d_status make_plan(const struct c3d_bench *bench, const struct c3d_way *way,
                               const struct conv3d_plan *donor, struct conv3d_plan **plan)
{
    conv3d_options options = bench->options;
    options.effort = CONV3D_EFFORT_MODEL;
    if (way != NULL) {
        options.algorithm = way->algorithm;
        options.tile = way->tile;
        options.threads = way->team;
    }
    return c3d_plan_make(plan, &bench->params, bench->input_shape, &bench->weight_tensor, NULL,
                         &options, donor);
}

/* Makes room for the plan's workspace, and executes it. */
static conv3d_status execute(struct c3d_bench *bench, const struct conv3d_plan *plan)
{
    if (plan->workspace_bytes > bench->workspace_bytes) {
        c3d_free(bench->workspace);
        bench->workspace_bytes = 0;
        bench->workspace = c3d_alloc(plan->workspace_bytes);
        if (bench->workspace == NULL) {
            return c3d_fail(CONV3D_ERR_MEMORY, "no memory for %zu bytes of workspace",
                            plan->workspace_bytes);
        }
        bench->workspace_bytes = plan->workspace_bytes;
    }
    return conv3d_plan_execute(plan, bench->input, bench->output, bench->workspace);
}

/* The fastest of the algorithms that transform nothing, by its estimate. */
static const struct c3d_candidate *plain_candidate(const struct c3d_choice *choice)
{
    for (int i = 0; i < choice->count; i++) {
        const struct c3d_candidate *const candidate = &choice->candidates[i];
        if (candidate->transform[T] == 0 && !candidate->algorithm->by_name_only &&
            !candidate->refused) {
            return candidate;
        }
    }
    return NULL;
}

/* The sums in one chain, by the untuned plan, or by another algorithm if that one transforms. */
static conv3d_status compute_expected(struct c3d_bench *bench)
{
    const struct c3d_candidate *const plain = plain_candidate(&bench->untuned->choice);
    struct conv3d_plan *plan = NULL;
    conv3d_status status = CONV3D_OK;
    if (bench->untuned->choice.candidates[0].transform[T] > 0 && plain != NULL) {
        struct c3d_way way = {.team = bench->untuned->threads};
        memcpy(way.algorithm, plain->name, sizeof way.algorithm);
        status = make_plan(bench, &way, NULL, &plan);
    }
    if (status == CONV3D_OK) {
        status = execute(bench, plan != NULL ? plan : bench->untuned);
    }
    conv3d_plan_destroy(plan);
    if (status == CONV3D_OK) {
        memcpy(bench->expected, bench->output, bench->outputs * sizeof(float));
    }
    return status;
}

static conv3d_status create_tensors(struct c3d_bench *bench)
{
    int64_t out[5];
    const conv3d_status status = conv3d_output_shape(&bench->params, bench->input_shape, out);
    if (status != CONV3D_OK) {
        return status;
    }
    const int64_t *const in = bench->input_shape, *const kernel = bench->params.kernel_size;
    const int64_t channels = bench->params.in_channels / bench->params.groups;
    const size_t inputs = (size_t)(in[0] * in[1] * in[2] * in[3] * in[4]);
    const size_t weights =
        (size_t)(bench->params.out_channels * channels * kernel[T] * kernel[H] * kernel[W]);
    bench->outputs = (size_t)(out[0] * out[1] * out[2] * out[3] * out[4]);
    bench->input = allocate(inputs);
    bench->weight = allocate(weights);
    bench->output = allocate(bench->outputs);
    bench->expected = allocate(bench->outputs);
    if (bench->input == NULL || bench->weight == NULL || bench->output == NULL ||
        bench->expected == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for tensors of %zu, %zu and twice %zu "
                        "elements", inputs, weights, bench->outputs);
    }
    fill(bench->input, inputs, 1);
    fill(bench->weight, weights, 2);
    bench->weight_tensor = (conv3d_tensor){
        .data = bench->weight,
        .rank = 5,
        .shape = {bench->params.out_channels, channels, kernel[T], kernel[H], kernel[W]},
    };
    return CONV3D_OK;
}

conv3d_status c3d_bench_open(struct c3d_bench *bench, const conv3d_params *params,
                             const int64_t input_shape[5], const conv3d_options *options)
{
    *bench = (struct c3d_bench){.params = *params, .options = *options};
    bench->params.bias = 0;
    memcpy(bench->input_shape, input_shape, sizeof bench->input_shape);
    conv3d_status status = create_tensors(bench);
    if (status == CONV3D_OK) {
        status = make_plan(bench, NULL, NULL, &bench->untuned);
    }
    if (status == CONV3D_OK) {
        status = compute_expected(bench);
    }
    const double begin = c3d_clock_seconds();
    if (status == CONV3D_OK) {
        status = execute(bench, bench->untuned);
        bench->seconds = c3d_clock_seconds() - begin;
    }
    return status;
}

void c3d_bench_close(struct c3d_bench *bench)
{
    conv3d_plan_destroy(bench->untuned);
    c3d_free(bench->input);
    c3d_free(bench->weight);
    c3d_free(bench->output);
    c3d_free(bench->expected);
    c3d_free(bench->workspace);
    c3d_free(bench->flood);
    *bench = (struct c3d_bench){.outputs = 0};
}

conv3d_status c3d_trials_open(struct c3d_trials *trials, struct c3d_bench *bench,
                              const struct c3d_space *space)
{
    *trials = (struct c3d_trials){
        .bench = bench,
        .space = space,
        .plans = calloc(space->count, sizeof *trials->plans),
        .order = calloc(space->count, sizeof *trials->order),
    };
    if (trials->plans == NULL || trials->order == NULL) {
        c3d_trials_close(trials);
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the search of a tile");
    }
    return CONV3D_OK;
}

void c3d_trials_close(struct c3d_trials *trials)
{
    while (trials->made > 0) {
        conv3d_plan_destroy(trials->plans[trials->order[--trials->made]]);
    }
    free(trials->plans);
    free(trials->order);
    *trials = (struct c3d_trials){.made = 0};
}

/* Whether the output is right. */
static bool is_right(const struct c3d_bench *bench, const struct conv3d_plan *plan)
{
    if (plan->choice.candidates[0].transform[T] == 0) {
        return memcmp(bench->output, bench->expected, bench->outputs * sizeof(float)) == 0;
    }
    double difference = 0, magnitude = 0;
    for (size_t i = 0; i < bench->outputs; i++) {
        const double d = (double)bench->output[i] - (double)bench->expected[i];
        difference += d * d;
        magnitude += (double)bench->expected[i] * (double)bench->expected[i];
    }
    return difference <= most_error * most_error * magnitude;
}

/* A plan that may lend its weights: one of the first of each layout does. */
static const struct conv3d_plan *find_donor(const struct c3d_trials *trials,
                                            const struct c3d_way *way)
{
    for (size_t i = 0; i < trials->made; i++) {
        const size_t other = trials->order[i];
        if (strcmp(trials->space->ways[other].algorithm, way->algorithm) == 0 &&
            trials->space->ways[other].tile.panel == way->tile.panel) {
            return trials->plans[other];
        }
    }
    return NULL;
}

/* Whether a plan can be executed, and gives what it should. */
static bool passes(struct c3d_bench *bench, const struct conv3d_plan *plan, const char *algorithm)
{
    memset(bench->output, 0xff, bench->outputs * sizeof(float)); /* NaN */
    if (execute(bench, plan) != CONV3D_OK) {
        return false;
    }
    if (!is_right(bench, plan)) {
        c3d_log("conv3d,v1,tuning,wrong result,%s", algorithm);
        return false;
    }
    return true;
}

/* Makes a way's plan and checks its result; false if it is of no use: then it is neither kept, to be
 * timed another time, nor lends its weights. */
static bool prepare(struct c3d_trials *trials, size_t index)
{
    struct c3d_bench *const bench = trials->bench;
    const struct c3d_way *const way = &trials->space->ways[index];
    struct conv3d_plan *plan;
    if (make_plan(bench, way, find_donor(trials, way), &plan) != CONV3D_OK) {
        return false;
    }
    if (!passes(bench, plan, way->algorithm)) {
        conv3d_plan_destroy(plan);
        return false;
    }
    trials->plans[index] = plan;
    trials->order[trials->made++] = index;
    return true;
}

/* Of calls one after another, when they are short. */
static double time_of_calls(struct c3d_bench *bench, const struct conv3d_plan *plan)
{
    double begin = c3d_clock_seconds(), seconds;
    if (execute(bench, plan) != CONV3D_OK) {
        return NAN;
    }
    seconds = c3d_clock_seconds() - begin;
    if (seconds >= warm_below) {
        return seconds;
    }
    int calls = 0;
    begin = c3d_clock_seconds();
    do {
        if (execute(bench, plan) != CONV3D_OK) {
            return NAN;
        }
        calls++;
        seconds = c3d_clock_seconds() - begin;
    } while (seconds < least_seconds);
    return seconds / calls;
}

/* What threads read to have their L3 hold nothing else: all of it each, so that every L3 sees it. */
struct flood {
    const float *lines;
    size_t count;
};

static void read_flood(void *argument, int member, int members)
{
    const struct flood *const flood = argument;
    float sum = 0;
    (void)member;
    (void)members;
    for (size_t i = 0; i < flood->count; i += C3D_LINE_ELEMS) {
        sum += flood->lines[i];
    }
    __asm__ volatile("" : : "m"(sum)); /* nobody wants it */
}

/* Of a call that finds nothing of its own in L3. */
static double time_of_cold_call(struct c3d_bench *bench, const struct conv3d_plan *plan)
{
    const size_t bytes = c3d_l3_bytes(&plan->request);
    if (bench->flood == NULL) {
        bench->flood = c3d_alloc(bytes);
        if (bench->flood == NULL) {
            return NAN;
        }
        memset(bench->flood, 0, bytes);
    }
    struct flood flood = {bench->flood, bytes / sizeof(float)};
    c3d_team_run(plan->threads, &plan->seats, read_flood, &flood);
    const double begin = c3d_clock_seconds();
    return execute(bench, plan) == CONV3D_OK ? c3d_clock_seconds() - begin : NAN;
}

/* The part of the packed weights that L3 will have lost when a layer is called again, since others
 * use it too: none of a third of its size, all of four thirds, as the cost model counts. */
static double lost_part(const struct conv3d_plan *plan)
{
    const double l3 = (double)c3d_l3_bytes(&plan->request);
    return fmin(fmax((double)plan->prepared->packed_bytes / l3 - 1.0 / 3, 0), 1);
}

double c3d_trials_measure(struct c3d_trials *trials, size_t way)
{
    struct c3d_bench *const bench = trials->bench;
    if (trials->plans[way] == NULL && !prepare(trials, way)) {
        return NAN;
    }
    const struct conv3d_plan *const plan = trials->plans[way];
    const double lost = lost_part(plan);
    const double warm = time_of_calls(bench, plan);
    return lost > 0 ? (1 - lost) * warm + lost * time_of_cold_call(bench, plan) : warm;
}
