/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team_openmp.c - a team of OpenMP threads
 *
 * num_threads() applies to this region alone: no setting of the host program
 * changes.
 *
 * A child of fork() has none of its parent's threads, but libgomp's memory of them, and its next
 * parallel region waits for them for ever (GCC bug 60035).  So in the child of a process that had
 * several threads a team is the caller alone.
 */
#include "platform/team.h"

#include "base/log.h"
#include "platform/binding.h"
#include "platform/float_state.h"

#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static atomic_bool has_run;   /* a team of several, in this process or its parents */
static bool had_threads;      /* the process that forks, written and read by the forking thread */
static atomic_bool orphaned;  /* this is the child of one that had */

/* The links of a directory are two and its subdirectories, here one for each thread. */
static void before_fork(void)
{
    struct stat tasks;
    had_threads = atomic_load(&has_run) ||
                  (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3);
}

static void in_child(void)
{
    if (had_threads) {
        atomic_store(&orphaned, true);
    }
}

/* When the library is loaded: the host program may have threads of OpenMP before it calls. */
static __attribute__((constructor)) void watch_forks(void)
{
    (void)pthread_atfork(before_fork, NULL, in_child); /* without memory: as without the watch */
}

static void run_member(c3d_team_fn *body, void *argument, int member, int members)
{
    const fenv_t before = c3d_float_state_default();
    body(argument, member, members);
    c3d_float_state_restore(&before);
}

/* A team that is less than planned runs where it is: its seats were chosen for all. */
static void run_seated(const struct c3d_seats *seats, c3d_team_fn *body, void *argument)
{
    const int member = omp_get_thread_num(), members = omp_get_num_threads();
    if (members != seats->count) {
        run_member(body, argument, member, members);
        return;
    }
    const struct c3d_binding binding = c3d_bind(seats->processors[member], seats->free_only);
    run_member(body, argument, member, members);
    c3d_unbind(binding);
}

/* How many threads of those that were asked for there can be. */
static int limit_to_possible(int threads)
{
    if (threads > 1 && atomic_load(&orphaned)) {
        static atomic_flag has_warned = ATOMIC_FLAG_INIT;
        if (!atomic_flag_test_and_set(&has_warned)) {
            c3d_log("conv3d: warning: one thread instead of %d, in a child of fork() whose "
                    "parent had threads", threads);
        }
        return 1;
    }
    return threads;
}

void c3d_team_run(int threads, const struct c3d_seats *seats, c3d_team_fn *body, void *argument)
{
    /* Two teams on the same seats would wait for each other while other processors idle. */
    static atomic_flag seats_taken = ATOMIC_FLAG_INIT;
    if (limit_to_possible(threads) <= 1) {
        run_member(body, argument, 0, 1);
        return;
    }
    atomic_store(&has_run, true);
    if (seats != NULL && seats->count == threads && !omp_in_parallel() &&
        !atomic_flag_test_and_set(&seats_taken)) {
#pragma omp parallel num_threads(threads)
        run_seated(seats, body, argument);
        atomic_flag_clear(&seats_taken);
    } else {
#pragma omp parallel num_threads(threads)
        run_member(body, argument, omp_get_thread_num(), omp_get_num_threads());
    }
}

int c3d_team_default_threads(void)
{
    return omp_get_max_threads();
}

bool c3d_team_is_orphan(void)
{
    return atomic_load(&orphaned);
}

/* libgomp binds the first thread to its place before main(), libomp when it is first asked: there
 * omp_get_num_procs() is then those of the one place. */
int c3d_team_processors(void)
{
    const int seen = omp_get_num_procs(), places = omp_get_num_places();
    int placed = 0;
    for (int i = 0; i < places; i++) {
        placed += omp_get_place_num_procs(i);
    }
    return placed > seen ? placed : seen;
}

int c3d_team_place_processors(int *numbers, int capacity)
{
    int count = 0;
    for (int i = 0; i < omp_get_num_places(); i++) {
        const int size = omp_get_place_num_procs(i);
        if (count + size <= capacity) {
            omp_get_place_proc_ids(i, numbers + count);
        }
        count += size;
    }
    return count;
}

const char *c3d_team_name(void)
{
    return "OpenMP " TEXT(_OPENMP);
}
