/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_errors.c - every bad descriptor gets the status that conv3d.h documents,
 * a line with the offending number, and touches nothing.  A case is a good
 * problem with one or two numbers changed.  Bad pointers are in test_calls.c.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What can be changed, and whether conv3d_output_shape() sees it too. */
enum field {
    IN_CHANNELS, OUT_CHANNELS, GROUPS, KERNEL, STRIDE, DILATION, PAD_BEGIN, PAD_END, CONV_MODE,
    DTYPE, INPUT, LAST_OF_PROBLEM = INPUT,
    BIAS_FLAG, WEIGHT_RANK, WEIGHT_SHAPE, WEIGHT6_SHAPE, BIAS_RANK, BIAS_SHAPE, BIAS5_SHAPE,
    OPTION_SIZE, THREADS, MATH, EFFORT, ACTIVATION, MEMORY_LIMIT, TILE, ORDER, STORE
};

struct change {
    enum field field;
    int index;
    int64_t value;
};

/* Everything that a call takes. */
struct arguments {
    conv3d_params params;
    int64_t input[5];
    conv3d_tensor weight, bias;
    conv3d_options options;
    const conv3d_tensor *bias_pointer;
};

static float data[4096], output[4096];
static int checked;

static const char good_text[] = "n2_ci4t5h6w7_co6_k3x2x3_s1x2x1_p1x0x2_d1x2x1_g2_b";

static void make_good(struct arguments *a)
{
    memset(a, 0, sizeof *a);
    cr_assert(conv3d_problem_parse(good_text, &a->params, a->input) == CONV3D_OK);
    a->weight = (conv3d_tensor){data, 5, {6, 2, 3, 2, 3, 0}};
    a->bias = (conv3d_tensor){data, 1, {6}};
    a->bias_pointer = &a->bias;
    conv3d_options_init(&a->options);
}

static void change(struct arguments *a, const struct change *c)
{
    static const int64_t six[6] = {2, 3, 2, 3, 2, 3}, five[6] = {1, 6, 1, 1, 1, 0};
    int64_t *const tile[6] = {&a->options.tile.t,  &a->options.tile.h,  &a->options.tile.w,
                              &a->options.tile.oc, &a->options.tile.ic, &a->options.tile.panel};
    switch (c->field) {
    case IN_CHANNELS: a->params.in_channels = c->value; break;
    case OUT_CHANNELS: a->params.out_channels = c->value; break;
    case GROUPS: a->params.groups = c->value; break;
    case KERNEL: a->params.kernel_size[c->index] = c->value; break;
    case STRIDE: a->params.stride[c->index] = c->value; break;
    case DILATION: a->params.dilation[c->index] = c->value; break;
    case PAD_BEGIN: a->params.padding_begin[c->index] = c->value; break;
    case PAD_END: a->params.padding_end[c->index] = c->value; break;
    case CONV_MODE: a->params.conv_mode = (conv3d_conv_mode)c->value; break;
    case DTYPE: a->params.dtype = (conv3d_dtype)c->value; break;
    case INPUT: a->input[c->index] = c->value; break;
    case BIAS_FLAG: a->params.bias = (int)c->value; break;
    case WEIGHT_RANK: a->weight.rank = (int)c->value; break;
    case WEIGHT_SHAPE: a->weight.shape[c->index] = c->value; break;
    case WEIGHT6_SHAPE:
        a->weight.rank = 6;
        memcpy(a->weight.shape, six, sizeof six);
        a->weight.shape[c->index] = c->value;
        break;
    case BIAS_RANK: a->bias.rank = (int)c->value; break;
    case BIAS_SHAPE: a->bias.shape[c->index] = c->value; break;
    case BIAS5_SHAPE:
        a->bias.rank = 5;
        memcpy(a->bias.shape, five, sizeof five);
        a->bias.shape[c->index] = c->value;
        break;
    case OPTION_SIZE: a->options.size = (size_t)c->value; break;
    case THREADS: a->options.threads = (int)c->value; break;
    case MATH: a->options.math = (conv3d_math)c->value; break;
    case EFFORT: a->options.effort = (conv3d_effort)c->value; break;
    case ACTIVATION: a->options.activation = (conv3d_activation)c->value; break;
    case MEMORY_LIMIT: a->options.memory_limit_bytes = (size_t)c->value; break;
    case TILE: *tile[c->index] = c->value; break;
    case ORDER: a->options.tile.order = (conv3d_order)c->value; break;
    case STORE: a->options.tile.store = (conv3d_store)c->value; break;
    }
}

/* Sizes beyond 63 bits may be told by what follows from them, an output extent
 * for instance: some number as long as theirs must be there. */
static const char any_huge_number[] = "a number of 19 digits";

static bool mentions(const char *line, const char *mention)
{
    if (mention != any_huge_number)
        return strstr(line, mention) != NULL;
    for (; *line != '\0'; line++)
        if (strspn(line, "0123456789") == 19)
            return true;
    return false;
}

/* One line, printable and with `mention` in it. */
static bool explains(const char *mention)
{
    const char *line = conv3d_last_error();
    for (const char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            return complain("\"%s\" is not one line", line);
    if (*line == '\0' || !mentions(line, mention))
        return complain("\"%s\" does not mention %s", line, mention);
    return true;
}

static bool is_status(conv3d_status status, conv3d_status expected, const char *call)
{
    return status == expected ||
           complain("%s: %s, expected %s (%s)", call, conv3d_status_string(status),
                    conv3d_status_string(expected), conv3d_last_error());
}

/* All calls that take these arguments refuse them alike. */
static bool refuses(const struct arguments *a, bool shape_too, conv3d_status expected,
                    const char *mention)
{
    bool good = true;
    if (shape_too) {
        int64_t shape[5];
        poison(shape, sizeof shape);
        good &= is_status(conv3d_output_shape(&a->params, a->input, shape), expected,
                          "conv3d_output_shape") &&
                explains(mention) && is_poisoned(shape, sizeof shape);
    }
    conv3d_plan *plan = (conv3d_plan *)output; /* anything but NULL */
    good &= is_status(conv3d_plan_create(&plan, &a->params, a->input, &a->weight, a->bias_pointer,
                                         &a->options),
                      expected, "conv3d_plan_create") &&
            explains(mention);
    if (plan != NULL)
        good = complain("the plan pointer was not set to NULL");
    poison(output, sizeof output);
    good &= is_status(conv3d_forward(&a->params, a->input, data, &a->weight, a->bias_pointer,
                                     output, &a->options),
                      expected, "conv3d_forward") &&
            explains(mention);
    if (!is_poisoned(output, sizeof output))
        good = complain("the output was touched");
    checked++;
    return good;
}

/* first, and second unless NULL, make the problem bad; the value of first is
 * what the line must mention. */
static void expect(conv3d_status expected, struct change first, const struct change *second)
{
    struct arguments a;
    char mention[24];
    make_good(&a);
    change(&a, &first);
    if (second != NULL)
        change(&a, second);
    snprintf(mention, sizeof mention, "%" PRId64, first.value);
    const bool shape_too = first.field <= LAST_OF_PROBLEM;
    cr_expect(refuses(&a, shape_too, expected,
                      expected == CONV3D_ERR_OVERFLOW ? any_huge_number : mention),
              "field %d[%d] = %" PRId64, (int)first.field, first.index, first.value);
}

static void expect_each(conv3d_status expected, enum field field, int indices,
                        const int64_t *values, size_t value_count)
{
    for (int index = 0; index < indices; index++)
        for (size_t i = 0; i < value_count; i++)
            expect(expected, (struct change){field, index, values[i]}, NULL);
}

#define EXPECT_EACH(expected, field, indices, ...) \
    expect_each(expected, field, indices, (const int64_t[]){__VA_ARGS__}, \
                sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void at_least(int count)
{
    fprintf(stderr, "    %d bad descriptors\n", checked);
    cr_expect(checked >= count, "%d checked", checked);
}

Test(errors, the_problem_they_start_from_is_good)
{
    struct arguments a;
    conv3d_plan *plan;
    make_good(&a);
    cr_assert(conv3d_plan_create(&plan, &a.params, a.input, &a.weight, a.bias_pointer,
                                 &a.options) == CONV3D_OK);
    conv3d_plan_destroy(plan);
    change(&a, &(struct change){WEIGHT6_SHAPE, 0, 2});
    change(&a, &(struct change){BIAS5_SHAPE, 0, 1});
    cr_assert(conv3d_plan_create(&plan, &a.params, a.input, &a.weight, a.bias_pointer,
                                 &a.options) == CONV3D_OK);
    conv3d_plan_destroy(plan);
}

Test(errors, numbers_out_of_range)
{
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, IN_CHANNELS, 1, 0, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, OUT_CHANNELS, 1, 0, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, GROUPS, 1, 0, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, KERNEL, 3, 0, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, STRIDE, 3, 0, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, DILATION, 3, 0, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, PAD_BEGIN, 3, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, PAD_END, 3, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, INPUT, 5, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, CONV_MODE, 1, 2, -1, 1000);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, DTYPE, 1, 1, -1, 1000);
    at_least(64);
}

Test(errors, shapes_that_contradict_each_other)
{
    for (int axis = 1; axis < 5; axis++)
        expect(CONV3D_ERR_SHAPE, (struct change){INPUT, axis, 0}, NULL);
    expect(CONV3D_ERR_SHAPE, (struct change){INPUT, 1, 5}, NULL);
    expect(CONV3D_ERR_SHAPE, (struct change){INPUT, 1, 2}, NULL);
    EXPECT_EACH(CONV3D_ERR_SHAPE, IN_CHANNELS, 1, 3, 5, 8);
    EXPECT_EACH(CONV3D_ERR_SHAPE, GROUPS, 1, 3, 4, 5, 7, INT64_MAX);
    EXPECT_EACH(CONV3D_ERR_SHAPE, OUT_CHANNELS, 1, 5, 7);
    /* Padded input: 7 x 6 x 11; dilated kernel 3 x 3 x 3. */
    expect(CONV3D_ERR_SHAPE, (struct change){KERNEL, 0, 8}, NULL);
    expect(CONV3D_ERR_SHAPE, (struct change){KERNEL, 1, 4}, NULL);
    expect(CONV3D_ERR_SHAPE, (struct change){KERNEL, 2, 12}, NULL);
    expect(CONV3D_ERR_SHAPE, (struct change){DILATION, 0, 4}, NULL);
    expect(CONV3D_ERR_SHAPE, (struct change){DILATION, 1, 6}, NULL);
    expect(CONV3D_ERR_SHAPE, (struct change){DILATION, 2, 6}, NULL);
    expect(CONV3D_ERR_SHAPE, (struct change){INPUT, 3, 2}, NULL);
    /* A reversed volume: the batch is not a channel, and so on. */
    expect(CONV3D_ERR_SHAPE, (struct change){INPUT, 1, 7}, &(struct change){INPUT, 4, 4});
    at_least(24);
}

Test(errors, weights_and_bias_of_another_shape)
{
    EXPECT_EACH(CONV3D_ERR_SHAPE, WEIGHT_RANK, 1, 0, -1, 7, INT_MAX, INT_MIN);
    EXPECT_EACH(CONV3D_ERR_SHAPE, BIAS_RANK, 1, 0, -1, 7, INT_MAX);
    for (int rank = 1; rank <= 6; rank++) {
        if (rank != 5)
            expect(CONV3D_ERR_SHAPE, (struct change){WEIGHT_SHAPE, 0, 6},
                   &(struct change){WEIGHT_RANK, 0, rank});
        if (rank != 1)
            expect(CONV3D_ERR_SHAPE, (struct change){BIAS_SHAPE, 0, 6},
                   &(struct change){BIAS_RANK, 0, rank});
    }
    /* No entry of these shapes is 1, 4, 0 or -1, and all of (1, 6, 1, 1, 1) is. */
    EXPECT_EACH(CONV3D_ERR_SHAPE, WEIGHT_SHAPE, 5, 1, 4, 0, -1, INT64_MAX);
    EXPECT_EACH(CONV3D_ERR_SHAPE, WEIGHT6_SHAPE, 6, 1, 4, 0, -1);
    EXPECT_EACH(CONV3D_ERR_SHAPE, BIAS_SHAPE, 1, 5, 7, 0, 1, -6);
    EXPECT_EACH(CONV3D_ERR_SHAPE, BIAS5_SHAPE, 5, 2, 0, -1);
    at_least(70);
}

/* Six entries are for grouped weights only. */
Test(errors, six_dimensional_weights_without_groups)
{
    struct arguments a;
    make_good(&a);
    a.params.groups = 1;
    a.weight = (conv3d_tensor){data, 6, {1, 6, 4, 3, 2, 3}};
    cr_expect(refuses(&a, false, CONV3D_ERR_SHAPE, "(1, 6, 4, 3, 2, 3)"));
    /* The ungrouped shape, while there are groups. */
    make_good(&a);
    a.weight = (conv3d_tensor){data, 5, {6, 4, 3, 2, 3}};
    cr_expect(refuses(&a, false, CONV3D_ERR_SHAPE, "(6, 4, 3, 2, 3)"));
}

Test(errors, sizes_beyond_63_bits)
{
    const int64_t huge = INT64_C(1) << 62;
    for (int axis = 0; axis < 5; axis++)
        if (axis != 1)
            expect(CONV3D_ERR_OVERFLOW, (struct change){INPUT, axis, huge}, NULL);
    EXPECT_EACH(CONV3D_ERR_OVERFLOW, PAD_BEGIN, 3, INT64_MAX, huge);
    EXPECT_EACH(CONV3D_ERR_OVERFLOW, PAD_END, 3, INT64_MAX, huge);
    EXPECT_EACH(CONV3D_ERR_OVERFLOW, DILATION, 3, INT64_MAX);
    EXPECT_EACH(CONV3D_ERR_OVERFLOW, OUT_CHANNELS, 1, huge);
    expect(CONV3D_ERR_OVERFLOW, (struct change){IN_CHANNELS, 0, huge},
           &(struct change){INPUT, 1, huge});
    expect(CONV3D_ERR_OVERFLOW, (struct change){KERNEL, 0, huge},
           &(struct change){PAD_END, 0, huge});
    expect(CONV3D_ERR_OVERFLOW, (struct change){KERNEL, 2, INT64_MAX},
           &(struct change){DILATION, 2, 2});
    at_least(22);
}

Test(errors, options_out_of_range)
{
    const int64_t size = (int64_t)sizeof(conv3d_options);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, OPTION_SIZE, 1, 0, 1, size - 1, size + 8, INT64_MAX);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, THREADS, 1, -1, 4097, INT_MAX, INT_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, MATH, 1, -1, 3, 1000);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, EFFORT, 1, -1, 3, 1000);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, ACTIVATION, 1, -1, 2, 1000);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, TILE, 6, -1, INT64_MIN);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, ORDER, 1, -1, 3, 1000);
    EXPECT_EACH(CONV3D_ERR_ARGUMENT, STORE, 1, -1, 3, 1000);
    EXPECT_EACH(CONV3D_ERR_LIMIT, MEMORY_LIMIT, 1, 1, 64, 400);
    at_least(39);
}

Test(errors, algorithms_nobody_knows)
{
    static const char *const names[] = {"", "fastest", "Direct", "direct ", "winograd9"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct arguments a;
        make_good(&a);
        a.options.algorithm = names[i];
        cr_expect(refuses(&a, false, CONV3D_ERR_UNSUPPORTED, names[i]));
    }
}

Test(errors, a_bias_that_is_missing_or_superfluous)
{
    struct arguments a;
    make_good(&a);
    a.bias_pointer = NULL;
    cr_expect(refuses(&a, false, CONV3D_ERR_NULL, "bias"));
    make_good(&a);
    a.bias.data = NULL;
    cr_expect(refuses(&a, false, CONV3D_ERR_NULL, "bias"));
    make_good(&a);
    a.params.bias = 0;
    cr_expect(refuses(&a, false, CONV3D_ERR_ARGUMENT, "bias"));
    make_good(&a);
    a.weight.data = NULL;
    cr_expect(refuses(&a, false, CONV3D_ERR_NULL, "weight"));
}

static void environment_is_refused(const char *name, const char *value)
{
    struct arguments a;
    make_good(&a);
    setenv(name, value, 1);
    cr_expect(refuses(&a, false, CONV3D_ERR_ENVIRONMENT, value), "%s=%s", name, value);
    unsetenv(name);
}

Test(errors, environment_variables_nobody_understands)
{
#if defined(__x86_64__)
    environment_is_refused("CONV3D_ISA", "neon");
#elif defined(__aarch64__)
    environment_is_refused("CONV3D_ISA", "avx2");
#endif
    environment_is_refused("CONV3D_ISA", "sse9");
    environment_is_refused("CONV3D_ISA", "AVX2");
    environment_is_refused("CONV3D_ISA", "portable,avx2");
    environment_is_refused("CONV3D_ISA", " ");
    environment_is_refused("CONV3D_MATH", "sloppy");
    environment_is_refused("CONV3D_MATH", "STRICT");
    environment_is_refused("CONV3D_MATH", "2");
    conv3d_machine machine = {.size = sizeof machine};
    setenv("CONV3D_ISA", "sse9", 1);
    cr_expect(conv3d_machine_query(&machine) == CONV3D_ERR_ENVIRONMENT);
}

/* Options beat the environment, so a bad one that is not asked does no harm. */
Test(errors, an_option_beats_its_environment_variable)
{
    struct arguments a;
    conv3d_plan *plan;
    make_good(&a);
    a.options.math = CONV3D_MATH_STRICT;
    setenv("CONV3D_MATH", "sloppy", 1);
    cr_assert(conv3d_plan_create(&plan, &a.params, a.input, &a.weight, a.bias_pointer,
                                 &a.options) == CONV3D_OK);
    conv3d_plan_destroy(plan);
}
