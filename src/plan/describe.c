/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.c - tells what a plan decided
 */
#include "plan/plan.h"

#include "algo/window.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

double c3d_plan_flops(const struct conv3d_plan *plan)
{
    return c3d_problem_flops(&plan->problem);
}

double c3d_plan_effective_flops(const struct conv3d_plan *plan)
{
    const struct c3d_problem *const p = &plan->problem;
    return 2.0 * (double)p->items * (double)p->groups * (double)p->out_channels *
           (double)p->in_channels * c3d_valid_tap_total(p, T) * c3d_valid_tap_total(p, H) *
           c3d_valid_tap_total(p, W);
}

conv3d_status conv3d_plan_query(const conv3d_plan *plan, conv3d_plan_info *info)
{
    if (plan == NULL || info == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "%s is NULL", plan == NULL ? "plan" : "info");
    }
    if (info->size != sizeof *info) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "info.size is %zu; it must be %zu", info->size,
                        sizeof *info);
    }
    const struct c3d_problem *const p = &plan->problem;
    const struct c3d_candidate *const winner = &plan->choice.candidates[0];
    *info = (conv3d_plan_info){
        .size = sizeof *info,
        .algorithm = winner->algorithm->name,
        .isa = plan->kernels->name,
        .math = plan->math,
        .threads = plan->threads,
        .tile = plan->prepared->tile,
        .tasks = plan->schedule.tasks,
        .output_shape = {p->items, p->groups * p->out_channels, p->out[T], p->out[H], p->out[W]},
        .packed_bytes = plan->prepared->packed_bytes * (size_t)plan->packed.count,
        .workspace_bytes = plan->workspace_bytes,
        .flops = c3d_plan_flops(plan),
        .effective_flops = c3d_plan_effective_flops(plan),
        .expected_error = winner->error,
        .transform = plan->transform,
        /* Of one item, in vector FMAs. */
        .estimated_flops = 2.0 * plan->kernels->lanes * (double)p->items * winner->estimate,
        .imbalance = 1 / c3d_schedule_efficiency(&plan->schedule, plan->threads),
        .binding = plan->seats.reason,
        .algorithm_origin = plan->algorithm_origin,
        .tile_origin = plan->tile_origin,
        .tuning_file = plan->tuning_file,
    };
    return CONV3D_OK;
}

conv3d_status conv3d_plan_query_share(const conv3d_plan *plan, int thread,
                                      conv3d_plan_share *share)
{
    if (plan == NULL || share == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "%s is NULL", plan == NULL ? "plan" : "share");
    }
    if (share->size != sizeof *share) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "share.size is %zu; it must be %zu", share->size,
                        sizeof *share);
    }
    if (thread < 0 || thread >= plan->threads) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "thread is %d; the plan has %d", thread,
                        plan->threads);
    }
    const struct c3d_schedule *const schedule = &plan->schedule;
    const struct c3d_range tasks = c3d_schedule_share(schedule, thread, plan->threads);
    const double all = c3d_schedule_work(schedule, schedule->tasks);
    const double own =
        c3d_schedule_work(schedule, tasks.end) - c3d_schedule_work(schedule, tasks.begin);
    *share = (conv3d_plan_share){
        .size = sizeof *share,
        .processor = plan->seats.count > 0 ? plan->seats.processors[thread] : -1,
        .task_begin = tasks.begin,
        .task_end = tasks.end,
        .work = all > 0 ? own / all : 0,
    };
    return CONV3D_OK;
}

conv3d_status conv3d_plan_query_task(const conv3d_plan *plan, int64_t index,
                                     conv3d_plan_task *task)
{
    if (plan == NULL || task == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "%s is NULL", plan == NULL ? "plan" : "task");
    }
    if (task->size != sizeof *task) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "task.size is %zu; it must be %zu", task->size,
                        sizeof *task);
    }
    if (index < 0 || index >= plan->schedule.tasks) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "task is %" PRId64 "; the plan has %" PRId64, index,
                        plan->schedule.tasks);
    }
    const struct c3d_task box = c3d_schedule_task(&plan->schedule, index);
    const int64_t first = box.group * plan->schedule.channels;
    *task = (conv3d_plan_task){
        .size = sizeof *task,
        .item = box.item,
        .channel_begin = first + box.channels.begin,
        .channel_end = first + box.channels.end,
        .begin = {box.out[T].begin, box.out[H].begin, box.out[W].begin},
        .end = {box.out[T].end, box.out[H].end, box.out[W].end},
    };
    return CONV3D_OK;
}

int conv3d_plan_candidate(const conv3d_plan *plan, int index, const char **algorithm,
                          const char **verdict)
{
    if (plan == NULL || index < 0 || index >= plan->choice.count) {
        return 0;
    }
    *algorithm = plan->choice.candidates[index].name;
    *verdict = plan->choice.candidates[index].verdict;
    return 1;
}

static const char *origin_name(conv3d_origin origin)
{
    static const char *const names[] = {
        [CONV3D_ORIGIN_MODEL] = "the cost model",
        [CONV3D_ORIGIN_OPTIONS] = "options",
        [CONV3D_ORIGIN_DATABASE] = "the tuning database",
    };
    return names[origin];
}

/* Appends to a text of `length`, which may have outgrown its buffer. */
static size_t append(char *buffer, size_t capacity, size_t length, const char *line)
{
    if (length < capacity) {
        snprintf(buffer + length, capacity - length, "%s", line);
    }
    return length + strlen(line);
}

size_t conv3d_plan_describe(const conv3d_plan *plan, char *buffer, size_t capacity)
{
    conv3d_plan_info info = {.size = sizeof info};
    char line[512], problem[256], tile[CONV3D_TILE_TEXT];
    if (capacity > 0) {
        buffer[0] = '\0';
    }
    if (conv3d_plan_query(plan, &info) != CONV3D_OK) {
        return 0;
    }
    conv3d_problem_format(&plan->params, plan->input_shape, problem, sizeof problem);
    conv3d_tile_format(&info.tile, tile, sizeof tile);
    const int64_t *const out = info.output_shape;
    snprintf(line, sizeof line,
             "problem: %s\n"
             "output: (%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 ")\n"
             "algorithm: %s%s%s\n"
             "isa: %s\n"
             "math: %s\n",
             problem, out[0], out[1], out[2], out[3], out[4], info.algorithm,
             info.transform[0] != '\0' ? " " : "", info.transform, info.isa,
             info.math == CONV3D_MATH_STRICT ? "strict" : "fast");
    size_t length = append(buffer, capacity, 0, line);
    snprintf(line, sizeof line,
             "tile: %s\n"
             "tasks: %" PRId64 "\n"
             "threads: %d\n"
             "imbalance: %.3f\n"
             "binding: %s\n"
             "packed bytes: %zu\n"
             "workspace bytes: %zu\n"
             "gflop: %.6f\n"
             "effective gflop: %.6f\n"
             "expected error: %.1e\n",
             tile, info.tasks,
             info.threads, info.imbalance, info.binding, info.packed_bytes,
             info.workspace_bytes, info.flops * 1e-9,
             info.effective_flops * 1e-9, info.expected_error);
    length = append(buffer, capacity, length, line);
    snprintf(line, sizeof line, "origin: algorithm from %s, tile from %s\n",
             origin_name(info.algorithm_origin), origin_name(info.tile_origin));
    length = append(buffer, capacity, length, line);
    if (info.tuning_file[0] != '\0') {
        length = append(buffer, capacity, length, "tuning file: ");
        length = append(buffer, capacity, length, info.tuning_file);
        length = append(buffer, capacity, length, "\n");
    }
    enum { transforms_shown = 8 };
    int transforms = 0;
    for (int i = 0; i < plan->choice.count; i++) {
        const struct c3d_candidate *const candidate = &plan->choice.candidates[i];
        transforms += candidate->transform[T] > 0;
        if (candidate->transform[T] == 0 || transforms <= transforms_shown) {
            snprintf(line, sizeof line, "candidate %s: %s\n", candidate->name,
                     candidate->verdict);
            length = append(buffer, capacity, length, line);
        }
    }
    if (transforms > transforms_shown) {
        snprintf(line, sizeof line, "candidates: %d transforms more\n",
                 transforms - transforms_shown);
        length = append(buffer, capacity, length, line);
    }
    return length;
}
