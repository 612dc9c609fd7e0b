/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_known.c - plans and the tuning database: what they follow, what they pass over, and that
 * nothing that a file holds does harm.
 */
#include "scene.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usual[] = "n2_ci16t8h12w12_co32_k3_p1_b";

static void expect_model(const struct scene *scene)
{
    struct told *const told =
        expect_origins(scene, &scene->options, CONV3D_ORIGIN_MODEL, CONV3D_ORIGIN_MODEL);
    cr_expect(strcmp(told->name, SCENE_ALGORITHM) != 0, "%s", told->name);
}

static void expect_followed(const struct scene *scene, const char *name)
{
    cr_expect_str_eq(expect_origins(scene, &scene->options, CONV3D_ORIGIN_DATABASE,
                                    CONV3D_ORIGIN_MODEL)->name, name);
}

/* What a caller gets who wishes for this tile, when nothing is tuned. */
static struct told wished(const struct scene *scene, const char *name)
{
    conv3d_options options = scene->options;
    options.algorithm = name;
    cr_assert(conv3d_tile_parse(SCENE_TILE, &options.tile) == CONV3D_OK);
    scene_use("none");
    const struct told told = *scene_ask(scene, &options);
    scene_use(scene->path);
    return told;
}

static bool same_tile(const struct told *a, const struct told *b)
{
    return memcmp(&a->tile, &b->tile, sizeof a->tile) == 0;
}

Test(known, entries_are_followed)
{
    struct scene scene;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    expect_model(&scene);
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    expect_followed(&scene, SCENE_ALGORITHM);
    scene_put_tile(&scene, SCENE_ALGORITHM, 1);
    const struct told wanted = wished(&scene, SCENE_ALGORITHM);
    struct told *const told = expect_origins(&scene, &scene.options, CONV3D_ORIGIN_DATABASE,
                                             CONV3D_ORIGIN_DATABASE);
    cr_expect_str_eq(told->name, SCENE_ALGORITHM);
    cr_expect(same_tile(told, &wanted));
    cr_expect(told->threads == wanted.threads, "as many as were asked for, not the team");
    scene_remove(&scene);
}

static int machine_threads(void)
{
    conv3d_machine machine = {.size = sizeof machine};
    cr_assert(conv3d_machine_query(&machine) == CONV3D_OK);
    return machine.threads;
}

Test(known, team_is_followed_where_nobody_says_how_many_threads)
{
    struct scene scene;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    const int threads = scene.subject.threads = machine_threads();
    scene.options.threads = 0;
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    for (int team = 1; team <= threads && team <= 2; team++) {
        scene_put_tile(&scene, SCENE_ALGORITHM, team);
        cr_expect(expect_origins(&scene, &scene.options, CONV3D_ORIGIN_DATABASE,
                                 CONV3D_ORIGIN_DATABASE)->threads == team);
    }
    scene_remove(&scene);
}

Test(known, changes_of_the_file_are_noticed)
{
    struct scene scene;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    expect_model(&scene);
    for (int i = 0; i < 20; i++) {
        const char *const name = i % 2 == 0 ? "winograd:2x2x2" : "winograd:2x2x3";
        scene_put_algorithm(&scene, name);
        expect_followed(&scene, name);
    }
    cr_assert(tuning_remove_algorithm(scene.path, &scene.subject));
    expect_model(&scene);
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    expect_followed(&scene, SCENE_ALGORITHM);
    cr_assert(unlink(scene.path) == 0);
    expect_model(&scene);
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    expect_followed(&scene, SCENE_ALGORITHM);
    scene_use("none");
    expect_model(&scene);
    scene_use(scene.path);
    expect_followed(&scene, SCENE_ALGORITHM);
    scene_remove(&scene);
}

/* A copy that restores times, over the very file. */
Test(known, change_is_noticed_whatever_its_date)
{
    struct scene scene;
    struct stat before;
    size_t length;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    scene_put_algorithm(&scene, "winograd:2x2x3");
    void *const bytes = file_read(scene.path, &length);
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    expect_followed(&scene, SCENE_ALGORITHM);
    cr_assert(bytes != NULL && stat(scene.path, &before) == 0);
    const struct timespec times[2] = {before.st_atim, before.st_mtim}, tick = {0, 20000000};
    nanosleep(&tick, NULL);
    file_write(scene.path, bytes, length);
    cr_assert(utimensat(AT_FDCWD, scene.path, times, 0) == 0);
    expect_followed(&scene, "winograd:2x2x3");
    free(bytes);
    scene_remove(&scene);
}

/* By rename(), as two files at once cannot be taken for each other. */
static void replace_file(const struct scene *scene, const void *bytes, size_t length)
{
    char other[512];
    file_write(scratch_file(&scene->scratch, "other", other), bytes, length);
    cr_assert(rename(other, scene->path) == 0);
}

/* Plans are made, and what the caller knows of errors stays what it was. */
static void expect_harmless(const struct scene *scene)
{
    char before[512];
    conv3d_tile none;
    cr_assert(conv3d_tile_parse("x", &none) == CONV3D_ERR_PARSE);
    snprintf(before, sizeof before, "%s", conv3d_last_error());
    expect_model(scene);
    cr_expect_str_eq(conv3d_last_error(), before);
}

Test(known, damaged_files_do_no_harm)
{
    struct scene scene;
    size_t length;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    scene_put_tile(&scene, SCENE_ALGORITHM, 1);
    char *const bytes = file_read(scene.path, &length);
    cr_assert(bytes != NULL);
    /* The entry of the algorithm, without which that of the tile says nothing. */
    const size_t begin = (size_t)(strstr(bytes, "\nalgorithm") + 1 - bytes);
    const size_t end = begin + strcspn(bytes + begin, "\n");
    for (size_t at = begin; at < end; at += 3) {
        bytes[at] ^= 1;
        replace_file(&scene, bytes, length);
        bytes[at] ^= 1;
        expect_harmless(&scene);
    }
    replace_file(&scene, bytes, length);
    expect_origins(&scene, &scene.options, CONV3D_ORIGIN_DATABASE, CONV3D_ORIGIN_DATABASE);
    replace_file(&scene, "nonsense", 8);
    expect_harmless(&scene);
    cr_assert(unlink(scene.path) == 0 && mkdir(scene.path, 0700) == 0);
    expect_harmless(&scene);
    cr_assert(rmdir(scene.path) == 0 && mkfifo(scene.path, 0600) == 0);
    expect_harmless(&scene);
    free(bytes);
    scene_remove(&scene);
}

Test(known, entries_about_something_else_are_passed_over)
{
    struct scene scene;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    scene.subject.machine = "another/machine";
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    expect_model(&scene);
    scene.subject.machine = NULL;
    scene.subject.math = CONV3D_MATH_STRICT;
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    expect_model(&scene);
    scene.subject.math = CONV3D_MATH_FAST;
    scene_put_tile(&scene, SCENE_ALGORITHM, 1);
    expect_model(&scene); /* a tile alone */
    scene_remove(&scene);
}

Test(known, algorithms_that_cannot_be_had_are_passed_over)
{
    static const char *const names[] = {"depthwise", "reference", "winograd", "winograd:9x9x9",
                                        "nonsense", "direct:2x2x2", "winograd:2x2x2x"};
    struct scene scene;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scene_put_algorithm(&scene, names[i]);
        scene_put_tile(&scene, names[i], 1);
        expect_harmless(&scene);
    }
    scene_remove(&scene);
}

Test(known, tiles_for_something_else_are_passed_over)
{
    struct scene scene;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    scene_put_tile(&scene, "direct", 1);
    expect_followed(&scene, SCENE_ALGORITHM);
    scene_put_tile(&scene, SCENE_ALGORITHM, SCENE_THREADS + 1);
    expect_followed(&scene, SCENE_ALGORITHM);
    scene_put_tile(&scene, SCENE_ALGORITHM, SCENE_THREADS);
    expect_origins(&scene, &scene.options, CONV3D_ORIGIN_DATABASE, CONV3D_ORIGIN_DATABASE);
    scene.options.threads = SCENE_THREADS + 1; /* no tile is known for so many */
    expect_followed(&scene, SCENE_ALGORITHM);
    scene_remove(&scene);
}

Test(known, wishes_of_the_caller_come_first)
{
    struct scene scene;
    scene_make(&scene, usual, CONV3D_MATH_FAST);
    scene_put_algorithm(&scene, SCENE_ALGORITHM);
    scene_put_tile(&scene, SCENE_ALGORITHM, 1);
    conv3d_options options = scene.options;
    options.memory_limit_bytes = (size_t)256 << 20;
    expect_origins(&scene, &options, CONV3D_ORIGIN_DATABASE, CONV3D_ORIGIN_MODEL);
    options = scene.options;
    options.tile.t = 3;
    const struct told got = *expect_origins(&scene, &options, CONV3D_ORIGIN_DATABASE,
                                            CONV3D_ORIGIN_OPTIONS);
    options.algorithm = SCENE_ALGORITHM;
    scene_use("none");
    cr_expect(same_tile(&got, scene_ask(&scene, &options)));
    scene_use(scene.path);
    options.algorithm = "direct";
    expect_origins(&scene, &options, CONV3D_ORIGIN_OPTIONS, CONV3D_ORIGIN_OPTIONS);
    options.tile.t = 0;
    cr_expect_str_eq(expect_origins(&scene, &options, CONV3D_ORIGIN_OPTIONS,
                                    CONV3D_ORIGIN_MODEL)->name, "direct");
    options.algorithm = SCENE_ALGORITHM;
    const struct told wanted = wished(&scene, SCENE_ALGORITHM);
    cr_expect(same_tile(expect_origins(&scene, &options, CONV3D_ORIGIN_OPTIONS,
                                       CONV3D_ORIGIN_DATABASE), &wanted));
    options = scene.options;
    options.effort = CONV3D_EFFORT_MODEL;
    expect_origins(&scene, &options, CONV3D_ORIGIN_MODEL, CONV3D_ORIGIN_MODEL);
    scene_remove(&scene);
}

/* With 512-bit vectors and 32 MiB for a thread, one block of so wide a panel does not fit. */
Test(known, tile_that_does_not_fit_is_passed_over, .timeout = 20)
{
    struct scene scene;
    scene_make(&scene, "n1_ci7675t1h67w4_co34_k1x3x3_p0x1x1_d7x30x1", CONV3D_MATH_FAST);
    scene_put_algorithm(&scene, "winograd:1x1x4");
    scene.subject.threads = machine_threads();
    scene.options.threads = 0;
    cr_assert(tuning_put_tile(scene.path, &scene.subject, "winograd:1x1x4", "w4ic6p318",
                              scene.subject.threads));
    char before[512];
    snprintf(before, sizeof before, "%s", conv3d_last_error());
    cr_expect(scene_ask(&scene, &scene.options)->threads > 0);
    cr_expect_str_eq(conv3d_last_error(), before);
    scene_remove(&scene);
}

/* Problems longer than an entry may name must not share one with others that begin alike. */
Test(known, absurd_problems_have_no_entries)
{
    static const char absurd[] =
        "n1_ci1t1h1w1_co1_k1"
        "_s9223372036854775801x9223372036854775802x9223372036854775803"
        "_p4611686018427387901:4611686018427387891x4611686018427387902:4611686018427387892x"
        "4611686018427387903:4611686018427387893"
        "_d9223372036854775801x9223372036854775802x9223372036854775803";
    struct scene scene;
    scene_make(&scene, absurd, CONV3D_MATH_STRICT);
    for (int i = 0; i < 2; i++) {
        scene_put_algorithm(&scene, i == 0 ? "rows" : "direct");
        expect_origins(&scene, &scene.options, CONV3D_ORIGIN_MODEL, CONV3D_ORIGIN_MODEL);
    }
    scene_remove(&scene);
}
