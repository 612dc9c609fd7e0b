/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice.c - see choice.h
 */
#include "plan/choice.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void judge(struct c3d_candidate *candidate,
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(candidate->verdict, sizeof candidate->verdict, format, arguments);
    va_end(arguments);
}

/* Adds an algorithm, or with extents one of its transforms. */
static struct c3d_candidate *add(struct c3d_choice *choice, const struct c3d_algorithm *algorithm,
                                 const int transform[3])
{
    struct c3d_candidate *const candidate = &choice->candidates[choice->count++];
    *candidate = (struct c3d_candidate){.algorithm = algorithm, .place = choice->count};
    memcpy(candidate->transform, transform, sizeof candidate->transform);
    if (transform[T] == 0) {
        snprintf(candidate->name, sizeof candidate->name, "%s", algorithm->name);
    } else {
        snprintf(candidate->name, sizeof candidate->name, "%.10s:%dx%dx%d", algorithm->name,
                 transform[T], transform[H], transform[W]);
    }
    return candidate;
}

static bool is_wished(const struct c3d_candidate *candidate, const char *wish)
{
    return strcmp(wish, candidate->name) == 0 || strcmp(wish, candidate->algorithm->name) == 0;
}

/* Whether the wish is for this algorithm, whatever its transform. */
static bool is_about(const char *wish, const struct c3d_algorithm *algorithm)
{
    const size_t length = strlen(algorithm->name);
    return strncmp(wish, algorithm->name, length) == 0 &&
           (wish[length] == '\0' || wish[length] == ':');
}

static void consider(const struct c3d_request *request, const char *wish,
                     struct c3d_candidate *candidate)
{
    const struct c3d_algorithm *const algorithm = candidate->algorithm;
    struct c3d_request one = *request;
    memcpy(one.transform, candidate->transform, sizeof one.transform);
    const char *const refusal = algorithm->refusal(&one);
    if (refusal != NULL) {
        candidate->refused = candidate->transform[T] == 0;
        judge(candidate, "%s", refusal);
    } else if (wish != NULL ? !is_wished(candidate, wish) : algorithm->by_name_only) {
        judge(candidate, "%s", wish != NULL ? "another was asked for by name" : "only by name");
    } else {
        candidate->eligible = true;
        candidate->estimate = algorithm->estimate(&one);
        candidate->error = algorithm->error(&one);
    }
}

/* The algorithm, or its transforms, when it accepts any. */
static void consider_all(const struct c3d_request *request, const char *wish,
                         const struct c3d_algorithm *algorithm, struct c3d_choice *choice)
{
    int transform[3] = {0};
    if (algorithm->next_transform == NULL || algorithm->refusal(request) != NULL) {
        consider(request, wish, add(choice, algorithm, transform));
        return;
    }
    while (algorithm->next_transform(request->problem, transform)) {
        consider(request, wish, add(choice, algorithm, transform));
    }
}

/* Why the wish was not fulfilled. */
static conv3d_status refuse(const struct c3d_choice *choice, const char *wish)
{
    bool known = false;
    for (int i = 0; i < choice->count; i++) {
        const struct c3d_candidate *const candidate = &choice->candidates[i];
        const bool about = is_about(wish, candidate->algorithm);
        if (is_wished(candidate, wish) || (about && candidate->refused)) {
            return c3d_fail(CONV3D_ERR_UNSUPPORTED, "algorithm %.64s refuses this problem: %s",
                            wish, candidate->verdict);
        }
        known = known || about;
    }
    return c3d_fail(CONV3D_ERR_UNSUPPORTED,
                    known ? "no transform for this problem is called \"%.64s\""
                          : "no algorithm is called \"%.64s\"", wish);
}

/* The order of struct c3d_choice; of equals, as they were added. */
static int compare(const void *left, const void *right)
{
    const struct c3d_candidate *const a = left, *const b = right;
    if (a->eligible != b->eligible) {
        return a->eligible ? -1 : 1;
    }
    if (a->preferred != b->preferred) {
        return a->preferred ? -1 : 1;
    }
    if (a->estimate != b->estimate) {
        return a->estimate < b->estimate ? -1 : 1;
    }
    return a->place - b->place;
}

/* Verdicts on those that were estimated. */
static void judge_slower(struct c3d_choice *choice)
{
    const double least = choice->candidates[0].estimate;
    judge(&choice->candidates[0], "chosen");
    for (int i = 1; i < choice->count && choice->candidates[i].eligible; i++) {
        struct c3d_candidate *const candidate = &choice->candidates[i];
        if (isinf(candidate->estimate)) {
            judge(candidate, "the limits of memory leave it no room");
        } else {
            judge(candidate, "estimated to take %.3g times as long, error %.1e",
                  candidate->estimate / least, candidate->error);
        }
    }
}

conv3d_status c3d_choose(const struct c3d_request *request, const char *wish,
                         const char *preferred, struct c3d_choice *choice)
{
    choice->count = 0;
    for (int i = 0; c3d_algorithms[i] != NULL; i++) {
        consider_all(request, wish, c3d_algorithms[i], choice);
    }
    for (int i = 0; i < choice->count; i++) {
        struct c3d_candidate *const candidate = &choice->candidates[i];
        candidate->preferred = strcmp(candidate->name, preferred) == 0 && candidate->eligible &&
                               !isinf(candidate->estimate);
    }
    qsort(choice->candidates, (size_t)choice->count, sizeof *choice->candidates, compare);
    if (!choice->candidates[0].eligible) {
        return refuse(choice, wish);
    }
    judge_slower(choice);
    return CONV3D_OK;
}

const struct c3d_candidate *c3d_choice_find(const struct c3d_choice *choice, const char *name)
{
    for (int i = 0; i < choice->count; i++) {
        if (choice->candidates[i].eligible && strcmp(choice->candidates[i].name, name) == 0) {
            return &choice->candidates[i];
        }
    }
    return NULL;
}

bool c3d_only_by_name(const char *name)
{
    for (int i = 0; c3d_algorithms[i] != NULL; i++) {
        if (strcmp(name, c3d_algorithms[i]->name) == 0) {
            return c3d_algorithms[i]->by_name_only;
        }
    }
    return false;
}
