/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_binding.c - threads run where they should during a call, and where they did after it;
 * so does their floating-point state
 */
#include "support.h"

#include "platform/binding.h"
#include "platform/seats.h"
#include "platform/team.h"
#include "platform/topology.h"

#include <criterion/criterion.h>
#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#  include <immintrin.h>
#endif

enum { TEAM_MAX = 8 };

static const char *const text = "n1_ci16t3h9w17_co20_k3_p1";

/* Variables of the environment in which the tests run would decide otherwise. */
static void forget_environment(void)
{
    static const char *const variables[] = {"CONV3D_BIND", "OMP_PROC_BIND", "OMP_PLACES",
                                            "GOMP_CPU_AFFINITY", "KMP_AFFINITY"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
}

TestSuite(binding, .init = forget_environment);

/* A team that can sit: of two to TEAM_MAX threads, on as many processors. */
static int team_size(void)
{
    const struct c3d_topology *const topology = c3d_topology_get();
    const int processors = topology->processors < TEAM_MAX ? topology->processors : TEAM_MAX;
    if (topology->list == NULL || processors < 2 || c3d_team_processors() < 2)
        cr_skip("a team of two cannot be bound here");
    return processors;
}

struct view {
    cpu_set_t mask;
    int processor;
};

static struct view look(void)
{
    struct view view;
    sched_getaffinity(0, sizeof view.mask, &view.mask);
    view.processor = sched_getcpu();
    return view;
}

static void look_at_members(void *argument, int member, int members)
{
    struct view *const views = argument;
    (void)members;
    views[member] = look();
}

static struct c3d_seats seats_for(const char *wish, int threads)
{
    struct c3d_seats seats;
    cr_assert(c3d_seats_make(wish, threads, true, &seats) == CONV3D_OK, "%s",
              conv3d_last_error());
    return seats;
}

/* ---- Where threads run ------------------------------------------------------- */

Test(binding, members_sit_for_the_time_of_a_call)
{
    static const char *const wishes[] = {"compact", "spread", "auto"};
    const int members = team_size();
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct view before[TEAM_MAX], during[TEAM_MAX], after[TEAM_MAX];
        struct c3d_seats seats = seats_for(wishes[i], members);
        c3d_team_run(members, NULL, look_at_members, before);
        c3d_team_run(members, &seats, look_at_members, during);
        c3d_team_run(members, NULL, look_at_members, after);
        cr_assert(strcmp(wishes[i], "auto") == 0 || seats.count == members, "%s", seats.reason);
        for (int m = 0; m < members; m++) {
            if (seats.count > 0) {
                cr_expect(CPU_COUNT(&during[m].mask) == 1);
                cr_expect(during[m].processor == seats.processors[m]);
            }
            cr_expect(CPU_EQUAL(&before[m].mask, &after[m].mask), "%s: member %d", wishes[i], m);
        }
        c3d_seats_release(&seats);
    }
}

Test(binding, a_list_says_which_thread_where)
{
    const int members = team_size();
    const struct c3d_topology *const topology = c3d_topology_get();
    struct view during[TEAM_MAX];
    char list[64];
    snprintf(list, sizeof list, "%d,%d", topology->list[1].number, topology->list[0].number);
    struct c3d_seats seats = seats_for(list, 2);
    cr_assert(seats.count == 2 && members >= 2, "%s: %s", list, seats.reason);
    c3d_team_run(2, &seats, look_at_members, during);
    cr_expect(during[0].processor == topology->list[1].number);
    cr_expect(during[1].processor == topology->list[0].number);
    c3d_seats_release(&seats);
}

/* A processor that no machine has: the kernel refuses, the team runs. */
Test(binding, a_refusal_is_no_failure)
{
    const int members = team_size();
    int processors[TEAM_MAX];
    for (int m = 0; m < members; m++)
        processors[m] = 8000;
    const struct c3d_seats seats = {members, processors, false, "a test"};
    struct view during[TEAM_MAX], after[TEAM_MAX];
    memset(during, 0, sizeof during);
    c3d_team_run(members, &seats, look_at_members, during);
    c3d_team_run(members, NULL, look_at_members, after);
    for (int m = 0; m < members; m++) {
        cr_expect(CPU_COUNT(&during[m].mask) > 0, "member %d did not run", m);
        cr_expect(CPU_EQUAL(&during[m].mask, &after[m].mask));
    }
}

/* auto leaves alone a thread that may not run everywhere; compact does not ask. */
Test(binding, auto_leaves_threads_that_somebody_has_placed)
{
    const int members = team_size();
    const struct c3d_topology *const topology = c3d_topology_get();
    const int last = topology->list[topology->processors - 1].number;
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    sched_setaffinity(0, sizeof one, &one);
    struct c3d_seats seats = seats_for("compact", members);
    struct view during[TEAM_MAX];
    c3d_team_run(members, &seats, look_at_members, during);
    cr_expect(during[0].processor == seats.processors[0]);
    seats.free_only = true;
    c3d_team_run(members, &seats, look_at_members, during);
    cr_expect(CPU_EQUAL(&during[0].mask, &one));
    cpu_set_t after;
    sched_getaffinity(0, sizeof after, &after);
    cr_expect(CPU_EQUAL(&after, &one));
    sched_setaffinity(0, sizeof all, &all);
    c3d_seats_release(&seats);
}

/* A set that has shrunk since the plan was made. */
Test(binding, a_set_that_shrinks_is_obeyed)
{
    team_size();
    struct problem problem;
    struct workload work;
    cr_assert(problem_from_text(&problem, text));
    workload_make(&work, &problem, 3);
    float *const whole = allocate_floats(work.output_count);
    float *const shrunk = allocate_floats(work.output_count);
    conv3d_options options = options_strict(2);
    options.bind = "auto";
    conv3d_plan *plan;
    cr_assert(workload_plan(&work, &options, &plan) == CONV3D_OK);
    cr_assert(conv3d_plan_execute(plan, work.input, whole, NULL) == CONV3D_OK);
    const struct view before = look();
    cpu_set_t one, after;
    CPU_ZERO(&one);
    CPU_SET(before.processor, &one);
    sched_setaffinity(0, sizeof one, &one);
    cr_expect(conv3d_plan_execute(plan, work.input, shrunk, NULL) == CONV3D_OK);
    sched_getaffinity(0, sizeof after, &after);
    cr_expect(CPU_EQUAL(&after, &one));
    cr_expect(memcmp(whole, shrunk, work.output_count * sizeof *whole) == 0);
    sched_setaffinity(0, sizeof before.mask, &before.mask);
    conv3d_plan_destroy(plan);
    free(whole);
    free(shrunk);
    workload_free(&work);
}

/* ---- Who else is there ------------------------------------------------------- */

struct company {
    const struct c3d_seats *seats;
    pthread_barrier_t *meeting;
    struct view views[TEAM_MAX];
};

static void meet_and_look(void *argument, int member, int members)
{
    struct company *const company = argument;
    if (member == 0)
        pthread_barrier_wait(company->meeting); /* both teams run now */
    look_at_members(company->views, member, members);
    if (member == 0)
        pthread_barrier_wait(company->meeting);
}

static void *run_team(void *argument)
{
    struct company *const company = argument;
    c3d_team_run(company->seats->count, company->seats, meet_and_look, company);
    return NULL;
}

/* Of two teams at a time one sits. */
Test(binding, two_teams_do_not_share_seats)
{
    const int members = team_size();
    struct c3d_seats seats = seats_for("compact", members);
    pthread_barrier_t meeting;
    pthread_barrier_init(&meeting, NULL, 2);
    struct company companies[2] = {{&seats, &meeting, {{.processor = 0}}},
                                   {&seats, &meeting, {{.processor = 0}}}};
    pthread_t other;
    cr_assert(pthread_create(&other, NULL, run_team, &companies[1]) == 0);
    run_team(&companies[0]);
    pthread_join(other, NULL);
    const bool first = CPU_COUNT(&companies[0].views[0].mask) == 1;
    const bool second = CPU_COUNT(&companies[1].views[0].mask) == 1;
    cr_expect(first != second, "%d and %d", first, second);
    c3d_seats_release(&seats);
}

struct nest {
    const struct c3d_seats *seats;
    cpu_set_t masks[TEAM_MAX];
};

static void look_at_self(void *argument, int member, int members)
{
    (void)members;
    if (member == 0)
        *(cpu_set_t *)argument = look().mask;
}

static void run_inner(void *argument, int member, int members)
{
    struct nest *const nest = argument;
    (void)members;
    c3d_team_run(nest->seats->count, nest->seats, look_at_self, &nest->masks[member]);
}

/* Every caller in a parallel region would be thread 0, on one and the same processor. */
Test(binding, nobody_sits_inside_a_parallel_region)
{
    const int members = team_size();
    struct c3d_seats seats = seats_for("compact", members);
    struct nest nest = {.seats = &seats};
    struct view outside = look();
    c3d_team_run(members, NULL, run_inner, &nest);
    for (int m = 0; m < members; m++)
        cr_expect(CPU_COUNT(&nest.masks[m]) == CPU_COUNT(&outside.mask), "member %d", m);
    c3d_seats_release(&seats);
}

/* ---- Wishes ------------------------------------------------------------------ */

Test(binding, wishes_that_are_none)
{
    static const char *const wishes[] = {"",    " ",   "Auto",  "0-",   "-1",    "3-1",
                                         "0,",  ",0",  "0 1",   "0;1",  "1e3",   "all",
                                         "0x1", "0-1-2", "99999999999999999999", "+1"};
    struct c3d_seats seats;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        cr_expect(c3d_seats_make(wishes[i], 2, true, &seats) == CONV3D_ERR_ARGUMENT, "%s",
                  wishes[i]);
        cr_expect(strstr(conv3d_last_error(), wishes[i]) != NULL, "%s", conv3d_last_error());
    }
    setenv("CONV3D_BIND", "nowhere", 1);
    cr_expect(c3d_seats_make(NULL, 2, true, &seats) == CONV3D_ERR_ENVIRONMENT);
    cr_expect(c3d_seats_make("none", 2, true, &seats) == CONV3D_OK); /* options come first */
    unsetenv("CONV3D_BIND");
}

/* What cannot be had is a reason, not an error. */
Test(binding, wishes_that_cannot_be_had)
{
    static const struct {
        const char *wish;
        int threads;
        bool long_enough;
        const char *variable, *reason;
    } cases[] = {
        {"auto", 1, true, NULL, "one thread"},
        {"compact", 1, true, NULL, "one thread"},
        {"none", 2, true, NULL, "as asked"},
        {"auto", 4000, true, NULL, "more threads"},
        {"spread", 4000, true, NULL, "more threads"},
        {"7000-7001", 2, true, NULL, "may not use"},
        {"0", 2, true, NULL, "fewer processors"},
        {"auto", 2, false, NULL, "left alone"},
        {"auto", 2, true, "OMP_PROC_BIND", "OMP_PROC_BIND"},
        {"auto", 2, true, "OMP_PLACES", "OMP_PLACES"},
        {"auto", 2, true, "GOMP_CPU_AFFINITY", "GOMP_CPU_AFFINITY"},
        {"auto", 2, true, "KMP_AFFINITY", "KMP_AFFINITY"},
    };
    team_size();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct c3d_seats seats;
        if (cases[i].variable != NULL)
            setenv(cases[i].variable, "true", 1);
        cr_assert(c3d_seats_make(cases[i].wish, cases[i].threads, cases[i].long_enough,
                                 &seats) == CONV3D_OK);
        cr_expect(seats.count == 0 && strstr(seats.reason, cases[i].reason) != NULL,
                  "%s, %d threads: %s", cases[i].wish, cases[i].threads, seats.reason);
        if (cases[i].variable != NULL)
            unsetenv(cases[i].variable);
        c3d_seats_release(&seats);
    }
}

/* ---- Floating point ---------------------------------------------------------- */

static unsigned control_word(void)
{
#ifdef __SSE2__
    return _mm_getcsr();
#else
    return (unsigned)fegetround();
#endif
}

static void set_odd_state(void *argument, int member, int members)
{
    (void)argument, (void)members;
    fesetround(member % 2 == 0 ? FE_UPWARD : FE_TOWARDZERO);
#ifdef __SSE2__
    _mm_setcsr(_mm_getcsr() | _MM_FLUSH_ZERO_ON | 0x40 /* denormals are zero */);
#endif
    feraiseexcept(FE_DIVBYZERO);
}

/* Runs with no state but the thread's own. */
static void note_state(void *argument, int member, int members)
{
    (void)members;
    ((unsigned *)argument)[member] = control_word();
}

/* Denormal data, under states that the threads do not share: bits as without, states as before. */
Test(binding, floating_point_state_is_nobody_elses)
{
    struct problem problem;
    struct workload work;
    cr_assert(problem_from_text(&problem, text));
    workload_make(&work, &problem, 11);
    for (size_t i = 0; i < work.input_count; i += 3)
        work.input[i] *= 0x1p-130f;
    float *const expected = allocate_floats(work.output_count);
    float *const found = allocate_floats(work.output_count);
    static const char *const maths[] = {"direct", "winograd"};
    for (size_t i = 0; i < 2; i++) {
        conv3d_options options = options_for(CONV3D_MATH_FAST);
        options.algorithm = maths[i];
        options.threads = 3;
        cr_assert(workload_run(&work, &options, expected));
        fenv_t mine;
        fegetenv(&mine);
        set_odd_state(NULL, 0, 1);
        const unsigned before = control_word();
        conv3d_plan *plan;
        cr_assert(workload_plan(&work, &options, &plan) == CONV3D_OK);
        cr_expect(control_word() == before);
        cr_assert(conv3d_plan_execute(plan, work.input, found, NULL) == CONV3D_OK);
        cr_expect(control_word() == before);
        cr_expect(fetestexcept(FE_DIVBYZERO) != 0);
        fesetenv(&mine);
        conv3d_plan_destroy(plan);
        cr_expect(memcmp(expected, found, work.output_count * sizeof *found) == 0, "%s",
                  maths[i]);
    }
    free(expected);
    free(found);
    workload_free(&work);
}

Test(binding, body_runs_in_the_default_state)
{
    unsigned states[TEAM_MAX] = {0};
    fenv_t mine;
    fegetenv(&mine);
    fesetenv(FE_DFL_ENV);
    const unsigned normal = control_word();
    set_odd_state(NULL, 0, 1);
    c3d_team_run(3, NULL, note_state, states);
    c3d_team_run(1, NULL, note_state, states + 4);
    fesetenv(&mine);
    cr_expect(states[0] == normal && states[4] == normal);
    cr_expect(states[1] == normal || states[1] == 0); /* fewer members may be granted */
    cr_expect(states[2] == normal || states[2] == 0);
}
