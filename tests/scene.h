/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scene.h - a tuning database, a problem, and what a plan says of where its choices come from.
 * Needs Criterion: it asserts.
 */
#ifndef CONV3D_TESTS_SCENE_H
#define CONV3D_TESTS_SCENE_H

#include "process.h"
#include "support.h"
#include "tuning.h"

/* An algorithm and a tile that the cost model would choose for none of the problems here. */
#define SCENE_ALGORITHM "winograd:2x2x2"
#define SCENE_TILE "t2h4w4oc16ic16.outer.streamed"

enum { SCENE_THREADS = 2 };

/* A file, which CONV3D_TUNING names, and a problem. */
struct scene {
    struct scratch scratch;
    char path[512];
    struct workload workload;
    struct tuning_subject subject;
    conv3d_options options;
};

/* Has CONV3D_TUNING name that file. */
void scene_use(const char *path);
void scene_make(struct scene *scene, const char *text, conv3d_math math);
void scene_remove(struct scene *scene);
void scene_put_algorithm(const struct scene *scene, const char *name);
void scene_put_tile(const struct scene *scene, const char *name, int team); /* SCENE_TILE */

/* What a plan says of itself, to be had when it is gone. */
struct told {
    char name[24], file[512], text[16384];
    conv3d_tile tile;
    int threads;
    double error;
    conv3d_origin algorithm_origin, tile_origin;
};

/* Makes a plan.  Valid until the next call. */
struct told *scene_ask(const struct scene *scene, const conv3d_options *options);
/* The same; expects these to have decided, and the plan to say so. */
struct told *expect_origins(const struct scene *scene, const conv3d_options *options,
                            conv3d_origin of_algorithm, conv3d_origin of_tile);

#endif /* CONV3D_TESTS_SCENE_H */
