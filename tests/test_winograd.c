/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_winograd.c - what transformed sums owe their user: the errors that fast math
 * promises, for every shape and kind of data; special values that stay where they are
 * seen; and no transform where the user did not allow one.  test_bits.c has their bits.
 */
#include "oracle.h"
#include "support.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double promised_error = 2e-5;

static conv3d_options options_winograd(void)
{
    conv3d_options options = options_for(CONV3D_MATH_FAST);
    options.algorithm = "winograd";
    return options;
}

/* Runs by a plan that says what it is, and what error to expect. */
static bool runs(const struct workload *workload, const conv3d_options *options, float *got,
                 double *expected_error)
{
    conv3d_plan_info info = {.size = sizeof info};
    conv3d_plan *plan;
    poison(got, workload->output_count * sizeof *got);
    const bool made = workload_plan(workload, options, &plan) == CONV3D_OK &&
                      conv3d_plan_query(plan, &info) == CONV3D_OK &&
                      conv3d_plan_execute(plan, workload->input, got, NULL) == CONV3D_OK;
    const bool right = made && strcmp(info.algorithm, "winograd") == 0 &&
                       info.math == CONV3D_MATH_FAST;
    conv3d_plan_destroy(plan);
    *expected_error = info.expected_error;
    if (!right) {
        char text[PROBLEM_TEXT_MAX];
        return complain("%s: %s", problem_text(&workload->problem, text),
                        made ? "another algorithm, or strict" : conv3d_last_error());
    }
    return true;
}

static double *exact_output(const struct workload *workload)
{
    double *exact = allocate(workload->output_count * sizeof *exact);
    double *magnitude = allocate(workload->output_count * sizeof *magnitude);
    oracle_double(workload, exact, magnitude);
    free(magnitude);
    return exact;
}

/* ---- transforms by name ---------------------------------------------------- */

enum { NAME_MAX_BYTES = 32, TRANSFORMS_MAX = 125 };

/* The names of all transforms that a plan may use for the workload, its own choice first. */
static size_t transforms(const struct workload *workload,
                         char names[TRANSFORMS_MAX][NAME_MAX_BYTES])
{
    const conv3d_options options = options_winograd();
    conv3d_plan *plan;
    const char *name, *verdict;
    size_t count = 0;
    cr_assert(workload_plan(workload, &options, &plan) == CONV3D_OK, "%s", conv3d_last_error());
    for (int i = 0; conv3d_plan_candidate(plan, i, &name, &verdict); i++)
        if (strcmp(verdict, "chosen") == 0 || strncmp(verdict, "estimated", 9) == 0) {
            cr_assert(strncmp(name, "winograd:", 9) == 0 && count < TRANSFORMS_MAX);
            snprintf(names[count++], NAME_MAX_BYTES, "%s", name);
        }
    conv3d_plan_destroy(plan);
    return count;
}

Test(winograd, a_transform_can_be_named)
{
    char names[TRANSFORMS_MAX][NAME_MAX_BYTES];
    conv3d_options options = options_winograd();
    struct problem problem;
    struct workload workload;
    cr_assert(problem_from_text(&problem, "n1_ci24t9h10w11_co24_k3x5x1_s1x1x2_p1x2x0"));
    workload_make(&workload, &problem, 1);
    const size_t count = transforms(&workload, names);
    /* Of T 1, 2, 3, 4, 6 outputs, of H 1 to 4, of W 1. */
    cr_expect(count > 8 && count <= 20, "%zu transforms", count);
    for (size_t i = 0; i < count; i++) {
        conv3d_plan *plan;
        conv3d_plan_info info = {.size = sizeof info};
        char expected[64];
        options.algorithm = names[i];
        cr_assert(workload_plan(&workload, &options, &plan) == CONV3D_OK &&
                  conv3d_plan_query(plan, &info) == CONV3D_OK, "%s", names[i]);
        snprintf(expected, sizeof expected, "F(%s, 3x5x1)", names[i] + strlen("winograd:"));
        cr_expect_str_eq(info.transform, expected);
        cr_expect(info.estimated_flops > 0);
        conv3d_plan_destroy(plan);
    }
    workload_free(&workload);
}

Test(winograd, names_of_no_transform_refuse)
{
    static const char *const wrong[] = {"winograd:9x1x1", "winograd:4x4", "winograd:",
                                        "winograd:4x4x4x4", "winograd:04x4x4", "winograd:5x4x4",
                                        "winograd:6x6x6" /* errs too much */, "direct:2x2x2"};
    conv3d_options options = options_winograd();
    struct problem problem;
    struct workload workload;
    cr_assert(problem_from_text(&problem, "n1_ci24t9h10w11_co24_k3_p1"));
    workload_make(&workload, &problem, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        conv3d_plan *plan;
        options.algorithm = wrong[i];
        cr_expect(workload_plan(&workload, &options, &plan) == CONV3D_ERR_UNSUPPORTED &&
                  plan == NULL, "%s", wrong[i]);
        cr_expect(strstr(conv3d_last_error(), wrong[i]) != NULL, "%s", conv3d_last_error());
        conv3d_plan_destroy(plan);
    }
    workload_free(&workload);
}

/* ---- random problems ------------------------------------------------------- */

struct dice {
    uint64_t seed, throws;
};

static int64_t between(struct dice *dice, int64_t low, int64_t high)
{
    const uint64_t choices = (uint64_t)(high - low) + 1;
    return low + (int64_t)(random_bits(dice->seed, dice->throws++) % choices);
}

/* False if there is no such convolution, winograd does not take it, or it is too large. */
static bool draw(struct problem *problem, struct dice *dice)
{
    static const int64_t kernels[] = {1, 2, 3, 5};
    conv3d_params *p = &problem->params;
    const int64_t groups = between(dice, 1, 2);
    conv3d_params_init(p, groups * between(dice, 12, 40), groups * between(dice, 12, 40), 1);
    p->groups = groups;
    p->bias = (int)between(dice, 0, 1);
    p->conv_mode = between(dice, 0, 1) ? CONV3D_CONVOLUTION : CONV3D_CROSS_CORRELATION;
    problem->input[0] = between(dice, 1, 2);
    problem->input[1] = p->in_channels;
    for (int axis = 0; axis < 3; axis++) {
        problem->input[2 + axis] = between(dice, 1, 14);
        p->kernel_size[axis] = kernels[between(dice, 0, 3)];
        p->stride[axis] = between(dice, 0, 3) ? 1 : 2;
        p->dilation[axis] = p->stride[axis] == 1 ? between(dice, 1, 3) : 1;
        const int64_t span = (p->kernel_size[axis] - 1) * p->dilation[axis];
        p->padding_begin[axis] = between(dice, 0, span);
        p->padding_end[axis] = between(dice, 0, 1) ? p->padding_begin[axis]
                                                   : between(dice, 0, span + 1);
    }
    return conv3d_output_shape(p, problem->input, problem->output) == CONV3D_OK &&
           shape_count(p->kernel_size, 3) > 1 && shape_count(&problem->output[2], 3) > 1 &&
           (int64_t)shape_count(problem->output, 5) * problem_taps(problem) <= 3000000;
}

static conv3d_options draw_options(struct dice *dice)
{
    conv3d_options options = options_winograd();
    options.threads = (int)between(dice, 1, 3);
    if (between(dice, 0, 1))
        options.tile = (conv3d_tile){.t = between(dice, 0, 9), .h = between(dice, 0, 9),
                                     .w = between(dice, 0, 15), .oc = between(dice, 0, 50),
                                     .ic = between(dice, 0, 40)};
    return options;
}

Test(winograd, random_problems_keep_the_promised_error)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const uint64_t seed = random_bits(test_seed(), UINT64_C(0x77696e6f));
    const int64_t count = test_count(200);
    for (int64_t i = 0; i < count; i++) {
        struct dice dice = {.seed = random_bits(seed, (uint64_t)i)};
        struct problem problem;
        struct workload workload;
        char text[PROBLEM_TEXT_MAX], names[TRANSFORMS_MAX][NAME_MAX_BYTES];
        double expected_error;
        while (!draw(&problem, &dice))
            continue;
        conv3d_options options = draw_options(&dice);
        workload_make(&workload, &problem, (uint64_t)i);
        const size_t transform_count = transforms(&workload, names);
        options.algorithm = names[between(&dice, 0, (int64_t)transform_count - 1)];
        float *got = allocate_floats(workload.output_count);
        double *exact = exact_output(&workload);
        isa_set(levels[(size_t)i % level_count]);
        cr_assert(runs(&workload, &options, got, &expected_error));
        const double error = relative_l2(exact, got, workload.output_count);
        cr_assert(error <= promised_error && expected_error <= promised_error,
                  "%s by %s on %s: error %g, %g expected", problem_text(&problem, text),
                  options.algorithm, levels[(size_t)i % level_count], error, expected_error);
        free(got);
        free(exact);
        workload_free(&workload);
    }
}

/* ---- kinds of data --------------------------------------------------------- */

static float uniform(float x, size_t channel)
{
    (void)channel;
    return x;
}

static float rectified(float x, size_t channel)
{
    (void)channel;
    return fmaxf(x, 0.0f);
}

static float positive(float x, size_t channel)
{
    (void)channel;
    return fabsf(x);
}

static float badly_scaled(float x, size_t channel)
{
    return ldexpf(x, (int)(channel % 21) - 10);
}

static const struct kind {
    const char *name;
    float (*value)(float x, size_t channel);
} kinds[] = {
    {"uniform", uniform},
    {"rectified", rectified},
    {"positive", positive},
    {"badly scaled", badly_scaled},
};

static void workload_make_kind(struct workload *workload, const struct problem *problem,
                               const struct kind *kind)
{
    const size_t volume = shape_count(&problem->input[2], 3);
    workload_make(workload, problem, test_seed());
    for (size_t i = 0; i < workload->input_count; i++)
        workload->input[i] = kind->value(workload->input[i], i / volume);
}

/* On every ISA; what was predicted is for uniform data. */
static void error_is_small(int64_t channels, const struct kind *kind)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const conv3d_options options = options_winograd();
    struct problem problem;
    struct workload workload;
    conv3d_params params;
    conv3d_params_init(&params, channels, 16, 3);
    const int64_t shape[5] = {1, channels, 6, 8, 8};
    cr_assert(problem_from_params(&problem, &params, shape));
    workload_make_kind(&workload, &problem, kind);
    float *got = allocate_floats(workload.output_count);
    double *exact = exact_output(&workload);
    for (size_t i = 0; i < level_count; i++) {
        double expected_error;
        isa_set(levels[i]);
        cr_assert(runs(&workload, &options, got, &expected_error));
        const double error = relative_l2(exact, got, workload.output_count);
        cr_expect(error <= promised_error, "%lld channels, %s, %s: error %g",
                  (long long)channels, kind->name, levels[i], error);
        cr_expect(kind->value != uniform || error <= 2.5 * expected_error,
                  "%lld channels, %s: error %g, %g expected", (long long)channels, levels[i],
                  error, expected_error);
    }
    free(got);
    free(exact);
    workload_free(&workload);
}

Test(winograd, error_is_small_for_every_kind_of_data)
{
    static const int64_t channels[] = {12, 16, 64, 256, 1024};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
            error_is_small(channels[i], &kinds[kind]);
}

/* Every transform that the planner may choose. */
static void every_tile_errs_little(const char *problem_as_text, const struct kind *kind)
{
    char names[TRANSFORMS_MAX][NAME_MAX_BYTES];
    struct problem problem;
    struct workload workload;
    conv3d_options options = options_winograd();
    cr_assert(problem_from_text(&problem, problem_as_text));
    workload_make_kind(&workload, &problem, kind);
    const size_t count = transforms(&workload, names);
    float *got = allocate_floats(workload.output_count);
    double *exact = exact_output(&workload);
    const size_t tried = (size_t)test_count((int64_t)count);
    for (size_t n = 0; n < tried; n++) {
        const size_t i = n * count / tried;
        double expected_error;
        options.algorithm = names[i];
        cr_assert(runs(&workload, &options, got, &expected_error));
        const double error = relative_l2(exact, got, workload.output_count);
        cr_expect(error <= promised_error && expected_error <= promised_error / 2,
                  "%s, %s, %s: error %g, %g expected", problem_as_text, names[i], kind->name,
                  error, expected_error);
        cr_expect(kind->value != uniform || error <= 2.5 * expected_error,
                  "%s, %s: error %g, %g expected", problem_as_text, names[i], error,
                  expected_error);
        cr_expect(problem.params.in_channels > 256 || strcmp(names[i], "winograd:4x4x4") != 0 ||
                      error <= 6e-6,
                  "%s, %s, %s: error %g", problem_as_text, names[i], kind->name, error);
    }
    free(got);
    free(exact);
    workload_free(&workload);
}

Test(winograd, every_tile_errs_little)
{
    static const char *const problems[] = {
        "n1_ci12t6h8w8_co16_k3_p1",       "n1_ci64t6h8w8_co16_k3_p1",
        "n1_ci256t6h7w9_co16_k3_p1",      "n1_ci1024t6h6w6_co16_k3_p1",
        "n1_ci64t2h9w9_co16_k1x3x3_p0x1x1", "n1_ci64t9h3w3_co16_k3x1x1_p1x0x0",
        "n1_ci32t6h6w6_co16_k5_p2",       "n1_ci32t4h8w8_co16_k1x5x5_p0x2x2",
        "n1_ci32t7h7w7_co16_k2",          "n1_ci64t9h9w9_co16_k3_s2_p1",
        "n1_ci32t9h9w9_co16_k5x3x2_p2x1x0", "n1_ci32t9h9w9_co16_k3_p2_d2",
    };
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
            every_tile_errs_little(problems[i], &kinds[kind]);
}

/* Large tiles of a large kernel, which would be the fastest here, err too much. */
Test(winograd, tiles_that_would_break_the_promise_are_not_chosen)
{
    const conv3d_options options = options_winograd();
    conv3d_plan_info info = {.size = sizeof info};
    struct problem problem;
    struct workload workload;
    conv3d_plan *plan;
    cr_assert(problem_from_text(&problem, "n1_ci256t12h12w12_co16_k5"));
    workload_make(&workload, &problem, 1);
    cr_assert(workload_plan(&workload, &options, &plan) == CONV3D_OK &&
              conv3d_plan_query(plan, &info) == CONV3D_OK);
    cr_expect(info.expected_error <= promised_error, "%s: %g expected", info.transform,
              info.expected_error);
    conv3d_plan_destroy(plan);
    workload_free(&workload);
}

/* A limit of memory makes tiles smaller, which have fewer weights, before it refuses. */
Test(winograd, memory_limits_make_tiles_smaller)
{
    conv3d_options options = options_for(CONV3D_MATH_FAST);
    conv3d_plan_info whole = {.size = sizeof whole}, limited = {.size = sizeof limited};
    struct problem problem;
    struct workload workload;
    conv3d_plan *plan, *smaller;
    cr_assert(problem_from_text(&problem, "n1_ci64t12h16w16_co64_k3_p1"));
    workload_make(&workload, &problem, 1);
    cr_assert(workload_plan(&workload, &options, &plan) == CONV3D_OK &&
              conv3d_plan_query(plan, &whole) == CONV3D_OK);
    options.memory_limit_bytes = whole.packed_bytes;
    cr_assert(workload_plan(&workload, &options, &smaller) == CONV3D_OK &&
              conv3d_plan_query(smaller, &limited) == CONV3D_OK);
    cr_expect_str_eq(limited.algorithm, "winograd");
    cr_expect_str_neq(limited.transform, whole.transform);
    cr_expect(limited.packed_bytes + limited.workspace_bytes <= options.memory_limit_bytes);
    conv3d_plan_destroy(plan);
    conv3d_plan_destroy(smaller);
    workload_free(&workload);
}

/* ---- refusals -------------------------------------------------------------- */

static void refuses(const char *text, conv3d_math math)
{
    struct problem problem;
    struct workload workload;
    conv3d_plan *plan;
    conv3d_options options = options_winograd();
    options.math = math;
    cr_assert(problem_from_text(&problem, text));
    workload_make(&workload, &problem, 1);
    const conv3d_status status = workload_plan(&workload, &options, &plan);
    cr_expect(status == CONV3D_ERR_UNSUPPORTED && plan == NULL, "%s: %s", text,
              conv3d_status_string(status));
    conv3d_plan_destroy(plan);
    workload_free(&workload);
}

Test(winograd, strict_math_refuses)
{
    refuses("n1_ci16t6h8w8_co16_k3_p1", CONV3D_MATH_STRICT);
}

Test(winograd, strides_above_two_and_dilated_strides_refuse)
{
    refuses("n1_ci16t6h8w8_co16_k3_s3_p1", CONV3D_MATH_FAST);
    refuses("n1_ci16t6h8w8_co16_k3_s1x3x1_p1", CONV3D_MATH_FAST);
    refuses("n1_ci16t6h8w8_co16_k3_s1x1x2_p1_d1x1x2", CONV3D_MATH_FAST);
}

/* Blocks hold whole groups of interleaved tiles: these would overflow. */
Test(winograd, huge_dilations_refuse)
{
    refuses("n1_ci16t6h8w8_co16_k3_p65_d65", CONV3D_MATH_FAST);
    refuses("n1_ci16t6h8w8_co16_k3_p1000000_d1000000", CONV3D_MATH_FAST);
}

/* ---- special values -------------------------------------------------------- */

static const char *const shapes[] = {
    "n2_ci16t6h7w9_co12_k3_p1_b",
    "n1_ci13t5h8w12_co17_k1x5x3_p0x2x1_flip",
    "n1_ci14t9h11w12_co16_k3_s1x2x2_p1",
    "n1_ci24t7h6w8_co24_k3x2x3_p2x0x1:2_d2x1x3_g2_b",
};
static const float specials[] = {INFINITY, NAN, 1e30f};
enum { SHAPES = sizeof shapes / sizeof *shapes };
enum { SPECIALS = sizeof specials / sizeof *specials };

/* Outputs that see the special value are those of the chain; the others are what they
 * were but for rounding. */
static bool stays_inside(const struct workload *changed, const unsigned char *seen,
                         const float *clean)
{
    const conv3d_options options = options_winograd();
    struct tap *taps = oracle_taps_make(&changed->problem);
    float *got = allocate_floats(changed->output_count);
    float *expected = allocate_floats(changed->output_count);
    double expected_error;
    bool good = runs(changed, &options, got, &expected_error);
    float largest = 0.0f;
    for (size_t i = 0; i < changed->output_count; i++)
        largest = fmaxf(largest, fabsf(clean[i]));
    for (size_t i = 0; i < changed->output_count; i++)
        if (seen[i])
            expected[i] = oracle_strict_one(changed, CONV3D_ACTIVATION_NONE, i, taps);
        else
            expected[i] = fabsf(got[i] - clean[i]) <= 1e-4f * largest ? got[i] : clean[i];
    good = good && same_or_nan(changed, expected, got, "special");
    free(taps);
    free(got);
    free(expected);
    return good;
}

static void specials_stay_inside(struct workload *workload, size_t at)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const conv3d_options options = options_winograd();
    const float before = workload->input[at];
    float *clean = allocate_floats(workload->output_count);
    unsigned char *seen = allocate(workload->output_count);
    oracle_sees_input(&workload->problem, at, seen);
    for (size_t level = 0; level < level_count; level++) {
        double expected_error;
        isa_set(levels[level]);
        workload->input[at] = before;
        cr_assert(runs(workload, &options, clean, &expected_error));
        for (size_t i = 0; i < SPECIALS; i++) {
            workload->input[at] = specials[i];
            cr_assert(stays_inside(workload, seen, clean), "%g at %zu on %s",
                      (double)specials[i], at, levels[level]);
        }
    }
    workload->input[at] = before;
    free(clean);
    free(seen);
}

Test(winograd, special_values_stay_where_they_are_seen)
{
    const uint64_t seed = random_bits(test_seed(), UINT64_C(0x7370656369616c));
    for (size_t i = 0; i < SHAPES; i++) {
        struct problem problem;
        struct workload workload;
        cr_assert(problem_from_text(&problem, shapes[i]));
        workload_make(&workload, &problem, i);
        specials_stay_inside(&workload, 0);
        specials_stay_inside(&workload, workload.input_count - 1);
        for (uint64_t place = 0; place < 4; place++)
            specials_stay_inside(&workload,
                                 random_bits(seed, i * 4 + place) % workload.input_count);
        workload_free(&workload);
    }
}
