/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timing.c - how long calls take
 *
 * A turn is one call, or several short ones: the first call of a turn finds the
 * caches full of what the others left, and with one call per turn that is all a
 * small layer's time would show.  Every call is recorded; the median decides.
 */
#include "timing.h"

#include <stdlib.h>

#include "clock.h"
#include "exit_code.h"

enum { LEAST_REPEATS = 5, FEWEST_REPEATS = 3, MOST_CALLS_OF_TURN = 10, TRIAL_CALLS = 4 };

/* A turn of short calls lasts about so long. */
static const double turn_seconds = 0.005;
/* After so many seconds FEWEST_REPEATS will do: a peer may be very slow. */
static const double patience = 30.0;
/* A trial ends earlier when it takes longer than this. */
static const double trial_seconds = 0.5;

/* What is recorded of one contestant. */
struct record {
    double *samples;
    int64_t count;
    int64_t calls_of_turn;
};

static int call(const struct contestant *contestant, double *seconds)
{
    const double start = clock_seconds();
    const int code = contestant->run(contestant->context);

    *seconds = clock_seconds() - start;
    return code;
}

static int order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct timing summarise(struct record *record)
{
    const int64_t n = record->count;
    double *const sorted = record->samples;

    qsort(sorted, (size_t)n, sizeof *sorted, order);
    return (struct timing){n, 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]), sorted[0]};
}

static int take_turn(const struct contestant *contestant, struct record *record, int64_t most)
{
    int code = EXIT_OK;

    for (int64_t i = 0; i < record->calls_of_turn && record->count < most && code == EXIT_OK; i++)
        code = call(contestant, &record->samples[record->count++]);
    return code;
}

/* A call that is not recorded tells how many make a turn. */
static int prepare(const struct contestant *contestant, struct record *record)
{
    double seconds;
    const int code = call(contestant, &seconds);

    record->samples = malloc(TIMING_MOST * sizeof *record->samples);
    record->calls_of_turn = MOST_CALLS_OF_TURN;
    if (seconds * MOST_CALLS_OF_TURN > turn_seconds)
        record->calls_of_turn = 1 + (int64_t)(turn_seconds / seconds);
    return code == EXIT_OK && record->samples == NULL ? EXIT_MEMORY : code;
}

static int64_t fewest(const struct record *records, int count)
{
    int64_t least = records[0].count;

    for (int i = 1; i < count; i++)
        least = records[i].count < least ? records[i].count : least;
    return least;
}

/* Whether so many calls of each, in so much time, will do. */
static int is_enough(int64_t calls, double elapsed, double seconds)
{
    return elapsed >= seconds &&
           calls >= (elapsed < patience ? LEAST_REPEATS : FEWEST_REPEATS);
}

int timing_race(struct contestant *contestants, int count, double seconds, int64_t repeats)
{
    struct record *const records = calloc((size_t)count, sizeof *records);
    const int64_t most = repeats > 0 ? repeats : TIMING_MOST;
    int code = records == NULL ? EXIT_MEMORY : EXIT_OK;

    for (int i = 0; i < count && code == EXIT_OK; i++)
        code = prepare(&contestants[i], &records[i]);

    const double start = clock_seconds();

    while (code == EXIT_OK) {
        const int64_t least = fewest(records, count);

        if (least >= most ||
            (repeats == 0 && is_enough(least, clock_seconds() - start, seconds)))
            break;
        for (int i = 0; i < count && code == EXIT_OK; i++)
            code = take_turn(&contestants[i], &records[i], most);
    }
    for (int i = 0; records != NULL && i < count; i++) {
        if (code == EXIT_OK)
            contestants[i].timing = summarise(&records[i]);
        free(records[i].samples);
    }
    free(records);
    return code;
}

int timing_trial(int (*run)(void *context), void *context, double *seconds)
{
    const struct contestant contestant = {.run = run, .context = context};
    const double start = clock_seconds();
    double elapsed;
    int code = call(&contestant, seconds);

    for (int i = 1; i < TRIAL_CALLS && code == EXIT_OK; i++) {
        if (i > 1 && clock_seconds() - start > trial_seconds)
            break;
        code = call(&contestant, &elapsed);
        if (i == 1 || elapsed < *seconds)
            *seconds = elapsed;
    }
    return code;
}
