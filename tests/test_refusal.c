/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_refusal.c - plans that the process has no memory for are refused with the numbers,
 * and what is free decides nothing else.  A limit on the address space plays the want of it.
 */
#include "address_space.h"
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than what a test maps beside the plan, and less than any plan of `large`. */
static const uint64_t margin = (uint64_t)1 << 20;

struct needs {
    struct workload work; /* weights and bias alone */
    conv3d_options options;
    conv3d_plan_info info;
    char algorithm[32], transform[64]; /* of it, whose own live as long as the plan */
};

static conv3d_status create(const struct needs *needs, conv3d_plan **plan)
{
    *plan = (conv3d_plan *)(uintptr_t)needs; /* anything but NULL */
    return workload_plan(&needs->work, &needs->options, plan);
}

/* What the plan takes while nothing is limited. */
static void needs_make(struct needs *needs, const char *text, const char *algorithm)
{
    struct workload *const w = &needs->work;
    conv3d_plan *plan;
    *needs = (struct needs){.options = options_for(CONV3D_MATH_FAST),
                            .info.size = sizeof needs->info};
    cr_assert(problem_from_text(&w->problem, text));
    w->weight_count = (size_t)(w->problem.params.out_channels * problem_taps(&w->problem));
    w->weight = allocate_floats(w->weight_count);
    memset(w->weight, 0, w->weight_count * sizeof(float));
    needs->options.threads = 2;
    needs->options.algorithm = algorithm;
    cr_assert(create(needs, &plan) == CONV3D_OK, "%s: %s", text, conv3d_last_error());
    cr_assert(conv3d_plan_query(plan, &needs->info) == CONV3D_OK);
    snprintf(needs->algorithm, sizeof needs->algorithm, "%s", needs->info.algorithm);
    snprintf(needs->transform, sizeof needs->transform, "%s", needs->info.transform);
    conv3d_plan_destroy(plan);
}

static uint64_t needed(const struct needs *needs)
{
    return needs->info.packed_bytes + needs->info.workspace_bytes;
}

static bool message_has(size_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", number);
    return strstr(conv3d_last_error(), text) != NULL ||
           complain("\"%s\" does not mention %s", conv3d_last_error(), text);
}

static void is_refused(const struct needs *needs)
{
    conv3d_plan *plan;
    const conv3d_status status = create(needs, &plan);
    cr_assert(status == CONV3D_ERR_MEMORY && plan == NULL, "%s, %ju bytes: %s",
              needs->algorithm, (uintmax_t)needed(needs), conv3d_status_string(status));
    cr_expect(message_has(needed(needs)));
    cr_expect(message_has(needs->info.packed_bytes));
    cr_expect(message_has(needs->info.workspace_bytes));
    cr_expect(strstr(conv3d_last_error(), "address space limit") != NULL &&
                  strchr(conv3d_last_error(), '\n') == NULL,
              "%s", conv3d_last_error());
}

static void is_made_the_same(const struct needs *needs)
{
    const conv3d_plan_info *const before = &needs->info;
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    cr_assert(create(needs, &plan) == CONV3D_OK, "%s", conv3d_last_error());
    cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
    cr_expect_str_eq(info.algorithm, needs->algorithm);
    cr_expect_str_eq(info.transform, needs->transform);
    cr_expect(memcmp(&info.tile, &before->tile, sizeof info.tile) == 0);
    cr_expect(info.threads == before->threads && info.tasks == before->tasks &&
              info.packed_bytes == before->packed_bytes &&
              info.workspace_bytes == before->workspace_bytes);
    conv3d_plan_destroy(plan);
}

/* Of every algorithm one beyond the size from which plans are checked. */
static const struct {
    const char *text, *algorithm;
} large[] = {
    {"n1_ci2048t1h4w4_co2048_k1", NULL},
    {"n1_ci128t8h28w28_co128_k3_p1", NULL},
    {"n1_ci512t4h8w8_co128_k3_p1", "winograd"},
    {"n1_ci512t4h8w8_co128_k3_p1", "direct"},
    {"n1_ci512t4h8w8_co128_k3_p1", "rows"},
    {"n1_ci512t4h8w8_co128_k3_p1", "reference"},
    {"n1_ci65536t3h3w9_co65536_k3_p1_g65536", "depthwise_packed"},
};

Test(refusal, a_plan_beyond_the_address_space_is_refused_with_the_numbers)
{
    address_space_skip_if_sanitized();
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        struct needs needs;
        needs_make(&needs, large[i].text, large[i].algorithm);
        address_space_leave(needed(&needs) - margin);
        is_refused(&needs);
        address_space_leave(margin);
        is_refused(&needs);
        address_space_limit(0);
        is_made_the_same(&needs);
        workload_free(&needs.work);
    }
}

Test(refusal, a_plan_that_barely_fits_is_the_same)
{
    address_space_skip_if_sanitized();
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        struct needs needs;
        needs_make(&needs, large[i].text, large[i].algorithm);
        address_space_leave(needed(&needs) + margin);
        is_made_the_same(&needs);
        address_space_limit(0);
        workload_free(&needs.work);
    }
}

/* Smaller weights find room where larger ones do not. */
Test(refusal, a_smaller_plan_is_made_where_a_larger_one_is_refused)
{
    address_space_skip_if_sanitized();
    struct needs small, larger;
    needs_make(&small, "n1_ci16t4h8w8_co16_k3_p1", NULL);
    needs_make(&larger, large[0].text, NULL);
    address_space_leave(4 * margin);
    is_refused(&larger);
    is_made_the_same(&small);
    workload_free(&small.work);
    workload_free(&larger.work);
}

Test(refusal, the_machine_tells_the_same_figure)
{
    address_space_skip_if_sanitized();
    conv3d_machine machine = {.size = sizeof machine};
    cr_assert(conv3d_machine_query(&machine) == CONV3D_OK);
    cr_expect(machine.memory_available > 0 && machine.memory_reason[0] != '\0');
    address_space_leave(64 * margin);
    cr_assert(conv3d_machine_query(&machine) == CONV3D_OK);
    cr_expect(machine.memory_available <= 65 * margin &&
                  machine.memory_available >= 60 * margin,
              "%zu", machine.memory_available);
    cr_expect_str_eq(machine.memory_reason, "address space limit (ulimit -v)");
}
