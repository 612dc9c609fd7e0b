/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_tune.c - conv3d tune: measured once per machine, used by every plan afterwards
 *
 * Small layers come first: they need the least time, and what they leave is for the large
 * ones.  Whatever ends it, what was found by then is recorded.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "clock.h"
#include "cmd.h"
#include "execution_args.h"
#include "exit_code.h"
#include "interrupt.h"
#include "layer_args.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "text_file.h"
#include "tune_entries.h"
#include "tune_figures.h"
#include "tune_html.h"
#include "tune_layer.h"
#include "tune_table.h"

struct tune_args {
    struct layer_args layers;
    const char *database, *import, *export, *report;
    double time_limit; /* 0 = not given */
    int again, exhaustive, calibrate, list, forget, everywhere, quiet;
};

#define AT(member) offsetof(struct tune_args, member)

static const struct option_row search_rows[] = {
    {"time-limit", "SECONDS", OPTION_DECIMAL, AT(time_limit), 0, 1000000,
     "for all layers together; default 10 for each"},
    {"again", NULL, OPTION_FLAG, AT(again), 0, 0,
     "also layers that the database knows; may change the bits of\n"
     "fast math"},
    {"exhaustive", NULL, OPTION_FLAG, AT(exhaustive), 0, 0,
     "time every tile, not the promising ones: takes hours"},
    {"calibrate", NULL, OPTION_FLAG, AT(calibrate), 0, 0,
     "measure caches, memory and transforms for the cost model\n"
     "instead; takes some seconds"},
    {.name = NULL},
};

static const struct option_row database_rows[] = {
    {"database", "FILE", OPTION_TEXT, AT(database), 0, 0,
     "this one; default CONV3D_TUNING, else\n"
     "conv3d/tuning in XDG_CACHE_HOME or ~/.cache"},
    {"list", NULL, OPTION_FLAG, AT(list), 0, 0, "print what it knows of this machine; tune nothing"},
    {"export", "FILE", OPTION_TEXT, AT(export), 0, 0, "add all it knows to that database"},
    {"import", "FILE", OPTION_TEXT, AT(import), 0, 0, "add all that database knows"},
    {"forget", NULL, OPTION_FLAG, AT(forget), 0, 0,
     "remove the entries of the --problems, or without them all,\nof this machine"},
    {"everywhere", NULL, OPTION_FLAG, AT(everywhere), 0, 0,
     "with --list and --forget: of other machines, too"},
    {.name = NULL},
};

static const struct option_row output_rows[] = {
    {"report", "FILE", OPTION_TEXT, AT(report), 0, 0,
     "write an HTML page: tiles, algorithms and the roofline"},
    {"quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, "no progress, no notes"},
    {.name = NULL},
};

/* One run of the command. */
struct run {
    const struct tune_args *args;
    struct layer_table layers;
    size_t *order; /* of the layers, the smallest first */
    size_t count;  /* of those that are to be tuned */
    struct tune_run tune;
    struct tune_wish wish;
    struct text_file report;
    char database[4096];
    struct progress *progress;
    double start, limit;
    const struct layer *layer; /* at work */
    size_t number;
};

/* ---- While it runs --------------------------------------------------------------- */

static int tell(void *context, const conv3d_tune_progress *progress)
{
    struct run *const run = context;
    char news[160];

    if (progress->before > 0.0)
        snprintf(news, sizeof news, "%zu of %zu, %.60s: %.3f ms, gain %.3f", run->number,
                 run->count, run->layer->name, 1e3 * progress->after,
                 progress->before / progress->after);
    else
        snprintf(news, sizeof news, "%zu of %zu, %.60s", run->number, run->count,
                 run->layer->name);
    progress_set(run->progress, (int64_t)(1e3 * fmin(clock_seconds() - run->start, run->limit)));
    progress_say(run->progress, news);
    return interrupt_came();
}

/* What a layer needs grows with its size, but large ones are measured less often. */
static double weight_of(const struct layer *layer)
{
    return sqrt(layer_flops(layer) + 1e7);
}

/* Of the time that is left, the part of layer number `first` of those that are; a little of it is for
 * a measurement that takes longer than the ones before, and for what is written at the end. */
static double share_of(const struct run *run, size_t first)
{
    static const double usable = 0.98;
    const double left = run->start + run->limit - clock_seconds();
    double all = 0.0;

    for (size_t i = first; i < run->count; i++)
        all += weight_of(&run->layers.layers[run->order[i]]);
    return usable * fmax(left, 0.0) * weight_of(&run->layers.layers[run->order[first]]) / all;
}

static int time_is_over(const struct run *run)
{
    return interrupt_came() || clock_seconds() - run->start >= run->limit;
}

/* Each of run->order, within its share of the time. */
static int tune_each(struct run *run)
{
    int code = EXIT_OK;

    for (size_t i = 0; i < run->count && code == EXIT_OK; i++) {
        struct tune_result *const result = &run->tune.results[run->order[i]];

        run->layer = &run->layers.layers[run->order[i]];
        run->number = i + 1;
        run->wish.seconds = fmax(share_of(run, i), 1e-3);
        if (time_is_over(run)) {
            result->outcome = TUNE_STOPPED;
            continue;
        }
        tune_result_free(result);
        code = tune_layer(&run->wish, run->layer, result);
    }
    return code;
}

/* Leaves in run->order the layers that were stopped. */
static void keep_stopped(struct run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->count; i++) {
        if (run->tune.results[run->order[i]].outcome == TUNE_STOPPED)
            run->order[count++] = run->order[i];
    }
    run->count = count;
}

/* What layers leave of their shares when they are settled early is for those that were not. */
static int tune_layers(struct run *run)
{
    enum { PASSES = 2 };
    int code = EXIT_OK;

    run->start = clock_seconds();
    run->progress = progress_start("tuning", (int64_t)(1e3 * run->limit), run->args->quiet);
    run->count = run->layers.count;
    for (int pass = 0; pass < PASSES && code == EXIT_OK; pass++) {
        code = tune_each(run);
        keep_stopped(run);
        if (run->count == 0 || time_is_over(run))
            break;
    }
    progress_finish(run->progress);
    run->tune.seconds = clock_seconds() - run->start;
    return code;
}

/* ---- Before and after ------------------------------------------------------------ */

static const struct layer *compared_layers; /* comparison functions take no context */

static int compare_sizes(const void *left, const void *right)
{
    const double a = layer_flops(&compared_layers[*(const size_t *)left]);
    const double b = layer_flops(&compared_layers[*(const size_t *)right]);

    return a < b ? -1 : a > b;
}

static int arrange(struct run *run)
{
    const size_t count = run->layers.count;

    run->order = calloc(count, sizeof *run->order);
    run->tune.results = calloc(count, sizeof *run->tune.results);
    if (run->order == NULL || run->tune.results == NULL) {
        report_error("no memory for %zu layers", count);
        return EXIT_MEMORY;
    }
    run->tune.count = count;
    for (size_t i = 0; i < count; i++) {
        run->order[i] = i;
        run->tune.results[i].layer = &run->layers.layers[i];
    }
    compared_layers = run->layers.layers;
    qsort(run->order, count, sizeof *run->order, compare_sizes);
    run->limit = run->args->time_limit > 0.0 ? run->args->time_limit : 10.0 * (double)count;
    return EXIT_OK;
}

/* What the report says of the machine. */
static int look_at_machine(struct run *run)
{
    const time_t now = time(NULL);
    struct tm utc;
    struct tune_run *const tune = &run->tune;

    strftime(tune->date, sizeof tune->date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    tune->math = run->wish.options.math;
    tune->machine.size = sizeof tune->machine;
    tune->rates.size = sizeof tune->rates;
    int code = report_status(conv3d_machine_query(&tune->machine));
    if (code == EXIT_OK && run->args->report != NULL)
        code = report_status(conv3d_machine_measure(run->wish.options.threads, &tune->rates));
    return code;
}

static int prepare(struct run *run)
{
    const struct tune_args *const args = run->args;
    int code = layer_args_load(&args->layers, &run->layers);

    if (code == EXIT_OK)
        code = arrange(run);
    if (code == EXIT_OK && args->report != NULL)
        code = text_file_open(&run->report, args->report);
    if (code == EXIT_OK)
        code = look_at_machine(run);
    conv3d_tuning_file(run->database, sizeof run->database);
    run->tune.database = run->database;
    run->wish.again = args->again;
    run->wish.exhaustive = args->exhaustive;
    run->wish.progress = tell;
    run->wish.context = run;
    return code;
}

/* A gain that noise hid is not lost for good. */
static void note_noise(const struct tune_run *tune)
{
    static const double noisy = 0.05;
    size_t layers = 0;

    for (size_t i = 0; i < tune->count; i++)
        layers += tune->results[i].noise > noisy;
    if (layers > 0)
        report_note("other work disturbed the timing: for %zu of %zu layers differences below 5%% "
                    "or more were taken for noise; --again on a quiet machine may find them",
                    layers, tune->count);
}

static int finish(struct run *run)
{
    int code = EXIT_OK;

    tune_table(&run->tune, stdout);
    note_noise(&run->tune);
    if (run->args->report != NULL) {
        tune_html(&run->tune, run->report.stream);
        code = text_file_commit(&run->report);
    }
    for (size_t i = 0; i < run->tune.count && code == EXIT_OK; i++) {
        if (run->tune.results[i].outcome == TUNE_FAILED)
            code = EXIT_MEMORY;
    }
    return code == EXIT_OK && interrupt_came() ? EXIT_INTERRUPTED : code;
}

static int tune_all(const struct tune_args *args, const struct execution_args *execution)
{
    struct run run = {.args = args, .layers = LAYER_TABLE_EMPTY, .report = TEXT_FILE_CLOSED};

    run.wish.options = execution_args_options(execution);
    int code = prepare(&run);
    if (code == EXIT_OK) {
        interrupt_defer();
        code = tune_layers(&run);
    }
    if (code == EXIT_OK)
        code = finish(&run);
    text_file_abandon(&run.report);
    for (size_t i = 0; i < run.tune.count; i++)
        tune_result_free(&run.tune.results[i]);
    free(run.tune.results);
    free(run.order);
    layer_table_free(&run.layers);
    return code;
}

/* ---- The database ---------------------------------------------------------------- */

static int forget(const struct tune_args *args)
{
    int code = EXIT_OK;

    if (args->layers.problems.count == 0)
        return tune_entries_forget(NULL, args->everywhere);
    for (int i = 0; i < args->layers.problems.count && code == EXIT_OK; i++)
        code = tune_entries_forget(args->layers.problems.texts[i], args->everywhere);
    return code;
}

/* The library reads the environment; the option comes first. */
static int use_database(const char *path)
{
    if (path == NULL)
        return EXIT_OK;
    if (path[0] == '\0')
        return report_misuse("--database names no file");
    if (setenv("CONV3D_TUNING", path, 1) == 0)
        return EXIT_OK;
    report_error("no memory for --database");
    return EXIT_MEMORY;
}

int cmd_tune(int argc, char **argv)
{
    struct tune_args args = {.layers = LAYER_ARGS_DEFAULTS};
    struct execution_args execution = EXECUTION_ARGS_DEFAULTS;
    const struct option_group groups[] = {
        {"Layers", layer_arg_rows, &args.layers},
        {"Computation", execution_arg_rows, &execution},
        {"Search", search_rows, &args},
        {"Database", database_rows, &args},
        {"Output", output_rows, &args},
        {.heading = NULL},
    };
    const struct option_set set = {
        "tune", "[OPTION]...",
        "Find the fastest algorithm and tile for each layer by measuring, and record them:\n"
        "every later plan on this machine uses them.  Interrupted, it keeps what it found;\n"
        "called again, it goes on with what it does not know yet.",
        groups};

    const enum options_outcome outcome = options_parse(&set, argc, argv);
    if (outcome != OPTIONS_PARSED)
        return outcome == OPTIONS_HELPED ? EXIT_OK : EXIT_USAGE;
    if (args.calibrate + args.list + args.forget + (args.import != NULL) +
            (args.export != NULL) > 1)
        return report_misuse("only one of --calibrate, --list, --export, --import and --forget");
    report_set_quiet(args.quiet);

    const int code = use_database(args.database);

    if (code != EXIT_OK)
        return code;
    if (args.calibrate)
        return tune_entries_calibrate((int)execution.threads, stdout);
    if (args.list)
        return tune_entries_list(args.everywhere, stdout);
    if (args.export != NULL)
        return tune_entries_export(args.export);
    if (args.import != NULL)
        return tune_entries_import(args.import);
    if (args.forget)
        return forget(&args);
    return tune_all(&args, &execution);
}
