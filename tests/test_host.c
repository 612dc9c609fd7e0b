/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_host.c - calls from where a host program happens to be: in a parallel region, in several
 * of its own threads, on a small stack
 */
#include "support.h"

#include "platform/team.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CALLERS = 4, SMALL_STACK = 128 * 1024 };

static const char *const problems[] = {
    "n1_ci32t6h20w22_co40_k3_p1_b",    /* direct, Winograd */
    "n2_ci3t5h18w40_co20_k3x5x5_p1_b", /* rows */
    "n1_ci24t7h15w33_co24_k3_p1_g24",  /* depthwise */
};

struct visit {
    const struct workload *work;
    conv3d_options options;
    const float *expected;
    bool good[CALLERS];
};

/* Makes a plan, executes it twice, and compares. */
static bool visit_once(const struct visit *visit)
{
    const size_t count = visit->work->output_count;
    float *const found = allocate_floats(count);
    bool good = true;
    for (int round = 0; good && round < 2; round++)
        good = workload_run(visit->work, &visit->options, found) &&
               memcmp(found, visit->expected, count * sizeof *found) == 0;
    free(found);
    return good;
}

/* Runs the visits, for each problem, in both math modes, bound and not. */
static void receive(void (*visit_all)(struct visit *visit))
{
    static const char *const binds[] = {"none", "compact"};
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        struct problem problem;
        struct workload work;
        cr_assert(problem_from_text(&problem, problems[i]));
        workload_make(&work, &problem, test_seed() + i);
        float *const expected = allocate_floats(work.output_count);
        for (int math = CONV3D_MATH_FAST; math <= CONV3D_MATH_STRICT; math++) {
            for (size_t b = 0; b < 2; b++) {
                struct visit visit = {.work = &work,
                                      .options = options_for((conv3d_math)math),
                                      .expected = expected};
                visit.options.threads = 1;
                cr_assert(workload_run(&work, &visit.options, expected));
                visit.options.threads = 2;
                visit.options.bind = binds[b];
                visit_all(&visit);
                for (int c = 0; c < CALLERS; c++)
                    cr_expect(visit.good[c], "%s, %s, caller %d", problems[i], binds[b], c);
            }
        }
        free(expected);
        workload_free(&work);
    }
}

static void visit_as_member(void *argument, int member, int members)
{
    struct visit *const visit = argument;
    for (int c = member; c < CALLERS; c += members)
        visit->good[c] = visit_once(visit);
}

static void visit_in_region(struct visit *visit)
{
    c3d_team_run(CALLERS, NULL, visit_as_member, visit);
}

Test(host, inside_a_parallel_region)
{
    receive(visit_in_region);
}

struct caller {
    struct visit *visit;
    int number;
};

static void *visit_as_thread(void *argument)
{
    const struct caller *const caller = argument;
    caller->visit->good[caller->number] = visit_once(caller->visit);
    return NULL;
}

/* Four threads of the host's own, none with more stack than an embedded interpreter gives. */
static void visit_in_threads(struct visit *visit)
{
    pthread_attr_t attributes;
    pthread_t threads[CALLERS];
    struct caller callers[CALLERS];
    pthread_attr_init(&attributes);
    cr_assert(pthread_attr_setstacksize(&attributes, SMALL_STACK) == 0);
    for (int c = 0; c < CALLERS; c++) {
        callers[c] = (struct caller){visit, c};
        cr_assert(pthread_create(&threads[c], &attributes, visit_as_thread, &callers[c]) == 0);
    }
    for (int c = 0; c < CALLERS; c++)
        pthread_join(threads[c], NULL);
    pthread_attr_destroy(&attributes);
}

Test(host, in_threads_with_small_stacks)
{
    receive(visit_in_threads);
}
