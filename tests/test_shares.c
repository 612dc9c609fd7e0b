/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shares.c - every task is taken by one member, once
 */
#include "support.h"

#include "../tools/random_data.h"

#include "plan/shares.h"
#include "platform/team.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MEMBERS_MAX = 17, TASKS_MAX = 300 };

static void open_equal(struct c3d_shares *shares, int64_t tasks, int member, int members)
{
    c3d_shares_open(shares, member, tasks * member / members, tasks * (member + 1) / members);
}

/* Members act in a random order; some open their shares late. */
static void taken_once(int64_t tasks, int members, uint64_t seed)
{
    struct c3d_shares shares;
    int taken[TASKS_MAX] = {0};
    bool opened[MEMBERS_MAX] = {false};
    int done = 0;
    c3d_shares_init(&shares, members);
    for (uint64_t step = 0; done < members; step++) {
        const int member = (int)(random_bits(seed, step) % (uint64_t)members);
        int64_t task;
        if (!opened[member]) {
            open_equal(&shares, tasks, member, members);
            opened[member] = true;
            done++;
        }
        if (c3d_shares_take(&shares, member, members, &task)) {
            cr_assert(task >= 0 && task < tasks, "task %lld of %lld", (long long)task,
                      (long long)tasks);
            taken[task]++;
        }
    }
    for (int member = 0; member < members; member++) {
        int64_t task;
        while (c3d_shares_take(&shares, member, members, &task))
            taken[task]++;
        cr_assert(c3d_shares_peek(&shares, member) == -1);
    }
    for (int64_t task = 0; task < tasks; task++)
        cr_assert(taken[task] == 1, "%d members, %lld tasks: task %lld taken %d times", members,
                  (long long)tasks, (long long)task, taken[task]);
}

Test(shares, every_task_is_taken_once)
{
    for (int members = 1; members <= MEMBERS_MAX; members++)
        for (int64_t tasks = 0; tasks <= TASKS_MAX; tasks += 1 + tasks / 5)
            for (uint64_t i = 0; i < 5; i++)
                taken_once(tasks, members, test_seed() + i);
}

/* As many as there may be have room, whether or not each has lines of its own. */
Test(shares, there_is_one_for_every_member)
{
    static const int members[] = {1, 2, 255, 256, 257, 2048, 2049, C3D_MAX_THREADS};
    static struct c3d_shares shares;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const int last = members[i] - 1;
        int64_t task;
        c3d_shares_init(&shares, members[i]);
        for (int member = 0; member <= last; member++)
            c3d_shares_open(&shares, member, member, member + 1);
        for (int member = 0; member <= last; member++)
            cr_assert(c3d_shares_take(&shares, member, members[i], &task) && task == member);
        cr_assert(!c3d_shares_take(&shares, last, members[i], &task));
    }
}

Test(shares, a_member_starts_with_his_own_in_order)
{
    static const int64_t begins[] = {0, 4, 7, 10};
    struct c3d_shares shares;
    int64_t task;
    c3d_shares_init(&shares, 3);
    for (int member = 0; member < 3; member++)
        c3d_shares_open(&shares, member, begins[member], begins[member + 1]);
    cr_assert(c3d_shares_peek(&shares, 1) == 4);
    for (int64_t expected = 4; expected < 7; expected++)
        cr_assert(c3d_shares_take(&shares, 1, 3, &task) && task == expected);
    cr_assert(c3d_shares_peek(&shares, 1) == -1);
    cr_assert(c3d_shares_take(&shares, 1, 3, &task) && task == 3); /* the end of the largest */
}

struct race {
    struct c3d_shares *shares;
    int64_t tasks;
    atomic_int *taken;
};

static void take_all(void *argument, int member, int members)
{
    const struct race *race = argument;
    int64_t task;
    open_equal(race->shares, race->tasks, member, members);
    while (c3d_shares_take(race->shares, member, members, &task))
        atomic_fetch_add(&race->taken[task], 1);
}

Test(shares, threads_do_not_take_a_task_twice)
{
    enum { TASKS = 20000, THREADS = 4 };
    atomic_int *taken = malloc(TASKS * sizeof *taken);
    cr_assert(taken != NULL);
    for (int64_t round = 0; round < test_count(50); round++) {
        struct c3d_shares shares;
        struct race race = {&shares, TASKS, taken};
        c3d_shares_init(&shares, THREADS);
        for (int i = 0; i < TASKS; i++)
            atomic_init(&taken[i], 0);
        c3d_team_run(THREADS, NULL, take_all, &race);
        for (int i = 0; i < TASKS; i++)
            cr_assert(atomic_load(&taken[i]) == 1, "task %d", i);
    }
    free(taken);
}
