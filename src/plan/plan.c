/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.c - makes a plan
 *
 * Making decides, allocates and may fail; executing, in execute.c, only follows pointers.
 */
#include "plan/plan.h"

#include "algo/pack_weights.h"
#include "algo/wild.h"
#include "base/env.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "kernel/select.h"
#include "plan/advice.h"
#include "plan/collapse.h"
#include "plan/problem_check.h"
#include "plan/request.h"
#include "platform/cpu.h"
#include "platform/float_state.h"
#include "platform/team.h"
#include "platform/threads.h"
#include "platform/topology.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

conv3d_status c3d_options_check(const conv3d_options *options)
{
    if (options->size != sizeof *options) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.size is %zu; it must be %zu", options->size,
                        sizeof *options);
    }
    if (options->threads < 0 || options->threads > C3D_MAX_THREADS) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.threads is %d; it must be 0 to %d",
                        options->threads, C3D_MAX_THREADS);
    }
    if (options->math < CONV3D_MATH_DEFAULT || options->math > CONV3D_MATH_STRICT) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.math is %d; it must be 0 to %d",
                        (int)options->math, (int)CONV3D_MATH_STRICT);
    }
    if (options->effort < CONV3D_EFFORT_ESTIMATE || options->effort > CONV3D_EFFORT_MODEL) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.effort is %d; it must be 0 to %d",
                        (int)options->effort, (int)CONV3D_EFFORT_MODEL);
    }
    if (!(options->tuning_seconds >= 0)) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.tuning_seconds is %g; it must be >= 0",
                        options->tuning_seconds);
    }
    if (options->activation != CONV3D_ACTIVATION_NONE &&
        options->activation != CONV3D_ACTIVATION_RELU) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.activation is %d; it must be 0 or 1",
                        (int)options->activation);
    }
    const conv3d_tile *const tile = &options->tile;
    if (tile->t < 0 || tile->h < 0 || tile->w < 0 || tile->oc < 0 || tile->ic < 0 ||
        tile->panel < 0) {
        return c3d_fail(CONV3D_ERR_ARGUMENT,
                        "options.tile is t %" PRId64 ", h %" PRId64 ", w %" PRId64 ", oc %" PRId64
                        ", ic %" PRId64 ", panel %" PRId64 "; none may be negative",
                        tile->t, tile->h, tile->w, tile->oc, tile->ic, tile->panel);
    }
    if (tile->order < CONV3D_ORDER_CHOOSE || tile->order > CONV3D_ORDER_OUTER) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.tile.order is %d; it must be 0 to %d",
                        (int)tile->order, (int)CONV3D_ORDER_OUTER);
    }
    if (tile->store < CONV3D_STORE_CHOOSE || tile->store > CONV3D_STORE_STREAMED) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.tile.store is %d; it must be 0 to %d",
                        (int)tile->store, (int)CONV3D_STORE_STREAMED);
    }
    return CONV3D_OK;
}

conv3d_status c3d_plan_math(conv3d_math wish, conv3d_math *math)
{
    const char *const text = c3d_env("CONV3D_MATH");
    *math = wish;
    if (wish != CONV3D_MATH_DEFAULT) {
        return CONV3D_OK;
    }
    if (text == NULL || strcmp(text, "fast") == 0) {
        *math = CONV3D_MATH_FAST;
        return CONV3D_OK;
    }
    if (strcmp(text, "strict") == 0) {
        *math = CONV3D_MATH_STRICT;
        return CONV3D_OK;
    }
    return c3d_fail(CONV3D_ERR_ENVIRONMENT, "CONV3D_MATH is \"%s\"; it must be fast or strict",
                    text);
}

bool c3d_tile_is_unset(const conv3d_tile *tile)
{
    const conv3d_tile unset = {0};
    return memcmp(tile, &unset, sizeof unset) == 0;
}

/* What the tuning databases say of the plan being made. */
struct advice {
    bool asked; /* else nothing is known */
    struct c3d_advisee advisee;
    char algorithm[C3D_ALGORITHM_NAME_BYTES]; /* "" = unknown */
    char algorithm_file[PATH_MAX];            /* that says so */
};

/* Nobody is asked what the caller has answered. */
static void ask_for_algorithm(const struct conv3d_plan *plan, const conv3d_options *options,
                              struct advice *advice)
{
    struct c3d_algorithm_record record;
    advice->algorithm[0] = '\0';
    advice->asked = options->effort != CONV3D_EFFORT_MODEL;
    if (!advice->asked) {
        return;
    }
    advice->advisee =
        c3d_advisee_of(&plan->params, plan->input_shape, plan->kernels, plan->math,
                       options->threads > 0 ? options->threads : c3d_plan_most_threads());
    if (options->algorithm == NULL &&
        c3d_advice_algorithm(&advice->advisee, &record, advice->algorithm_file)) {
        memcpy(advice->algorithm, record.algorithm, sizeof advice->algorithm);
    }
}

/* The same of the tile for the algorithm that was chosen.  A limit of memory is a wish for a tile,
 * too: it was not there when tiles were timed. */
static bool ask_for_tile(struct conv3d_plan *plan, const conv3d_options *options,
                         const struct advice *advice, struct c3d_tile_record *record)
{
    return advice->asked && c3d_tile_is_unset(&options->tile) &&
           options->memory_limit_bytes == 0 &&
           c3d_advice_tile(&advice->advisee, plan->choice.candidates[0].name, record,
                           plan->tuning_file);
}

static struct c3d_request with_tile(const struct c3d_request *request,
                                    const conv3d_options *options,
                                    const struct c3d_tile_record *record)
{
    struct c3d_request tuned = *request;
    c3d_request_tile(&tuned, &record->tile);
    if (options->threads == 0) {
        tuned.threads = record->team;
    }
    c3d_request_caches(&tuned);
    return tuned;
}

/* Prepares the algorithm that was chosen; a tile that is known but does not fit is passed over. */
static conv3d_status prepare_chosen(struct conv3d_plan *plan, struct c3d_request *request,
                                    const conv3d_options *options, const struct advice *advice)
{
    const struct c3d_candidate *const winner = &plan->choice.candidates[0];
    struct c3d_tile_record record;
    memcpy(request->transform, winner->transform, sizeof request->transform);
    if (ask_for_tile(plan, options, advice, &record)) {
        const struct c3d_request tuned = with_tile(request, options, &record);
        const conv3d_status status = winner->algorithm->prepare(&tuned, &plan->prepared);
        if (status != CONV3D_ERR_LIMIT) {
            *request = tuned;
            plan->tuned_tile = true;
            return status;
        }
    }
    c3d_request_caches(request);
    return winner->algorithm->prepare(request, &plan->prepared);
}

/* Neither batch nor threads nor forced tiles change the choice. */
static conv3d_status choose(struct conv3d_plan *plan, const struct c3d_request *request,
                            const char *wish, const char *preferred)
{
    struct c3d_problem item;
    struct c3d_request one;
    const conv3d_status status = c3d_request_of_item(request, &item, &one);
    return status != CONV3D_OK ? status : c3d_choose(&one, wish, preferred, &plan->choice);
}

/* Chooses and prepares an algorithm, with as many threads as the memory limit
 * allows; completes the request to that. */
static conv3d_status prepare(struct conv3d_plan *plan, const conv3d_options *options,
                             const struct advice *advice)
{
    struct c3d_request *const request = &plan->request;
    const struct c3d_failure before = c3d_failure_save();
    for (;;) {
        conv3d_status status = c3d_request_limit(request);
        if (status == CONV3D_OK) {
            status = choose(plan, request, options->algorithm, advice->algorithm);
        }
        if (status == CONV3D_OK) {
            status = prepare_chosen(plan, request, options, advice);
        }
        if (status != CONV3D_ERR_LIMIT || request->threads == 1) {
            plan->threads = request->threads;
            if (status == CONV3D_OK) {
                c3d_failure_restore(&before); /* refusals on the way were nobody's failure */
            }
            return status;
        }
        request->threads = (request->threads + 1) / 2;
    }
}

static void report(const struct conv3d_plan *plan)
{
    if (!c3d_log_wanted()) {
        return;
    }
    char problem[256], tile[CONV3D_TILE_TEXT];
    conv3d_problem_format(&plan->params, plan->input_shape, problem, sizeof problem);
    conv3d_tile_format(&plan->prepared->tile, tile, sizeof tile);
    c3d_log("conv3d,v1,plan,%s,%s,%s,%s,%s,threads%d,%s", plan->prepared->algorithm->name,
            plan->kernels->name, plan->math == CONV3D_MATH_STRICT ? "strict" : "fast", problem,
            tile, plan->threads, plan->seats.reason);
}

int c3d_plan_most_threads(void)
{
    return (int)c3d_max(1, c3d_min(c3d_threads_default().count, C3D_MAX_THREADS));
}

/* Waking a team costs some ten microseconds: a thread that nobody asked for by
 * number must have as much to do. */
static int default_threads(const struct conv3d_plan *plan)
{
    static const double flops_worth_a_thread = 1e6;
    const double worth = c3d_plan_flops(plan) / flops_worth_a_thread;
    const int most = c3d_plan_most_threads();
    return worth < most ? (int)c3d_max(1, (int64_t)worth) : most;
}

static conv3d_status take_seats(struct conv3d_plan *plan, const char *wish)
{
    /* Binding and setting free take a thread 6 to 15 microseconds a call: 1% of a
     * millisecond, in vector FMAs. */
    static const double worth_binding = 5e6;
    const double fmas = plan->choice.candidates[0].estimate * (double)plan->problem.items;
    return c3d_seats_make(wish, plan->threads, fmas >= worth_binding * plan->threads,
                          &plan->seats);
}

/* Says where the algorithm, and where the tile comes from. */
static void note_origin(struct conv3d_plan *plan, const conv3d_options *options,
                        const struct advice *advice)
{
    const bool tuned = plan->choice.candidates[0].preferred;
    plan->algorithm_origin = options->algorithm != NULL ? CONV3D_ORIGIN_OPTIONS
                             : tuned                    ? CONV3D_ORIGIN_DATABASE
                                                        : CONV3D_ORIGIN_MODEL;
    plan->tile_origin = !c3d_tile_is_unset(&options->tile) ? CONV3D_ORIGIN_OPTIONS
                        : plan->tuned_tile                 ? CONV3D_ORIGIN_DATABASE
                                                           : CONV3D_ORIGIN_MODEL;
    if (!plan->tuned_tile) {
        snprintf(plan->tuning_file, sizeof plan->tuning_file, "%s",
                 tuned ? advice->algorithm_file : "");
    }
}

static bool splits_vectors(const struct c3d_kernels *kernels)
{
    const size_t unit = (size_t)c3d_cpu_unit_bytes();
    return unit > 0 && unit < (size_t)kernels->lanes * sizeof(float);
}

/* Each thread's scratch starts on a line of its own, and a gap behind the one before if the limit allows. */
static void lay_out_workspace(struct conv3d_plan *plan)
{
    const size_t scratch =
        (size_t)c3d_round_up((int64_t)plan->prepared->scratch_bytes, C3D_ALIGNMENT);
    const size_t threads = (size_t)plan->threads, limit = plan->request.memory_limit;
    if (scratch == 0) {
        return;
    }
    /* Room to align whatever pointer the caller brings. */
    const size_t dense = threads * scratch + C3D_ALIGNMENT - 1;
    const size_t gaps = (threads - 1) * C3D_SCRATCH_GAP;
    const bool apart = limit == 0 || plan->prepared->packed_bytes + dense + gaps <= limit;
    plan->scratch_stride = scratch + (apart ? C3D_SCRATCH_GAP : 0);
    plan->workspace_bytes = dense + (apart ? gaps : 0);
}

/* What making a plan does once its arguments are known to be whole. */
static conv3d_status build(struct conv3d_plan *plan, const conv3d_tensor *weight,
                           const conv3d_tensor *bias, const conv3d_options *options,
                           const struct conv3d_plan *donor)
{
    struct advice advice;
    conv3d_status status;
    if ((status = c3d_kernels_select(&plan->kernels)) != CONV3D_OK ||
        (status = c3d_plan_math(options->math, &plan->math)) != CONV3D_OK) {
        return status;
    }
    plan->activation = options->activation;
    plan->request = (struct c3d_request){
        .problem = &plan->collapsed,
        .kernels = plan->kernels,
        .weight = weight->data,
        .bias = bias != NULL ? bias->data : NULL,
        .finite_weights = c3d_weights_finite(&plan->problem, weight->data),
        .wild_weights = c3d_weights_are_wild(&plan->problem, weight->data),
        .relu = options->activation == CONV3D_ACTIVATION_RELU,
        .fast = plan->math == CONV3D_MATH_FAST,
        .threads = options->threads > 0 ? options->threads : default_threads(plan),
        .memory_limit = options->memory_limit_bytes,
        .l3_bytes = c3d_topology_get()->l3_bytes,
        .split_vectors = splits_vectors(plan->kernels),
        .rates = c3d_advice_rates(plan->kernels),
    };
    struct c3d_request *const request = &plan->request;
    c3d_request_tile(request, &options->tile);
    ask_for_algorithm(plan, options, &advice);
    if ((status = prepare(plan, options, &advice)) != CONV3D_OK) {
        return status;
    }
    c3d_request_complete(request, plan->prepared);
    plan->schedule = c3d_schedule_make(&plan->collapsed, &plan->prepared->tile);
    plan->threads = (int)c3d_max(1, c3d_min(plan->threads, plan->schedule.tasks));
    if ((status = take_seats(plan, options->bind)) != CONV3D_OK) {
        return status;
    }
    lay_out_workspace(plan);
    const int *const outs = plan->choice.candidates[0].transform;
    const int64_t *const kernel = plan->collapsed.kernel;
    if (outs[T] > 0) {
        snprintf(plan->transform, sizeof plan->transform,
                 "F(%dx%dx%d, %" PRId64 "x%" PRId64 "x%" PRId64 ")", outs[T], outs[H], outs[W],
                 kernel[T], kernel[H], kernel[W]);
    }
    note_origin(plan, options, &advice);
    status = c3d_packed_make(plan, request, donor, &plan->packed);
    request->weight = request->bias = NULL; /* the caller's */
    if (status == CONV3D_OK) {
        report(plan);
    }
    return status;
}

conv3d_status c3d_plan_make(struct conv3d_plan **plan, const conv3d_params *params,
                            const int64_t input_shape[5], const conv3d_tensor *weight,
                            const conv3d_tensor *bias, const conv3d_options *options,
                            const struct conv3d_plan *donor)
{
    *plan = NULL;
    struct c3d_problem problem;
    conv3d_status status = c3d_problem_check(params, input_shape, &problem);
    if (status != CONV3D_OK) {
        return status;
    }
    struct conv3d_plan *const made = c3d_alloc(sizeof *made);
    if (made == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    *made = (struct conv3d_plan){
        .params = *params,
        .problem = problem,
        /* The reference sees the problem as it was given. */
        .collapsed = options->algorithm != NULL && c3d_only_by_name(options->algorithm)
                         ? problem
                         : c3d_collapse(&problem),
    };
    memcpy(made->input_shape, input_shape, sizeof made->input_shape);
    const fenv_t before = c3d_float_state_default();
    status = build(made, weight, bias, options, donor);
    c3d_float_state_restore(&before);
    if (status != CONV3D_OK) {
        conv3d_plan_destroy(made);
        return status;
    }
    *plan = made;
    return CONV3D_OK;
}

void conv3d_plan_destroy(conv3d_plan *plan)
{
    if (plan != NULL) {
        c3d_packed_release(&plan->packed);
        c3d_seats_release(&plan->seats);
        if (plan->prepared != NULL) {
            plan->prepared->algorithm->destroy(plan->prepared);
        }
        c3d_free(plan);
    }
}

size_t conv3d_plan_workspace_bytes(const conv3d_plan *plan)
{
    return plan != NULL ? plan->workspace_bytes : 0;
}
