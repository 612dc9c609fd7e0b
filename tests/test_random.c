/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_random.c - thousands of random problems, and every ragged tail, against
 * the float64 oracle of verify_case.c.  A failing case prints the command that
 * repeats it.
 */
#include "support.h"

#include "../tools/random_data.h"
#include "../tools/random_problem.h"
#include "../tools/verify_case.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

enum { PARTS = 8, CASES_PER_PART = 2600 };

static const char *math_name(conv3d_math math)
{
    return math == CONV3D_MATH_STRICT ? "strict" : "fast";
}

static const char *data_name(enum verify_data data)
{
    return data == VERIFY_REAL ? "real" : "integer";
}

/* algorithm: NULL, or a name; one that refuses the problem gives way to the default. */
static bool run_case(const struct problem *problem, conv3d_math math, int threads,
                     enum verify_data data, uint64_t seed, const char *algorithm)
{
    conv3d_options options = options_for(math);
    options.algorithm = algorithm;
    struct verify_result result;
    char text[PROBLEM_TEXT_MAX];
    options.threads = threads;
    conv3d_status status = verify_case_run(&problem->params, problem->input, &options, data, seed,
                                           &result);
    if (status == CONV3D_ERR_UNSUPPORTED && algorithm != NULL) {
        options.algorithm = NULL;
        status = verify_case_run(&problem->params, problem->input, &options, data, seed, &result);
    }
    if (status != CONV3D_OK)
        return complain("%s: %s: %s", problem_text(problem, text), conv3d_status_string(status),
                        conv3d_last_error());
    if (verify_result_is_good(&result))
        return true;
    return complain("%s, %s data, %s math, %d threads: %" PRId64 " of %" PRId64
                    " outputs wrong, error/bound %.3g, relative L2 %.3g%s",
                    problem_text(problem, text), data_name(data), math_name(math), threads,
                    result.mismatches, result.outputs, result.worst_ratio, result.relative_l2,
                    result.mistrusted ? ", MISTRUSTED: too many zeros expected" : "");
}

/* Case number `seed`, as conv3d verify counts them.  One in four uses fast math;
 * the others strict, where integers must come out exactly and reals within the
 * bound.  One in four has company: more would mostly measure OpenMP's barriers. */
static bool random_case_holds(uint64_t seed, size_t level_count, const char *const levels[])
{
    const uint64_t dice = random_bits(seed, UINT64_C(0x74657374));
    const conv3d_math math = dice % 4 == 0 ? CONV3D_MATH_FAST : CONV3D_MATH_STRICT;
    const enum verify_data data = dice / 4 % 2 == 0 ? VERIFY_REAL : VERIFY_INTEGER;
    const int threads = dice / 8 % 4 == 0 ? 2 + (int)(dice / 32 % 2) : 1;
    const char *const level = levels[dice / 64 % level_count];
    static const char *const algorithms[] = {"depthwise", "depthwise_packed", "rows", "direct", NULL};
    const char *const algorithm = algorithms[dice / 1024 % 5];
    struct problem problem;
    random_problem_draw(seed, &problem.params, problem.input);
    isa_set(level);
    if (run_case(&problem, math, threads, data, seed, algorithm))
        return true;
    return complain("repeat with: CONV3D_ISA=%s conv3d verify --seed %" PRIu64
                    " --count 1 --data %s --math %s --threads %d%s%s",
                    level, seed, data_name(data), math_name(math), threads,
                    algorithm != NULL ? " --algorithm " : "", algorithm != NULL ? algorithm : "");
}

static void random_part_holds(uint64_t part)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const uint64_t seed = test_seed() + part * CASES_PER_PART;
    const int64_t count = test_count(CASES_PER_PART * PARTS) / PARTS;
    int failures = 0;
    for (int64_t i = 0; i < count && failures < 5; i++)
        failures += !random_case_holds(seed + (uint64_t)i, level_count, levels);
    cr_expect(failures == 0);
}

Test(random, problems_part_1) { random_part_holds(0); }
Test(random, problems_part_2) { random_part_holds(1); }
Test(random, problems_part_3) { random_part_holds(2); }
Test(random, problems_part_4) { random_part_holds(3); }
Test(random, problems_part_5) { random_part_holds(4); }
Test(random, problems_part_6) { random_part_holds(5); }
Test(random, problems_part_7) { random_part_holds(6); }
Test(random, problems_part_8) { random_part_holds(7); }

/* ---- Ragged tails ---------------------------------------------------------- */

static bool tail_holds(int64_t in_channels, int64_t out_channels, int64_t groups, int64_t width,
                       int64_t kernel_width, int variant)
{
    struct problem problem;
    conv3d_params_init(&problem.params, in_channels, out_channels, 1);
    problem.params.groups = groups;
    problem.params.kernel_size[1] = 1 + variant % 2;
    problem.params.kernel_size[2] = kernel_width;
    problem.params.padding_begin[2] = kernel_width / 2;
    problem.params.padding_end[2] = kernel_width / 2;
    problem.params.stride[2] = 1 + variant / 2 % 2;
    problem.params.bias = variant / 4 % 2;
    const int64_t input[5] = {1, in_channels, 1, 2, width};
    for (int i = 0; i < 5; i++)
        problem.input[i] = input[i];
    return run_case(&problem, CONV3D_MATH_STRICT, 1, VERIFY_INTEGER,
                    (uint64_t)(in_channels * 10007 + out_channels * 101 + width), NULL) &&
           run_case(&problem, CONV3D_MATH_STRICT, 1, VERIFY_INTEGER, (uint64_t)width,
                    groups > 1 && in_channels == groups ? "depthwise_packed"
                    : width % 2                         ? "direct"
                                                        : "rows");
}

/* Every pair of channel counts, with widths that between them cover 1..67. */
static bool channels_hold(int64_t first, int64_t last)
{
    int64_t width = 1;
    for (int64_t in = first; in <= last; in++)
        for (int64_t out = 1; out <= 33; out++)
            for (int i = 0; i < 3; i++) {
                if (!tail_holds(in, out, 1, width, 1 + (in + i) % 3, (int)(in + out + i)))
                    return false;
                width = width % 67 + 1;
            }
    return true;
}

static void for_each_level(bool (*check)(int64_t, int64_t), int64_t a, int64_t b)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t count = isa_levels(levels);
    for (size_t i = 0; i < count; i++) {
        isa_set(levels[i]);
        cr_expect(check(a, b), "on %s", levels[i]);
    }
}

Test(random, channel_tails_up_to_16)
{
    for_each_level(channels_hold, 1, 16);
}

Test(random, channel_tails_from_17_to_33)
{
    for_each_level(channels_hold, 17, 33);
}

/* Every width, with channel counts around the widths of vectors and panels. */
static bool widths_hold(int64_t first, int64_t last)
{
    static const int64_t outs[] = {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33};
    static const int64_t ins[] = {1, 2, 17};
    for (int64_t width = first; width <= last; width++)
        for (size_t o = 0; o < sizeof outs / sizeof *outs; o++)
            for (size_t i = 0; i < sizeof ins / sizeof *ins; i++)
                if (!tail_holds(ins[i], outs[o], 1, width, 3, (int)width))
                    return false;
    return true;
}

Test(random, width_tails)
{
    for_each_level(widths_hold, 1, 67);
}

/* 2, 3 and C_in groups, with 1 to 17 outputs per group. */
static bool groups_hold(int64_t first, int64_t last)
{
    for (int64_t per_group = first; per_group <= last; per_group++)
        for (int64_t inputs = 1; inputs <= 5; inputs++)
            for (int64_t groups = 2; groups <= 19; groups += groups == 3 ? 4 : groups == 7 ? 12 : 1)
                if (!tail_holds(groups * inputs, groups * per_group, groups, 5 + per_group, 3,
                                (int)(per_group + inputs)))
                    return false;
    return true;
}

Test(random, group_tails)
{
    for_each_level(groups_hold, 1, 17);
}

static bool depthwise_holds(int64_t first, int64_t last)
{
    for (int64_t channels = first; channels <= last; channels++)
        for (int64_t multiplier = 1; multiplier <= 3; multiplier++)
            for (int64_t width = 1; width <= 67; width += 6)
                if (!tail_holds(channels, channels * multiplier, channels, width, 3,
                                (int)(channels + width)))
                    return false;
    return true;
}

Test(random, depthwise_tails)
{
    for_each_level(depthwise_holds, 1, 33);
}
