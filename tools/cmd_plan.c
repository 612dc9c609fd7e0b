/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_plan.c - conv3d plan: show what run would do, and why
 *
 * Takes the command line of run, so that one word is all there is to change;
 * what concerns the output is accepted and left alone.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "execution_args.h"
#include "exit_code.h"
#include "json_out.h"
#include "options.h"
#include "problem.h"
#include "report.h"

struct plan_args {
    const char *output, *preview;
    int json, quiet;
};

static const struct option_row text_rows[] = {
    {"problem", "TEXT", OPTION_TEXT, offsetof(struct problem_args, text), 0, 0,
     "instead of all of the above, e.g.\n"
     "n1_ci64t8h56w56_co64_k3_p1 (see PROBLEM TEXT in the manual)"},
    {.name = NULL},
};

static const struct option_row output_rows[] = {
    {"json", NULL, OPTION_FLAG, offsetof(struct plan_args, json), 0, 0, "print JSON"},
    {"quiet", NULL, OPTION_FLAG, offsetof(struct plan_args, quiet), 0, 0, "no notes"},
    {"output", "FILE", OPTION_TEXT, offsetof(struct plan_args, output), 0, 0,
     "accepted as in run; nothing is written"},
    {"preview", "FILE", OPTION_TEXT, offsetof(struct plan_args, preview), 0, 0,
     "accepted as in run; nothing is written"},
    {.name = NULL},
};

/* The planner counts in operations; how fast they are is this machine's affair. */
static int print_expectation(const conv3d_plan *plan)
{
    conv3d_plan_info info = {.size = sizeof info};
    double peak;

    int code = report_status(conv3d_plan_query(plan, &info));
    if (code == EXIT_OK)
        code = report_status(conv3d_machine_peak(&peak));
    if (code == EXIT_OK)
        printf("expected time: %.3g ms on one core that does %.0f GFLOP/s, as measured now\n",
               1e3 * info.estimated_flops / peak, peak * 1e-9);
    return code;
}

static int print_description(const conv3d_plan *plan)
{
    const size_t length = conv3d_plan_describe(plan, NULL, 0);
    char *const text = malloc(length + 1);

    if (text == NULL) {
        report_error("no memory for the description");
        return EXIT_MEMORY;
    }
    conv3d_plan_describe(plan, text, length + 1);
    fputs(text, stdout);
    free(text);
    return print_expectation(plan);
}

static int show_plan(const struct problem_args *problem_args,
                     const struct execution_args *execution_args, int json)
{
    const conv3d_options options = execution_args_options(execution_args);
    struct problem problem;
    conv3d_plan *plan;

    int code = problem_load(problem_args, VOLUME_HEADER, &problem);
    if (code != EXIT_OK)
        return code;
    code = problem_plan(&problem, problem.input.shape[0], &options, &plan);
    problem_free(&problem);
    if (code != EXIT_OK)
        return code;
    code = json ? json_out_plan(plan) : print_description(plan);
    conv3d_plan_destroy(plan);
    return code;
}

int cmd_plan(int argc, char **argv)
{
    struct problem_args problem_args;
    struct execution_args execution_args = EXECUTION_ARGS_DEFAULTS;
    struct plan_args args = {0};
    const struct option_group groups[] = {
        {"Input", problem_file_rows, &problem_args},
        {"Convolution", problem_convolution_rows, &problem_args},
        {"Or", text_rows, &problem_args},
        {"Computation", execution_arg_rows, &execution_args},
        {"Output", output_rows, &args},
        {.heading = NULL},
    };
    const struct option_set set = {
        "plan",
        "--problem TEXT [OPTION]...\n"
        "--input FILE --weight FILE [OPTION]...\n"
        "--input FILE --out-channels N --kernel-size K [OPTION]...",
        "Show what run would do, and why; nothing is computed.",
        groups,
    };

    problem_args_init(&problem_args);
    const enum options_outcome outcome = options_parse(&set, argc, argv);
    if (outcome != OPTIONS_PARSED)
        return outcome == OPTIONS_HELPED ? EXIT_OK : EXIT_USAGE;
    report_set_quiet(args.quiet);

    int code = problem_args_check(&problem_args);
    if (code == EXIT_OK && args.json)
        code = json_out_check();
    if (code == EXIT_OK)
        code = show_plan(&problem_args, &execution_args, args.json);
    return code;
}
