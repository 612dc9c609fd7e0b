/* SPDX-License-Identifier: Apache-2.0 */
/*
 * support.c - see support.h.  Keep it free of Criterion and of the library's
 * internals: it sees what a user of conv3d.h sees.
 */
#include "support.h"

#include "../tools/random_data.h"
#include "../tools/random_problem.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exponent all ones, quiet bit clear. */
static const uint32_t poison_bits = 0x7fa5a5a5u;

bool complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("    ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return false;
}

static uint64_t number_from_environment(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    if (text == NULL || *text == '\0')
        return fallback;
    char *end;
    const uint64_t value = strtoull(text, &end, 0);
    if (*end != '\0') {
        fprintf(stderr, "%s=\"%s\" is not a number\n", name, text);
        exit(2);
    }
    return value;
}

uint64_t test_seed(void)
{
    static bool printed;
    const uint64_t seed = number_from_environment("CONV3D_TEST_SEED", 20240607);
    if (!printed)
        fprintf(stderr, "    CONV3D_TEST_SEED=%" PRIu64 "\n", seed);
    printed = true;
    return seed;
}

int64_t test_count(int64_t usual)
{
    const uint64_t cap = number_from_environment("CONV3D_TEST_COUNT", UINT64_MAX);
    return cap < (uint64_t)usual ? (int64_t)cap : usual;
}

bool problem_from_text(struct problem *problem, const char *text)
{
    if (conv3d_problem_parse(text, &problem->params, problem->input) != CONV3D_OK)
        return complain("%s: %s", text, conv3d_last_error());
    return problem_from_params(problem, &problem->params, problem->input);
}

bool problem_from_params(struct problem *problem, const conv3d_params *params,
                         const int64_t input_shape[5])
{
    problem->params = *params;
    memmove(problem->input, input_shape, sizeof problem->input);
    if (conv3d_output_shape(params, input_shape, problem->output) != CONV3D_OK)
        return complain("output shape: %s", conv3d_last_error());
    return true;
}

void problem_draw(struct problem *problem, uint64_t seed, int64_t max_outputs)
{
    for (uint64_t attempt = 0;; attempt++) {
        random_problem_draw(random_bits(seed, attempt), &problem->params, problem->input);
        if (problem->input[0] == 0)
            continue;
        if (!problem_from_params(problem, &problem->params, problem->input))
            abort();
        if ((int64_t)shape_count(problem->output, 5) <= max_outputs)
            return;
    }
}

conv3d_tile tile_number(int64_t i)
{
    return (conv3d_tile){i % 3, i % 5, i % 7, i % 11, i % 4, i % 50, i % 3, i / 3 % 3};
}

const char *problem_text(const struct problem *problem, char buffer[PROBLEM_TEXT_MAX])
{
    conv3d_problem_format(&problem->params, problem->input, buffer, PROBLEM_TEXT_MAX);
    return buffer;
}

size_t shape_count(const int64_t *shape, int rank)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)shape[i];
    return count;
}

int64_t problem_taps(const struct problem *problem)
{
    const conv3d_params *p = &problem->params;
    return p->in_channels / p->groups * (int64_t)shape_count(p->kernel_size, 3);
}

void *allocate(size_t bytes)
{
    void *data = malloc(bytes > 0 ? bytes : 1);
    if (data == NULL) {
        fprintf(stderr, "the test ran out of memory (%zu bytes)\n", bytes);
        abort();
    }
    return data;
}

float *allocate_floats(size_t count)
{
    return allocate(count * sizeof(float));
}

void workload_make(struct workload *workload, const struct problem *problem, uint64_t seed)
{
    const conv3d_params *p = &problem->params;
    workload->problem = *problem;
    workload->input_count = shape_count(problem->input, 5);
    workload->weight_count = (size_t)(p->out_channels * problem_taps(problem));
    workload->bias_count = p->bias ? (size_t)p->out_channels : 0;
    workload->output_count = shape_count(problem->output, 5);
    workload->input = allocate_floats(workload->input_count);
    workload->weight = allocate_floats(workload->weight_count);
    workload->bias = p->bias ? allocate_floats(workload->bias_count) : NULL;
    random_fill_real(workload->input, workload->input_count, random_bits(seed, 1));
    random_fill_real(workload->weight, workload->weight_count, random_bits(seed, 2));
    if (p->bias)
        random_fill_real(workload->bias, workload->bias_count, random_bits(seed, 3));
}

void workload_free(struct workload *workload)
{
    free(workload->input);
    free(workload->weight);
    free(workload->bias);
}

conv3d_tensor workload_weight(const struct workload *workload)
{
    const conv3d_params *p = &workload->problem.params;
    return (conv3d_tensor){
        .data = workload->weight,
        .rank = 5,
        .shape = {p->out_channels, p->in_channels / p->groups, p->kernel_size[0],
                  p->kernel_size[1], p->kernel_size[2]},
    };
}

conv3d_tensor workload_bias(const struct workload *workload)
{
    return (conv3d_tensor){
        .data = workload->bias,
        .rank = 1,
        .shape = {workload->problem.params.out_channels},
    };
}

conv3d_status workload_plan(const struct workload *workload, const conv3d_options *options,
                            conv3d_plan **plan)
{
    const conv3d_tensor weight = workload_weight(workload);
    const conv3d_tensor bias = workload_bias(workload);
    return conv3d_plan_create(plan, &workload->problem.params, workload->problem.input, &weight,
                              workload->bias != NULL ? &bias : NULL, options);
}

size_t workload_algorithms(const struct workload *workload, const conv3d_options *options,
                           const char *names[ALGORITHMS_MAX])
{
    static const char *const all[] = {"direct", "rows", "depthwise", "depthwise_packed",
                                      "winograd"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        conv3d_options named = *options;
        conv3d_plan *plan;
        named.algorithm = all[i];
        if (workload_plan(workload, &named, &plan) == CONV3D_OK)
            names[count++] = all[i];
        conv3d_plan_destroy(plan);
    }
    return count;
}

bool workload_run(const struct workload *workload, const conv3d_options *options, float *output)
{
    char text[PROBLEM_TEXT_MAX];
    conv3d_plan *plan;
    poison(output, workload->output_count * sizeof *output);
    conv3d_status status = workload_plan(workload, options, &plan);
    if (status == CONV3D_OK)
        status = conv3d_plan_execute(plan, workload->input, output, NULL);
    conv3d_plan_destroy(plan);
    if (status != CONV3D_OK)
        return complain("%s: %s: %s", problem_text(&workload->problem, text),
                        conv3d_status_string(status), conv3d_last_error());
    return true;
}

conv3d_options options_for(conv3d_math math)
{
    conv3d_options options;
    conv3d_options_init(&options);
    options.math = math;
    return options;
}

conv3d_options options_strict(int threads)
{
    conv3d_options options = options_for(CONV3D_MATH_STRICT);
    options.threads = threads;
    return options;
}

void poison(void *data, size_t bytes)
{
    unsigned char *to = data;
    size_t done = 0;
    for (; done + sizeof poison_bits <= bytes; done += sizeof poison_bits)
        memcpy(to + done, &poison_bits, sizeof poison_bits);
    memcpy(to + done, &poison_bits, bytes - done);
}

bool is_poisoned(const void *data, size_t bytes)
{
    const unsigned char *from = data;
    for (size_t i = 0; i < bytes; i += sizeof poison_bits) {
        const size_t left = bytes - i;
        if (memcmp(from + i, &poison_bits, left < sizeof poison_bits ? left : sizeof poison_bits))
            return false;
    }
    return true;
}

bool has_poison(const float *data, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&data[i], &poison_bits, sizeof poison_bits) == 0)
            return true;
    return false;
}

static bool report_difference(const struct workload *workload, size_t at, float expected,
                              float got, const char *label)
{
    const int64_t *shape = workload->problem.output;
    char text[PROBLEM_TEXT_MAX];
    uint32_t expected_bits, got_bits;
    size_t index[5], rest = at;
    for (int axis = 4; axis >= 0; axis--) {
        index[axis] = rest % (size_t)shape[axis];
        rest /= (size_t)shape[axis];
    }
    memcpy(&expected_bits, &expected, sizeof expected);
    memcpy(&got_bits, &got, sizeof got);
    return complain("%s (%s): output[%zu,%zu,%zu,%zu,%zu] is %.9g (0x%08" PRIx32
                    "), expected %.9g (0x%08" PRIx32 ")",
                    problem_text(&workload->problem, text), label, index[0], index[1], index[2],
                    index[3], index[4], (double)got, got_bits, (double)expected, expected_bits);
}

bool same_bits(const struct workload *workload, const float *expected, const float *got,
               const char *label)
{
    const size_t count = workload->output_count;
    if (count == 0 || memcmp(expected, got, count * sizeof *got) == 0)
        return true;
    size_t at = 0;
    while (memcmp(&expected[at], &got[at], sizeof *got) == 0)
        at++;
    return report_difference(workload, at, expected[at], got[at], label);
}

bool same_or_nan(const struct workload *workload, const float *expected, const float *got,
                 const char *label)
{
    for (size_t i = 0; i < workload->output_count; i++) {
        const bool same = isnan(expected[i])
                              ? isnan(got[i]) && !has_poison(&got[i], 1)
                              : memcmp(&expected[i], &got[i], sizeof *got) == 0;
        if (!same)
            return report_difference(workload, i, expected[i], got[i], label);
    }
    return true;
}

void isa_set(const char *name)
{
    static bool saved;
    static char *callers; /* a cap from outside stays in force between the sweeps */
    if (!saved) {
        const char *const value = getenv("CONV3D_ISA");
        callers = value != NULL ? strdup(value) : NULL;
        saved = true;
    }
    if (name == NULL)
        name = callers;
    if (name != NULL ? setenv("CONV3D_ISA", name, 1) : unsetenv("CONV3D_ISA"))
        abort();
}

size_t isa_levels(const char *names[ISA_LEVELS_MAX])
{
    static const char *const all[ISA_LEVELS_MAX] = {"portable", "avx2", "avx512", "neon"};
    static bool told;
    size_t count = 0;
    for (size_t i = 0; i < ISA_LEVELS_MAX; i++) {
        conv3d_machine machine = {.size = sizeof machine};
        isa_set(all[i]);
        /* A cap above the machine's best gives the best, not an error. */
        if (conv3d_machine_query(&machine) == CONV3D_OK && strcmp(machine.isa, all[i]) == 0)
            names[count++] = all[i];
        else if (!told)
            fprintf(stderr, "    skipped on this machine: ISA level %s\n", all[i]);
    }
    isa_set(NULL);
    told = true;
    return count;
}
