/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_values.c - numbers that are no ordinary numbers: NaN, infinities, -0,
 * denormals and FLT_MAX in input, weights and bias.  Two questions: does the
 * special value reach exactly the outputs that have it among their taps, and
 * are those what the chain of FMAs gives?
 */
#include "oracle.h"
#include "support.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const shapes[] = {
    "n1_ci2t3h4w5_co3_k2_b",
    "n2_ci3t3h5w19_co5_k3_p1",
    "n3_ci17t2h3w9_co18_k1x3x3_p0x1x1_b",
    "n2_ci6t4h4w7_co4_k3_s2_p1_g2",
    "n2_ci9t3h4w18_co9_k3_p1_g9_b",
    "n1_ci4t5h5w11_co33_k3_d2_p2",
    "n2_ci5t1h2w17_co16_k1",
    "n1_ci3t4h4w8_co6_k2x4x4_s2x4x4_b",
    "n1_ci1t2h3w40_co2_k1x1x5_p0x0x4:1_flip",
    "n2_ci8t2h2w3_co8_k2_p2_g4",
    "n1_ci16t3h3w31_co32_k3_p1",
    "n5_ci2t2h3w2_co18_k2x3x2_b",
    "n3_ci4t1h2w2_co6_k1x2x2_g2",
    "n1_ci16t7h9w10_co16_k3_p1_b",
    "n1_ci24t5h8w12_co12_k3x1x3_p1x0x2_d2x1x2",
};
enum { SHAPES = sizeof shapes / sizeof *shapes, POSITIONS = 5 };

static const float specials[] = {NAN,      INFINITY,           -INFINITY, FLT_MAX,
                                 -FLT_MAX, FLT_TRUE_MIN * 37,  -0.0f,    -1e5f,  1e20f};
enum { SPECIALS = sizeof specials / sizeof *specials };

/* How a run is varied so that every edge of every kernel meets the values. */
static conv3d_options vary(conv3d_math math, size_t round)
{
    static const conv3d_tile tiles[] = {
        {.t = 0},
        {.t = 1, .h = 2, .w = 3, .oc = 1, .ic = 1},
        {.t = 2, .h = 1, .w = 5, .oc = 3, .ic = 2, .panel = 40},
        {.w = 1, .oc = 17, .store = CONV3D_STORE_STREAMED},
        {.t = 3, .h = 3, .w = 7, .ic = 1, .panel = 2},
    };
    conv3d_options options = options_for(math);
    options.threads = 1 + (int)(round % 2);
    options.tile = tiles[round % (sizeof tiles / sizeof *tiles)];
    return options;
}

/* First and last element, and some between. */
static size_t position(size_t count, size_t which, uint64_t seed)
{
    if (which == 0)
        return 0;
    return which == 1 ? count - 1 : (size_t)(random_bits(seed, which) % count);
}

/* Outputs that do not see the value must have the bits of the finite run, and the others
 * those of the chain; in fast math, where every value of a tile takes part in the rounding
 * of all its outputs, the former are what they were but for rounding. */
static bool reaches_only(const struct workload *changed, const unsigned char *seen,
                         const float *finite, conv3d_math math, size_t round)
{
    const conv3d_options options = vary(math, round);
    struct tap *taps = oracle_taps_make(&changed->problem);
    float *got = allocate_floats(changed->output_count);
    float *expected = allocate_floats(changed->output_count);
    bool good = workload_run(changed, &options, got);
    float largest = 0;
    for (size_t i = 0; i < changed->output_count; i++)
        largest = fmaxf(largest, fabsf(finite[i]));
    for (size_t i = 0; i < changed->output_count; i++) {
        expected[i] = seen[i] ? oracle_strict_one(changed, CONV3D_ACTIVATION_NONE, i, taps)
                              : finite[i];
        if (math == CONV3D_MATH_FAST && isfinite(expected[i]) && isfinite(got[i]) &&
            (seen[i] || fabsf(got[i] - expected[i]) <= 1e-4f * largest))
            expected[i] = got[i]; /* test_bits.c bounds the errors */
    }
    good = good && same_or_nan(changed, expected, got,
                               math == CONV3D_MATH_STRICT ? "special, strict" : "special, fast");
    free(taps);
    free(got);
    free(expected);
    return good;
}

typedef void sees_fn(const struct problem *problem, size_t at, unsigned char *seen);

static void sees_bias(const struct problem *problem, size_t channel, unsigned char *seen)
{
    for (size_t at = 0; at < shape_count(problem->output, 5); at++)
        seen[at] = oracle_channel(problem, at) == channel;
}

/* Puts every special at some places of data, which is part of workload. */
static bool each_special_reaches(struct workload *workload, float *data, size_t count,
                                 sees_fn *sees, conv3d_math math)
{
    float *finite = allocate_floats(workload->output_count);
    unsigned char *seen = allocate(workload->output_count);
    const conv3d_options plain = options_for(math);
    bool good = workload_run(workload, &plain, finite);
    for (size_t which = 0; good && which < POSITIONS; which++) {
        const size_t at = position(count, which, workload->input_count);
        const float before = data[at];
        sees(&workload->problem, at, seen);
        for (size_t i = 0; good && i < SPECIALS; i++) {
            data[at] = specials[i];
            good = reaches_only(workload, seen, finite, math, which * SPECIALS + i);
        }
        data[at] = before;
    }
    free(finite);
    free(seen);
    return good;
}

enum place { IN_INPUT, IN_WEIGHT, IN_BIAS };

static bool specials_reach(struct workload *w, enum place place, conv3d_math math)
{
    if (place == IN_INPUT)
        return each_special_reaches(w, w->input, w->input_count, oracle_sees_input, math);
    if (place == IN_WEIGHT)
        return each_special_reaches(w, w->weight, w->weight_count, oracle_sees_weight, math);
    return w->bias == NULL ||
           each_special_reaches(w, w->bias, w->bias_count, sees_bias, math);
}

typedef bool values_fn(struct workload *workload, const void *how);

/* Runs check on every shape and ISA level. */
static void check_values(values_fn *check, const void *how)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const size_t count = (size_t)test_count(SHAPES);
    for (size_t n = 0; n < count; n++) {
        const size_t i = n * SHAPES / count;
        struct problem problem;
        struct workload workload;
        cr_assert(problem_from_text(&problem, shapes[i]));
        for (size_t level = 0; level < level_count; level++) {
            workload_make(&workload, &problem, i);
            isa_set(levels[level]);
            cr_assert(check(&workload, how), "on %s", levels[level]);
            workload_free(&workload);
        }
    }
}

static bool place_holds(struct workload *workload, const void *how)
{
    const enum place place = *(const enum place *)how;
    return specials_reach(workload, place, CONV3D_MATH_STRICT) &&
           specials_reach(workload, place, CONV3D_MATH_FAST);
}

Test(values, special_input_reaches_its_outputs_only)
{
    check_values(place_holds, &(enum place){IN_INPUT});
}

Test(values, special_weight_over_padding_makes_no_nan)
{
    check_values(place_holds, &(enum place){IN_WEIGHT});
}

Test(values, special_bias_reaches_its_channel_only)
{
    check_values(place_holds, &(enum place){IN_BIAS});
}

/* Strict math on data of another kind, against the chain. */
static bool chain_holds(const struct workload *workload, conv3d_activation activation,
                        const char *label)
{
    float *expected = allocate_floats(workload->output_count);
    float *got = allocate_floats(workload->output_count);
    bool good = true;
    oracle_strict(workload, activation, expected);
    for (size_t round = 0; good && round < 5; round++) {
        conv3d_options options = vary(CONV3D_MATH_STRICT, round);
        options.activation = activation;
        good = workload_run(workload, &options, got) &&
               same_or_nan(workload, expected, got, label);
    }
    free(expected);
    free(got);
    return good;
}

static bool scaled_chain_holds(struct workload *workload, const void *how)
{
    const float *scale = how;
    for (size_t i = 0; i < workload->input_count; i++)
        workload->input[i] *= scale[0];
    for (size_t i = 0; i < workload->weight_count; i++)
        workload->weight[i] *= scale[1];
    for (size_t i = 0; i < workload->bias_count; i++)
        workload->bias[i] *= scale[0] * scale[1];
    return chain_holds(workload, CONV3D_ACTIVATION_NONE, "scaled") &&
           chain_holds(workload, CONV3D_ACTIVATION_RELU, "scaled, ReLU");
}

Test(values, denormal_inputs_keep_every_bit)
{
    check_values(scaled_chain_holds, (const float[2]){0x1p-130f, 1.0f});
}

Test(values, denormal_weights_keep_every_bit)
{
    check_values(scaled_chain_holds, (const float[2]){1.0f, 0x1p-130f});
}

/* Products around the smallest denormal: sums that round to zero from either
 * side, where -0 could appear. */
Test(values, underflowing_products_keep_every_bit)
{
    check_values(scaled_chain_holds, (const float[2]){0x1p-75f, 0x1p-74f});
    check_values(scaled_chain_holds, (const float[2]){0x1p-70f, 0x1p-65f});
}

Test(values, overflowing_sums_are_what_the_chain_says)
{
    check_values(scaled_chain_holds, (const float[2]){0x1p127f, 1.0f});
    check_values(scaled_chain_holds, (const float[2]){0x1p64f, 0x1p63f});
}

/* Specials all over: a tenth of all inputs and weights. */
static bool sprinkled_chain_holds(struct workload *workload, const void *how)
{
    const uint64_t seed = random_bits(test_seed(), *(const uint64_t *)how);
    for (size_t i = 0; i < workload->input_count; i++)
        if (random_bits(seed, i) % 40 == 0)
            workload->input[i] = specials[random_bits(seed + 1, i) % SPECIALS];
    for (size_t i = 0; i < workload->weight_count; i++)
        if (random_bits(seed + 2, i) % 20 == 0)
            workload->weight[i] = specials[random_bits(seed + 3, i) % SPECIALS];
    return chain_holds(workload, CONV3D_ACTIVATION_NONE, "sprinkled") &&
           chain_holds(workload, CONV3D_ACTIVATION_RELU, "sprinkled, ReLU");
}

Test(values, specials_everywhere_are_what_the_chain_says)
{
    for (uint64_t round = 0; round < 10; round++)
        check_values(sprinkled_chain_holds, &round);
}

/* The item, the channels of the group and the rows next to the data are NaN;
 * an output that is rounded up to whole vectors must not carry them along. */
static bool neighbours_do_not_leak(struct workload *workload, const void *how)
{
    (void)how;
    const struct problem *problem = &workload->problem;
    const int64_t items = problem->input[0], groups = problem->params.groups;
    const size_t item_in = workload->input_count / (size_t)items;
    const size_t item_out = workload->output_count / (size_t)items;
    const size_t group_in = item_in / (size_t)groups, group_out = item_out / (size_t)groups;
    const conv3d_options options = options_strict(1);
    float *finite = allocate_floats(workload->output_count);
    float *got = allocate_floats(workload->output_count);
    float *input = allocate_floats(workload->input_count);
    bool good = workload_run(workload, &options, finite);
    memcpy(input, workload->input, workload->input_count * sizeof *input);
    for (size_t part = 0; good && part < (size_t)(items * groups); part++) {
        for (size_t i = 0; i < workload->input_count; i++)
            workload->input[i] = i / group_in == part ? input[i] : NAN;
        good = workload_run(workload, &options, got) &&
               memcmp(got + part * group_out, finite + part * group_out,
                      group_out * sizeof *got) == 0;
    }
    free(finite);
    free(got);
    free(input);
    return good;
}

Test(values, nan_in_other_items_and_groups_does_not_leak)
{
    check_values(neighbours_do_not_leak, NULL);
}

/* Every algorithm by name skips padding, the reference included. */
Test(values, infinite_weights_over_padding_stay_out_of_every_algorithm)
{
    static const char *const names[] = {"direct", "reference"};
    struct problem problem;
    struct workload workload;
    cr_assert(problem_from_text(&problem, "n1_ci1t1h1w3_co1_k1x1x3_p0x0x1"));
    workload_make(&workload, &problem, 1);
    workload.weight[0] = INFINITY; /* only the leftmost output has it over padding */
    workload.weight[1] = 1.0f;
    workload.weight[2] = 0.0f;
    workload.input[0] = 5.0f;
    workload.input[1] = 6.0f;
    workload.input[2] = 7.0f;
    for (size_t i = 0; i < 2; i++) {
        float output[3];
        conv3d_options options = options_for(CONV3D_MATH_DEFAULT);
        options.algorithm = names[i];
        cr_assert(workload_run(&workload, &options, output));
        cr_expect(output[0] == 5.0f && output[1] == INFINITY && output[2] == INFINITY,
                  "%s: %g %g %g", names[i], (double)output[0], (double)output[1],
                  (double)output[2]);
    }
    workload_free(&workload);
}

/* A sum that is negative and too small for a float becomes +0 all the same. */
Test(values, underflow_to_zero_is_positive_in_every_algorithm)
{
    static const char *const names[] = {"direct", "reference"};
    struct problem problem;
    struct workload workload;
    cr_assert(problem_from_text(&problem, "n1_ci1t1h1w3_co1_k1"));
    workload_make(&workload, &problem, 1);
    workload.weight[0] = 1e-30f;
    workload.input[0] = -1e-30f;
    workload.input[1] = 1e-30f;
    workload.input[2] = -FLT_TRUE_MIN;
    for (size_t i = 0; i < 2; i++) {
        static const float zeros[3];
        float output[3];
        conv3d_options options = options_for(CONV3D_MATH_DEFAULT);
        options.algorithm = names[i];
        cr_expect(workload_run(&workload, &options, output) &&
                  same_bits(&workload, zeros, output, names[i]));
    }
    workload_free(&workload);
}
