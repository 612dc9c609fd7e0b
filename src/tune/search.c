/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.c - see search.h
 */
#include "tune/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLES = 128, /* of a way that are kept; later ones count for nothing */
    BATCH = 7,     /* ways of a round, beside the untuned one at either end */
    FINALISTS = 16, LEAST_FINALISTS = 3,
    LEAST_EXPLORED = 14, MOST_EXPLORED = 98,
    PASSES = 3,
    MOST_ROUNDS = 32, /* of the last two finalists */
    LEAST_PAIRS = 5, MOST_PAIRS = 149,
};

/* How many ways are the last ones, and parts of the time after which exploring and halving end. */
struct phases {
    size_t finalists;
    double explored_by, halved_by;
};

/* Of the logarithm of the cost model's errors: how far apart ways are that are still alike, and
 * the deviation; that of one measurement, at least; and the gain, expected of the most
 * promising way, for which to go on.  Found with simulated machines. */
static const double reach = 2, model_deviation = 0.25, least_noise = 0.02, worth = 0.002;

/* How well the last finalists of a pass are to be known, and those of the last pass: standard
 * errors. */
static const double coarse = 0.02, fine = 0.006;

/* No gain below this is worth an entry. */
static const double least_gain = 0.005;

struct way {
    double samples[SAMPLES];
    double prior;   /* log of the model's time over that of the untuned way */
    double promise;  /* expected gain over the best so far, as a logarithm */
    double expected; /* log of time over that of the untuned way, from all that was measured */
};

struct state {
    const struct c3d_search *search;
    struct c3d_search_result *result;
    struct way *ways;
    size_t *order;            /* room for all ways, to be sorted */
    size_t *tried;            /* those that were measured, but for the untuned one */
    size_t tried_count;
    double base_samples[256]; /* seconds */
    size_t base_count;
    size_t explored;
    struct phases phases;
    struct c3d_regression regression;
};

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(const double *values, size_t count)
{
    double sorted[256];
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static double measure(struct state *state, size_t point)
{
    const double seconds = state->search->measure(state->search->context, point);
    state->result->runs++;
    if (isnan(seconds)) {
        state->search->times[point].out = true;
    }
    return seconds;
}

static double measure_base(struct state *state)
{
    const double seconds = measure(state, state->search->base);
    const size_t most = sizeof state->base_samples / sizeof *state->base_samples;
    if (!isnan(seconds) && state->base_count < most) {
        state->base_samples[state->base_count++] = seconds;
    }
    return seconds;
}

static void add_sample(struct state *state, size_t point, double relative)
{
    struct c3d_trial_times *const times = &state->search->times[point];
    struct way *const way = &state->ways[point];
    if (times->runs == 0) {
        state->tried[state->tried_count++] = point;
    }
    if (times->runs < SAMPLES) {
        way->samples[times->runs] = relative;
        times->runs++;
        times->relative = median(way->samples, (size_t)times->runs);
    }
}

static bool must_stop(const struct state *state, double spent)
{
    return state->search->stop(state->search->context, spent);
}

/* The untuned way, each of the others, the untuned way.  False when it is to end. */
static bool run_round(struct state *state, const size_t *points, size_t count, double spent)
{
    double seconds[BATCH + FINALISTS];
    size_t done = 0;
    const double before = must_stop(state, spent) ? NAN : measure_base(state);
    if (isnan(before)) {
        return false;
    }
    while (done < count && !must_stop(state, spent)) {
        seconds[done] = measure(state, points[done]);
        done++;
    }
    const double after = done == count ? measure_base(state) : before;
    const double base = isnan(after) ? before : (before + after) / 2;
    for (size_t i = 0; i < done; i++) {
        if (!isnan(seconds[i])) {
            add_sample(state, points[i], seconds[i] / base);
        }
    }
    return done == count && !isnan(after);
}

/* Relative deviation of one measurement of the untuned way. */
static double spread(const struct state *state)
{
    double deviations[sizeof state->base_samples / sizeof *state->base_samples];
    const double middle = median(state->base_samples, state->base_count);
    for (size_t i = 0; i < state->base_count; i++) {
        deviations[i] = fabs(state->base_samples[i] - middle);
    }
    return 1.483 * median(deviations, state->base_count) / middle;
}

/* What the measured ways tell of the cost model's errors; the model is right about the untuned
 * way, by definition. */
static void learn(struct state *state)
{
    const struct c3d_search *const search = state->search;
    const double *features[C3D_OBSERVATIONS];
    double values[C3D_OBSERVATIONS], errors[C3D_OBSERVATIONS];
    size_t count = 0;
    features[count] = search->points[search->base].features;
    values[count] = 0;
    errors[count++] = least_noise / 4;
    for (size_t i = 0; i < state->tried_count && count < C3D_OBSERVATIONS; i++) {
        const size_t tried = state->tried[i];
        const struct c3d_trial_times *const times = &search->times[tried];
        features[count] = search->points[tried].features;
        values[count] = log(times->relative) - state->ways[tried].prior;
        errors[count++] = fmax(least_noise, 1.5 * spread(state)) / sqrt(times->runs);
    }
    c3d_regression_fit(&state->regression, features, values, errors, count);
    for (size_t i = 0; i < state->tried_count; i++) {
        double deviation;
        struct way *const way = &state->ways[state->tried[i]];
        way->expected = way->prior + c3d_regression_expect(&state->regression,
                                                           search->points[state->tried[i]].features,
                                                           &deviation);
    }
}

/* The gain to expect of a way over the best so far: that of being faster, times how likely it is.
 * (Mockus, The application of Bayesian methods for seeking the extremum, 1978.) */
static double promise_of(const struct state *state, size_t point, double best)
{
    double deviation;
    const double mean = state->ways[point].prior +
                        c3d_regression_expect(&state->regression,
                                              state->search->points[point].features, &deviation);
    const double gain = best - mean, z = gain / fmax(deviation, 1e-9);
    const double density = exp(-z * z / 2) / sqrt(2 * M_PI);
    return gain * erfc(-z / sqrt(2)) / 2 + deviation * density;
}

/* The order in which qsort() sorts; comparison functions take no context. */
static _Thread_local const struct state *sorted_state;

static int by_promise(const void *left, const void *right)
{
    const size_t i = *(const size_t *)left, j = *(const size_t *)right;
    const double a = sorted_state->ways[i].promise, b = sorted_state->ways[j].promise;
    return a > b ? -1 : a < b ? 1 : (i > j) - (i < j);
}

static int by_expected(const void *left, const void *right)
{
    const size_t i = *(const size_t *)left, j = *(const size_t *)right;
    const double a = sorted_state->ways[i].expected, b = sorted_state->ways[j].expected;
    return a < b ? -1 : a > b ? 1 : (i > j) - (i < j);
}

static int by_time(const void *left, const void *right)
{
    const size_t i = *(const size_t *)left, j = *(const size_t *)right;
    const struct c3d_trial_times *const times = sorted_state->search->times;
    return times[i].relative < times[j].relative   ? -1
           : times[i].relative > times[j].relative ? 1
                                                   : (i > j) - (i < j);
}

static void sort(struct state *state, size_t *points, size_t count,
                 int (*compare)(const void *, const void *))
{
    sorted_state = state;
    qsort(points, count, sizeof *points, compare);
}

/* Lists the measured ways, the best first, by what all measurements tell: the one that was lucky
 * once is not the best.  Returns how many. */
static size_t rank(struct state *state)
{
    size_t count = 0;
    for (size_t i = 0; i < state->tried_count; i++) {
        if (!state->search->times[state->tried[i]].out) {
            state->order[count++] = state->tried[i];
        }
    }
    if (state->search->exhaustive) {
        sort(state, state->order, count, by_time);
    } else {
        learn(state);
        sort(state, state->order, count, by_expected);
    }
    return count;
}

/* Lists the ways that were not measured, the most promising first; returns how many. */
static size_t rank_untried(struct state *state, double best)
{
    const struct c3d_search *const search = state->search;
    size_t count = 0;
    for (size_t i = 0; i < search->count; i++) {
        if (search->times[i].runs == 0 && !search->times[i].out && i != search->base) {
            /* All in turn, when all will be measured. */
            state->ways[i].promise = search->exhaustive ? -state->ways[i].prior
                                                        : promise_of(state, i, best);
            state->order[count++] = i;
        }
    }
    sort(state, state->order, count, by_promise);
    return count;
}

static bool explore_seeds(struct state *state)
{
    const struct c3d_search *const search = state->search;
    size_t done = 0;
    while (done < search->seed_count) {
        const size_t some = search->seed_count - done < BATCH ? search->seed_count - done : BATCH;
        if (!run_round(state, search->seeds + done, some, state->phases.explored_by)) {
            return false;
        }
        done += some;
    }
    state->explored = done;
    return true;
}

/* Rounds of the most promising ways, and the best once more; until none promises to be better, or
 * enough were tried. */
static bool explore(struct state *state)
{
    const struct c3d_search *const search = state->search;
    const size_t most = search->exhaustive ? search->count : MOST_EXPLORED;
    int vain = 0;
    while (vain < 2 && state->explored < most) {
        size_t batch[BATCH], count = 0;
        double least = 0;
        if (rank(state) > 0) {
            batch[count++] = state->order[0];
            least = fmin(state->ways[state->order[0]].expected, 0); /* 0: the untuned way */
        }
        const size_t untried = rank_untried(state, least);
        if (untried == 0) {
            break;
        }
        const bool promising = state->ways[state->order[0]].promise > worth;
        if (!search->exhaustive && !promising && state->explored >= LEAST_EXPLORED) {
            vain++;
        }
        for (size_t i = 0; i < untried && count < BATCH; i++) {
            batch[count++] = state->order[i];
            state->explored++;
        }
        if (!run_round(state, batch, count, state->phases.explored_by)) {
            return false;
        }
    }
    return true;
}

/* Rounds after which medians are known with this standard error. */
static int rounds_needed(const struct state *state, double wanted)
{
    static const double of_median = 1.25;
    const double rounds = pow(of_median * spread(state) / wanted, 2);
    return rounds < MOST_ROUNDS ? (int)ceil(rounds) : MOST_ROUNDS;
}

/* The finalists in rounds, after which the better half stays for twice as many; returns the last
 * one, or the best when the time is over. */
static size_t halve(struct state *state, double wanted)
{
    size_t finalists[FINALISTS];
    size_t count = rank(state);
    count = count < state->phases.finalists ? count : state->phases.finalists;
    if (count == 0) {
        return state->search->base;
    }
    memcpy(finalists, state->order, count * sizeof *finalists);
    while (count > 1) {
        const int rounds = (2 * rounds_needed(state, wanted) + (int)count - 1) / (int)count;
        bool on = true;
        for (int i = 0; on && i < rounds; i++) {
            on = run_round(state, finalists, count, state->phases.halved_by);
        }
        sort(state, finalists, count, by_time);
        count = on ? (count + 1) / 2 : 1;
    }
    return finalists[0];
}

/* Logarithm of a gain, and how uncertain it is: the standard error of a median, from the
 * median deviation, for errors that are normal but for some that are large. */
struct gain {
    double median, error;
};

static struct gain gain_of(const double *logs, size_t count)
{
    double deviations[MOST_PAIRS];
    const double middle = median(logs, count);
    for (size_t i = 0; i < count; i++) {
        deviations[i] = fabs(logs[i] - middle);
    }
    return (struct gain){middle, 1.253 * 1.483 * median(deviations, count) / sqrt((double)count)};
}

/* Turns of the untuned way and the challenger. */
static void duel(struct state *state, size_t challenger)
{
    struct c3d_search_result *const result = state->result;
    double logs[MOST_PAIRS];
    size_t pairs = 0;
    struct gain gain = {0, 0};
    result->stopped = true;
    while (pairs < MOST_PAIRS && !must_stop(state, 1)) {
        /* Who goes first takes turns, too: a frequency that drifts favours neither. */
        const bool base_first = pairs % 2 == 0;
        const double first = base_first ? measure_base(state) : measure(state, challenger);
        const double second = base_first ? measure(state, challenger) : measure_base(state);
        if (isnan(first) || isnan(second)) {
            return;
        }
        logs[pairs++] = base_first ? log(first / second) : log(second / first);
        if (pairs < LEAST_PAIRS) {
            continue;
        }
        gain = gain_of(logs, pairs);
        result->noise = 2 * gain.error;
        result->stopped = false;
        if (fabs(gain.median) > 4 * gain.error && pairs >= LEAST_PAIRS + 2) {
            break;
        }
    }
    if (!result->stopped && gain.median > fmax(2 * gain.error, least_gain)) {
        result->best = challenger;
        result->gain = exp(gain.median);
    }
}

/* Where there is time for few measurements, more of it is for the duel, which takes seven pairs to
 * be clear, and halving is of as many ways as leave two rounds of them; without that nothing would
 * come of large layers but that time was over. */
static struct phases plan_phases(double calls)
{
    const double duel = fmin(fmax(16 / calls, 0.15), 0.4);
    const double finalists = fmin(fmax(calls / 8, LEAST_FINALISTS), FINALISTS);
    const double halving = fmin(fmax(2 * (finalists + 2) / calls, 0.2), 0.3);
    return (struct phases){(size_t)finalists, 1 - duel - halving, 1 - duel};
}

static void run(struct state *state)
{
    const struct c3d_search *const search = state->search;
    struct c3d_search_result *const result = state->result;
    for (size_t i = 0; i < search->count; i++) {
        state->ways[i].prior = log(search->points[i].prior / search->points[search->base].prior);
    }
    bool explored = explore_seeds(state);
    size_t challenger = search->base;
    /* Halving measures so well that it shows where to look on. */
    for (int pass = 0; pass < PASSES; pass++) {
        const size_t before = state->explored;
        explored = explored && explore(state);
        if (pass == 0 || pass == PASSES - 1 || state->explored > before) {
            challenger = halve(state, pass < PASSES - 1 ? coarse : fine);
        }
    }
    if (challenger != search->base) {
        duel(state, challenger);
    } else {
        result->stopped = !explored;
    }
    if (state->base_count > 0) {
        result->seconds = median(state->base_samples, state->base_count);
        result->noise = fmax(result->noise, result->stopped ? 2 * spread(state) : 0);
        search->times[search->base].runs = (int)state->base_count;
        search->times[search->base].relative = 1;
    }
}

bool c3d_search_run(const struct c3d_search *search, struct c3d_search_result *result)
{
    *result = (struct c3d_search_result){.best = search->base, .gain = 1};
    struct state *const state = calloc(1, sizeof *state);
    struct way *const ways = calloc(search->count, sizeof *ways);
    size_t *const order = calloc(search->count, sizeof *order);
    size_t *const tried = calloc(search->count, sizeof *tried);
    bool memory = state != NULL && ways != NULL && order != NULL && tried != NULL;
    if (memory) {
        state->search = search;
        state->result = result;
        state->phases = plan_phases(search->calls > 0 ? search->calls : INFINITY);
        state->ways = ways;
        state->order = order;
        state->tried = tried;
        memory = c3d_regression_make(&state->regression, reach, model_deviation);
    }
    if (memory) {
        run(state);
        c3d_regression_free(&state->regression);
    }
    free(state);
    free(ways);
    free(order);
    free(tried);
    return memory;
}
