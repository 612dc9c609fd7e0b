/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plan.c - what a plan and the machine say about themselves, and that the
 * library leaves its caller's state alone.
 */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE /* CPU_COUNT */
#endif
#include "support.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <fenv.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char text[] = "n2_ci20t6h17w19_co40_k3_s1x2x1_p1_b";

static conv3d_plan *make_plan(struct workload *workload, const char *problem_as_text,
                              const conv3d_options *options)
{
    struct problem problem;
    conv3d_plan *plan;
    cr_assert(problem_from_text(&problem, problem_as_text));
    workload_make(workload, &problem, 1);
    cr_assert(workload_plan(workload, options, &plan) == CONV3D_OK, "%s", conv3d_last_error());
    return plan;
}

static conv3d_plan_info query(const conv3d_plan *plan)
{
    conv3d_plan_info info = {.size = sizeof info};
    cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
    return info;
}

Test(plan, tells_what_it_decided)
{
    struct workload w;
    const conv3d_options options = options_strict(3);
    conv3d_plan *plan = make_plan(&w, text, &options);
    const conv3d_plan_info info = query(plan);
    cr_expect_arr_eq(info.output_shape, w.problem.output, sizeof info.output_shape);
    cr_expect(info.math == CONV3D_MATH_STRICT);
    cr_expect_str_eq(info.algorithm, "direct");
    cr_expect(info.threads >= 1 && info.threads <= 3);
    cr_expect(info.tasks >= info.threads);
    cr_expect(info.workspace_bytes == conv3d_plan_workspace_bytes(plan));
    cr_expect(info.packed_bytes >= (w.weight_count + w.bias_count) * sizeof(float));
    cr_expect(info.expected_error > 0.0 && info.expected_error <= 2e-5);
    cr_expect(info.flops == 2.0 * (double)w.output_count * 20.0 * 27.0);
    /* T, H and W each lose one tap at either end; H, of 17 in steps of 2, too. */
    const double t = 6.0 * 3.0 - 2.0, h = 9.0 * 3.0 - 2.0, x = 19.0 * 3.0 - 2.0;
    cr_expect(info.effective_flops == 2.0 * 2.0 * 40.0 * 20.0 * t * h * x, "%g",
              info.effective_flops);
    conv3d_plan_destroy(plan);
    workload_free(&w);
}

Test(plan, tiles_are_clipped_to_the_problem)
{
    struct workload w;
    conv3d_options options = options_strict(1);
    options.tile = (conv3d_tile){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
                                 CONV3D_ORDER_OUTER, CONV3D_STORE_STREAMED};
    conv3d_plan *plan = make_plan(&w, text, &options);
    conv3d_plan_info info = query(plan);
    cr_expect(info.tile.t >= 1 && info.tile.t <= 6 && info.tile.h >= 1 && info.tile.h <= 9);
    cr_expect(info.tile.w >= 1 && info.tile.w <= 19 && info.tile.ic >= 1 && info.tile.ic <= 20);
    cr_expect(info.tile.oc >= 1 && info.tile.oc < 40 + 32);
    cr_expect(info.tile.panel >= 1 && info.tile.panel <= 48);
    cr_expect(info.tile.order == CONV3D_ORDER_OUTER && info.tile.store == CONV3D_STORE_STREAMED);
    conv3d_plan_destroy(plan);
    workload_free(&w);
    options.tile = (conv3d_tile){.t = 2, .h = 3, .w = 5, .oc = 1, .ic = 7};
    plan = make_plan(&w, text, &options);
    info = query(plan);
    cr_expect(info.tile.t == 2 && info.tile.h == 3 && info.tile.w == 5 && info.tile.ic == 7);
    cr_expect(info.tile.oc >= 1 && info.tile.oc <= 32, "whole vectors");
    conv3d_plan_destroy(plan);
    workload_free(&w);
}

/* Small volumes are cut as far as a team of four needs, and output channels. */
Test(plan, small_layers_occupy_threads)
{
    static const char *const problems[] = {"n1_ci512t2h7w7_co256_k1", "n1_ci64t4h14w14_co24_k1",
                                           "n1_ci96t16h14w14_co216_k1", "n1_ci20t1h9w9_co30_k3_p1",
                                           "n1_ci32t5h6w6_co64_k3x1x1_p1x0x0"};
    static const char *const algorithms[] = {"direct", "rows"};
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        for (size_t j = 0; j < sizeof algorithms / sizeof *algorithms; j++) {
            struct workload w;
            conv3d_options options = options_strict(4);
            options.algorithm = algorithms[j];
            conv3d_plan *plan = make_plan(&w, problems[i], &options);
            const conv3d_plan_info info = query(plan);
            cr_expect(info.threads >= 3 && info.imbalance < 1.5, "%s %s: %d threads, %g",
                      problems[i], algorithms[j], info.threads, info.imbalance);
            conv3d_plan_destroy(plan);
            workload_free(&w);
        }
}

static void lists_its_candidates(const char *wish)
{
    struct workload w;
    conv3d_options options = options_for(CONV3D_MATH_STRICT);
    options.algorithm = wish;
    conv3d_plan *plan = make_plan(&w, text, &options);
    const conv3d_plan_info info = query(plan);
    int chosen = 0, direct = 0, reference = 0, index = 0;
    bool first = true;
    const char *algorithm, *verdict;
    for (; conv3d_plan_candidate(plan, index, &algorithm, &verdict); index++) {
        direct += strcmp(algorithm, "direct") == 0;
        reference += strcmp(algorithm, "reference") == 0;
        cr_expect(strlen(verdict) > 0);
        cr_expect(first == (strcmp(verdict, "chosen") == 0), "the chosen one is the first");
        first = false;
        if (strcmp(verdict, "chosen") == 0) {
            chosen++;
            cr_expect_str_eq(algorithm, info.algorithm);
        }
    }
    cr_expect(chosen == 1 && direct == 1 && reference == 1, "%d chosen", chosen);
    cr_expect_str_eq(info.algorithm, wish != NULL ? wish : "direct");
    cr_expect(!conv3d_plan_candidate(plan, index + 1, &algorithm, &verdict));
    cr_expect(!conv3d_plan_candidate(plan, -1, &algorithm, &verdict));
    conv3d_plan_destroy(plan);
    workload_free(&w);
}

Test(plan, lists_the_candidates_and_chooses_one)
{
    lists_its_candidates(NULL);
    lists_its_candidates("direct");
    lists_its_candidates("reference");
}

/* No shape falls to the reference unless it is asked for by name. */
Test(plan, never_chooses_the_reference_itself)
{
    const uint64_t seed = test_seed();
    const int64_t count = test_count(1000);
    for (int64_t i = 0; i < count; i++) {
        struct problem problem;
        struct workload w;
        conv3d_plan *plan;
        problem_draw(&problem, random_bits(seed, (uint64_t)i), 1000000);
        workload_make(&w, &problem, 1);
        cr_assert(workload_plan(&w, NULL, &plan) == CONV3D_OK);
        cr_expect(strcmp(query(plan).algorithm, "reference") != 0);
        conv3d_plan_destroy(plan);
        workload_free(&w);
    }
}

Test(plan, describes_itself_in_lines)
{
    static const char *const keys[] = {"problem: ", "output: ", "algorithm: direct", "isa: ",
                                       "math: ", "tile: ", "threads: ", "workspace bytes: "};
    const conv3d_options options = options_for(CONV3D_MATH_STRICT);
    struct workload w;
    conv3d_plan *plan = make_plan(&w, text, &options);
    char whole[4096], cut[4096];
    const size_t length = conv3d_plan_describe(plan, whole, sizeof whole);
    cr_assert(length > 0 && length < sizeof whole && strlen(whole) == length);
    cr_expect(whole[length - 1] == '\n');
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *at = strstr(whole, keys[i]);
        cr_expect(at != NULL && (at == whole || at[-1] == '\n'), "%s", keys[i]);
    }
    cr_expect(strstr(whole, text) != NULL);
    cr_expect(conv3d_plan_describe(plan, NULL, 0) == length);
    for (size_t capacity = 1; capacity <= length + 2; capacity++) {
        poison(cut, sizeof cut);
        cr_assert(conv3d_plan_describe(plan, cut, capacity) == length);
        const size_t kept = capacity <= length ? capacity - 1 : length;
        cr_assert(strlen(cut) == kept && memcmp(cut, whole, kept) == 0);
    }
    conv3d_plan_destroy(plan);
    workload_free(&w);
}

/* The plan keeps copies: of the parameters, the options, the weights. */
Test(plan, does_not_depend_on_what_it_was_made_from)
{
    struct workload w;
    conv3d_options options = options_strict(2);
    char name[] = "direct";
    options.algorithm = name;
    conv3d_plan *plan = make_plan(&w, text, &options);
    float *first = allocate_floats(w.output_count), *second = allocate_floats(w.output_count);
    cr_assert(conv3d_plan_execute(plan, w.input, first, NULL) == CONV3D_OK);
    memset(name, 'x', sizeof name - 1);
    memset(&options, 0xff, sizeof options);
    poison(w.weight, w.weight_count * sizeof(float));
    poison(w.bias, w.bias_count * sizeof(float));
    cr_assert(conv3d_plan_execute(plan, w.input, second, NULL) == CONV3D_OK);
    cr_expect(same_bits(&w, first, second, "weights overwritten after planning"));
    cr_expect_str_eq(query(plan).algorithm, "direct");
    free(first);
    free(second);
    conv3d_plan_destroy(plan);
    workload_free(&w);
}

static conv3d_math math_of(conv3d_math wish, const char *environment)
{
    struct workload w;
    const conv3d_options options = options_for(wish);
    if (environment != NULL)
        setenv("CONV3D_MATH", environment, 1);
    conv3d_plan *plan = make_plan(&w, text, &options);
    const conv3d_math math = query(plan).math;
    unsetenv("CONV3D_MATH");
    conv3d_plan_destroy(plan);
    workload_free(&w);
    return math;
}

Test(plan, math_is_the_option_or_the_environment_or_fast)
{
    unsetenv("CONV3D_MATH");
    cr_expect(math_of(CONV3D_MATH_DEFAULT, NULL) == CONV3D_MATH_FAST);
    cr_expect(math_of(CONV3D_MATH_DEFAULT, "") == CONV3D_MATH_FAST);
    cr_expect(math_of(CONV3D_MATH_DEFAULT, "fast") == CONV3D_MATH_FAST);
    cr_expect(math_of(CONV3D_MATH_DEFAULT, "strict") == CONV3D_MATH_STRICT);
    cr_expect(math_of(CONV3D_MATH_FAST, "strict") == CONV3D_MATH_FAST);
    cr_expect(math_of(CONV3D_MATH_STRICT, "fast") == CONV3D_MATH_STRICT);
}

Test(plan, isa_is_capped_by_the_environment)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t count = isa_levels(levels);
    cr_assert(count >= 1);
    cr_expect_str_eq(levels[0], "portable");
    for (size_t i = 0; i < count; i++) {
        struct workload w;
        conv3d_machine machine = {.size = sizeof machine};
        isa_set(levels[i]);
        conv3d_plan *plan = make_plan(&w, text, NULL);
        cr_expect_str_eq(query(plan).isa, levels[i]);
        cr_assert(conv3d_machine_query(&machine) == CONV3D_OK);
        cr_expect_str_eq(machine.isa, levels[i]);
        cr_expect_str_eq(machine.isa_best, levels[count - 1]);
        cr_expect(machine.lanes >= 4 && machine.lanes <= 16);
        conv3d_plan_destroy(plan);
        workload_free(&w);
    }
}

Test(plan, machine_makes_sense)
{
    conv3d_machine machine = {.size = sizeof machine};
    cpu_set_t mask;
    cr_assert(conv3d_machine_query(&machine) == CONV3D_OK);
    cr_assert(sched_getaffinity(0, sizeof mask, &mask) == 0);
    cr_expect(machine.processors == CPU_COUNT(&mask), "%d processors", machine.processors);
    cr_expect(machine.threads >= 1 && machine.cores >= 0 && machine.cores <= machine.processors);
    cr_expect(machine.numa_nodes >= 0 && memchr(machine.cpu, 0, sizeof machine.cpu) != NULL);
    cr_expect(strlen(machine.topology) > 0 && strlen(machine.threading) > 0);
}

Test(plan, a_core_has_a_peak)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t count = isa_levels(levels);
    for (size_t i = 0; i < count; i++) {
        double peak;
        isa_set(levels[i]);
        cr_assert(conv3d_machine_peak(&peak) == CONV3D_OK);
        cr_expect(peak > 1e6 && peak < 1e13, "%s: %g", levels[i], peak);
    }
    cr_expect(conv3d_machine_peak(NULL) == CONV3D_ERR_NULL);
}

Test(plan, version_has_three_numbers)
{
    int major, minor, patch, end = 0;
    cr_assert(sscanf(conv3d_version(), "%d.%d.%d%n", &major, &minor, &patch, &end) == 3);
    cr_expect(conv3d_version()[end] == '\0');
}

/* The caller's affinity, rounding mode, exception flags' traps and denormal
 * handling are as they were; so is what the environment says. */
Test(plan, leaves_the_callers_state_alone)
{
    struct workload w;
    cpu_set_t before, after;
    const conv3d_options options = options_strict(2);
    cr_assert(sched_getaffinity(0, sizeof before, &before) == 0);
    cr_assert(fesetround(FE_UPWARD) == 0);
    fenv_t environment_before, environment_after;
    fegetenv(&environment_before);
    conv3d_plan *plan = make_plan(&w, text, &options);
    float *output = allocate_floats(w.output_count);
    cr_expect(conv3d_plan_execute(plan, w.input, output, NULL) == CONV3D_OK);
    conv3d_plan_destroy(plan);
    fegetenv(&environment_after);
    cr_expect(fegetround() == FE_UPWARD);
#if defined(__x86_64__)
    const unsigned control = 0xffc0; /* all of MXCSR but the sticky flags */
    cr_expect((environment_before.__mxcsr & control) == (environment_after.__mxcsr & control));
#endif
    cr_assert(sched_getaffinity(0, sizeof after, &after) == 0);
    cr_expect(CPU_EQUAL(&before, &after));
    fesetround(FE_TONEAREST);
    free(output);
    workload_free(&w);
}

static void expect_lines_on_stderr(const char *verbose, int expected)
{
    char line[1024];
    int lines = 0;
    struct workload w;
    FILE *file = tmpfile();
    cr_assert(file != NULL);
    fflush(stderr);
    const int saved = dup(2);
    cr_assert(saved >= 0 && dup2(fileno(file), 2) >= 0);
    if (verbose != NULL)
        setenv("CONV3D_VERBOSE", verbose, 1);
    conv3d_plan_destroy(make_plan(&w, text, NULL));
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    unsetenv("CONV3D_VERBOSE");
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL) {
        lines++;
        cr_expect(strstr(line, text) != NULL && strncmp(line, "conv3d,v1,", 10) == 0, "%s", line);
    }
    fclose(file);
    workload_free(&w);
    cr_expect(lines == expected, "%d lines with CONV3D_VERBOSE=%s", lines,
              verbose != NULL ? verbose : "(unset)");
}

Test(plan, prints_one_line_and_only_when_asked)
{
    expect_lines_on_stderr(NULL, 0);
    expect_lines_on_stderr("0", 0);
    expect_lines_on_stderr("1", 1);
}

/* Of two cores with two threads each: with four threads, each has half of the caches, and packs
 * fewer channels at a time. */
Test(plan, threads_of_one_core_share_its_caches)
{
    struct workload w;
    conv3d_options options = options_strict(2);
    conv3d_plan_info alone = {.size = sizeof alone}, shared = alone;
    conv3d_machine machine = {.size = sizeof machine};
    setenv("HWLOC_SYNTHETIC", "l3:1(size=8MB) l2:2(size=512KB) l1d:1(size=32KB) core:1 pu:2", 1);
    cr_assert(conv3d_machine_query(&machine) == CONV3D_OK);
    if (strcmp(machine.topology, "sysconf") == 0)
        cr_skip("built without hwloc");
    options.algorithm = "direct";
    options.tile = (conv3d_tile){.t = 2, .h = 4, .w = 28, .oc = 64};
    conv3d_plan *plan = make_plan(&w, "n1_ci64t8h28w28_co64_k3_p1", &options);
    cr_assert(conv3d_plan_query(plan, &alone) == CONV3D_OK);
    conv3d_plan_destroy(plan);
    options.threads = 4;
    cr_assert(workload_plan(&w, &options, &plan) == CONV3D_OK);
    cr_assert(conv3d_plan_query(plan, &shared) == CONV3D_OK);
    conv3d_plan_destroy(plan);
    workload_free(&w);
    cr_assert(alone.threads == 2 && shared.threads == 4);
    cr_expect(shared.tile.ic < alone.tile.ic, "%d and %d channels", (int)shared.tile.ic,
              (int)alone.tile.ic);
}
