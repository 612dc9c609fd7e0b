/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seating.c - see seating.h
 */
#include "seating.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit_code.h"
#include "report.h"

static int allocate(struct seating *seating, int threads)
{
    seating->threads = threads;
    seating->processors = malloc((size_t)threads * sizeof *seating->processors);
    if (seating->processors != NULL)
        return EXIT_OK;
    report_error("no memory for %d threads", threads);
    return EXIT_MEMORY;
}

int seating_of_machine(struct seating *seating, int threads, const char *bind)
{
    const int code = allocate(seating, threads);

    return code != EXIT_OK ? code
                           : report_status(conv3d_machine_seats(
                                 threads, bind, seating->processors, &seating->reason));
}

int seating_of_plan(struct seating *seating, const conv3d_plan *plan)
{
    conv3d_plan_info info = {.size = sizeof info};
    int code = report_status(conv3d_plan_query(plan, &info));

    if (code == EXIT_OK)
        code = allocate(seating, info.threads);
    for (int thread = 0; code == EXIT_OK && thread < info.threads; thread++) {
        conv3d_plan_share share = {.size = sizeof share};

        code = report_status(conv3d_plan_query_share(plan, thread, &share));
        seating->processors[thread] = share.processor;
    }
    seating->reason = info.binding;
    return code;
}

void seating_free(struct seating *seating)
{
    free(seating->processors);
    seating->processors = NULL;
}

int seating_is_fixed(const struct seating *seating)
{
    return seating->threads > 0 && seating->processors[0] >= 0;
}

void seating_list(const int *numbers, int count, char *text, size_t capacity)
{
    static const char cut[] = ",...";
    size_t length = 0;

    text[0] = '\0';
    for (int first = 0, next; first < count; first = next) {
        char piece[32];

        for (next = first + 1; next < count && numbers[next] == numbers[next - 1] + 1;)
            next++;
        snprintf(piece, sizeof piece, next - first > 1 ? "%s%d-%d" : "%s%d",
                 first > 0 ? "," : "", numbers[first], numbers[next - 1]);
        if (length + strlen(piece) + sizeof cut > capacity) {
            strcpy(text + length, cut);
            return;
        }
        strcpy(text + length, piece);
        length += strlen(piece);
    }
}

static int compare(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

void seating_allowed(char *text, size_t capacity)
{
    enum { LISTED = 8192 };
    static int numbers[LISTED];
    conv3d_processor p = {.size = sizeof p};
    int count = 0;

    while (count < LISTED && conv3d_machine_processor(count, &p))
        numbers[count++] = p.number;
    if (count == 0) {
        snprintf(text, capacity, "unknown");
        return;
    }
    qsort(numbers, (size_t)count, sizeof *numbers, compare); /* neighbours need not be */
    seating_list(numbers, count, text, capacity);
}
