/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_verify.c - conv3d verify: check random convolutions against float64
 *
 * Case i has the seed S + i and depends on nothing else, so that a failing one
 * can be repeated alone.  A case passes when it does with every kind of data.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "error_quantiles.h"
#include "execution_args.h"
#include "exit_code.h"
#include "options.h"
#include "progress.h"
#include "random_problem.h"
#include "report.h"
#include "verify_case.h"

struct verify_args {
    int64_t count; /* 0 = not given */
    int64_t seed;
    int data; /* index of the word in --help */
    const char *problem;
    int quiet;
};

enum { DATA_BOTH = 2 };

_Static_assert(VERIFY_REAL == 0 && VERIFY_INTEGER == 1, "order of the words of --data");

#define AT(member) offsetof(struct verify_args, member)

static const struct option_row case_rows[] = {
    {"count", "N", OPTION_NUMBER, AT(count), 1, INT64_MAX / 2,
     "cases to check; default 1000, with --problem 1"},
    {"seed", "S", OPTION_NUMBER, AT(seed), 0, INT64_MAX / 2,
     "the first case; the others follow; default 1"},
    {"problem", "TEXT", OPTION_TEXT, AT(problem), 0, 0,
     "this convolution instead of random ones, e.g.\n"
     "n1_ci64t8h56w56_co64_k3_p1 (see PROBLEM TEXT in the manual)"},
    {"data", "real|integer|both", OPTION_CHOICE, AT(data), 0, 0,
     "reals test the error bound, integers exactness; default both"},
    {.name = NULL},
};

static const struct option_row output_rows[] = {
    {"quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, "no progress"},
    {.name = NULL},
};

enum verdict {
    PASSED,
    FAILED,
    REFUSED, /* by the named algorithm */
    VERDICTS
};

/* Everything a summary needs. */
struct totals {
    int64_t cases[VERDICTS];
    int64_t outputs;
    int strict; /* whether some case was */
    double worst_ratio, worst_l2;
    struct error_quantiles l2;
    uint64_t checksum;
};

struct verification {
    struct verify_args args;
    struct execution_args execution_args;
    conv3d_options options;
    conv3d_params params; /* of --problem */
    int64_t input_shape[5];
    struct totals totals;
};

static const char *const data_words[] = {"real", "integer"};

/* The command that repeats one case, with the environment that mattered. */
static void format_command(const struct verification *v, int64_t seed, enum verify_data data,
                           char *buffer, size_t capacity)
{
    static const char *const variables[] = {"OMP_NUM_THREADS", "CONV3D_BIND", "CONV3D_ISA",
                                            "CONV3D_MATH"};
    const struct execution_args *const execution = &v->execution_args;
    size_t used = 0;

    buffer[0] = '\0';
#define APPEND(...)                                                               \
    do {                                                                          \
        if (used < capacity)                                                      \
            used += (size_t)snprintf(buffer + used, capacity - used, __VA_ARGS__); \
    } while (0)
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *const value = getenv(variables[i]);

        if (value != NULL)
            APPEND("%s=%s ", variables[i], value);
    }
    APPEND("conv3d verify --seed %" PRId64 " --count 1 --data %s", seed, data_words[data]);
    if (v->args.problem != NULL)
        APPEND(" --problem %s", v->args.problem);
    if (execution->threads != 0)
        APPEND(" --threads %" PRId64, execution->threads);
    if (execution->math >= 0)
        APPEND(" --math %s", v->options.math == CONV3D_MATH_STRICT ? "strict" : "fast");
    if (execution->algorithm != NULL)
        APPEND(" --algorithm %s", execution->algorithm);
    if (execution->activation != 0)
        APPEND(" --activation relu");
    if (execution->memory_limit != 0)
        APPEND(" --memory-limit %" PRId64, execution->memory_limit);
    if (execution->bind != NULL)
        APPEND(" --bind %s", execution->bind);
#undef APPEND
}

static void report_failure(const struct verification *v, int64_t seed, enum verify_data data,
                           const char *problem, const char *reason)
{
    char command[512];

    format_command(v, seed, data, command, sizeof command);
    report_error("FAILED %s, %s data: %s; repeat: %s", problem, data_words[data], reason, command);
}

static void explain_result(const struct verify_result *result, char *buffer, size_t capacity)
{
    if (result->mistrusted)
        snprintf(buffer, capacity, "mistrusted, most expected outputs are zero");
    else
        snprintf(buffer, capacity,
                 "%" PRId64 " of %" PRId64 " outputs wrong, error %.3g times the bound, "
                 "%.3g at most, relative L2 %.3g",
                 result->mismatches, result->outputs, result->worst_ratio, result->max_abs,
                 result->relative_l2);
}

static void add_result(struct totals *totals, const struct verify_result *result)
{
    totals->outputs += result->outputs;
    totals->checksum = verify_checksum_add(totals->checksum, result->checksum);
    /* Fast math bounds no single output: one that sees nothing but padding may err. */
    totals->strict |= result->math == CONV3D_MATH_STRICT;
    if (result->math == CONV3D_MATH_STRICT && result->worst_ratio > totals->worst_ratio)
        totals->worst_ratio = result->worst_ratio;
    error_quantiles_add(&totals->l2, result->relative_l2);
    if (result->relative_l2 > totals->worst_l2)
        totals->worst_l2 = result->relative_l2;
}

/* One case with one kind of data.  *verdict changes unless it passes; what would
 * go wrong in the same way for every case is returned as an exit code. */
static int check_data(struct verification *v, int64_t seed, enum verify_data data,
                      const conv3d_params *params, const int64_t input_shape[5],
                      enum verdict *verdict)
{
    struct verify_result result;
    char problem[256], reason[256];
    const conv3d_status status = verify_case_run(params, input_shape, &v->options, data,
                                                 (uint64_t)seed, &result);

    conv3d_problem_format(params, input_shape, problem, sizeof problem);
    switch (status) {
    case CONV3D_OK:
        add_result(&v->totals, &result);
        if (verify_result_is_good(&result))
            return EXIT_OK;
        explain_result(&result, reason, sizeof reason);
        break;
    case CONV3D_ERR_UNSUPPORTED: /* a named algorithm need not accept every problem */
        *verdict = REFUSED;
        return EXIT_OK;
    case CONV3D_ERR_MEMORY:
        report_error("%s: no memory", problem);
        return EXIT_MEMORY;
    case CONV3D_ERR_LIMIT:
        report_error("%s: %s", problem, conv3d_last_error());
        return EXIT_MEMORY;
    case CONV3D_ERR_ARGUMENT: /* the options are wrong, and will be for every case */
    case CONV3D_ERR_ENVIRONMENT:
        return report_status(status);
    default: /* the problem is valid, so this is a failure of the library */
        snprintf(reason, sizeof reason, "%s", conv3d_last_error());
    }
    report_failure(v, seed, data, problem, reason);
    *verdict = FAILED;
    return EXIT_OK;
}

static int check_case(struct verification *v, int64_t seed)
{
    conv3d_params params = v->params;
    int64_t input_shape[5];
    enum verdict verdict = PASSED;
    int code = EXIT_OK;

    memcpy(input_shape, v->input_shape, sizeof input_shape);
    if (v->args.problem == NULL)
        random_problem_draw((uint64_t)seed, &params, input_shape);
    for (int data = VERIFY_REAL; data <= VERIFY_INTEGER && code == EXIT_OK; data++) {
        if (v->args.data == data || v->args.data == DATA_BOTH)
            code = check_data(v, seed, (enum verify_data)data, &params, input_shape, &verdict);
    }
    v->totals.cases[verdict]++;
    return code;
}

static void print_totals(const struct verification *v)
{
    const struct totals *const totals = &v->totals;

    printf("cases: %" PRId64 ", seeds %" PRId64 " to %" PRId64 "\n", v->args.count, v->args.seed,
           v->args.seed + v->args.count - 1);
    printf("outputs: %" PRId64 "\n", totals->outputs);
    if (totals->strict)
        printf("worst error: %.3g times the bound\n", totals->worst_ratio);
    printf("relative L2: %.2g in half of the cases, %.2g in 90%%, %.2g in 99%%, %.3g at most\n",
           error_quantile(&totals->l2, 0.5), error_quantile(&totals->l2, 0.9),
           error_quantile(&totals->l2, 0.99), totals->worst_l2);
    if (totals->cases[REFUSED] > 0)
        printf("not accepted by the algorithm: %" PRId64 " cases\n", totals->cases[REFUSED]);
    printf("checksum: %016llx\n", (unsigned long long)totals->checksum);
    printf("%" PRId64 " passed, %" PRId64 " failed\n", totals->cases[PASSED],
           totals->cases[FAILED]);
}

static int verify(struct verification *v)
{
    int code = EXIT_OK;

    if (v->args.problem != NULL &&
        conv3d_problem_parse(v->args.problem, &v->params, v->input_shape) != CONV3D_OK)
        return report_misuse("--problem '%s': %s", v->args.problem, conv3d_last_error());

    struct progress *const progress = progress_start("verifying", v->args.count, v->args.quiet);

    for (int64_t i = 0; i < v->args.count && code == EXIT_OK; i++) {
        code = check_case(v, v->args.seed + i);
        progress_set(progress, i + 1);
    }
    progress_finish(progress);
    if (code != EXIT_OK)
        return code;
    if (v->totals.cases[REFUSED] == v->args.count)
        return report_misuse("--algorithm '%s' accepts none of the problems: %s",
                             v->execution_args.algorithm, conv3d_last_error());
    print_totals(v);
    return v->totals.cases[FAILED] > 0 ? EXIT_MISMATCH : EXIT_OK;
}

int cmd_verify(int argc, char **argv)
{
    struct verification v = {
        .args = {.seed = 1, .data = DATA_BOTH},
        .execution_args = EXECUTION_ARGS_DEFAULTS,
    };
    const struct option_group groups[] = {
        {"Cases", case_rows, &v.args},
        {"Computation", execution_arg_rows, &v.execution_args},
        {"Output", output_rows, &v.args},
        {.heading = NULL},
    };
    const struct option_set set = {
        "verify", "[OPTION]...",
        "Check random convolutions against a float64 reference.  In strict math the\n"
        "checksum is the same on every machine, and for any number of threads.",
        groups};

    const enum options_outcome outcome = options_parse(&set, argc, argv);
    if (outcome != OPTIONS_PARSED)
        return outcome == OPTIONS_HELPED ? EXIT_OK : EXIT_USAGE;
    if (v.args.count == 0)
        v.args.count = v.args.problem != NULL ? 1 : 1000;
    v.options = execution_args_options(&v.execution_args);
    return verify(&v);
}
