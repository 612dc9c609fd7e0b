/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_known_bits.c - what a tuning database may do to the bits of the output, and plans of many
 * threads and of children of fork() while it is rewritten.
 */
#include "scene.h"

#include "database/known.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE = 5 }; /* seconds: a child that finds a lock taken waits for ever */

static void run(const struct scene *scene, const struct workload *workload, int threads,
                float *output)
{
    conv3d_options options = scene->options;
    options.threads = threads;
    cr_assert(workload_run(workload, &options, output));
}

Test(known_bits, tuned_bits_depend_on_neither_batch_nor_threads)
{
    enum { BATCH = 3 };
    static const int threads[] = {1, 2, 4};
    struct scene scene;
    struct workload batch;
    scene_make(&scene, "n1_ci16t5h9w11_co24_k3_p1_b", CONV3D_MATH_FAST);
    struct problem problem = scene.workload.problem;
    problem.input[0] = problem.output[0] = BATCH;
    workload_make(&batch, &problem, test_seed());
    const size_t in = scene.workload.input_count, out = scene.workload.output_count;
    for (size_t i = 0; i < BATCH; i++)
        memcpy(batch.input + i * in, scene.workload.input, in * sizeof(float));
    float *const expected = allocate_floats(out), *const got = allocate_floats(BATCH * out);
    conv3d_options named = options_for(CONV3D_MATH_FAST);
    named.algorithm = SCENE_ALGORITHM;
    scene_use("none");
    cr_assert(workload_run(&scene.workload, &named, expected));
    run(&scene, &scene.workload, 1, got);
    cr_expect(memcmp(got, expected, out * sizeof(float)) != 0, "the entry would not matter");
    scene_use(scene.path);
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        scene.subject.threads = threads[i];
        scene_put_tile(&scene, SCENE_ALGORITHM, 1);
        run(&scene, &scene.workload, threads[i], got);
        cr_expect(same_bits(&scene.workload, expected, got, "one item"));
        run(&scene, &batch, threads[i], got);
        for (size_t item = 0; item < BATCH; item++)
            cr_expect(same_bits(&scene.workload, expected, got + item * out, "item of a batch"));
    }
    free(expected);
    free(got);
    workload_free(&batch);
    scene_remove(&scene);
}

/* Calls action for each way that plans of this math consider by themselves. */
static void for_each_way(const struct scene *scene, conv3d_math math,
                         void action(const struct scene *, const char *))
{
    const conv3d_options options = options_for(math);
    conv3d_plan *plan;
    const char *name, *verdict;
    scene_use("none");
    cr_assert(workload_plan(&scene->workload, &options, &plan) == CONV3D_OK);
    scene_use(scene->path);
    for (int i = 0; conv3d_plan_candidate(plan, i, &name, &verdict); i++)
        if (strcmp(verdict, "chosen") == 0 || strncmp(verdict, "estimated", 9) == 0)
            action(scene, name);
    conv3d_plan_destroy(plan);
}

static void expect_precise(const struct scene *scene, const char *name)
{
    scene_put_algorithm(scene, name);
    scene_put_tile(scene, name, 1);
    struct told *const told = expect_origins(scene, &scene->options, CONV3D_ORIGIN_DATABASE,
                                             CONV3D_ORIGIN_DATABASE);
    cr_expect_str_eq(told->name, name);
    cr_expect(told->error > 0 && told->error <= 2e-5, "%s: %g", name, told->error);
}

Test(known_bits, every_way_can_be_had_and_keeps_the_promised_error)
{
    struct scene scene;
    scene_make(&scene, "n2_ci16t8h12w12_co32_k3_p1_b", CONV3D_MATH_FAST);
    for_each_way(&scene, CONV3D_MATH_FAST, expect_precise);
    scene_remove(&scene);
}

static float *chain;

static void expect_chain(const struct scene *scene, const char *name)
{
    float *const got = allocate_floats(scene->workload.output_count);
    scene_put_algorithm(scene, name);
    scene_put_tile(scene, name, 1);
    run(scene, &scene->workload, SCENE_THREADS, got);
    cr_expect(same_bits(&scene->workload, chain, got, name));
    free(got);
}

Test(known_bits, strict_bits_depend_on_no_entry)
{
    struct scene scene;
    scene_make(&scene, "n2_ci5t5h9w11_co24_k3_p1_b", CONV3D_MATH_STRICT);
    chain = allocate_floats(scene.workload.output_count);
    scene_use("none");
    run(&scene, &scene.workload, 1, chain);
    scene_use(scene.path);
    for_each_way(&scene, CONV3D_MATH_STRICT, expect_chain);
    for_each_way(&scene, CONV3D_MATH_FAST, expect_chain);
    free(chain);
    scene_remove(&scene);
}

/* ---- Company --------------------------------------------------------------------- */

Test(known_bits, threads_and_a_writer_do_not_disturb_each_other)
{
    struct scratch scratch;
    char path[512];
    scratch_make(&scratch);
    scene_use(scratch_file(&scratch, "tuning", path));
    cr_expect(tuning_survives_company(path));
    scratch_remove(&scratch);
}

static const char key[] = "rate fork @m";
static atomic_bool over;

static bool is_known(void)
{
    char value[C3D_VALUE_BYTES], path[PATH_MAX];
    return c3d_known_find(key, value, path);
}

static void *keep_asking(void *failed)
{
    while (!over)
        *(atomic_int *)failed += !is_known();
    return NULL;
}

/* The lock of another thread must not follow into the child, which allocates nothing: that would
 * wait for the lock of a sanitizer's malloc(). */
Test(known_bits, child_finds_no_lock_taken)
{
    enum { ASKERS = 4 };
    struct scratch scratch;
    char path[512];
    pthread_t threads[ASKERS];
    atomic_int failed = 0;
    const int64_t children = test_count(60);
    scratch_make(&scratch);
    scene_use(scratch_file(&scratch, "tuning", path));
    cr_assert(tuning_put(path, key, "0"));
    for (int i = 0; i < ASKERS; i++)
        cr_assert(pthread_create(&threads[i], NULL, keep_asking, &failed) == 0);
    for (int64_t i = 0; i < children; i++) {
        int code, signal_number;
        failed += !tuning_put(path, key, i % 2 == 0 ? "1" : "22") || !is_known();
        const pid_t pid = fork();
        if (pid == 0)
            _exit(is_known() ? 0 : 1);
        process_wait(pid, PATIENCE, &code, &signal_number);
        failed += pid < 0 || code != 0;
    }
    over = true;
    for (int i = 0; i < ASKERS; i++)
        pthread_join(threads[i], NULL);
    cr_expect(failed == 0);
    scratch_remove(&scratch);
}
