/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convolve.c - compute a whole problem, with progress
 *
 * One call of the library cannot tell how far it is, so a large batch is cut into
 * calls of a few items each.  The bits do not depend on it: the library promises
 * the same ones for any batch size.
 */
#include "convolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "exit_code.h"
#include "progress.h"
#include "report.h"

/* Work of one call: some milliseconds on the fastest machines, so that starting
 * the threads does not show, and below a second on the slowest. */
static const double flops_per_call = 4e9;

/* The plan of one call, and what is called. */
struct batch_run {
    const struct problem *problem;
    const conv3d_options *options;
    conv3d_plan *plan;
    void *workspace;
    int64_t items; /* that the plan is for */
};

static void drop_plan(struct batch_run *run)
{
    conv3d_plan_destroy(run->plan);
    free(run->workspace);
    run->plan = NULL;
    run->workspace = NULL;
}

/* A plan for so many items, unless the present one is. */
static int use_plan(struct batch_run *run, int64_t items)
{
    if (run->plan != NULL && run->items == items)
        return EXIT_OK;
    drop_plan(run);
    run->items = items;

    const int code = problem_plan(run->problem, items, run->options, &run->plan);

    if (code != EXIT_OK)
        return code;
    const size_t bytes = conv3d_plan_workspace_bytes(run->plan);

    run->workspace = malloc(bytes > 0 ? bytes : 1);
    if (run->workspace != NULL)
        return EXIT_OK;
    report_error("no memory for a workspace of %zu bytes", bytes);
    return EXIT_MEMORY;
}

static int describe(const struct batch_run *run, double flops, struct convolve_report *report)
{
    conv3d_plan_info info = {.size = sizeof info};
    const int code = report_status(conv3d_plan_query(run->plan, &info));

    if (code != EXIT_OK)
        return code;
    snprintf(report->algorithm, sizeof report->algorithm, "%s", info.algorithm);
    snprintf(report->isa, sizeof report->isa, "%s", info.isa);
    report->math = info.math;
    report->threads = info.threads;
    report->tile = info.tile;
    report->flops = flops;
    return EXIT_OK;
}

static double item_flops(const struct problem *problem)
{
    const conv3d_params *const p = &problem->params;
    double flops = 2.0 * (double)(p->in_channels / p->groups);

    for (int i = 1; i < 5; i++)
        flops *= (double)problem->output_shape[i];
    for (int i = 0; i < 3; i++)
        flops *= (double)p->kernel_size[i];
    return flops;
}

static size_t item_elements(const int64_t shape[5])
{
    return (size_t)shape[1] * (size_t)shape[2] * (size_t)shape[3] * (size_t)shape[4];
}

static int run_items(struct batch_run *run, int64_t first, float *output, double *seconds)
{
    const struct problem *const problem = run->problem;
    const float *const from =
        problem->input.data + (size_t)first * item_elements(problem->input.shape);
    float *const to = output + (size_t)first * item_elements(problem->output_shape);
    const double start = clock_seconds();
    const int code = report_status(conv3d_plan_execute(run->plan, from, to, run->workspace));

    *seconds += clock_seconds() - start;
    return code;
}

int convolve(const struct problem *problem, const conv3d_options *options, float *output,
             int quiet, struct convolve_report *report)
{
    const int64_t batch = problem->input.shape[0];
    const double flops = item_flops(problem), fitting = flops_per_call / flops;
    const int64_t limit = fitting > 1.0 ? (int64_t)(fitting < 1e6 ? fitting : 1e6) : 1;
    const int64_t items = batch < limit ? batch : limit;
    struct batch_run run = {.problem = problem, .options = options};

    memset(report, 0, sizeof *report);
    int code = use_plan(&run, items);
    if (code == EXIT_OK)
        code = describe(&run, flops * (double)batch, report);

    struct progress *const progress =
        progress_start("convolving", items > 0 ? (batch + items - 1) / items : 0, quiet);

    for (int64_t first = 0; code == EXIT_OK && first < batch; first += items) {
        const int64_t left = batch - first;

        code = use_plan(&run, left < items ? left : items);
        if (code == EXIT_OK)
            code = run_items(&run, first, output, &report->seconds);
        progress_set(progress, first / items + 1);
    }
    progress_finish(progress);
    drop_plan(&run);
    return code;
}
