/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execute.c - executes a plan
 */
#include "plan/plan.h"

#include "base/mem.h"
#include "base/num.h"
#include "plan/shares.h"
#include "platform/cpu.h"
#include "platform/team.h"

struct call {
    const struct conv3d_plan *plan;
    const float *input;
    float *output;
    char *scratch; /* aligned */
    struct c3d_shares *shares;
};

/* One task, and a hint at the one after it; -1 if unknown. */
static void run_task(const struct call *call, const struct c3d_prepared *prepared, int64_t index,
                     int64_t after, char *scratch)
{
    const struct conv3d_plan *const plan = call->plan;
    const struct c3d_task task = c3d_schedule_task(&plan->schedule, index);
    const struct c3d_task next = c3d_schedule_task(&plan->schedule, after >= 0 ? after : index);
    prepared->algorithm->run_task(prepared, &task, after >= 0 ? &next : NULL, call->input,
                                  call->output, scratch);
}

static void run_share(void *argument, int member, int members)
{
    const struct call *const call = argument;
    const struct conv3d_plan *const plan = call->plan;
    const int64_t tasks = plan->schedule.tasks;
    /* Shares count to 32 bits: beyond that, several tasks at a time. */
    const int64_t lot = tasks / c3d_shares_most + 1;
    const struct c3d_range share = c3d_schedule_share(&plan->schedule, member, members);
    char *const scratch =
        call->scratch != NULL ? call->scratch + plan->scratch_stride * (size_t)member : NULL;
    const struct c3d_prepared *const prepared = c3d_packed_for(&plan->packed, member);
    int64_t taken;
    c3d_shares_open(call->shares, member, c3d_ceil_div(share.begin, lot),
                    c3d_ceil_div(share.end, lot));
    while (c3d_shares_take(call->shares, member, members, &taken)) {
        const int64_t after = c3d_shares_peek(call->shares, member);
        const int64_t end = c3d_min((taken + 1) * lot, tasks);
        for (int64_t index = taken * lot; index < end; index++) {
            run_task(call, prepared, index,
                     index + 1 < end ? index + 1 : after < 0 ? -1 : after * lot, scratch);
        }
    }
    c3d_cpu_finish_streams();
}

static bool overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    const uintptr_t a0 = (uintptr_t)a, b0 = (uintptr_t)b;
    return a0 < b0 + b_bytes && b0 < a0 + a_bytes;
}

conv3d_status conv3d_plan_execute(const conv3d_plan *plan, const float *input, float *output,
                                  void *workspace)
{
    if (plan == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "plan is NULL");
    }
    const struct c3d_problem *const p = &plan->problem;
    if (p->items == 0) {
        return CONV3D_OK;
    }
    if (input == NULL || output == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "%s is NULL", input == NULL ? "input" : "output");
    }
    const size_t groups = (size_t)(p->items * p->groups) * sizeof(float);
    const size_t input_bytes = groups * (size_t)(p->in_channels * c3d_volume(p->in));
    const size_t output_bytes = groups * (size_t)(p->out_channels * c3d_volume(p->out));
    if (overlap(input, input_bytes, output, output_bytes)) {
        return c3d_fail(CONV3D_ERR_ARGUMENT,
                        "input (%zu bytes at %p) and output (%zu bytes at %p) overlap",
                        input_bytes, (const void *)input, output_bytes, (void *)output);
    }
    void *own = NULL;
    if (workspace == NULL && plan->workspace_bytes > 0) {
        workspace = own = c3d_alloc(plan->workspace_bytes);
        if (own == NULL) {
            return c3d_fail(CONV3D_ERR_MEMORY, "no memory for %zu bytes of workspace",
                            plan->workspace_bytes);
        }
    }
    struct c3d_shares shares;
    c3d_shares_init(&shares, plan->threads);
    struct call call = {
        plan, input, output, workspace != NULL ? c3d_align_up(workspace) : NULL, &shares};
    c3d_team_run(plan->threads, &plan->seats, run_share, &call);
    c3d_free(own);
    return CONV3D_OK;
}
