/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_run.c - conv3d run: convolve a volume from a file
 *
 * The order matters: everything that can be refused is refused before the work,
 * and no file appears under its final name before all of them are complete.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "atomic_file.h"
#include "big_memory.h"
#include "cmd.h"
#include "convolve.h"
#include "execution_args.h"
#include "exit_code.h"
#include "options.h"
#include "preview.h"
#include "problem.h"
#include "report.h"

struct run_args {
    const char *output, *preview;
    int quiet;
};

static const struct option_row output_rows[] = {
    {"output", "FILE", OPTION_TEXT, offsetof(struct run_args, output), 0, 0,
     ".npy to write, complete or not at all"},
    {"preview", "FILE", OPTION_TEXT, offsetof(struct run_args, preview), 0, 0,
     ".png to write: the middle T, H and W slices (rows) of the\n"
     "input and of up to 8 output channels (columns)"},
    {"quiet", NULL, OPTION_FLAG, offsetof(struct run_args, quiet), 0, 0,
     "no progress, no notes, no summary"},
    {.name = NULL},
};

/* The command's files and memory; all of it may be released at any time. */
struct run {
    struct problem_args problem_args;
    struct execution_args execution_args;
    struct run_args args;
    struct atomic_file output_file, preview_file;
    struct problem problem;
    float *output;
};

static int check_args(const struct run *run)
{
    char message[REPORT_CAPACITY];
    const int code = problem_args_check(&run->problem_args);

    if (code != EXIT_OK)
        return code;
    if (run->args.output == NULL)
        return report_misuse("--output is missing");
    if (run->args.preview != NULL && preview_check(message, sizeof message) != EXIT_OK)
        return report_misuse("%s", message);
    return EXIT_OK;
}

/* Explains a failure of the file functions. */
static int explain(int code, const char *message)
{
    if (code != EXIT_OK)
        report_error("%s", message);
    return code;
}

/* Other names are opened first all the same: of /dev/full it matters more that it
 * is no file than that its name has no suffix. */
static int check_suffixes(const struct run_args *args)
{
    if (!volume_name_ends(args->output, ".npy"))
        return report_misuse("--output '%s': expected a name ending in .npy", args->output);
    if (args->preview != NULL && !volume_name_ends(args->preview, ".png"))
        return report_misuse("--preview '%s': expected a name ending in .png", args->preview);
    return EXIT_OK;
}

static int open_files(struct run *run)
{
    char message[REPORT_CAPACITY];
    int code = atomic_file_open(&run->output_file, run->args.output, message, sizeof message);

    if (code == EXIT_OK && run->args.preview != NULL)
        code = atomic_file_open(&run->preview_file, run->args.preview, message, sizeof message);
    return code == EXIT_OK ? check_suffixes(&run->args) : explain(code, message);
}

/* Memory and disk space for the output. */
static int reserve_output(struct run *run)
{
    char message[REPORT_CAPACITY], shape[256];
    char reason[BIG_MEMORY_REASON] = "its size overflows";
    int64_t bytes = sizeof(float);
    int overflow = 0;

    for (int i = 0; i < 5; i++)
        overflow |= __builtin_mul_overflow(bytes, run->problem.output_shape[i], &bytes);
    if (!overflow && (uint64_t)bytes <= SIZE_MAX)
        run->output = big_memory_allocate((size_t)bytes, reason);
    if (run->output == NULL) {
        report_error("no memory for an output of shape %s: %s",
                     npy_shape_format(5, run->problem.output_shape, shape, sizeof shape), reason);
        return EXIT_MEMORY;
    }
    return explain(atomic_file_reserve(&run->output_file, (off_t)bytes, message, sizeof message),
                   message);
}

static int write_files(struct run *run)
{
    const int64_t *const shape = run->problem.output_shape;
    char message[REPORT_CAPACITY];
    int code = npy_write_to(&run->output_file, run->output, 5, shape, message, sizeof message);

    if (code == EXIT_OK && run->args.preview != NULL)
        code = preview_write(&run->preview_file, &run->problem.input, run->output, shape, message,
                             sizeof message);
    if (code == EXIT_OK)
        code = atomic_file_commit(&run->output_file, message, sizeof message);
    if (code == EXIT_OK && run->args.preview != NULL)
        code = atomic_file_commit(&run->preview_file, message, sizeof message);
    return explain(code, message);
}

static void summarise(const struct convolve_report *report)
{
    char tile[CONV3D_TILE_TEXT];
    const int is_long = report->seconds >= 1.0;

    conv3d_tile_format(&report->tile, tile, sizeof tile);
    report_note("%s, %s, %s, %d thread%s, tile %s: %.*f %s, %.1f GFLOP/s",
                report->algorithm, report->isa,
                report->math == CONV3D_MATH_STRICT ? "strict" : "fast", report->threads,
                report->threads == 1 ? "" : "s", tile, is_long ? 2 : 3,
                is_long ? report->seconds : 1e3 * report->seconds, is_long ? "s" : "ms",
                report->seconds > 0.0 ? 1e-9 * report->flops / report->seconds : 0.0);
}

static int run_problem(struct run *run)
{
    const conv3d_options options = execution_args_options(&run->execution_args);
    struct convolve_report report;
    char shape[256];

    int code = problem_load(&run->problem_args, VOLUME_ELEMENTS, &run->problem);
    if (code != EXIT_OK)
        return code;
    if (run->args.preview != NULL && run->problem.input.shape[0] == 0) {
        report_error("--preview: the input has no items to show");
        return EXIT_BAD_INPUT;
    }
    code = reserve_output(run);
    if (code == EXIT_OK)
        code = convolve(&run->problem, &options, run->output, run->args.quiet, &report);
    if (code == EXIT_OK)
        code = write_files(run);
    if (code != EXIT_OK)
        return code;
    summarise(&report);
    printf("%s\n", npy_shape_format(5, run->problem.output_shape, shape, sizeof shape));
    return EXIT_OK;
}

int cmd_run(int argc, char **argv)
{
    struct run run = {
        .execution_args = EXECUTION_ARGS_DEFAULTS,
        .output_file = ATOMIC_FILE_CLOSED,
        .preview_file = ATOMIC_FILE_CLOSED,
    };
    const struct option_group groups[] = {
        {"Input", problem_file_rows, &run.problem_args},
        {"Convolution", problem_convolution_rows, &run.problem_args},
        {"Computation", execution_arg_rows, &run.execution_args},
        {"Output", output_rows, &run.args},
        {.heading = NULL},
    };
    const struct option_set set = {
        "run",
        "--input FILE --weight FILE --output FILE [OPTION]...\n"
        "--input FILE --out-channels N --kernel-size K --output FILE [OPTION]...",
        "Convolve a volume; print the output's shape.",
        groups,
    };

    problem_args_init(&run.problem_args);
    const enum options_outcome outcome = options_parse(&set, argc, argv);
    if (outcome != OPTIONS_PARSED)
        return outcome == OPTIONS_HELPED ? EXIT_OK : EXIT_USAGE;
    report_set_quiet(run.args.quiet);

    int code = check_args(&run);
    if (code == EXIT_OK)
        code = open_files(&run);
    if (code == EXIT_OK)
        code = run_problem(&run);
    atomic_file_abandon(&run.output_file);
    atomic_file_abandon(&run.preview_file);
    problem_free(&run.problem);
    free(run.output);
    return code;
}
