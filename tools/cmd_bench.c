/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_bench.c - conv3d bench: how fast, and how far from the machine's limits
 *
 * Everything that can be wrong with the command line and its files is found
 * before the first layer is measured.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_draw.h"
#include "bench_format.h"
#include "bench_layer.h"
#include "bench_old.h"
#include "cmd.h"
#include "execution_args.h"
#include "exit_code.h"
#include "interrupt.h"
#include "json_out.h"
#include "layer_args.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "text_file.h"

struct bench_args {
    struct layer_args layers;
    const char *output, *compare, *svg;
    double seconds, tolerance;
    int64_t repeats;
    int peer, format; /* indices of the words in --help; peer -1 = not given */
    int untuned, quiet;
};

#define AT(member) offsetof(struct bench_args, member)

static const struct option_row timing_rows[] = {
    {"time", "SECONDS", OPTION_DECIMAL, AT(seconds), 0, 3600,
     "to measure a layer for, at least five times; default 1"},
    {"repeats", "N", OPTION_NUMBER, AT(repeats), 1, TIMING_MOST,
     "measure every layer this often instead"},
    {"peer", PEER_NAMES, OPTION_CHOICE, AT(peer), 0, 0,
     "measure this library as well, in turns"},
    {"untuned", NULL, OPTION_FLAG, AT(untuned), 0, 0,
     "measure the plans as they would be untuned as well, in\n"
     "turns; exit 1 if those are faster"},
    {.name = NULL},
};

static const struct option_row output_rows[] = {
    {"format", "table|csv|json", OPTION_CHOICE, AT(format), 0, 0, "default table"},
    {"output", "FILE", OPTION_TEXT, AT(output), 0, 0, "write there, not to standard output"},
    {"compare", "FILE", OPTION_TEXT, AT(compare), 0, 0,
     "with what --format json wrote earlier; exit 1 if slower"},
    {"tolerance", "PERCENT", OPTION_DECIMAL, AT(tolerance), 0, 1000,
     "that a layer may be slower by, with --compare and\n--untuned; default 10"},
    {"svg", "FILE", OPTION_TEXT, AT(svg), 0, 0, "draw the layers under the machine's roofs"},
    {"quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, "no progress, no notes"},
    {.name = NULL},
};

enum { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };

static const struct bench_format *const formats[] = {&bench_format_table, &bench_format_csv,
                                                     &bench_format_json};

/* One run of the command: the benchmark, and where it goes. */
struct run {
    const struct bench_args *args;
    const struct bench_format *format;
    struct layer_table layers;
    struct bench_old old;
    struct bench bench;
    struct text_file output, svg;
};

/* ---- Before -------------------------------------------------------------------- */

static int load_old(const struct bench_args *args, struct bench_old *old)
{
    char message[REPORT_CAPACITY];

    if (args->compare == NULL)
        return EXIT_OK;
    const int code = bench_old_read(old, args->compare, message, sizeof message);

    if (code != EXIT_OK)
        report_error("%s", message);
    return code;
}

/* Whether the old figures can mean anything here. */
static int check_old(const struct run *run)
{
    const struct bench *const bench = &run->bench;
    const struct bench_old *const old = &run->old;
    size_t common = 0;

    if (run->args->compare == NULL)
        return EXIT_OK;
    for (size_t i = 0; i < run->layers.count; i++)
        common += bench_old_median(old, &run->layers.layers[i]) > 0.0;
    if (common == 0) {
        report_error("%s: has none of these layers", run->args->compare);
        return EXIT_BAD_INPUT;
    }
    if (common < run->layers.count)
        report_note("%s: has %zu of %zu layers", run->args->compare, common, run->layers.count);
    if (old->threads != bench->rates.threads || strcmp(old->isa, bench->machine.isa) != 0)
        report_note("%s: was measured with %d threads and %s, this is %d and %s",
                    run->args->compare, old->threads, old->isa, bench->rates.threads,
                    bench->machine.isa);
    return EXIT_OK;
}

static int look_at_machine(struct bench *bench)
{
    const time_t now = time(NULL);
    struct tm utc;

    bench->machine.size = sizeof bench->machine;
    bench->rates.size = sizeof bench->rates;
    strftime(bench->date, sizeof bench->date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    int code = report_status(conv3d_machine_query(&bench->machine));
    if (code == EXIT_OK)
        code = report_status(conv3d_machine_measure(bench->options.threads, &bench->rates));
    return code;
}

static int open_peer(const struct bench *bench)
{
    char reason[96];

    if (bench->peer == NULL ||
        bench->peer->open(bench->machine.isa, bench->rates.threads, reason, sizeof reason) == 0)
        return EXIT_OK;
    report_error("--peer %s: %s", bench->peer->name, reason);
    return EXIT_USAGE;
}

/* ---- Layers -------------------------------------------------------------------- */

/* What a row means for the exit code.  A wrong result outweighs everything. */
static int judge(const struct bench *bench, const struct bench_row *row, int code)
{
    switch (row->status) {
    case BENCH_FAILED:
        report_error("FAILED %s, problem %s: %s", row->layer->name, row->layer->problem,
                     row->reason);
        return EXIT_MISMATCH;
    case BENCH_NO_MEMORY:
        report_error("%s: %s", row->layer->name, row->reason);
        return code == EXIT_OK ? EXIT_MEMORY : code;
    case BENCH_REFUSED:
        report_note("%s: %s", row->layer->name, row->reason);
        return code;
    case BENCH_OK:
        break;
    }
    if (!bench_is_slower(bench, row))
        return code;
    report_error("slower: %s takes %.4g ms, %s%s %.4g ms (%+.1f%%)", row->layer->name,
                 1e3 * row->timing.median, bench->compares_untuned ? "" : "in ", bench->old_name,
                 1e3 * row->old_median,
                 100.0 * (row->timing.median / row->old_median - 1.0));
    return EXIT_MISMATCH;
}

/* All layers, or those until an interruption; *verdict is what the rows mean, the result what
 * went wrong apart from them. */
static int measure(struct run *run, int *verdict)
{
    struct bench *const bench = &run->bench;
    const size_t total = run->layers.count;
    /* Rows that appear on a terminal are progress enough, and a bar would be in
     * their way. */
    const int is_seen = run->args->format != FORMAT_JSON && run->args->output == NULL &&
                        isatty(STDOUT_FILENO);
    struct progress *const progress =
        progress_start("measuring", (int64_t)total, run->args->quiet || is_seen);
    int code = EXIT_OK;

    for (size_t i = 0; i < total && code == EXIT_OK && !interrupt_came(); i++) {
        const struct layer *const layer = &run->layers.layers[i];
        struct bench_row *const row = &bench->rows[bench->count];

        code = bench_layer(bench, layer, row);
        if (code != EXIT_OK)
            break;
        bench->count++;
        if (!bench->compares_untuned)
            row->old_median = bench_old_median(&run->old, layer);
        *verdict = judge(bench, row, *verdict);
        run->format->row(bench, row, run->output.stream);
        fflush(run->output.stream); /* a long run may end in any way */
        progress_set(progress, (int64_t)i + 1);
    }
    progress_finish(progress);
    return code;
}

static int all_refused(const struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++) {
        if (bench->rows[i].status != BENCH_REFUSED)
            return 0;
    }
    return 1;
}

/* ---- After --------------------------------------------------------------------- */

/* The last part of the output, and the drawing. */
static int finish(struct run *run)
{
    struct bench_summary summary;

    if (!bench_summarise(&run->bench, &summary)) {
        report_error("no memory for the summary");
        return EXIT_MEMORY;
    }
    int code = run->format->end(&run->bench, &summary, run->output.stream);

    bench_summary_free(&summary);
    if (code == EXIT_OK && run->args->svg != NULL)
        code = bench_draw(&run->bench, run->svg.stream);
    if (code == EXIT_OK)
        code = text_file_commit(&run->output);
    if (code == EXIT_OK && run->args->svg != NULL)
        code = text_file_commit(&run->svg);
    return code;
}

static int bench_all(struct run *run)
{
    struct bench *const bench = &run->bench;
    int verdict = EXIT_OK;

    bench->layers = &run->layers;
    bench->rows = calloc(run->layers.count, sizeof *bench->rows);
    int code = bench->rows != NULL ? look_at_machine(bench) : EXIT_MEMORY;
    if (code == EXIT_OK)
        code = check_old(run);
    if (code == EXIT_OK)
        code = open_peer(bench);
    if (code != EXIT_OK)
        return code;
    interrupt_defer();
    run->format->begin(bench, run->output.stream);
    code = measure(run, &verdict);
    if (code == EXIT_OK && bench->count > 0)
        code = finish(run);
    if (bench->peer != NULL)
        bench->peer->close();
    if (code == EXIT_OK && bench->count < run->layers.count) {
        report_error("interrupted after %zu of %zu layers", bench->count, run->layers.count);
        return EXIT_INTERRUPTED;
    }
    if (code == EXIT_OK && all_refused(bench))
        code = report_misuse("--algorithm '%s' accepts none of the layers: %s",
                             bench->options.algorithm, bench->rows[0].reason);
    return code != EXIT_OK ? code : verdict;
}

static int prepare(struct run *run)
{
    const struct bench_args *const args = run->args;
    struct bench *const bench = &run->bench;
    const char *binding;
    int code = EXIT_OK;

    if (args->peer >= 0) {
        bench->peer = peer_find(args->peer);
        if (bench->peer == NULL)
            return EXIT_USAGE;
        if (bench->options.activation != CONV3D_ACTIVATION_NONE)
            return report_misuse("--peer computes no --activation");
    }
    bench->seconds = args->seconds;
    bench->repeats = args->repeats;
    bench->compares_untuned = args->untuned;
    bench->old_name = args->untuned ? "untuned" : args->compare;
    bench->tolerance = args->tolerance / 100.0;
    run->format = formats[args->format];
    if (args->format == FORMAT_JSON)
        code = json_out_check();
    if (code == EXIT_OK) /* or a bad --bind would show after the machine is measured */
        code = report_status(conv3d_machine_seats(0, bench->options.bind, NULL, &binding));
    if (code == EXIT_OK)
        code = layer_args_load(&args->layers, &run->layers);
    if (code == EXIT_OK)
        code = load_old(args, &run->old);
    if (code == EXIT_OK)
        code = text_file_open(&run->output, args->output);
    if (code == EXIT_OK && args->svg != NULL)
        code = text_file_open(&run->svg, args->svg);
    return code;
}

int cmd_bench(int argc, char **argv)
{
    struct bench_args args = {
        .layers = LAYER_ARGS_DEFAULTS, .seconds = 1.0, .tolerance = 10.0, .peer = -1};
    struct execution_args execution_args = EXECUTION_ARGS_DEFAULTS;
    const struct option_group groups[] = {
        {"Layers", layer_arg_rows, &args.layers},
        {"Computation", execution_arg_rows, &execution_args},
        {"Measurement", timing_rows, &args},
        {"Output", output_rows, &args},
        {.heading = NULL},
    };
    const struct option_set set = {
        "bench", "[OPTION]...",
        "Check and time convolution layers: weights packed beforehand, plain tensors in\n"
        "and out, no bias.  Nothing is timed whose result is wrong.",
        groups};
    struct run run = {.args = &args, .layers = LAYER_TABLE_EMPTY, .old = BENCH_OLD_EMPTY,
                      .output = TEXT_FILE_CLOSED, .svg = TEXT_FILE_CLOSED};

    const enum options_outcome outcome = options_parse(&set, argc, argv);
    if (outcome != OPTIONS_PARSED)
        return outcome == OPTIONS_HELPED ? EXIT_OK : EXIT_USAGE;
    if (args.untuned && args.compare != NULL)
        return report_misuse("either --untuned or --compare");
    report_set_quiet(args.quiet);
    run.bench.options = execution_args_options(&execution_args);
    int code = prepare(&run);
    if (code == EXIT_OK)
        code = bench_all(&run);
    text_file_abandon(&run.output);
    text_file_abandon(&run.svg);
    free(run.bench.rows);
    bench_old_free(&run.old);
    layer_table_free(&run.layers);
    return code;
}
