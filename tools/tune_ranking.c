/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_ranking.c - see tune_ranking.h
 */
#include "tune_ranking.h"

#include <stdlib.h>
#include <string.h>

#include "tune_figures.h"

static int compare_trials(const void *a, const void *b)
{
    const struct tune_trial *const *const x = a, *const *const y = b;

    if ((*x)->seconds != (*y)->seconds)
        return (*x)->seconds < (*y)->seconds ? -1 : 1;
    return (*x > *y) - (*x < *y);
}

int tune_ranking_make(const struct tune_result *result, struct tune_ranking *ranking)
{
    ranking->count = 0;
    ranking->trials = calloc(result->count + 1, sizeof *ranking->trials);
    if (ranking->trials == NULL)
        return 0;
    for (size_t i = 0; i < result->count; i++) {
        if (tune_is_time(result->trials[i].seconds))
            ranking->trials[ranking->count++] = &result->trials[i];
    }
    qsort(ranking->trials, ranking->count, sizeof *ranking->trials, compare_trials);
    return 1;
}

static int has_algorithm(const struct tune_ranking *ranking, const char *algorithm)
{
    for (size_t i = 0; i < ranking->count; i++) {
        if (strcmp(ranking->trials[i]->algorithm, algorithm) == 0)
            return 1;
    }
    return 0;
}

void tune_ranking_keep_algorithms(struct tune_ranking *ranking)
{
    const size_t count = ranking->count;

    ranking->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!has_algorithm(ranking, ranking->trials[i]->algorithm))
            ranking->trials[ranking->count++] = ranking->trials[i];
    }
}

void tune_ranking_free(struct tune_ranking *ranking)
{
    free(ranking->trials);
    ranking->trials = NULL;
}
