/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_packed.c - packed weights, in one copy or one for each node of a machine that is only
 * described
 */
#include "support.h"

#include "plan/packed.h"
#include "plan/plan.h"
#include "platform/topology.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8 };

/* Weights of 1.7 MiB, more than a cache of the machine below and more than the input. */
static const char *const large = "n1_ci128t2h5w4_co128_k3_p1_b";
static const char *const small = "n1_ci16t4h9w8_co16_k3_p1_b";

static void describe_machine(void)
{
    setenv("HWLOC_SYNTHETIC", "pack:2 [numa] l3:1(size=1MB) l2:4(size=512KB) core:1 pu:1", 1);
    unsetenv("CONV3D_BIND");
    if (c3d_topology_get()->list == NULL)
        cr_skip("built without hwloc");
    cr_assert(c3d_topology_get()->numa_nodes == 2 && !c3d_topology_get()->here);
}

static conv3d_plan *make_plan(const struct workload *work, const char *bind, conv3d_math math,
                              size_t memory_limit)
{
    conv3d_options options = options_for(math);
    conv3d_plan *plan;
    options.threads = THREADS;
    options.bind = bind;
    options.memory_limit_bytes = memory_limit;
    cr_assert(workload_plan(work, &options, &plan) == CONV3D_OK, "%s", conv3d_last_error());
    return plan;
}

static void make_workload(struct workload *work, const char *text)
{
    struct problem problem;
    cr_assert(problem_from_text(&problem, text));
    workload_make(work, &problem, test_seed());
}

/* Each node has its own, and computes the same with it. */
static void copies_compute_the_same(conv3d_math math)
{
    struct workload work;
    make_workload(&work, large);
    float *const expected = allocate_floats(work.output_count);
    float *const found = allocate_floats(work.output_count);
    conv3d_plan *const one = make_plan(&work, "none", math, 0);
    conv3d_plan *const two = make_plan(&work, "compact", math, 0);
    cr_assert(one->packed.count == 1 && two->packed.count == 2);
    cr_assert(two->threads == THREADS);
    cr_expect(c3d_packed_for(&two->packed, 0) == two->prepared);
    cr_expect(c3d_packed_for(&two->packed, 3) == two->prepared);
    cr_expect(c3d_packed_for(&two->packed, 4) != two->prepared);
    cr_expect(c3d_packed_for(&two->packed, 4) == c3d_packed_for(&two->packed, 7));
    conv3d_plan_info info_one = {.size = sizeof info_one}, info_two = info_one;
    cr_assert(conv3d_plan_query(one, &info_one) == CONV3D_OK &&
              conv3d_plan_query(two, &info_two) == CONV3D_OK);
    cr_expect(info_two.packed_bytes == 2 * info_one.packed_bytes);
    cr_assert(conv3d_plan_execute(one, work.input, expected, NULL) == CONV3D_OK);
    for (int round = 0; round < 5; round++) {
        poison(found, work.output_count * sizeof *found);
        cr_assert(conv3d_plan_execute(two, work.input, found, NULL) == CONV3D_OK);
        cr_expect(memcmp(expected, found, work.output_count * sizeof *found) == 0);
    }
    conv3d_plan_destroy(one);
    conv3d_plan_destroy(two);
    free(expected);
    free(found);
    workload_free(&work);
}

Test(packed, copies_compute_the_same_in_strict_math)
{
    describe_machine();
    copies_compute_the_same(CONV3D_MATH_STRICT);
}

Test(packed, copies_compute_the_same_in_fast_math)
{
    describe_machine();
    copies_compute_the_same(CONV3D_MATH_FAST);
}

static int copies_of(const char *text, const char *bind, size_t memory_limit)
{
    struct workload work;
    make_workload(&work, text);
    conv3d_plan *const plan = make_plan(&work, bind, CONV3D_MATH_STRICT, memory_limit);
    const int count = plan->packed.count;
    conv3d_plan_destroy(plan);
    workload_free(&work);
    return count;
}

Test(packed, one_copy_where_more_do_not_pay)
{
    describe_machine();
    cr_expect(copies_of(large, "spread", 0) == 2);
    cr_expect(copies_of(large, "0-7", 0) == 2);
    cr_expect(copies_of(large, "7,0-6", 0) == 2);
    cr_expect(copies_of(large, "0-3", 0) == 1);                  /* too short: nobody sits */
    cr_expect(copies_of(large, "auto", 0) == 1);                 /* not this machine */
    cr_expect(copies_of(small, "compact", 0) == 1);              /* L3 holds it */
    cr_expect(copies_of(large, "compact", (size_t)1 << 30) == 1); /* who limits memory wants one */
}

/* The threads of one node take one half of the channels each: fewer weights for every node. */
Test(packed, channels_are_divided_between_nodes)
{
    describe_machine();
    struct workload work;
    make_workload(&work, large);
    conv3d_plan *const plan = make_plan(&work, "compact", CONV3D_MATH_STRICT, 0);
    cr_assert(plan->schedule.tile.order == CONV3D_ORDER_OUTER);
    conv3d_plan_share first = {.size = sizeof first};
    conv3d_plan_task begin = {.size = sizeof begin}, end = {.size = sizeof end};
    cr_assert(conv3d_plan_query_share(plan, 4, &first) == CONV3D_OK);
    cr_assert(conv3d_plan_query_task(plan, 0, &begin) == CONV3D_OK);
    cr_assert(conv3d_plan_query_task(plan, plan->schedule.tasks - 1, &end) == CONV3D_OK);
    cr_expect(first.processor == 4);
    cr_expect(begin.channel_begin == 0 && end.channel_end == 128);
    conv3d_plan_destroy(plan);
    workload_free(&work);
}
