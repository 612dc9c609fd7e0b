/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scene.c - see scene.h
 */
#include "scene.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void scene_use(const char *path)
{
    cr_assert(setenv("CONV3D_TUNING", path, 1) == 0);
}

void scene_make(struct scene *scene, const char *text, conv3d_math math)
{
    struct problem problem;
    cr_assert(problem_from_text(&problem, text));
    scratch_make(&scene->scratch);
    scene_use(scratch_file(&scene->scratch, "tuning", scene->path));
    workload_make(&scene->workload, &problem, test_seed());
    scene->subject = (struct tuning_subject){&scene->workload, math, SCENE_THREADS, NULL};
    scene->options = options_for(math);
    scene->options.threads = SCENE_THREADS;
}

void scene_remove(struct scene *scene)
{
    workload_free(&scene->workload);
    scratch_remove(&scene->scratch);
}

void scene_put_algorithm(const struct scene *scene, const char *name)
{
    cr_assert(tuning_put_algorithm(scene->path, &scene->subject, name));
}

void scene_put_tile(const struct scene *scene, const char *name, int team)
{
    cr_assert(tuning_put_tile(scene->path, &scene->subject, name, SCENE_TILE, team));
}

struct told *scene_ask(const struct scene *scene, const conv3d_options *options)
{
    static struct told told;
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    const char *name, *verdict;
    cr_assert(workload_plan(&scene->workload, options, &plan) == CONV3D_OK, "%s",
              conv3d_last_error());
    cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
    cr_assert(conv3d_plan_candidate(plan, 0, &name, &verdict));
    told = (struct told){
        .tile = info.tile,
        .threads = info.threads,
        .error = info.expected_error,
        .algorithm_origin = info.algorithm_origin,
        .tile_origin = info.tile_origin,
    };
    snprintf(told.name, sizeof told.name, "%s", name);
    snprintf(told.file, sizeof told.file, "%s", info.tuning_file);
    cr_assert(conv3d_plan_describe(plan, told.text, sizeof told.text) < sizeof told.text);
    conv3d_plan_destroy(plan);
    return &told;
}

struct told *expect_origins(const struct scene *scene, const conv3d_options *options,
                                   conv3d_origin of_algorithm, conv3d_origin of_tile)
{
    static const char *const names[] = {"the cost model", "options", "the tuning database"};
    struct told *const told = scene_ask(scene, options);
    char line[128];
    const bool tuned =
        of_algorithm == CONV3D_ORIGIN_DATABASE || of_tile == CONV3D_ORIGIN_DATABASE;
    cr_expect(told->algorithm_origin == of_algorithm, "algorithm %s from %s", told->name,
              names[told->algorithm_origin]);
    cr_expect(told->tile_origin == of_tile, "tile from %s", names[told->tile_origin]);
    snprintf(line, sizeof line, "\norigin: algorithm from %s, tile from %s\n",
             names[of_algorithm], names[of_tile]);
    cr_expect(strstr(told->text, line) != NULL, "%s", told->text);
    cr_expect_str_eq(told->file, tuned ? scene->path : "");
    const char *const file = strstr(told->text, "\ntuning file: ");
    cr_expect(tuned ? file != NULL && strncmp(file + 14, scene->path, strlen(scene->path)) == 0
                    : file == NULL,
              "%s", told->text);
    return told;
}
