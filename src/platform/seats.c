/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seats.c - see seats.h
 */
#include "platform/seats.h"

#include "base/env.h"
#include "base/mem.h"
#include "platform/placement.h"
#include "platform/topology.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { processor_max = 1 << 20 };

/* One number or two of "3" or "3-5"; where the text goes on, NULL if it is none. */
static const char *parse_range(const char *text, long *first, long *last)
{
    char *end;
    if (*text < '0' || *text > '9') {
        return NULL;
    }
    *first = *last = strtol(text, &end, 10);
    if (*end == '-' && end[1] >= '0' && end[1] <= '9') {
        *last = strtol(end + 1, &end, 10);
    }
    return *first <= *last && *last < processor_max ? end : NULL;
}

/* The first `capacity` numbers of a list such as "0-3,8"; returns how many it has, -1 if it is
 * no list. */
static int parse_list(const char *text, int *numbers, int capacity)
{
    int count = 0;
    for (;;) {
        long first, last;
        text = parse_range(text, &first, &last);
        if (text == NULL || last - first >= INT_MAX - count) {
            return -1;
        }
        for (long number = first; number <= last; number++, count++) {
            if (count < capacity) {
                numbers[count] = (int)number;
            }
        }
        if (*text == '\0') {
            return count;
        }
        if (*text++ != ',') {
            return -1;
        }
    }
}

enum wish { WISH_AUTO, WISH_NONE, WISH_COMPACT, WISH_SPREAD, WISH_LIST };

static enum wish wish_of(const char *text)
{
    static const char *const words[] = {"auto", "none", "compact", "spread"};
    for (int i = 0; i < WISH_LIST; i++) {
        if (strcmp(text, words[i]) == 0) {
            return (enum wish)i;
        }
    }
    return WISH_LIST;
}

static bool may_use(const struct c3d_topology *topology, int number)
{
    for (int i = 0; i < topology->processors; i++) {
        if (topology->list[i].number == number) {
            return true;
        }
    }
    return false;
}

/* Why the processors that were listed are not taken, not even some of them; NULL if they are. */
static const char *refusal_of_list(const struct c3d_topology *topology, int listed, int threads,
                                   const int *numbers)
{
    if (listed < threads) {
        return "not bound: the list has fewer processors than there are threads";
    }
    for (int t = 0; t < threads; t++) {
        if (!may_use(topology, numbers[t])) {
            return "not bound: the list has a processor that this process may not use";
        }
    }
    return NULL;
}

static const struct {
    const char *variable, *refusal;
} takers[] = {
    {"OMP_PROC_BIND", "left alone: OMP_PROC_BIND is set"},
    {"OMP_PLACES", "left alone: OMP_PLACES is set"},
    {"GOMP_CPU_AFFINITY", "left alone: GOMP_CPU_AFFINITY is set"},
    {"KMP_AFFINITY", "left alone: KMP_AFFINITY is set"},
};

/* The index of the first of them that is set; -1 = none. */
static int find_taker(void)
{
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
        if (c3d_env(takers[i].variable) != NULL) {
            return (int)i;
        }
    }
    return -1;
}

const char *c3d_seats_taken_by(void)
{
    const int taker = find_taker();
    return taker >= 0 ? takers[taker].variable : NULL;
}

/* Whether a thread that moves can leave behind what is in its caches or memory beside it. */
static bool has_distances(const struct c3d_topology *topology)
{
    const struct c3d_processor *const last = &topology->list[topology->processors - 1];
    return last->l3 > 0 || last->node > 0;
}

static const char *refusal_of_auto(const struct c3d_topology *topology, int threads,
                                   bool long_enough)
{
    const int taker = find_taker();
    return taker >= 0                    ? takers[taker].refusal
           : threads < topology->cores   ? "left alone: fewer threads than cores"
           : !topology->here             ? "left alone: the machine is only described"
           : !has_distances(topology)    ? "left alone: all processors share one cache"
           : !long_enough                ? "left alone: calls too short to pay for binding"
                                         : NULL;
}

/* Whatever is wished. */
static const char *refusal_of_all(const struct c3d_topology *topology, int threads)
{
    return threads == 1                     ? "left alone: one thread"
           : topology->list == NULL         ? "not bound: the processors are unknown"
           : threads > topology->processors ? "not bound: more threads than processors"
                                            : NULL;
}

static const char *refusal(enum wish wish, int listed, int threads, bool long_enough,
                           const int *processors)
{
    const struct c3d_topology *const topology = c3d_topology_get();
    const char *const why_not = refusal_of_all(topology, threads);
    return why_not != NULL     ? why_not
           : wish == WISH_LIST ? refusal_of_list(topology, listed, threads, processors)
           : wish == WISH_AUTO ? refusal_of_auto(topology, threads, long_enough)
                               : NULL;
}

/* The placement chooses indices of the list; false without memory. */
static bool take_seats(bool spread, int threads, int *processors)
{
    const struct c3d_topology *const topology = c3d_topology_get();
    if (!c3d_placement_pick(topology, spread, threads, processors)) {
        return false;
    }
    for (int t = 0; t < threads; t++) {
        processors[t] = topology->list[processors[t]].number;
    }
    return true;
}

static conv3d_status fail_memory(int threads)
{
    return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the places of %d threads", threads);
}

conv3d_status c3d_seats_make(const char *text, int threads, bool long_enough,
                             struct c3d_seats *seats)
{
    static const char *const reasons[] = {[WISH_AUTO] = "auto: a core for each thread",
                                          [WISH_NONE] = "left alone: as asked",
                                          [WISH_COMPACT] = "compact",
                                          [WISH_SPREAD] = "spread",
                                          [WISH_LIST] = "as listed"};
    const char *const variable = text == NULL ? c3d_env("CONV3D_BIND") : NULL;
    text = text != NULL ? text : variable != NULL ? variable : "auto";
    const enum wish wish = wish_of(text);
    *seats = (struct c3d_seats){.free_only = wish == WISH_AUTO, .reason = reasons[wish]};
    if (wish == WISH_NONE) {
        return CONV3D_OK;
    }
    int *const processors = c3d_alloc((size_t)threads * sizeof *processors);
    if (processors == NULL) {
        return fail_memory(threads);
    }
    const int listed = wish == WISH_LIST ? parse_list(text, processors, threads) : 0;
    if (listed < 0) {
        c3d_free(processors);
        return c3d_fail(variable != NULL ? CONV3D_ERR_ENVIRONMENT : CONV3D_ERR_ARGUMENT,
                        "%s is \"%s\"; it must be auto, none, compact, spread or a list of "
                        "processors such as 0-3,8",
                        variable != NULL ? "CONV3D_BIND" : "options.bind", text);
    }
    const char *const why_not = refusal(wish, listed, threads, long_enough, processors);
    if (why_not != NULL) {
        c3d_free(processors);
        seats->reason = why_not;
        return CONV3D_OK;
    }
    if (wish != WISH_LIST && !take_seats(wish == WISH_SPREAD, threads, processors)) {
        c3d_free(processors);
        return fail_memory(threads);
    }
    seats->count = threads;
    seats->processors = processors;
    return CONV3D_OK;
}

void c3d_seats_release(struct c3d_seats *seats)
{
    c3d_free(seats->processors);
    *seats = (struct c3d_seats){0};
}
