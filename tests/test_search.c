/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_search.c - the tuner's search on simulated machines, whose fastest way and whose noise
 * are known, and whose clock only moves when something is measured.
 */
#include "support.h"

#include "tune/search.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a machine does to the times of its ways. */
struct machine {
    const char *name;
    double model_error;  /* logarithm, of the cost model, changing slowly over the ways */
    double ruggedness;   /* the same of the ways themselves, from one to the next */
    double noise;        /* standard deviation of the logarithm of one measurement */
    double outliers;     /* part of the measurements that take up to three times as long */
    double drift;        /* part of its speed that comes and goes */
    bool halves;         /* of every ten seconds it loses half of its speed for two */
};

static const struct machine machines[] = {
    {"quiet", 0.2, 0.01, 0.005, 0, 0, false},
    {"usual", 0.2, 0.01, 0.03, 0.05, 0.1, false},
    {"shared", 0.2, 0.01, 0.04, 0.1, 0.2, true},
    {"misjudged", 0.5, 0.01, 0.02, 0.02, 0.1, false},
};
enum { MACHINES = sizeof machines / sizeof *machines };

/* A space of tiles: extents of four axes, and two choices without an order. */
enum { EXTENTS = 4, STEPS = 6, KINDS = 2, WAYS = STEPS * STEPS * STEPS * STEPS * KINDS };

struct simulation {
    const struct machine *machine;
    uint64_t seed;
    uint64_t draws;
    double clock;
    double limit;           /* of the clock; 0 = none */
    size_t measured;
    double seconds[WAYS];   /* true times */
    struct c3d_point points[WAYS];
    struct c3d_trial_times times[WAYS];
    size_t fastest;
};

static double uniform(uint64_t seed, uint64_t index)
{
    return (double)(random_bits(seed, index) >> 11) * 0x1p-53;
}

static double normal(uint64_t seed, uint64_t index)
{
    double sum = -6;
    for (uint64_t i = 0; i < 12; i++)
        sum += uniform(seed, 12 * index + i);
    return sum;
}

/* A bowl over the extents, whose axes depend on each other, other for each kind. */
static double true_seconds(const struct simulation *s, const double *x, int kind, size_t way)
{
    double log_time = kind == 0 ? 0 : 0.4 * (uniform(s->seed, 99) - 0.5);
    double before = 0;
    for (int i = 0; i < EXTENTS; i++) {
        const double middle = STEPS * uniform(s->seed, (uint64_t)(i + EXTENTS * kind));
        const double from = x[i] - middle + 0.3 * before;
        log_time += 0.06 * from * from;
        before = from;
    }
    return 0.002 * exp(log_time + s->machine->ruggedness * normal(s->seed + 7, way));
}

static struct simulation *simulate(const struct machine *machine, uint64_t seed)
{
    struct simulation *const s = allocate(sizeof *s);
    memset(s, 0, sizeof *s);
    s->machine = machine;
    s->seed = seed;
    for (size_t way = 0; way < WAYS; way++) {
        struct c3d_point *const point = &s->points[way];
        size_t rest = way;
        double error = 0;
        for (int i = 0; i < EXTENTS; i++) {
            point->features[i] = (double)(rest % STEPS);
            error += sin(point->features[i] * 0.7 + 6 * uniform(seed, 40 + (uint64_t)i));
            rest /= STEPS;
        }
        point->features[EXTENTS] = 2.0 * (double)rest;
        s->seconds[way] = true_seconds(s, point->features, (int)rest, way);
        point->prior = 1e6 * s->seconds[way] * exp(machine->model_error * error / 2);
        if (s->seconds[way] < s->seconds[s->fastest])
            s->fastest = way;
    }
    return s;
}

static double measure(void *context, size_t way)
{
    struct simulation *const s = context;
    const struct machine *const m = s->machine;
    const uint64_t draw = s->draws++;
    double seconds = s->seconds[way] * exp(m->noise * normal(s->seed + 1, draw));
    seconds *= 1 + m->drift * sin(s->clock);
    if (m->halves && fmod(s->clock, 1.0) < 0.2)
        seconds *= 2;
    if (uniform(s->seed + 2, draw) < m->outliers)
        seconds *= 1 + 2 * uniform(s->seed + 3, draw);
    s->clock += seconds;
    s->measured++;
    return seconds;
}

static bool stop(void *context, double spent)
{
    const struct simulation *const s = context;
    return s->limit > 0 && s->clock > spent * s->limit;
}

/* What a cost model would have chosen. */
static size_t model_choice(const struct simulation *s)
{
    size_t best = 0;
    for (size_t way = 1; way < WAYS; way++) {
        if (s->points[way].prior < s->points[best].prior)
            best = way;
    }
    return best;
}

static struct c3d_search search_of(struct simulation *s)
{
    return (struct c3d_search){
        .points = s->points,
        .count = WAYS,
        .base = model_choice(s),
        .measure = measure,
        .stop = stop,
        .context = s,
        .times = s->times,
    };
}

/* To find the fastest by trying all takes as many measurements of each as show a difference of
 * 3% in the noise of the usual machine; five is modest. */
enum { EXHAUSTIVE_RUNS = 5 * WAYS };

Test(search, finds_the_fastest_within_3_percent_with_few_measurements)
{
    for (size_t m = 0; m < MACHINES; m++) {
        const size_t seeds = (size_t)test_count(10);
        size_t good = 0;
        double logs = 0;
        for (size_t i = 0; i < seeds; i++) {
            struct simulation *const s = simulate(&machines[m], test_seed() + 1000 * i);
            const struct c3d_search search = search_of(s);
            struct c3d_search_result result;
            cr_assert(c3d_search_run(&search, &result));
            const double loss = s->seconds[result.best] / s->seconds[s->fastest];
            logs += log(loss);
            good += loss <= 1.03;
            cr_expect(result.runs == s->measured && s->measured <= EXHAUSTIVE_RUNS * 15 / 100,
                      "%s: %zu measurements", machines[m].name, s->measured);
            free(s);
        }
        /* Noise may feign anything once. */
        cr_expect(good + 1 + seeds / 20 >= seeds, "%s: %zu of %zu", machines[m].name, good, seeds);
        cr_expect(exp(logs / (double)seeds) <= 1.01, "%s: %.3f", machines[m].name,
                  exp(logs / (double)seeds));
    }
}

/* Where nothing is faster, nothing is found, however loud the noise. */
Test(search, refuses_differences_that_are_noise)
{
    for (size_t m = 0; m < MACHINES; m++) {
        size_t fooled = 0;
        const size_t seeds = (size_t)test_count(10);
        for (size_t i = 0; i < seeds; i++) {
            struct simulation *const s = simulate(&machines[m], test_seed() + 1000 * i);
            for (size_t way = 0; way < WAYS; way++)
                s->seconds[way] = 0.001;
            const struct c3d_search search = search_of(s);
            struct c3d_search_result result;
            cr_assert(c3d_search_run(&search, &result));
            fooled += result.best != search.base;
            free(s);
        }
        cr_expect(fooled <= 1 + seeds / 10, "%s: %zu of %zu", machines[m].name, fooled, seeds);
    }
}

Test(search, wrong_ways_do_not_win)
{
    struct simulation *const s = simulate(&machines[0], test_seed());
    const size_t wrong = s->fastest;
    struct c3d_search search = search_of(s);
    struct c3d_search_result result;
    s->seconds[wrong] = NAN;
    search.seeds = &wrong;
    search.seed_count = 1;
    cr_assert(c3d_search_run(&search, &result));
    cr_expect(result.best != wrong && s->times[wrong].out && s->times[wrong].runs == 0);
    cr_expect(s->seconds[result.best] <= s->seconds[search.base]);
    free(s);
}

/* An untuned way that cannot be measured is the best that is known. */
Test(search, without_a_base_there_is_no_comparison)
{
    struct simulation *const s = simulate(&machines[0], test_seed());
    const struct c3d_search search = search_of(s);
    struct c3d_search_result result;
    s->seconds[search.base] = NAN;
    cr_assert(c3d_search_run(&search, &result));
    cr_expect(result.best == search.base && result.gain == 1 && result.stopped);
    free(s);
}

Test(search, one_way_is_the_best)
{
    struct simulation *const s = simulate(&machines[1], test_seed());
    struct c3d_search search = search_of(s);
    struct c3d_search_result result;
    search.count = 1;
    search.base = 0;
    cr_assert(c3d_search_run(&search, &result));
    cr_expect(result.best == 0 && result.gain == 1);
    free(s);
}

/* Whenever it is stopped it has measured no longer than allowed, but for the last measurement,
 * and what it names is no slower than the untuned way by more than noise. */
Test(search, keeps_the_best_so_far_when_time_is_over)
{
    for (double limit = 0.001; limit < 4; limit *= 1.5) {
        struct simulation *const s = simulate(&machines[1], test_seed());
        const struct c3d_search search = search_of(s);
        struct c3d_search_result result;
        s->limit = limit;
        cr_assert(c3d_search_run(&search, &result));
        cr_expect(s->clock < limit + 3 * 0.03, "%g of %g", s->clock, limit);
        cr_expect(s->seconds[result.best] <= 1.03 * s->seconds[search.base]);
        cr_expect(result.best == search.base || !result.stopped);
        free(s);
    }
}

/* Time for 60 calls of the untuned way is enough for a decision, and for most of the gain. */
Test(search, few_measurements_decide)
{
    enum { CALLS = 60 };
    const size_t seeds = (size_t)test_count(40);
    size_t undecided = 0;
    double logs = 0;
    for (size_t i = 0; i < seeds; i++) {
        struct simulation *const s = simulate(&machines[0], test_seed() + 1000 * i);
        struct c3d_search search = search_of(s);
        struct c3d_search_result result;
        search.calls = CALLS;
        s->limit = CALLS * s->seconds[search.base];
        cr_assert(c3d_search_run(&search, &result));
        undecided += result.stopped;
        cr_expect(s->seconds[result.best] <= 1.01 * s->seconds[search.base]);
        logs += log(s->seconds[result.best] / s->seconds[s->fastest]);
        free(s);
    }
    cr_expect(undecided <= 1 + seeds / 20, "%zu of %zu", undecided, seeds);
    cr_expect(exp(logs / (double)seeds) <= 1.03, "%.3f", exp(logs / (double)seeds));
}

Test(search, exhaustive_tries_everything)
{
    struct simulation *const s = simulate(&machines[0], test_seed());
    struct c3d_search search = search_of(s);
    struct c3d_search_result result;
    search.exhaustive = true;
    cr_assert(c3d_search_run(&search, &result));
    for (size_t way = 0; way < WAYS; way++)
        cr_assert(s->times[way].runs > 0);
    cr_expect(s->seconds[result.best] <= 1.01 * s->seconds[s->fastest]);
    free(s);
}

/* Where ways were measured the regression says what was measured, and it knows less far away. */
Test(search, regression_goes_through_its_observations)
{
    enum { COUNT = 40 };
    struct c3d_regression regression;
    double features[COUNT][C3D_FEATURES] = {{0}}, values[COUNT], errors[COUNT], deviation;
    const double *at[COUNT];
    cr_assert(c3d_regression_make(&regression, 2, 0.5));
    for (size_t i = 0; i < COUNT; i++) {
        for (uint64_t f = 0; f < 3; f++)
            features[i][f] = 6 * uniform(i, f);
        values[i] = 0.3 * sin(features[i][0]) + 0.1 * cos(features[i][1]);
        errors[i] = 1e-3;
        at[i] = features[i];
    }
    c3d_regression_fit(&regression, at, values, errors, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        cr_expect_float_eq(c3d_regression_expect(&regression, features[i], &deviation), values[i],
                           5e-3);
        cr_expect(deviation < 2e-3);
    }
    const double far[C3D_FEATURES] = {100};
    cr_expect_float_eq(c3d_regression_expect(&regression, far, &deviation), 0, 1e-9);
    cr_expect_float_eq(deviation, 0.5, 1e-9);
    c3d_regression_free(&regression);
}
