/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_schedule.c - tasks cover the output once, and shares of them are equal work
 */
#include "support.h"

#include "../tools/random_data.h"

#include "plan/schedule.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t draw(uint64_t seed, uint64_t index, int64_t most)
{
    return 1 + (int64_t)(random_bits(seed, index) % (uint64_t)most);
}

static struct c3d_schedule draw_schedule(uint64_t seed)
{
    const struct c3d_problem problem = {
        .items = draw(seed, 0, 3),
        .groups = draw(seed, 1, 3),
        .out_channels = draw(seed, 2, 40),
        .out = {draw(seed, 3, 9), draw(seed, 4, 9), draw(seed, 5, 9)},
    };
    const conv3d_tile tile = {
        .t = draw(seed, 6, problem.out[T]),
        .h = draw(seed, 7, problem.out[H]),
        .w = draw(seed, 8, problem.out[W]),
        .oc = draw(seed, 9, problem.out_channels),
        .ic = 1,
        .order = random_bits(seed, 10) % 2 == 0 ? CONV3D_ORDER_OUTER : CONV3D_ORDER_INNER,
    };
    return c3d_schedule_make(&problem, &tile);
}

static double outputs_of(const struct c3d_task *task)
{
    return (double)(c3d_extent(task->channels) * c3d_extent(task->out[T]) *
                    c3d_extent(task->out[H]) * c3d_extent(task->out[W]));
}

Test(schedule, work_is_the_sum_of_the_tasks)
{
    for (uint64_t seed = 0; seed < (uint64_t)test_count(300); seed++) {
        const struct c3d_schedule s = draw_schedule(test_seed() + seed);
        double sum = 0;
        for (int64_t i = 0; i < s.tasks; i++) {
            const struct c3d_task task = c3d_schedule_task(&s, i);
            cr_assert(c3d_schedule_work(&s, i) == sum, "case %d, task %d", (int)seed, (int)i);
            cr_assert(outputs_of(&task) > 0);
            sum += outputs_of(&task);
        }
        cr_assert(c3d_schedule_work(&s, s.tasks) == sum);
        cr_assert(sum == (double)(s.items * s.groups * s.channels * s.out[T] * s.out[H] *
                                  s.out[W]));
    }
}

Test(schedule, tasks_cover_every_output_once)
{
    for (uint64_t seed = 0; seed < (uint64_t)test_count(100); seed++) {
        const struct c3d_schedule s = draw_schedule(test_seed() + seed);
        const size_t count = (size_t)c3d_schedule_work(&s, s.tasks);
        unsigned char *const seen = allocate(count);
        memset(seen, 0, count);
        for (int64_t i = 0; i < s.tasks; i++) {
            const struct c3d_task task = c3d_schedule_task(&s, i);
            for (int64_t c = task.channels.begin; c < task.channels.end; c++)
                for (int64_t t = task.out[T].begin; t < task.out[T].end; t++)
                    for (int64_t h = task.out[H].begin; h < task.out[H].end; h++)
                        for (int64_t w = task.out[W].begin; w < task.out[W].end; w++) {
                            const int64_t plane = (task.item * s.groups + task.group) * s.channels;
                            seen[(((plane + c) * s.out[T] + t) * s.out[H] + h) * s.out[W] + w]++;
                        }
        }
        for (size_t i = 0; i < count; i++)
            cr_assert(seen[i] == 1, "case %d: output %zu", (int)seed, i);
        free(seen);
    }
}

/* Shares meet, and no share misses its due by more than a task. */
Test(schedule, shares_are_equal_to_a_task)
{
    for (uint64_t seed = 0; seed < (uint64_t)test_count(300); seed++) {
        const struct c3d_schedule s = draw_schedule(test_seed() + seed);
        const double all = c3d_schedule_work(&s, s.tasks);
        const double task = (double)(s.tile.t * s.tile.h * s.tile.w * s.tile.oc);
        for (int members = 1; members <= 9; members++) {
            int64_t next = 0;
            double busiest = 0;
            for (int member = 0; member < members; member++) {
                const struct c3d_range share = c3d_schedule_share(&s, member, members);
                cr_assert(share.begin == next && share.end >= share.begin);
                next = share.end;
                const double work = c3d_schedule_work(&s, share.end) -
                                    c3d_schedule_work(&s, share.begin);
                cr_assert(fabs(work - all / members) <= task);
                busiest = fmax(busiest, work);
            }
            cr_assert(next == s.tasks);
            cr_assert_float_eq(c3d_schedule_efficiency(&s, members), all / (members * busiest),
                               1e-12);
        }
    }
}

Test(schedule, an_empty_batch_is_equal_shares_of_nothing)
{
    const struct c3d_problem problem = {.groups = 1, .out_channels = 8, .out = {2, 3, 4}};
    const conv3d_tile tile = {.t = 2, .h = 3, .w = 4, .oc = 8, .ic = 1};
    const struct c3d_schedule s = c3d_schedule_make(&problem, &tile);
    cr_assert(s.tasks == 0 && c3d_schedule_efficiency(&s, 3) == 1);
}
