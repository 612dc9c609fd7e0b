/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tune.c - tuning from a caller's side: what is recorded, what plans make of it, and what no
 * tuning may change.  Nothing here depends on what is found to be fastest.
 */
#include "process.h"
#include "support.h"

#include "tune/trial.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct scratch scratch;
static char database[512];

static void set_up(void)
{
    scratch_make(&scratch);
    setenv("CONV3D_TUNING", scratch_file(&scratch, "tuning", database), 1);
}

static void tear_down(void)
{
    scratch_remove(&scratch);
}

TestSuite(tune, .init = set_up, .fini = tear_down);

/* Layers that every algorithm accepts, in fast math Winograd as well. */
static const char *const layers[] = {
    "n1_ci16t4h8w8_co16_k3_p1",
    "n2_ci16t1h7w7_co32_k1x3x3_p0x1x1",
    "n1_ci8t4h10w12_co24_k1",
};
enum { LAYERS = sizeof layers / sizeof *layers };

static struct workload make_work(const char *text)
{
    struct problem problem;
    struct workload work;
    cr_assert(problem_from_text(&problem, text));
    workload_make(&work, &problem, 1);
    return work;
}

static conv3d_tune_options limited(double seconds)
{
    return (conv3d_tune_options){.size = sizeof(conv3d_tune_options), .time_limit = seconds};
}

static conv3d_tune_result tune(const struct workload *work, const conv3d_options *options,
                               const conv3d_tune_options *wishes)
{
    conv3d_tune_result result = {.size = sizeof result};
    const conv3d_status status =
        conv3d_tune(&work->problem.params, work->problem.input, options, wishes, &result);
    cr_assert(status == CONV3D_OK, "%s", conv3d_last_error());
    return result;
}

/* What a plan's bits are, made without a database. */
static float *untuned_bits(const struct workload *work, const conv3d_options *options)
{
    float *const bits = allocate_floats(work->output_count);
    setenv("CONV3D_TUNING", "none", 1);
    cr_assert(workload_run(work, options, bits));
    setenv("CONV3D_TUNING", database, 1);
    return bits;
}

static void gives(const struct workload *work, const conv3d_options *options,
                  const float *expected, const char *label)
{
    float *const got = allocate_floats(work->output_count);
    cr_expect(workload_run(work, options, got) && same_bits(work, expected, got, label));
    free(got);
}

/* Whether a time limit was enough for a way to win is the machine's affair; what was found is to
 * be used in any case. */
static void tunes(const char *layer, conv3d_math math)
{
    struct workload work = make_work(layer);
    const conv3d_options options = options_for(math);
    conv3d_options named = options;
    const conv3d_tune_options wishes = limited(30);
    const conv3d_tune_result result = tune(&work, &options, &wishes);
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    cr_assert(result.outcome == CONV3D_TUNE_FASTER || result.outcome == CONV3D_TUNE_KEPT,
              "%s: outcome %d", layer, (int)result.outcome);
    cr_expect(result.measurements > 0 && result.before > 0 && result.after <= result.before);
    cr_assert(workload_plan(&work, &options, &plan) == CONV3D_OK);
    cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
    cr_expect(info.algorithm_origin == CONV3D_ORIGIN_DATABASE &&
              info.tile_origin == CONV3D_ORIGIN_DATABASE, "%s: not from the database", layer);
    cr_expect_str_eq(info.tuning_file, database);
    cr_expect(memcmp(&info.tile, &result.tile, sizeof info.tile) == 0, "%s: another tile", layer);
    cr_expect(info.threads <= result.threads);
    conv3d_plan_destroy(plan);
    if (math == CONV3D_MATH_FAST)
        named.algorithm = result.algorithm;
    float *const expected = untuned_bits(&work, &named);
    gives(&work, &options, expected, layer);
    free(expected);
    const conv3d_tune_result again = tune(&work, &options, &wishes);
    cr_expect(again.outcome == CONV3D_TUNE_KNOWN && again.measurements == 0);
    cr_expect_str_eq(again.algorithm, result.algorithm);
    workload_free(&work);
}

Test(tune, layers_in_strict_math)
{
    for (int i = 0; i < LAYERS; i++)
        tunes(layers[i], CONV3D_MATH_STRICT);
}

Test(tune, layers_in_fast_math)
{
    for (int i = 0; i < LAYERS; i++)
        tunes(layers[i], CONV3D_MATH_FAST);
}

static void follows(const struct workload *work, const conv3d_options *options,
                    const conv3d_tune_result *result)
{
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    cr_assert(workload_plan(work, options, &plan) == CONV3D_OK);
    cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
    cr_expect(info.algorithm_origin == CONV3D_ORIGIN_OPTIONS &&
                  info.tile_origin == CONV3D_ORIGIN_DATABASE,
              "%s: not from the database", options->algorithm);
    cr_expect(memcmp(&info.tile, &result->tile, sizeof info.tile) == 0, "%s: another tile",
              options->algorithm);
    conv3d_plan_destroy(plan);
}

/* Only a tile is recorded then, beside those for other algorithms. */
Test(tune, algorithms_by_name_get_their_tiles)
{
    static const char *const names[] = {"direct", "winograd:2x2x2", "winograd:4x4x4"};
    enum { NAMES = sizeof names / sizeof *names };
    struct workload work = make_work(layers[0]);
    conv3d_options options = options_for(CONV3D_MATH_FAST);
    const conv3d_tune_options wishes = limited(30);
    conv3d_tune_result results[NAMES];
    for (int i = 0; i < NAMES; i++) {
        options.algorithm = names[i];
        results[i] = tune(&work, &options, &wishes);
    }
    for (int i = 0; i < NAMES; i++) {
        options.algorithm = names[i];
        follows(&work, &options, &results[i]);
        cr_expect(tune(&work, &options, &wishes).outcome == CONV3D_TUNE_KNOWN, "%s", names[i]);
    }
    workload_free(&work);
}

/* An algorithm that was recorded stays, so that another batch or number of threads changes no bit
 * of the first. */
Test(tune, other_batches_and_threads_change_no_bits)
{
    struct workload one = make_work("n1_ci16t4h8w8_co16_k3_p1");
    struct workload more = make_work("n3_ci16t4h8w8_co16_k3_p1");
    conv3d_options options = options_for(CONV3D_MATH_FAST);
    const conv3d_tune_options wishes = limited(20);
    const conv3d_tune_result first = tune(&one, &options, &wishes);
    float *const before = allocate_floats(one.output_count);
    cr_assert(workload_run(&one, &options, before));
    cr_expect_str_eq(tune(&more, &options, &wishes).algorithm, first.algorithm);
    options.threads = 1;
    cr_expect_str_eq(tune(&more, &options, &wishes).algorithm, first.algorithm);
    gives(&one, &options, before, "one thread");
    options.threads = 0;
    gives(&one, &options, before, "as before");
    free(before);
    workload_free(&one);
    workload_free(&more);
}

Test(tune, effort_measure_records)
{
    struct workload work = make_work(layers[0]);
    conv3d_options options = options_for(CONV3D_MATH_STRICT);
    const conv3d_tune_options wishes = limited(1);
    float *const expected = untuned_bits(&work, &options);
    options.effort = CONV3D_EFFORT_MEASURE;
    options.tuning_seconds = 30;
    gives(&work, &options, expected, "measured");
    cr_expect(file_exists(database));
    cr_expect(tune(&work, &options, &wishes).outcome == CONV3D_TUNE_KNOWN);
    free(expected);
    workload_free(&work);
}

struct told {
    int calls, stop_after, trials, runs;
    bool good;
};

static int hear_progress(void *context, const conv3d_tune_progress *progress)
{
    struct told *const told = context;
    told->good = told->good && progress->seconds >= 0 && progress->time_limit == 20 &&
                 progress->measurements >= 0;
    return ++told->calls > told->stop_after;
}

static void hear_trial(void *context, const conv3d_trial *trial)
{
    struct told *const told = context;
    told->trials++;
    told->runs += trial->runs;
    told->good = told->good && trial->runs > 0 && trial->algorithm[0] != '\0' &&
                 trial->threads >= 1 && trial->tile.w >= 1;
}

Test(tune, progress_stops_it)
{
    struct workload work = make_work(layers[0]);
    const conv3d_options options = options_for(CONV3D_MATH_STRICT);
    struct told told = {.stop_after = 0, .good = true};
    conv3d_tune_options wishes = limited(20);
    wishes.progress = hear_progress;
    wishes.trial = hear_trial;
    wishes.context = &told;
    const conv3d_tune_result none = tune(&work, &options, &wishes);
    cr_expect(none.outcome == CONV3D_TUNE_STOPPED && none.measurements <= 2, "%d measurements",
              none.measurements);
    told = (struct told){.stop_after = 20, .good = true};
    const conv3d_tune_result some = tune(&work, &options, &wishes);
    cr_expect(told.good && told.runs <= some.measurements && told.trials <= some.candidates,
              "%d trials, %d runs, %d measurements", told.trials, told.runs, some.measurements);
    cr_expect(some.measurements < 100);
    workload_free(&work);
}

static void is_refused(conv3d_status expected, const char *problem, const conv3d_options *options,
                       const conv3d_tune_options *wishes)
{
    struct problem p;
    conv3d_tune_result result = {.size = sizeof result};
    cr_assert(problem_from_text(&p, problem));
    cr_expect(conv3d_tune(&p.params, p.input, options, wishes, &result) == expected, "%s",
              conv3d_last_error());
    cr_expect(result.measurements == 0);
}

Test(tune, refuses_what_is_not_whole)
{
    conv3d_options options = options_for(CONV3D_MATH_STRICT);
    conv3d_tune_options wishes = limited(1);
    conv3d_tune_result result = {.size = sizeof result};
    struct problem p;
    cr_assert(problem_from_text(&p, layers[0]));
    cr_expect(conv3d_tune(NULL, p.input, NULL, NULL, &result) == CONV3D_ERR_NULL);
    cr_expect(conv3d_tune(&p.params, NULL, NULL, NULL, &result) == CONV3D_ERR_NULL);
    cr_expect(conv3d_tune(&p.params, p.input, NULL, NULL, NULL) == CONV3D_ERR_NULL);
    result.size--;
    cr_expect(conv3d_tune(&p.params, p.input, NULL, NULL, &result) == CONV3D_ERR_ARGUMENT);
    wishes.time_limit = -1;
    is_refused(CONV3D_ERR_ARGUMENT, layers[0], &options, &wishes);
    wishes.time_limit = NAN;
    is_refused(CONV3D_ERR_ARGUMENT, layers[0], &options, &wishes);
    wishes = limited(1);
    wishes.size++;
    is_refused(CONV3D_ERR_ARGUMENT, layers[0], &options, &wishes);
    wishes = limited(1);
    is_refused(CONV3D_ERR_ARGUMENT, "n0_ci16t4h8w8_co16_k3_p1", &options, &wishes);
    options.memory_limit_bytes = 1 << 20;
    is_refused(CONV3D_ERR_ARGUMENT, layers[0], &options, &wishes);
    options.memory_limit_bytes = 0;
    options.size++;
    is_refused(CONV3D_ERR_ARGUMENT, layers[0], &options, &wishes);
    options.size--;
    setenv("CONV3D_TUNING", "none", 1);
    is_refused(CONV3D_ERR_IO, layers[0], &options, &wishes);
    /* A file where a directory is needed keeps root out as well. */
    char path[1024];
    file_write(scratch_file(&scratch, "plain", database), "", 0);
    snprintf(path, sizeof path, "%s/tuning", database);
    setenv("CONV3D_TUNING", path, 1);
    is_refused(CONV3D_ERR_IO, layers[0], &options, &wishes);
}

/* What is to be expected is changed: then every way is wrong, and stays so. */
Test(tune, wrong_results_are_never_timed)
{
    struct problem p;
    struct c3d_bench bench;
    struct c3d_space space;
    struct c3d_trials trials;
    const conv3d_options options = options_for(CONV3D_MATH_STRICT);
    cr_assert(problem_from_text(&p, layers[0]));
    cr_assert(c3d_bench_open(&bench, &p.params, p.input, &options) == CONV3D_OK);
    cr_assert(c3d_space_of_algorithms(bench.untuned, &space) == CONV3D_OK);
    cr_assert(c3d_trials_open(&trials, &bench, &space) == CONV3D_OK);
    cr_expect(c3d_trials_measure(&trials, space.base) > 0);
    c3d_trials_close(&trials);
    cr_assert(c3d_trials_open(&trials, &bench, &space) == CONV3D_OK);
    bench.expected[bench.outputs - 1] += 0.25f;
    for (size_t i = 0; i < space.count; i++) {
        cr_expect(isnan(c3d_trials_measure(&trials, i)));
        cr_expect(isnan(c3d_trials_measure(&trials, i)), "at the second time it passes");
    }
    c3d_trials_close(&trials);
    c3d_space_free(&space);
    c3d_bench_close(&bench);
}

static size_t entries(const char *path)
{
    conv3d_tuning_list *list;
    conv3d_tuning_entry entry = {.size = sizeof entry};
    size_t count = 0;
    cr_assert(conv3d_tuning_read(path, &list) == CONV3D_OK, "%s", conv3d_last_error());
    while (conv3d_tuning_entry_at(list, count, &entry)) {
        cr_expect(entry.here && entry.key[0] != '\0' && entry.value[0] != '\0');
        count++;
    }
    cr_expect(conv3d_tuning_damaged(list) == 0);
    entry.size--;
    cr_expect(conv3d_tuning_entry_at(list, 0, &entry) == 0);
    cr_expect(conv3d_tuning_entry_at(list, 0, NULL) == 0);
    cr_expect(conv3d_tuning_entry_at(NULL, 0, &entry) == 0);
    conv3d_tuning_free(list);
    return count;
}

Test(tune, databases_are_read_merged_and_forgotten)
{
    struct workload work = make_work(layers[0]);
    const conv3d_options options = options_for(CONV3D_MATH_STRICT);
    const conv3d_tune_options wishes = limited(30);
    conv3d_tuning_list *list = (conv3d_tuning_list *)&work;
    char other[512], junk[512];
    size_t count = 99;
    cr_expect(entries(NULL) == 0);
    tune(&work, &options, &wishes);
    cr_expect(entries(NULL) == 2 && entries(database) == 2);
    scratch_file(&scratch, "other", other);
    cr_expect(conv3d_tuning_import(other, database, &count) == CONV3D_OK && count == 2);
    cr_expect(entries(other) == 2);
    cr_expect(conv3d_tuning_import(other, database, NULL) == CONV3D_OK && entries(other) == 2);
    file_write(scratch_file(&scratch, "junk", junk), "no database\n", 12);
    cr_expect(conv3d_tuning_import(other, junk, &count) == CONV3D_ERR_PARSE);
    cr_expect(conv3d_tuning_import(other, "/nowhere/at/all", &count) == CONV3D_ERR_IO);
    cr_expect(conv3d_tuning_import(other, NULL, &count) == CONV3D_ERR_NULL);
    cr_expect(conv3d_tuning_read(NULL, NULL) == CONV3D_ERR_NULL);
    cr_expect(conv3d_tuning_read(junk, &list) == CONV3D_ERR_PARSE && list == NULL);
    cr_expect(conv3d_tuning_forget(other, "nonsense", 0, &count) == CONV3D_ERR_PARSE);
    cr_expect(conv3d_tuning_forget(other, layers[1], 0, &count) == CONV3D_OK && count == 0);
    cr_expect(conv3d_tuning_forget(other, "n7_ci16t4h8w8_co16_k3_p1", 0, &count) == CONV3D_OK &&
              count == 2);
    cr_expect(entries(other) == 0 && entries(database) == 2);
    cr_expect(conv3d_tuning_forget(NULL, NULL, 1, &count) == CONV3D_OK && count == 2);
    cr_expect(tune(&work, &options, &wishes).outcome != CONV3D_TUNE_KNOWN);
    workload_free(&work);
}
