/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fork.c - a child of fork() computes, alone, what its parent computed with threads
 */
#include "support.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 5 }; /* seconds: a child that waits for its parent's threads waits for ever */

struct twin {
    struct workload workload;
    conv3d_plan *plan;
    float *output, *again;
};

static void make(struct twin *twin, int threads)
{
    const conv3d_options options = {.size = sizeof options, .threads = threads};
    struct problem problem;
    cr_assert(problem_from_text(&problem, "n2_ci16t6h14w14_co24_k3_p1_b"));
    workload_make(&twin->workload, &problem, test_seed());
    cr_assert(workload_plan(&twin->workload, &options, &twin->plan) == CONV3D_OK);
    const size_t bytes = twin->workload.output_count * sizeof(float);
    twin->output = calloc(1, bytes);
    twin->again = calloc(1, bytes);
    cr_assert(twin->output != NULL && twin->again != NULL);
}

static bool compute(const struct twin *twin, float *output)
{
    return conv3d_plan_execute(twin->plan, twin->workload.input, output, NULL) == CONV3D_OK;
}

/* In the child: the parent's plan, and one of its own. */
static int child(struct twin *twin)
{
    const size_t bytes = twin->workload.output_count * sizeof(float);
    conv3d_plan *own = NULL;
    conv3d_plan_info info = {.size = sizeof info};
    alarm(PATIENCE);
    if (!compute(twin, twin->again) || memcmp(twin->output, twin->again, bytes) != 0)
        return 1;
    memset(twin->again, 1, bytes);
    if (workload_plan(&twin->workload, NULL, &own) != CONV3D_OK ||
        conv3d_plan_query(own, &info) != CONV3D_OK || info.threads != 1)
        return 2;
    if (conv3d_plan_execute(own, twin->workload.input, twin->again, NULL) != CONV3D_OK ||
        memcmp(twin->output, twin->again, bytes) != 0)
        return 3;
    return 0;
}

static int status_of(pid_t pid)
{
    int status;
    cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
    return status;
}

Test(fork, a_child_computes_alone)
{
    struct twin twin;
    make(&twin, 2);
    cr_assert(compute(&twin, twin.output));
    for (int i = 0; i < 3; i++) {
        const pid_t pid = fork();
        if (pid == 0)
            _exit(child(&twin));
        const int status = status_of(pid);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child: %#x", (unsigned)status);
    }
    /* The parent still has its threads. */
    cr_assert(compute(&twin, twin.again));
    cr_assert(memcmp(twin.output, twin.again,
                     twin.workload.output_count * sizeof(float)) == 0);
    conv3d_plan_destroy(twin.plan);
    workload_free(&twin.workload);
    free(twin.output);
    free(twin.again);
}
