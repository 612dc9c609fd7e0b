/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tasks.c - a task writes its own outputs and no others, so that threads may run them at any
 * time: in both orders, the last outputs first or last, the bits are the same
 *
 * A store that runs over into a neighbour is repaired where the neighbour comes later, and on a
 * quiet machine threads nearly keep to that order.
 */
#include "guard.h"
#include "support.h"

#include "../tools/random_data.h"

#include "plan/plan.h"
#include "platform/cpu.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void run_tasks(const conv3d_plan *plan, const struct workload *w, bool backwards,
                      float *output)
{
    const struct c3d_prepared *const prepared = plan->prepared;
    const int64_t count = plan->schedule.tasks;
    void *const scratch = c3d_alloc(plan->scratch_stride);
    cr_assert(scratch != NULL);
    for (int64_t i = 0; i < count; i++) {
        const struct c3d_task task =
            c3d_schedule_task(&plan->schedule, backwards ? count - 1 - i : i);
        prepared->algorithm->run_task(prepared, &task, NULL, w->input, output, scratch);
    }
    c3d_cpu_finish_streams();
    c3d_free(scratch);
}

/* In output, which begins a line of the cache as streaming wants it. */
static bool both_orders_agree(const struct workload *w, conv3d_options options, conv3d_tile tile)
{
    char text[PROBLEM_TEXT_MAX], label[160];
    struct guarded output;
    conv3d_plan *plan;
    float *expected = allocate_floats(w->output_count);
    bool good = workload_run(w, &options, expected);
    options.tile = tile;
    if (workload_plan(w, &options, &plan) != CONV3D_OK)
        good = complain("%s: %s", problem_text(&w->problem, text), conv3d_last_error());
    for (int backwards = 0; backwards < 2 && good; backwards++) {
        tile = plan->schedule.tile;
        snprintf(label, sizeof label, "%s on %s, tasks of %" PRId64 " x %" PRId64 " x %" PRId64 "%s",
                 options.algorithm, plan->kernels->name, tile.t, tile.h, tile.w,
                 backwards ? ", the last first" : "");
        guarded_make(&output, w->output_count * sizeof(float), GUARD_LOW);
        run_tasks(plan, w, backwards, output.data);
        good = same_bits(w, expected, output.data, label) && guarded_intact(&output);
        guarded_free(&output);
    }
    conv3d_plan_destroy(plan);
    free(expected);
    return good;
}

static bool any_order_will_do(const struct problem *problem, conv3d_tile tile)
{
    struct workload w;
    bool good = true;
    workload_make(&w, problem, 5);
    for (int math = 0; math < 2; math++) {
        const char *names[ALGORITHMS_MAX];
        conv3d_options options = options_for(math ? CONV3D_MATH_FAST : CONV3D_MATH_STRICT);
        options.threads = 1;
        const size_t count = workload_algorithms(&w, &options, names);
        for (size_t i = 0; i < count && good; i++) {
            options.algorithm = names[i];
            good = both_orders_agree(&w, options, tile);
        }
    }
    workload_free(&w);
    return good;
}

Test(tasks, of_random_problems_and_tiles)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const uint64_t seed = random_bits(test_seed(), UINT64_C(0x7461736b));
    const int64_t count = test_count(300);
    for (int64_t i = 0; i < count; i++) {
        struct problem problem;
        problem_draw(&problem, random_bits(seed, (uint64_t)i), 20000);
        isa_set(levels[(size_t)i % level_count]);
        cr_assert(any_order_will_do(&problem, tile_number(i)));
    }
}

/* Rows of whole lines, streamed, in tiles of all widths: those that end within a vector must not
 * complete it. */
Test(tasks, of_streamed_rows)
{
    static const char *const problems[] = {
        "n1_ci3t3h4w32_co3_k3_p1_g3",   "n1_ci3t4h5w48_co6_k1x3x3_p0x1x1_g3_b",
        "n1_ci2t2h4w64_co2_k5_p2_g2",   "n1_ci3t4h5w32_co24_k3_p1",
        "n1_ci5t2h4w32_co19_k1",        "n1_ci4t4h8w64_co16_k1x3x3_s1x2x2_p0x1x1",
        "n1_ci8t3h4w32_co8_k3_p1_g2_b", "n1_ci16t2h2w48_co2_k3_p1",
    };
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    for (size_t level = 0; level < level_count; level++) {
        isa_set(levels[level]);
        for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
            for (int64_t width = 1; width <= 40; width += 1 + width / 18) {
                struct problem problem;
                const conv3d_tile tile = {
                    .t = width % 3, .h = width % 4, .w = width, .store = CONV3D_STORE_STREAMED};
                cr_assert(problem_from_text(&problem, problems[i]) &&
                          any_order_will_do(&problem, tile));
            }
    }
}
