/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bits.c - the same bits whatever the machine does: bits_checks.h over all
 * shapes, ISA levels and math modes, as Criterion tests.
 */
#include "bits_checks.h"
#include "oracle.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ALL = 1000, SOME = 32 };

Test(bits, strict_math_is_one_chain_of_fma)
{
    cr_expect(bits_hold(bits_are_the_chain, ALL));
}

Test(bits, threads_do_not_matter)
{
    cr_expect(bits_hold(bits_ignore_threads, ALL));
}

Test(bits, places_do_not_matter)
{
    cr_expect(bits_hold(bits_ignore_places, ALL));
}

Test(bits, tiles_do_not_matter)
{
    cr_expect(bits_hold(bits_ignore_tiles, ALL));
}

Test(bits, batch_and_position_do_not_matter)
{
    cr_expect(bits_hold(bits_ignore_batch, ALL));
}

Test(bits, alignment_does_not_matter)
{
    cr_expect(bits_hold(bits_ignore_alignment, ALL));
}

Test(bits, workspace_does_not_matter)
{
    cr_expect(bits_hold(bits_ignore_workspace, ALL));
}

Test(bits, memory_limits_do_not_matter)
{
    cr_expect(bits_hold(bits_ignore_memory, ALL));
}

Test(bits, a_plan_serves_several_threads)
{
    cr_expect(bits_hold(bits_ignore_company, SOME));
}

/* The chain with its bias and ReLU, on many more problems but each of them in
 * one way only. */
Test(bits, strict_math_is_the_chain_on_random_problems)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const uint64_t seed = random_bits(test_seed(), UINT64_C(0x636861696e));
    const int64_t count = test_count(1000);
    for (int64_t i = 0; i < count; i++) {
        struct problem problem;
        struct workload workload;
        conv3d_options options = options_strict(1 + (int)(i % 3));
        options.activation = i % 2 ? CONV3D_ACTIVATION_RELU : CONV3D_ACTIVATION_NONE;
        problem_draw(&problem, random_bits(seed, (uint64_t)i), 20000);
        workload_make(&workload, &problem, (uint64_t)i);
        float *expected = allocate_floats(workload.output_count);
        float *got = allocate_floats(workload.output_count);
        oracle_strict(&workload, options.activation, expected);
        isa_set(levels[(size_t)i % level_count]);
        cr_assert(workload_run(&workload, &options, got) &&
                  same_bits(&workload, expected, got, levels[(size_t)i % level_count]));
        free(expected);
        free(got);
        workload_free(&workload);
    }
}

/* Fast math keeps its own promise on the same problems. */
Test(bits, fast_math_stays_within_2e_5)
{
    const uint64_t seed = random_bits(test_seed(), UINT64_C(0x66617374));
    const int64_t count = test_count(300);
    const conv3d_options options = options_for(CONV3D_MATH_FAST);
    for (int64_t i = 0; i < count; i++) {
        struct problem problem;
        struct workload workload;
        problem_draw(&problem, random_bits(seed, (uint64_t)i), 20000);
        workload_make(&workload, &problem, (uint64_t)i);
        float *got = allocate_floats(workload.output_count);
        double *exact = allocate(workload.output_count * sizeof *exact);
        double *magnitude = allocate(workload.output_count * sizeof *magnitude);
        cr_assert(workload_run(&workload, &options, got));
        oracle_double(&workload, exact, magnitude);
        char text[PROBLEM_TEXT_MAX];
        cr_assert(relative_l2(exact, got, workload.output_count) <= 2e-5, "%s",
                  problem_text(&problem, text));
        free(got);
        free(exact);
        free(magnitude);
        workload_free(&workload);
    }
}
