/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_info.c - conv3d info: show what the library sees of this machine
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "conv3d.h"
#include "execution_args.h"
#include "exit_code.h"
#include "json_out.h"
#include "machine_draw.h"
#include "options.h"
#include "problem.h"
#include "report.h"
#include "seating.h"
#include "settings.h"
#include "share_draw.h"
#include "svg.h"
#include "text_file.h"

struct info_args {
    int json;
    const char *svg, *problem;
};

static const struct option_row rows[] = {
    {"json", NULL, OPTION_FLAG, offsetof(struct info_args, json), 0, 0, "print JSON"},
    {"svg", "FILE", OPTION_TEXT, offsetof(struct info_args, svg), 0, 0,
     "draw the processors with the threads on them, and the tiles\n"
     "that each would begin with for --problem"},
    {"problem", "TEXT", OPTION_TEXT, offsetof(struct info_args, problem), 0, 0,
     "the threads of a plan for this, e.g.\n"
     "n1_ci64t8h56w56_co64_k3_p1 (see PROBLEM TEXT in the manual)"},
    {.name = NULL},
};

/* What there is to tell. */
struct view {
    conv3d_machine machine;
    struct seating seating;
    conv3d_plan *plan; /* NULL without a problem */
    conv3d_plan_info info;
    char problem[256];
};

static void print_count(const char *key, int count)
{
    if (count > 0)
        printf("%-12s %d\n", key, count);
    else
        printf("%-12s unknown\n", key);
}

static void print_cache(const char *key, size_t bytes)
{
    if (bytes > 0)
        printf("%-12s %zu KiB\n", key, bytes / 1024);
    else
        printf("%-12s unknown\n", key);
}

static void print_memory(size_t bytes, const char *reason)
{
    if (bytes < SIZE_MAX)
        printf("%-12s %zu MiB available (%s)\n", "memory", bytes >> 20, reason);
    else
        printf("%-12s unknown\n", "memory");
}

static void print_processors(const conv3d_machine *machine)
{
    char list[512];

    seating_allowed(list, sizeof list);
    printf("%-12s %d (%s)\n", "processors", machine->processors, list);
}

static void print_seating(const struct seating *seating)
{
    static char list[SEATING_LIST_CAPACITY];

    printf("%-12s %s\n", "binding", seating->reason);
    if (seating_is_fixed(seating)) {
        seating_list(seating->processors, seating->threads, list, sizeof list);
        printf("%-12s threads 0-%d on processors %s\n", "map", seating->threads - 1, list);
    } else {
        printf("%-12s threads wherever the system puts them\n", "map");
    }
}

static void print_settings(void)
{
    struct setting setting;

    for (size_t at = 0; settings_next(&at, &setting);)
        printf("%-12s %s=%s\n", "environment", setting.name, setting.value);
}

static void print_tuning(void)
{
    char path[4096];

    printf("%-12s %s\n", "tuning", conv3d_tuning_file(path, sizeof path) > 0 ? path : "none");
}

static void print_machine(const conv3d_machine *machine, const struct seating *seating)
{
    printf("%-12s %s\n", "version", conv3d_version());
    printf("%-12s %s\n", "cpu", machine->cpu[0] != '\0' ? machine->cpu : "unknown");
    printf("%-12s %s, %d floats per vector (%s)\n", "isa", machine->isa, machine->lanes,
           strcmp(machine->isa, machine->isa_best) == 0 ? "the best here" : "CONV3D_ISA");
    printf("%-12s %s\n", "isa_best", machine->isa_best);
    printf("%-12s %d (%s)\n", "threads", machine->threads, machine->threads_reason);
    if (machine->threads > machine->processors)
        printf("%-12s more threads than processors: they will take turns\n", "warning");
    print_processors(machine);
    print_count("cores", machine->cores);
    if (machine->cpu_quota > 0)
        printf("%-12s %g processors\n", "cpu_quota", machine->cpu_quota);
    else
        printf("%-12s none\n", "cpu_quota");
    print_count("numa_nodes", machine->numa_nodes);
    print_count("packages", machine->packages);
    print_cache("l1d", machine->l1d_bytes);
    print_cache("l2", machine->l2_bytes);
    print_cache("l3", machine->l3_bytes);
    print_memory(machine->memory_available, machine->memory_reason);
    printf("%-12s %s\n", "topology", machine->topology);
    printf("%-12s %s\n", "threading", machine->threading);
    printf("%-12s %s\n", "placed_by",
           machine->placed_by[0] != '\0' ? machine->placed_by : "nobody");
    print_seating(seating);
    print_tuning();
    print_settings();
}

/* With random weights, as in plan. */
static int make_plan(struct view *view, const char *text, const conv3d_options *options)
{
    struct problem_args args;
    struct problem problem;

    problem_args_init(&args);
    args.text = text;
    int code = problem_args_check(&args);
    if (code == EXIT_OK)
        code = problem_load(&args, VOLUME_HEADER, &problem);
    if (code != EXIT_OK)
        return code;
    code = problem_plan(&problem, problem.input.shape[0], options, &view->plan);
    if (code == EXIT_OK)
        conv3d_problem_format(&problem.params, problem.input.shape, view->problem,
                              sizeof view->problem);
    problem_free(&problem);
    view->info.size = sizeof view->info;
    return code != EXIT_OK ? code : report_status(conv3d_plan_query(view->plan, &view->info));
}

static int look(struct view *view, const struct info_args *args,
                const struct execution_args *execution)
{
    const conv3d_options options = execution_args_options(execution);

    view->machine.size = sizeof view->machine;
    int code = report_status(conv3d_machine_query(&view->machine));
    if (code != EXIT_OK)
        return code;
    if (options.threads > 0) {
        view->machine.threads = options.threads;
        view->machine.threads_reason = "--threads";
    }
    if (args->problem == NULL)
        return seating_of_machine(&view->seating, view->machine.threads, options.bind);
    code = make_plan(view, args->problem, &options);
    if (code != EXIT_OK)
        return code;
    if (view->info.threads != view->machine.threads) { /* too little work for them */
        view->machine.threads = view->info.threads;
        view->machine.threads_reason = "--problem";
    }
    return seating_of_plan(&view->seating, view->plan);
}

enum { WIDTH = 960, LEFT = 24, RIGHT = WIDTH - 24 };
/* Columns that fit between them in wide fonts. */
enum { TITLE_LINE = 22, TITLE_COLUMNS = 80, SMALL_LINE = 16, SMALL_COLUMNS = 142 };

/* Says what lies below; returns the y below it. */
static double draw_heading(const struct view *view, FILE *file)
{
    char line[640];
    double y = 34;

    snprintf(line, sizeof line, "%s, %s, %d thread%s",
             view->machine.cpu[0] != '\0' ? view->machine.cpu : "unknown processor",
             view->machine.isa, view->seating.threads, view->seating.threads == 1 ? "" : "s");
    y += TITLE_LINE * svg_lines(file, "title", LEFT, y, TITLE_LINE, TITLE_COLUMNS, line);
    snprintf(line, sizeof line, "Processors by the system's number; %s (%s).",
             seating_is_fixed(&view->seating)
                 ? "below it, in colour, the thread that sits there"
                 : "threads run wherever the system puts them",
             view->seating.reason);
    y += SMALL_LINE * svg_lines(file, "small", LEFT, y, SMALL_LINE, SMALL_COLUMNS, line);
    return y;
}

static double draw_shares(const struct view *view, double top, FILE *file)
{
    const conv3d_plan_info *const info = &view->info;
    char line[640];
    double y = top + 14;

    y += TITLE_LINE * svg_lines(file, "title", LEFT, y, TITLE_LINE, TITLE_COLUMNS, view->problem);
    snprintf(line, sizeof line, "%s%s%s, tile t%lld h%lld w%lld oc%lld", info->algorithm,
             info->transform[0] != '\0' ? " " : "", info->transform, (long long)info->tile.t,
             (long long)info->tile.h, (long long)info->tile.w, (long long)info->tile.oc);
    y += SMALL_LINE * svg_lines(file, "small", LEFT, y, SMALL_LINE, SMALL_COLUMNS, line);
    return share_draw(view->plan, LEFT, RIGHT, y - 10, file);
}

/* Returns the y below all; with NULL for the file, only that. */
static double draw(const struct view *view, FILE *file)
{
    const double top = draw_heading(view, file);
    const double bottom = machine_draw(&view->seating, LEFT, RIGHT, top, file);

    return view->plan != NULL ? draw_shares(view, bottom + 26, file) : bottom;
}

/* The same figures give the same bytes. */
static void draw_page(const struct view *view, FILE *file)
{
    static const char style[] =
        ".box{stroke:#9aa7b5;stroke-width:1}.cell{stroke:#66717d;stroke-width:.8}"
        ".anywhere{fill:#fff;stroke:#9aa7b5;stroke-width:1;stroke-dasharray:5 4}"
        ".tile{stroke:#fff;stroke-width:.8}.small{font-size:11px;fill:#555}"
        ".number{font-size:10px;text-anchor:middle;fill:#333}"
        ".thread{font-size:13px;font-weight:bold;text-anchor:middle;fill:#111}"
        ".mean{stroke:#222;stroke-width:1;stroke-dasharray:5 4}";

    svg_begin(file, WIDTH, (int)draw(view, NULL) + 24, style);
    draw(view, file);
    svg_end(file);
}

/* The drawing comes first: what is printed then holds. */
static int show(const struct view *view, const struct info_args *args, struct text_file *svg)
{
    int code = EXIT_OK;

    if (args->svg != NULL) {
        draw_page(view, svg->stream);
        code = text_file_commit(svg);
    }
    if (code != EXIT_OK)
        return code;
    if (args->json)
        return json_out_machine(&view->machine, &view->seating);
    print_machine(&view->machine, &view->seating);
    return EXIT_OK;
}

int cmd_info(int argc, char **argv)
{
    struct info_args args = {0};
    struct execution_args execution = EXECUTION_ARGS_DEFAULTS;
    const struct option_group groups[] = {
        {"Output", rows, &args},
        {"Computation", execution_arg_rows, &execution},
        {.heading = NULL},
    };
    const struct option_set set = {
        "info", "[OPTION]...", "Show what the library sees of this machine.", groups};
    struct view view = {.seating = SEATING_EMPTY};
    struct text_file svg = TEXT_FILE_CLOSED;

    const enum options_outcome outcome = options_parse(&set, argc, argv);
    if (outcome != OPTIONS_PARSED)
        return outcome == OPTIONS_HELPED ? EXIT_OK : EXIT_USAGE;

    int code = args.json ? json_out_check() : EXIT_OK;
    if (code == EXIT_OK && args.svg != NULL)
        code = text_file_open(&svg, args.svg);
    if (code == EXIT_OK)
        code = look(&view, &args, &execution);
    if (code == EXIT_OK)
        code = show(&view, &args, &svg);
    text_file_abandon(&svg);
    conv3d_plan_destroy(view.plan);
    seating_free(&view.seating);
    return code;
}
