/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tuning.c - see tuning.h
 */
#include "tuning.h"

#include "database/machine_key.h"
#include "kernel/select.h"
#include "plan/advice.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *key, *value; /* NULL: it is removed */
};

static conv3d_status change(struct c3d_database *database, void *context)
{
    const struct entry *const entry = context;
    if (entry->value != NULL)
        return c3d_database_put(database, entry->key, entry->value);
    for (size_t i = database->count; i > 0; i--)
        if (strcmp(database->entries[i - 1].key, entry->key) == 0)
            c3d_database_remove(database, i - 1);
    return CONV3D_OK;
}

bool tuning_put(const char *path, const char *key, const char *value)
{
    struct entry entry = {key, value};
    return c3d_store_update(path, change, &entry) == CONV3D_OK ||
           complain("%s", conv3d_last_error());
}

/* The key of a subject, by that function, for so many items, and for an algorithm if it is a
 * tile's. */
static bool make_key(const struct tuning_subject *subject, int64_t items, const char *algorithm,
                     void write(const struct c3d_subject *, char *), char key[C3D_KEY_BYTES])
{
    const struct problem *const problem = &subject->workload->problem;
    const struct c3d_kernels *kernels;
    char machine[C3D_MACHINE_KEY_BYTES], text[C3D_ADVICE_PROBLEM_BYTES];
    if (c3d_kernels_select(&kernels) != CONV3D_OK)
        return complain("%s", conv3d_last_error());
    c3d_machine_key(kernels->name, C3D_KERNEL_SET, machine);
    c3d_advice_problem(&problem->params, problem->input, items, text, sizeof text);
    const struct c3d_subject about = {
        text, subject->machine != NULL ? subject->machine : machine, subject->math,
        subject->threads, algorithm,
    };
    write(&about, key);
    return true;
}

bool tuning_put_algorithm(const char *path, const struct tuning_subject *subject,
                          const char *algorithm)
{
    struct c3d_algorithm_record record = {.gain = 1.25};
    char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
    snprintf(record.algorithm, sizeof record.algorithm, "%s", algorithm);
    c3d_algorithm_value(&record, value);
    return make_key(subject, 1, NULL, c3d_algorithm_key, key) && tuning_put(path, key, value);
}

bool tuning_remove_algorithm(const char *path, const struct tuning_subject *subject)
{
    char key[C3D_KEY_BYTES];
    return make_key(subject, 1, NULL, c3d_algorithm_key, key) && tuning_put(path, key, NULL);
}

bool tuning_put_tile(const char *path, const struct tuning_subject *subject,
                     const char *algorithm, const char *tile, int team)
{
    struct c3d_tile_record record = {.team = team, .seconds = 1e-3, .gain = 1.25};
    char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
    if (conv3d_tile_parse(tile, &record.tile) != CONV3D_OK)
        return complain("%s", conv3d_last_error());
    c3d_tile_value(&record, value);
    return make_key(subject, subject->workload->problem.input[0], algorithm, c3d_tile_key, key) &&
           tuning_put(path, key, value);
}

/* ---- Plans made beside a writer -------------------------------------------------- */

enum { COMPANY = 8, PLANS = 12 };

struct company {
    const struct workload *workload;
    conv3d_options options;
    const char *algorithms[2]; /* that the entries name in turn */
    float *expected[2];        /* the bits of each */
    atomic_int failed;
};

static bool is_one_of(struct company *company, const char *name)
{
    return strcmp(name, company->algorithms[0]) == 0 || strcmp(name, company->algorithms[1]) == 0;
}

/* What a plan says it does, it does. */
static bool follows_one(struct company *company, float *got)
{
    const struct workload *const w = company->workload;
    const char *name = "", *verdict;
    conv3d_plan *plan;
    if (workload_plan(w, &company->options, &plan) != CONV3D_OK)
        return complain("%s", conv3d_last_error());
    bool good = conv3d_plan_candidate(plan, 0, &name, &verdict) && is_one_of(company, name);
    if (!good)
        complain("algorithm %s", name);
    const int which = strcmp(name, company->algorithms[0]) != 0;
    good = good && conv3d_plan_execute(plan, w->input, got, NULL) == CONV3D_OK &&
           same_bits(w, company->expected[which], got, name);
    conv3d_plan_destroy(plan);
    return good;
}

static void *make_plans(void *argument)
{
    struct company *const company = argument;
    float *const got = allocate_floats(company->workload->output_count);
    for (int i = 0; i < PLANS && company->failed == 0; i++)
        company->failed += !follows_one(company, got);
    free(got);
    return NULL;
}

static void run_company(struct company *company, const char *path)
{
    const struct tuning_subject subject = {company->workload, company->options.math, 2, NULL};
    pthread_t threads[COMPANY];
    for (int i = 0; i < COMPANY; i++)
        if (pthread_create(&threads[i], NULL, make_plans, company) != 0)
            abort();
    for (int i = 1; i < 2 * PLANS; i++)
        company->failed += !tuning_put_algorithm(path, &subject, company->algorithms[i % 2]);
    for (int i = 0; i < COMPANY; i++)
        pthread_join(threads[i], NULL);
}

bool tuning_survives_company(const char *path)
{
    struct problem problem;
    struct workload workload;
    if (!problem_from_text(&problem, "n2_ci16t4h6w8_co16_k3_p1"))
        return false;
    workload_make(&workload, &problem, test_seed());
    struct company company = {
        .workload = &workload,
        .options = options_for(CONV3D_MATH_FAST),
        .algorithms = {"direct", "winograd:2x2x2"},
    };
    const struct tuning_subject subject = {&workload, CONV3D_MATH_FAST, 2, NULL};
    company.options.threads = 2;
    bool good = true;
    for (int i = 0; i < 2; i++) {
        conv3d_options named = company.options;
        named.algorithm = company.algorithms[i];
        company.expected[i] = allocate_floats(workload.output_count);
        good = good && workload_run(&workload, &named, company.expected[i]);
    }
    good = good && tuning_put_algorithm(path, &subject, company.algorithms[0]);
    if (good)
        run_company(&company, path);
    for (int i = 0; i < 2; i++)
        free(company.expected[i]);
    workload_free(&workload);
    return good && company.failed == 0;
}
