/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_calls.c - calls with the wrong pointers: NULL, overlapping, of structures
 * of another size; and what a failed call leaves to read.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Everything that a call takes, all of it good. */
struct arguments {
    conv3d_params params;
    int64_t input[5];
    conv3d_tensor weight, bias;
};

static float data[4096], output[4096];

static const char good_text[] = "n2_ci4t5h6w7_co6_k3x2x3_s1x2x1_p1x0x2_d1x2x1_g2_b";

static void make_good(struct arguments *a)
{
    cr_assert(conv3d_problem_parse(good_text, &a->params, a->input) == CONV3D_OK);
    a->weight = (conv3d_tensor){data, 5, {6, 2, 3, 2, 3, 0}};
    a->bias = (conv3d_tensor){data, 1, {6}};
}

/* One line that mentions something. */
static bool explains(const char *mention)
{
    const char *line = conv3d_last_error();
    if (*line == '\0' || strchr(line, '\n') != NULL || strstr(line, mention) == NULL)
        return complain("\"%s\" is not one line that mentions %s", line, mention);
    return true;
}

Test(calls, pointers_that_are_null)
{
    struct arguments a;
    conv3d_plan *plan = (conv3d_plan *)output; /* anything but NULL */
    int64_t shape[5];
    make_good(&a);
    cr_expect(conv3d_output_shape(NULL, a.input, shape) == CONV3D_ERR_NULL && explains("params"));
    cr_expect(conv3d_output_shape(&a.params, NULL, shape) == CONV3D_ERR_NULL && explains("input"));
    cr_expect(conv3d_output_shape(&a.params, a.input, NULL) == CONV3D_ERR_NULL &&
              explains("output"));
    cr_expect(conv3d_plan_create(NULL, &a.params, a.input, &a.weight, &a.bias, NULL) ==
                  CONV3D_ERR_NULL && explains("plan"));
    cr_expect(conv3d_plan_create(&plan, NULL, a.input, &a.weight, &a.bias, NULL) ==
                  CONV3D_ERR_NULL && plan == NULL && explains("params"));
    plan = (conv3d_plan *)output;
    cr_expect(conv3d_plan_create(&plan, &a.params, NULL, &a.weight, &a.bias, NULL) ==
                  CONV3D_ERR_NULL && plan == NULL && explains("input"));
    plan = (conv3d_plan *)output;
    cr_expect(conv3d_plan_create(&plan, &a.params, a.input, NULL, &a.bias, NULL) ==
                  CONV3D_ERR_NULL && plan == NULL && explains("weight"));
    cr_expect(conv3d_forward(NULL, a.input, data, &a.weight, &a.bias, output, NULL) ==
              CONV3D_ERR_NULL);
    cr_expect(conv3d_forward(&a.params, a.input, NULL, &a.weight, &a.bias, output, NULL) ==
                  CONV3D_ERR_NULL && explains("input"));
    cr_expect(conv3d_forward(&a.params, a.input, data, &a.weight, &a.bias, NULL, NULL) ==
                  CONV3D_ERR_NULL && explains("output"));
    conv3d_plan_destroy(NULL);
    cr_expect(conv3d_plan_workspace_bytes(NULL) == 0);
    conv3d_plan_info info = {.size = sizeof info};
    cr_expect(conv3d_plan_query(NULL, &info) == CONV3D_ERR_NULL);
    cr_expect(conv3d_machine_query(NULL) == CONV3D_ERR_NULL);
    cr_expect(conv3d_problem_parse(NULL, &a.params, a.input) == CONV3D_ERR_NULL);
    cr_expect(conv3d_problem_parse(good_text, NULL, a.input) == CONV3D_ERR_NULL);
    cr_expect(conv3d_problem_parse(good_text, &a.params, NULL) == CONV3D_ERR_NULL);
    cr_expect(conv3d_plan_execute(NULL, data, output, NULL) == CONV3D_ERR_NULL && explains("plan"));
}

static conv3d_plan *good_plan(void)
{
    struct arguments a;
    conv3d_plan *plan;
    make_good(&a);
    cr_assert(conv3d_plan_create(&plan, &a.params, a.input, &a.weight, &a.bias, NULL) ==
              CONV3D_OK);
    return plan;
}

Test(calls, structures_of_another_size)
{
    conv3d_plan *plan = good_plan();
    for (size_t wrong = 0; wrong < 3; wrong++) {
        conv3d_plan_info info;
        conv3d_machine machine;
        poison(&info, sizeof info);
        poison(&machine, sizeof machine);
        info.size = wrong == 2 ? sizeof info + 8 : wrong;
        machine.size = wrong == 2 ? sizeof machine + 8 : wrong;
        char mention[24];
        snprintf(mention, sizeof mention, "%zu", info.size);
        cr_expect(conv3d_plan_query(plan, &info) == CONV3D_ERR_ARGUMENT && explains(mention));
        cr_expect(is_poisoned((char *)&info + sizeof info.size, sizeof info - sizeof info.size));
        snprintf(mention, sizeof mention, "%zu", machine.size);
        cr_expect(conv3d_machine_query(&machine) == CONV3D_ERR_ARGUMENT && explains(mention));
        cr_expect(is_poisoned((char *)&machine + sizeof machine.size,
                              sizeof machine - sizeof machine.size));
    }
    conv3d_plan_destroy(plan);
}

/* Input: 2x4x5x6x7 = 1680 floats; output: 2x6x5x2x9 = 1080 floats. */
Test(calls, buffers_that_overlap)
{
    static float both[4096];
    enum { INPUTS = 1680, OUTPUTS = 1080 };
    static const int overlapping[] = {0, 1, INPUTS - 1, -1, 1 - OUTPUTS, 500, -500};
    static const int apart[] = {INPUTS, -OUTPUTS, INPUTS + 1};
    conv3d_plan *plan = good_plan();
    float *const input = both + 1200;
    for (size_t i = 0; i < sizeof overlapping / sizeof *overlapping; i++) {
        poison(both, sizeof both);
        cr_expect(conv3d_plan_execute(plan, input, input + overlapping[i], NULL) ==
                      CONV3D_ERR_ARGUMENT, "%d", overlapping[i]);
        cr_expect(explains("6720") && is_poisoned(both, sizeof both));
    }
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        memset(both, 0, sizeof both);
        cr_expect(conv3d_plan_execute(plan, input, input + apart[i], NULL) == CONV3D_OK, "%d",
                  apart[i]);
    }
    conv3d_plan_destroy(plan);
}

static void *last_error_of_a_fresh_thread(void *unused)
{
    (void)unused;
    return (void *)(conv3d_last_error()[0] == '\0' ? "empty" : "not empty");
}

Test(calls, the_last_error_belongs_to_its_thread)
{
    char before[512];
    pthread_t thread;
    void *verdict;
    cr_expect_str_empty(conv3d_last_error());
    cr_expect(conv3d_plan_execute(NULL, data, output, NULL) == CONV3D_ERR_NULL);
    snprintf(before, sizeof before, "%s", conv3d_last_error());
    conv3d_plan *plan = good_plan(); /* success leaves the line alone */
    cr_expect_str_eq(conv3d_last_error(), before);
    conv3d_plan_destroy(plan);
    cr_assert(pthread_create(&thread, NULL, last_error_of_a_fresh_thread, NULL) == 0);
    pthread_join(thread, &verdict);
    cr_expect_str_eq(verdict, "empty");
}

Test(calls, every_status_has_a_name)
{
    static const char *const names[] = {
        "CONV3D_OK",          "CONV3D_ERR_NULL",  "CONV3D_ERR_ARGUMENT", "CONV3D_ERR_SHAPE",
        "CONV3D_ERR_OVERFLOW", "CONV3D_ERR_MEMORY", "CONV3D_ERR_LIMIT",   "CONV3D_ERR_UNSUPPORTED",
        "CONV3D_ERR_ENVIRONMENT", "CONV3D_ERR_PARSE", "CONV3D_ERR_IO"};
    for (int i = 0; i <= CONV3D_ERR_IO; i++)
        cr_expect_str_eq(conv3d_status_string((conv3d_status)i), names[i]);
    cr_expect_str_eq(conv3d_status_string((conv3d_status)(CONV3D_ERR_IO + 1)), "unknown status");
    cr_expect_str_eq(conv3d_status_string((conv3d_status)-1), "unknown status");
}
