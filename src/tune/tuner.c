/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tuner.c - see tuner.h
 */
#include "tune/tuner.h"

#include "database/store.h"
#include "kernel/select.h"
#include "plan/advice.h"
#include "plan/problem_check.h"
#include "platform/clock.h"
#include "tune/finding.h"
#include "tune/neighbours.h"
#include "tune/probe.h"
#include "tune/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the time, for the choice of an algorithm where there is one to make. */
static const double part_for_algorithms = 0.4, part_for_tiles = 0.9;

/* There is no choosing an algorithm with fewer measurements: the time is the tile's. */
static const double least_calls = 40;

/* What tuning takes at least, in calls at the peak rate: one for the bits that are expected, and
 * some thirty of the untuned plan, which transforms make up to four times as fast. */
static const double least_peak_calls = 6;

static const double default_time_limit = 10;

/* A problem on its way through the tuner. */
struct tuner {
    const conv3d_tune_options *tune;
    conv3d_tune_result *result;
    struct c3d_bench bench;
    struct c3d_database known;
    struct c3d_advisee advisee;
    const struct c3d_kernels *kernels;
    double flops;                /* of a call */
    double start, limit;
    double part_begin, part_end; /* of the time, for the search at work */
    double latest[2];            /* durations of the last measurements, of plans too where these
                                    had to be made */
    bool interrupted;
    struct c3d_trials *trials;   /* of the search at work */
    struct c3d_finding found;    /* so far */
    bool algorithm_known;        /* the database has it */
    bool algorithm_free;         /* there is one to choose */
};

/* ---- The search's view ------------------------------------------------------------ */

static double measure(void *context, size_t way)
{
    struct tuner *const tuner = context;
    const double begin = c3d_clock_seconds();
    const double seconds = c3d_trials_measure(tuner->trials, way);
    tuner->latest[0] = tuner->latest[1];
    tuner->latest[1] = c3d_clock_seconds() - begin;
    tuner->result->measurements++;
    return seconds;
}

static bool tell(struct tuner *tuner, double elapsed)
{
    const conv3d_tune_result *const result = tuner->result;
    const conv3d_tune_progress progress = {
        .seconds = elapsed,
        .time_limit = tuner->limit,
        .measurements = result->measurements,
        .before = result->before,
        .after = result->before / tuner->found.gain,
    };
    return tuner->tune->progress != NULL &&
           tuner->tune->progress(tuner->tune->context, &progress) != 0;
}

/* Time is over when another measurement like the last ones would exceed it. */
static bool stop(void *context, double spent)
{
    struct tuner *const tuner = context;
    const double elapsed = c3d_clock_seconds() - tuner->start;
    const double part = tuner->part_begin + spent * (tuner->part_end - tuner->part_begin);
    tuner->interrupted = tuner->interrupted || tell(tuner, elapsed);
    return tuner->interrupted ||
           elapsed + fmax(tuner->latest[0], tuner->latest[1]) > part * tuner->limit;
}

/* ---- Searching -------------------------------------------------------------------- */

static void report_trials(const struct tuner *tuner, const struct c3d_space *space,
                          const struct c3d_trial_times *times, double base)
{
    for (size_t i = 0; tuner->tune->trial != NULL && i < space->count; i++) {
        const conv3d_trial trial = {
            .algorithm = space->ways[i].algorithm,
            .tile = space->ways[i].tile,
            .threads = space->ways[i].team,
            .seconds = base * times[i].relative,
            .runs = times[i].runs,
        };
        if (trial.runs > 0) {
            tuner->tune->trial(tuner->tune->context, &trial);
        }
    }
}

/* Measurements of the untuned plan that fit into what is left of a part of the time. */
static double calls_until(struct tuner *tuner, double part_end)
{
    const double left = part_end * tuner->limit - (c3d_clock_seconds() - tuner->start);
    return fmax(left, 0) / tuner->bench.seconds;
}

/* Searches a space until `part_end` of the time; the untuned way of later spaces is the best of
 * earlier ones. */
static conv3d_status search_space(struct tuner *tuner, const struct c3d_space *space,
                                  const size_t *seeds, size_t seed_count, double part_end,
                                  struct c3d_search_result *found)
{
    struct c3d_trials trials;
    conv3d_status status = c3d_trials_open(&trials, &tuner->bench, space);
    if (status != CONV3D_OK) {
        return status;
    }
    struct c3d_trial_times *const times = calloc(space->count, sizeof *times);
    tuner->trials = &trials;
    tuner->part_begin = fmin((c3d_clock_seconds() - tuner->start) / tuner->limit, 1);
    tuner->part_end = part_end;
    const struct c3d_search search = {
        .points = space->points,
        .count = space->count,
        .base = space->base,
        .seeds = seeds,
        .seed_count = seed_count,
        .exhaustive = tuner->tune->exhaustive != 0,
        .calls = fmax(calls_until(tuner, part_end), 1),
        .measure = measure,
        .stop = stop,
        .context = tuner,
        .times = times,
    };
    if (times == NULL || !c3d_search_run(&search, found)) {
        status = c3d_fail(CONV3D_ERR_MEMORY, "no memory for the search of a tile");
    } else {
        /* Of all searches on one scale, whatever the machine's speed was meanwhile. */
        tuner->result->before = tuner->result->before > 0 ? tuner->result->before : found->seconds;
        report_trials(tuner, space, times, tuner->result->before / tuner->found.gain);
        tuner->result->candidates += (int)space->count;
        tuner->result->noise = fmax(tuner->result->noise, found->noise);
        tuner->found.best = space->ways[found->best];
        tuner->found.gain *= found->gain;
    }
    free(times);
    c3d_trials_close(&trials);
    return status;
}

static conv3d_status search_algorithms(struct tuner *tuner)
{
    struct c3d_space space;
    struct c3d_search_result found = {.stopped = false};
    conv3d_status status = c3d_space_of_algorithms(tuner->bench.untuned, &space);
    if (status != CONV3D_OK) {
        return status;
    }
    tuner->found.best = space.ways[space.base];
    if (space.count > 1 && !tuner->tune->exhaustive &&
        calls_until(tuner, part_for_algorithms) < least_calls) {
        found.stopped = true;
    } else if (space.count > 1) {
        status = search_space(tuner, &space, NULL, 0, part_for_algorithms, &found);
    }
    tuner->found.algorithm_settled = !found.stopped;
    c3d_space_free(&space);
    return status;
}

static conv3d_status search_tiles(struct tuner *tuner)
{
    struct c3d_space space;
    struct c3d_search_result found = {.stopped = false};
    struct c3d_neighbour neighbours[C3D_NEIGHBOURS];
    size_t seeds[C3D_NEIGHBOURS];
    conv3d_status status =
        c3d_space_of_tiles(tuner->bench.untuned, tuner->found.best.algorithm,
                           tuner->bench.options.threads == 0, &space);
    if (status != CONV3D_OK) {
        return status;
    }
    const size_t count =
        c3d_neighbours_find(&tuner->known, tuner->advisee.machine, tuner->found.best.algorithm,
                            &tuner->bench.params, tuner->bench.input_shape, neighbours);
    for (size_t i = 0; i < count; i++) {
        seeds[i] = c3d_space_nearest(&space, &neighbours[i].tile);
    }
    status = search_space(tuner, &space, seeds, count, part_for_tiles, &found);
    tuner->found.tile_settled = !found.stopped;
    c3d_space_free(&space);
    return status;
}

/* The outcome of both searches against the untuned way: each of them took the best of many, and
 * luck multiplies.  An algorithm that was known before is not put in question. */
static conv3d_status confirm(struct tuner *tuner)
{
    const struct conv3d_plan *const untuned = tuner->bench.untuned;
    struct c3d_way ways[2] = {{.tile = untuned->prepared->tile, .team = untuned->threads},
                              tuner->found.best};
    struct c3d_point points[2] = {{.prior = tuner->found.gain}, {.prior = 1}};
    const struct c3d_space space = {ways, points, 2, 0};
    const double gain = tuner->found.gain;
    struct c3d_search_result found;
    if (gain <= 1 || tuner->algorithm_known) {
        return CONV3D_OK;
    }
    memcpy(ways[0].algorithm, untuned->choice.candidates[0].name, sizeof ways[0].algorithm);
    tuner->found.gain = 1;
    const conv3d_status status = search_space(tuner, &space, NULL, 0, 1, &found);
    if (status == CONV3D_OK && found.stopped) {
        tuner->found.gain = gain;
        tuner->found.best = ways[1];
    }
    return status;
}

/* Changes nothing: shows that changes can be written. */
static conv3d_status keep(struct c3d_database *database, void *context)
{
    (void)database;
    (void)context;
    return CONV3D_OK;
}

/* True if the database says all there is to know. */
static bool recall(struct tuner *tuner, const char *forced)
{
    struct c3d_finding *const found = &tuner->found;
    if (tuner->tune->again) {
        return false;
    }
    if (forced != NULL) {
        snprintf(found->best.algorithm, sizeof found->best.algorithm, "%s", forced);
        return c3d_finding_recall_tile(found, &tuner->known, &tuner->advisee);
    }
    tuner->algorithm_known =
        c3d_finding_recall_algorithm(found, &tuner->known, &tuner->advisee);
    return tuner->algorithm_known &&
           c3d_finding_recall_tile(found, &tuner->known, &tuner->advisee);
}

/* ---- All together ----------------------------------------------------------------- */

static conv3d_status describe(struct tuner *tuner, const conv3d_params *params,
                              const int64_t input_shape[5], const conv3d_options *options)
{
    struct c3d_problem problem;
    conv3d_math math;
    conv3d_status status = c3d_problem_check(params, input_shape, &problem);
    if (status == CONV3D_OK) {
        status = c3d_kernels_select(&tuner->kernels);
    }
    if (status == CONV3D_OK) {
        status = c3d_plan_math(options->math, &math);
    }
    if (status == CONV3D_OK) {
        tuner->advisee =
            c3d_advisee_of(params, input_shape, tuner->kernels, math,
                           options->threads > 0 ? options->threads : c3d_plan_most_threads());
        tuner->flops = c3d_problem_flops(&problem);
    }
    return status;
}

/* The algorithm that is known if it still can be had, else the best there is. */
static conv3d_status settle_algorithm(struct tuner *tuner)
{
    const struct conv3d_plan *const untuned = tuner->bench.untuned;
    tuner->found.algorithm_settled = tuner->algorithm_free;
    if (tuner->algorithm_known && c3d_choice_find(&untuned->choice, tuner->found.best.algorithm)) {
        return CONV3D_OK;
    }
    tuner->algorithm_known = false;
    if (tuner->algorithm_free) {
        return search_algorithms(tuner);
    }
    memcpy(tuner->found.best.algorithm, untuned->choice.candidates[0].name,
           sizeof tuner->found.best.algorithm);
    return CONV3D_OK;
}

static void complete(struct tuner *tuner, conv3d_tune_outcome otherwise)
{
    conv3d_tune_result *const result = tuner->result;
    result->outcome = tuner->found.gain > 1 ? CONV3D_TUNE_FASTER : otherwise;
    result->after = tuner->found.seconds = result->before / tuner->found.gain;
    memcpy(result->algorithm, tuner->found.best.algorithm, sizeof result->algorithm);
    result->tile = tuner->found.best.tile;
    result->threads = tuner->found.best.team;
}

/* What the result says of the plan as it would be untuned. */
static void describe_untuned(const struct conv3d_plan *untuned, conv3d_tune_result *result)
{
    memcpy(result->algorithm_before, untuned->choice.candidates[0].name,
           sizeof result->algorithm_before);
    result->tile_before = untuned->prepared->tile;
    result->threads_before = untuned->threads;
    result->flops = c3d_plan_flops(untuned);
    result->effective_flops = c3d_plan_effective_flops(untuned);
}

/* Where the time did not suffice to settle the algorithm, what is tuned is the tile of the one that
 * plans take without a database. */
static conv3d_status tune_unknown(struct tuner *tuner, const char *path)
{
    describe_untuned(tuner->bench.untuned, tuner->result);
    conv3d_status status = settle_algorithm(tuner);
    if (status == CONV3D_OK) {
        status = search_tiles(tuner);
    }
    if (status == CONV3D_OK && tuner->found.tile_settled) {
        status = confirm(tuner);
    }
    if (status != CONV3D_OK) {
        return status;
    }
    complete(tuner, tuner->found.tile_settled ? CONV3D_TUNE_KEPT : CONV3D_TUNE_STOPPED);
    return c3d_finding_record(&tuner->found, &tuner->advisee, tuner->tune->again != 0, path);
}

/* Whether nothing could come of it in the time that there is. */
static bool time_is_too_short(const struct tuner *tuner)
{
    const double rate = c3d_probe_peak(tuner->kernels) * tuner->advisee.threads;
    return least_peak_calls * tuner->flops > tuner->limit * rate;
}

static conv3d_status tune(struct tuner *tuner, const conv3d_params *params,
                          const int64_t input_shape[5], const conv3d_options *options)
{
    struct c3d_store_paths paths;
    conv3d_status status = describe(tuner, params, input_shape, options);
    if (status != CONV3D_OK) {
        return status;
    }
    c3d_store_locate(&paths);
    if (paths.user[0] == '\0') {
        return c3d_fail(CONV3D_ERR_IO, "there is no tuning database to write: CONV3D_TUNING is "
                        "\"none\", or neither XDG_CACHE_HOME nor HOME is an absolute path");
    }
    if ((status = c3d_store_update(paths.user, keep, NULL)) != CONV3D_OK ||
        (status = c3d_store_load(paths.user, &tuner->known)) != CONV3D_OK) {
        return status;
    }
    if (recall(tuner, options->algorithm)) {
        complete(tuner, CONV3D_TUNE_KNOWN);
        return CONV3D_OK;
    }
    if (time_is_too_short(tuner)) {
        complete(tuner, CONV3D_TUNE_STOPPED);
        return CONV3D_OK;
    }
    status = c3d_bench_open(&tuner->bench, params, input_shape, options);
    return status == CONV3D_OK ? tune_unknown(tuner, paths.user) : status;
}

conv3d_status c3d_tune(const conv3d_params *params, const int64_t input_shape[5],
                       const conv3d_options *options, const conv3d_tune_options *tune_options,
                       conv3d_tune_result *result)
{
    struct tuner *const tuner = calloc(1, sizeof *tuner);
    if (tuner == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory to tune with");
    }
    *result = (conv3d_tune_result){.size = sizeof *result};
    tuner->tune = tune_options;
    tuner->result = result;
    tuner->start = c3d_clock_seconds();
    tuner->limit = tune_options->time_limit > 0 ? tune_options->time_limit : default_time_limit;
    tuner->found.gain = 1;
    tuner->algorithm_free = options->algorithm == NULL;
    const struct c3d_failure before = c3d_failure_save();
    const conv3d_status status = tune(tuner, params, input_shape, options);
    if (status == CONV3D_OK) {
        c3d_failure_restore(&before); /* ways that cannot be had are no failure */
    }
    c3d_bench_close(&tuner->bench);
    c3d_database_free(&tuner->known);
    free(tuner);
    return status;
}
