/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_alloc.c - every allocation of the library failing in turn
 *
 * The linker's --wrap (see sources.mk) sends the allocator calls of the library
 * and of this file here, and leaves those of libc, OpenMP and hwloc alone: an
 * OpenMP runtime ends the process when memory runs out, which is not ours to
 * mend.  Each scenario runs with the n-th allocation failing, once and for ever
 * after, for n = 1, 2, ... until it no longer fails.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void **memory, size_t alignment, size_t bytes);
void __real_free(void *memory);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t bytes);
void __wrap_free(void *memory);

enum { LIVE_MAX = 4096 };

static struct {
    pthread_mutex_t lock;
    bool watching;
    int calls;       /* allocations seen while watching */
    int failing;     /* the number of the one that fails; 0 for none */
    bool persistent; /* so do all after it */
    int failed;
    void *live[LIVE_MAX];
    int live_count;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool may_allocate(void)
{
    pthread_mutex_lock(&heap.lock);
    bool may = true;
    if (heap.watching) {
        heap.calls++;
        may = heap.failing == 0 ||
              (heap.persistent ? heap.calls < heap.failing : heap.calls != heap.failing);
        heap.failed += !may;
    }
    pthread_mutex_unlock(&heap.lock);
    if (!may)
        errno = ENOMEM;
    return may;
}

static void *born(void *memory)
{
    pthread_mutex_lock(&heap.lock);
    if (heap.watching && memory != NULL) {
        if (heap.live_count == LIVE_MAX)
            abort();
        heap.live[heap.live_count++] = memory;
    }
    pthread_mutex_unlock(&heap.lock);
    return memory;
}

static void dead(void *memory)
{
    pthread_mutex_lock(&heap.lock);
    for (int i = 0; i < heap.live_count; i++)
        if (heap.live[i] == memory)
            heap.live[i] = heap.live[--heap.live_count];
    pthread_mutex_unlock(&heap.lock);
}

void *__wrap_malloc(size_t bytes)
{
    return may_allocate() ? born(__real_malloc(bytes)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? born(__real_calloc(count, size)) : NULL;
}

void *__wrap_realloc(void *old, size_t bytes)
{
    if (!may_allocate())
        return NULL;
    dead(old);
    return born(__real_realloc(old, bytes));
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return may_allocate() ? born(__real_aligned_alloc(alignment, bytes)) : NULL;
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    if (!may_allocate())
        return ENOMEM;
    const int status = __real_posix_memalign(memory, alignment, bytes);
    if (status == 0)
        born(*memory);
    return status;
}

void __wrap_free(void *memory)
{
    dead(memory);
    __real_free(memory);
}

static void watch(int failing, bool persistent)
{
    heap.calls = heap.failed = heap.live_count = 0;
    heap.failing = failing;
    heap.persistent = persistent;
    heap.watching = true;
}

/* ---- Scenarios ------------------------------------------------------------- */

static struct workload work;
static conv3d_plan *ready;
static float *result, *expected;

static void prepare(const char *text)
{
    struct problem problem;
    const conv3d_options options = options_strict(2);
    cr_assert(problem_from_text(&problem, text));
    workload_make(&work, &problem, 5);
    result = allocate_floats(work.output_count);
    expected = allocate_floats(work.output_count);
    cr_assert(workload_plan(&work, &options, &ready) == CONV3D_OK);
    cr_assert(workload_run(&work, &options, expected));
    poison(result, work.output_count * sizeof *result);
}

static void clear(void)
{
    conv3d_plan_destroy(ready);
    free(result);
    free(expected);
    workload_free(&work);
}

static conv3d_status create_a_plan(void)
{
    conv3d_options options = options_strict(2);
    conv3d_plan *plan = (conv3d_plan *)&options; /* anything but NULL */
    const conv3d_status status = workload_plan(&work, &options, &plan);
    if ((plan == NULL) != (status != CONV3D_OK))
        complain("status %d, plan %p", (int)status, (void *)plan);
    cr_assert((plan == NULL) == (status != CONV3D_OK));
    conv3d_plan_destroy(plan);
    return status;
}

static conv3d_status create_a_reference_plan(void)
{
    conv3d_options options = options_for(CONV3D_MATH_FAST);
    options.algorithm = "reference";
    conv3d_plan *plan;
    const conv3d_status status = workload_plan(&work, &options, &plan);
    conv3d_plan_destroy(plan);
    return status;
}

static conv3d_status execute_without_workspace(void)
{
    return conv3d_plan_execute(ready, work.input, result, NULL);
}

static conv3d_status forward(void)
{
    const conv3d_options options = options_strict(2);
    const conv3d_tensor weight = workload_weight(&work), bias = workload_bias(&work);
    return conv3d_forward(&work.problem.params, work.problem.input, work.input, &weight, &bias,
                          result, &options);
}

static bool is_finished(void)
{
    return memcmp(result, expected, work.output_count * sizeof *result) == 0;
}

/* Returns the number of allocations that the scenario makes. */
static int fail_each(conv3d_status (*scenario)(void), bool persistent, bool writes)
{
    enum { MOST = 2000 };
    for (int n = 1; n <= MOST; n++) {
        poison(result, work.output_count * sizeof *result);
        watch(n, persistent);
        const conv3d_status status = scenario();
        heap.watching = false;
        cr_assert(heap.live_count == 0, "%d blocks leaked when allocation %d failed",
                  heap.live_count, n);
        if (heap.failed == 0) {
            cr_assert(status == CONV3D_OK);
            cr_assert(!writes || is_finished());
            return n - 1;
        }
        cr_assert(status == CONV3D_ERR_MEMORY, "%s when allocation %d failed",
                  conv3d_status_string(status), n);
        cr_assert(strlen(conv3d_last_error()) > 0);
        cr_assert(is_poisoned(result, work.output_count * sizeof *result));
    }
    return MOST + 1;
}

static const char *const texts[] = {
    "n2_ci12t5h6w7_co20_k3_p1_b",
    "n1_ci8t5h6w7_co16_k3_s2_g8_b",
    "n1_ci9t2h3w4_co3_k1_b",
};
enum { TEXTS = sizeof texts / sizeof *texts, SOME = 1, MOST = 2000 };

static void check_scenario(conv3d_status (*scenario)(void), bool writes)
{
    for (int i = 0; i < TEXTS; i++) {
        prepare(texts[i]);
        const int once = fail_each(scenario, false, writes);
        const int for_ever = fail_each(scenario, true, writes);
        /* None seen would mean that --wrap did not take. */
        cr_expect(once >= SOME && once <= MOST, "%d allocations", once);
        cr_expect(for_ever == once);
        clear();
    }
}

Test(alloc, plan_creation_survives_each_failure)
{
    check_scenario(create_a_plan, false);
}

Test(alloc, reference_plan_creation_survives_each_failure)
{
    check_scenario(create_a_reference_plan, false);
}

Test(alloc, execution_survives_each_failure)
{
    check_scenario(execute_without_workspace, true);
}

Test(alloc, one_shot_call_survives_each_failure)
{
    check_scenario(forward, true);
}

/* The very first call of a process also detects the machine. */
Test(alloc, first_call_survives_each_failure)
{
    struct problem problem;
    cr_assert(problem_from_text(&problem, texts[0]));
    workload_make(&work, &problem, 5);
    watch(1, true);
    const conv3d_status status = create_a_plan();
    heap.watching = false;
    cr_expect(status == CONV3D_ERR_MEMORY);
    cr_expect(create_a_plan() == CONV3D_OK);
    workload_free(&work);
}

Test(alloc, execution_with_a_workspace_allocates_nothing)
{
    for (int i = 0; i < TEXTS; i++) {
        prepare(texts[i]);
        void *workspace = allocate(conv3d_plan_workspace_bytes(ready));
        watch(1, true);
        const conv3d_status status = conv3d_plan_execute(ready, work.input, result, workspace);
        heap.watching = false;
        cr_expect(status == CONV3D_OK && heap.calls == 0, "%d allocations", heap.calls);
        cr_expect(is_finished());
        free(workspace);
        clear();
    }
}

Test(alloc, questions_allocate_nothing)
{
    prepare(texts[0]);
    char buffer[4096];
    conv3d_plan_info info = {.size = sizeof info};
    int64_t output[5];
    watch(1, true);
    cr_expect(conv3d_plan_query(ready, &info) == CONV3D_OK);
    cr_expect(conv3d_plan_describe(ready, buffer, sizeof buffer) > 0);
    cr_expect(conv3d_output_shape(&work.problem.params, work.problem.input, output) == CONV3D_OK);
    cr_expect(conv3d_problem_format(&work.problem.params, work.problem.input, buffer,
                                    sizeof buffer) > 0);
    heap.watching = false;
    clear();
}
