/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cases.c - convolutions small enough to compute by hand.  The expected
 * numbers are written out here and come from nobody's code; every value is a
 * small integer, so every algorithm, math mode and ISA must hit it exactly.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hand_case {
    const char *text;
    const float *input;  /* NULL: 0, 1, 2, ... */
    const float *weight; /* NULL: all ones */
    const float *bias;
    conv3d_activation activation;
    const float *expected;
};

static void copy_or(float *to, const float *from, size_t count, float start, float step)
{
    for (size_t i = 0; i < count; i++)
        to[i] = from != NULL ? from[i] : start + step * (float)i;
}

static bool holds_with(const struct workload *workload, const struct hand_case *hand,
                       conv3d_math math, const char *algorithm, const char *isa)
{
    char label[64];
    conv3d_options options = options_for(math);
    options.algorithm = algorithm;
    options.activation = hand->activation;
    snprintf(label, sizeof label, "%s, %s, %s", algorithm != NULL ? algorithm : "default",
             math == CONV3D_MATH_STRICT ? "strict" : "fast", isa);
    float *output = allocate_floats(workload->output_count);
    const bool good = workload_run(workload, &options, output) &&
                      same_or_nan(workload, hand->expected, output, label);
    free(output);
    return good;
}

static bool holds(const struct hand_case *hand)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t count = isa_levels(levels);
    struct problem problem;
    struct workload workload;
    if (!problem_from_text(&problem, hand->text))
        return false;
    workload_make(&workload, &problem, 1);
    copy_or(workload.input, hand->input, workload.input_count, 0.0f, 1.0f);
    copy_or(workload.weight, hand->weight, workload.weight_count, 1.0f, 0.0f);
    if (workload.bias != NULL)
        copy_or(workload.bias, hand->bias, workload.bias_count, 1.0f, 0.0f);
    bool good = count > 0;
    for (size_t i = 0; i < count; i++) {
        isa_set(levels[i]);
        good &= holds_with(&workload, hand, CONV3D_MATH_FAST, NULL, levels[i]);
        good &= holds_with(&workload, hand, CONV3D_MATH_STRICT, NULL, levels[i]);
        good &= holds_with(&workload, hand, CONV3D_MATH_FAST, "direct", levels[i]);
        good &= holds_with(&workload, hand, CONV3D_MATH_STRICT, "direct", levels[i]);
        good &= holds_with(&workload, hand, CONV3D_MATH_FAST, "reference", levels[i]);
    }
    isa_set(NULL);
    workload_free(&workload);
    return good;
}

#define FLOATS(...) ((const float[]){__VA_ARGS__})

/* MegEngine's own test: 2 channels x 2x2x2 taps of ones. */
Test(cases, counts_taps_of_ones)
{
    float ones[2 * 2 * 64], sixteen[2 * 3 * 8], seventeen[2 * 3 * 8];
    copy_or(ones, NULL, 256, 1.0f, 0.0f);
    copy_or(sixteen, NULL, 48, 16.0f, 0.0f);
    copy_or(seventeen, NULL, 48, 17.0f, 0.0f);
    cr_expect(holds(&(struct hand_case){
        .text = "n2_ci2t4h4w4_co3_k2_s2", .input = ones, .expected = sixteen}));
    cr_expect(holds(&(struct hand_case){
        .text = "n2_ci2t4h4w4_co3_k2_s2_b", .input = ones, .expected = seventeen}));
}

/* The example that every user sees first: arange(384).reshape(2, 3, 4, 4, 4).
 * Ones: 81 x (192 n + 64 + 16 (t+1) + 4 (h+1) + (w+1)). */
Test(cases, seed_example_with_ones)
{
    cr_expect(holds(&(struct hand_case){
        .text = "n2_ci3t4h4w4_co1_k3",
        .expected = FLOATS(6885, 6966, 7209, 7290, 8181, 8262, 8505, 8586,
                           22437, 22518, 22761, 22842, 23733, 23814, 24057, 24138)}));
}

Test(cases, seed_example_with_an_impulse)
{
    float weight[81] = {0};
    weight[13] = 1.0f; /* the middle tap of channel 0 */
    cr_expect(holds(&(struct hand_case){
        .text = "n2_ci3t4h4w4_co1_k3",
        .weight = weight,
        .expected = FLOATS(21, 22, 25, 26, 37, 38, 41, 42,
                           213, 214, 217, 218, 229, 230, 233, 234)}));
}

/* Channel 2 at (0, 1, 2) minus channel 1 at (2, 1, 0), which is 64 - 32 + 2 = 34
 * everywhere, plus the bias. */
Test(cases, seed_example_with_a_difference)
{
    float weight[81] = {0};
    weight[2 * 27 + 0 * 9 + 1 * 3 + 2] = 1.0f;
    weight[1 * 27 + 2 * 9 + 1 * 3 + 0] = -1.0f;
    float expected[16];
    copy_or(expected, NULL, 16, 31.0f, 0.0f);
    cr_expect(holds(&(struct hand_case){.text = "n2_ci3t4h4w4_co1_k3_b",
                                        .weight = weight,
                                        .bias = FLOATS(-3),
                                        .expected = expected}));
}

Test(cases, pointwise_is_a_matrix_product)
{
    const struct hand_case hand = {.text = "n1_ci2t1h1w3_co2_k1",
                                   .input = FLOATS(1, 2, 3, 10, 20, 30),
                                   .weight = FLOATS(1, 2, 3, -1),
                                   .expected = FLOATS(21, 42, 63, -7, -14, -21)};
    cr_expect(holds(&hand));
    struct hand_case more = hand;
    more.text = "n1_ci2t1h1w3_co2_k1_b";
    more.bias = FLOATS(0.5f, 8);
    more.expected = FLOATS(21.5f, 42.5f, 63.5f, 1, -6, -13);
    cr_expect(holds(&more));
    more.activation = CONV3D_ACTIVATION_RELU;
    more.expected = FLOATS(21.5f, 42.5f, 63.5f, 1, 0, 0);
    cr_expect(holds(&more));
}

static void flip_along(const char *correlation, const char *convolution)
{
    cr_expect(holds(&(struct hand_case){.text = correlation,
                                        .input = FLOATS(1, 2, 3, 4),
                                        .weight = FLOATS(1, 10, 100),
                                        .expected = FLOATS(321, 432)}));
    cr_expect(holds(&(struct hand_case){.text = convolution,
                                        .input = FLOATS(1, 2, 3, 4),
                                        .weight = FLOATS(1, 10, 100),
                                        .expected = FLOATS(123, 234)}));
}

Test(cases, convolution_flips_each_axis)
{
    flip_along("n1_ci1t4h1w1_co1_k3x1x1", "n1_ci1t4h1w1_co1_k3x1x1_flip");
    flip_along("n1_ci1t1h4w1_co1_k1x3x1", "n1_ci1t1h4w1_co1_k1x3x1_flip");
    flip_along("n1_ci1t1h1w4_co1_k1x1x3", "n1_ci1t1h1w4_co1_k1x1x3_flip");
}

/* 1..8 with itself: sum i*i = 204; with itself reversed: sum i*(9-i) = 120. */
Test(cases, convolution_flips_all_axes_at_once)
{
    struct hand_case hand = {.text = "n1_ci1t2h2w2_co1_k2",
                             .input = FLOATS(1, 2, 3, 4, 5, 6, 7, 8),
                             .weight = FLOATS(1, 2, 3, 4, 5, 6, 7, 8),
                             .expected = FLOATS(204)};
    cr_expect(holds(&hand));
    hand.text = "n1_ci1t2h2w2_co1_k2_flip";
    hand.expected = FLOATS(120);
    cr_expect(holds(&hand));
}

Test(cases, dilation_spreads_the_taps)
{
    struct hand_case hand = {.text = "n1_ci1t1h1w7_co1_k1x1x3_d1x1x2",
                             .input = FLOATS(1, 2, 3, 4, 5, 6, 7),
                             .weight = FLOATS(1, 10, 100),
                             .expected = FLOATS(531, 642, 753)};
    cr_expect(holds(&hand));
    hand.text = "n1_ci1t1h1w7_co1_k1x1x3_d1x1x3";
    hand.expected = FLOATS(741);
    cr_expect(holds(&hand));
    hand.text = "n1_ci1t7h1w1_co1_k3x1x1_d2x1x1_s2x1x1";
    hand.expected = FLOATS(531, 753);
    cr_expect(holds(&hand));
    hand.text = "n1_ci1t1h7w1_co1_k1x3x1_d1x3x1_p0x3x0_s1x3x1";
    hand.expected = FLOATS(410, 741, 74);
    cr_expect(holds(&hand));
}

Test(cases, groups_keep_to_themselves)
{
    cr_expect(holds(&(struct hand_case){.text = "n1_ci4t1h1w1_co2_k1_g2",
                                        .input = FLOATS(1, 2, 3, 4),
                                        .weight = FLOATS(1, 10, 1, 10),
                                        .expected = FLOATS(21, 43)}));
    cr_expect(holds(&(struct hand_case){.text = "n2_ci2t1h1w1_co4_k1_g2_b",
                                        .input = FLOATS(5, 7, 1, 2),
                                        .weight = FLOATS(1, 2, 3, 4),
                                        .bias = FLOATS(100, 200, 300, 400),
                                        .expected = FLOATS(105, 210, 321, 428,
                                                           101, 202, 306, 408)}));
}

Test(cases, padding_begins_and_ends_apart)
{
    struct hand_case hand = {.text = "n1_ci1t1h1w3_co1_k1x1x2_p0x0x2:0",
                             .input = FLOATS(1, 2, 3),
                             .expected = FLOATS(0, 1, 3, 5)};
    cr_expect(holds(&hand));
    hand.text = "n1_ci1t1h1w3_co1_k1x1x2_p0x0x0:2";
    hand.expected = FLOATS(3, 5, 3, 0);
    cr_expect(holds(&hand));
    hand.text = "n1_ci1t3h1w1_co1_k2x1x1_p2:0x0x0_s2x1x1";
    hand.expected = FLOATS(0, 3);
    cr_expect(holds(&hand));
    hand.text = "n1_ci1t1h3w1_co1_k1x2x1_p0x1:2x0_s1x3x1";
    hand.expected = FLOATS(1, 3);
    cr_expect(holds(&hand));
}

/* Three axes at once: the middle sees all 8 voxels, a corner sees one. */
Test(cases, padding_on_three_axes_meets_in_the_corners)
{
    cr_expect(holds(&(struct hand_case){
        .text = "n1_ci1t2h2w2_co1_k2_p1",
        .input = FLOATS(1, 2, 3, 4, 5, 6, 7, 8),
        .expected = FLOATS(1, 3, 2, 4, 10, 6, 3, 7, 4,
                           6, 14, 8, 16, 36, 20, 10, 22, 12,
                           5, 11, 6, 12, 26, 14, 7, 15, 8)}));
}

Test(cases, relu_keeps_nan)
{
    cr_expect(holds(&(struct hand_case){
        .text = "n1_ci1t1h1w6_co1_k1",
        .input = FLOATS(-1, NAN, 2, -0.0f, INFINITY, -INFINITY),
        .activation = CONV3D_ACTIVATION_RELU,
        .expected = FLOATS(0, NAN, 2, 0, INFINITY, 0)}));
}

Test(cases, zero_is_never_negative)
{
    cr_expect(holds(&(struct hand_case){.text = "n1_ci1t1h1w4_co1_k1",
                                        .input = FLOATS(-0.0f, 0.0f, -3.0f, 3.0f),
                                        .weight = FLOATS(-0.0f),
                                        .expected = FLOATS(0, 0, 0, 0)}));
    cr_expect(holds(&(struct hand_case){.text = "n1_ci1t1h1w2_co1_k1_p0x0x1_b",
                                        .input = FLOATS(-0.0f, 0.0f),
                                        .bias = FLOATS(-0.0f),
                                        .expected = FLOATS(0, 0, 0, 0)}));
}

/* The plan reads the weights by one of two shapes and the bias by one of two;
 * the memory, and so the result, is the same. */
Test(cases, both_shapes_of_weights_and_bias_mean_the_same)
{
    struct problem problem;
    struct workload workload;
    cr_assert(problem_from_text(&problem, "n1_ci6t3h4w5_co4_k2x1x3_g2_b"));
    workload_make(&workload, &problem, 7);
    conv3d_tensor weight = workload_weight(&workload), bias = workload_bias(&workload);
    float *first = allocate_floats(workload.output_count);
    float *second = allocate_floats(workload.output_count);
    cr_assert(conv3d_forward(&problem.params, problem.input, workload.input, &weight, &bias,
                             first, NULL) == CONV3D_OK);
    weight.rank = 6;
    memcpy(weight.shape, (const int64_t[6]){2, 2, 3, 2, 1, 3}, sizeof weight.shape);
    bias.rank = 5;
    memcpy(bias.shape, (const int64_t[6]){1, 4, 1, 1, 1, 0}, sizeof bias.shape);
    cr_assert(conv3d_forward(&problem.params, problem.input, workload.input, &weight, &bias,
                             second, NULL) == CONV3D_OK);
    cr_expect(same_bits(&workload, first, second, "6-D weights, 5-D bias"));
    free(first);
    free(second);
    workload_free(&workload);
}

Test(cases, empty_batch_touches_nothing)
{
    struct problem problem;
    cr_assert(problem_from_text(&problem, "n0_ci3t4h4w4_co2_k3"));
    cr_expect_arr_eq(problem.output, ((int64_t[5]){0, 2, 2, 2, 2}), sizeof problem.output);
    struct workload workload;
    workload_make(&workload, &problem, 1);
    float output[4];
    poison(output, sizeof output);
    conv3d_plan *plan;
    cr_assert(workload_plan(&workload, NULL, &plan) == CONV3D_OK);
    cr_expect(conv3d_plan_execute(plan, NULL, NULL, NULL) == CONV3D_OK);
    cr_expect(conv3d_plan_execute(plan, workload.input, output, NULL) == CONV3D_OK);
    conv3d_plan_destroy(plan);
    const conv3d_tensor weight = workload_weight(&workload);
    cr_expect(conv3d_forward(&problem.params, problem.input, NULL, &weight, NULL, NULL, NULL) ==
              CONV3D_OK);
    cr_expect(is_poisoned(output, sizeof output));
    workload_free(&workload);
}
