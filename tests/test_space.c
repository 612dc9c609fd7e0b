/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_space.c - all that the tuner may try: every way can be had, each is there once, and none
 * changes a bit that it must not.
 */
#include "bits_checks.h"

#include "tune/space.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CONV3D_TEST_COUNT says how many ways of a space are executed; 3000 are all. */
enum { SHAPES = 44, WAY_TEXT = 400 };

/* A problem in one math mode, on one instruction set. */
struct ground {
    const struct workload *workload;
    conv3d_options options;
    const char *isa;
    conv3d_plan *untuned;
    int turn; /* another for each shape and instruction set */
    float *expected, *got;
};

/* The member number `member` of a way. */
static int64_t member_of(const struct c3d_way *way, int member)
{
    const conv3d_tile *const tile = &way->tile;
    const int64_t members[] = {tile->t,     tile->h,     tile->w,     tile->oc,
                               tile->ic,    tile->panel, tile->order, tile->store,
                               way->team};
    return members[member];
}
enum { MEMBERS = 9 };

static const char *describe(const struct ground *ground, const struct c3d_way *way,
                            char text[WAY_TEXT])
{
    char tile[CONV3D_TILE_TEXT];
    conv3d_tile_format(&way->tile, tile, sizeof tile);
    snprintf(text, WAY_TEXT, "%s %.120s team %d, %s, math %d", way->algorithm, tile, way->team,
             ground->isa, (int)ground->options.math);
    return text;
}

static bool fails(const struct ground *ground, const struct c3d_way *way, const char *what)
{
    char problem[PROBLEM_TEXT_MAX], text[WAY_TEXT];
    return complain("%s: %s: %s", problem_text(&ground->workload->problem, problem),
                    describe(ground, way, text), what);
}

static bool same_tile(const conv3d_tile *a, const conv3d_tile *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static int compare_ways(const void *left, const void *right)
{
    const struct c3d_way *const a = left, *const b = right;
    const int names = strcmp(a->algorithm, b->algorithm);
    for (int m = 0; names == 0 && m < MEMBERS; m++) {
        if (member_of(a, m) != member_of(b, m))
            return member_of(a, m) < member_of(b, m) ? -1 : 1;
    }
    return names;
}

/* Each way once. */
static bool has_no_twins(const struct ground *ground, const struct c3d_space *space)
{
    bool good = true;
    struct c3d_way *const ways = allocate(space->count * sizeof *ways);
    memcpy(ways, space->ways, space->count * sizeof *ways);
    qsort(ways, space->count, sizeof *ways, compare_ways);
    for (size_t i = 1; good && i < space->count; i++) {
        if (compare_ways(&ways[i - 1], &ways[i]) == 0)
            good = fails(ground, &ways[i], "is there twice");
    }
    free(ways);
    return good;
}

/* The way's plan is as the way says, and its bits are the expected ones. */
static bool way_holds(const struct ground *ground, const struct c3d_way *way, int threads)
{
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    conv3d_options options = ground->options;
    char text[WAY_TEXT];
    options.algorithm = way->algorithm;
    options.tile = way->tile;
    options.threads = threads;
    if (workload_plan(ground->workload, &options, &plan) != CONV3D_OK)
        return fails(ground, way, conv3d_last_error());
    bool good = conv3d_plan_query(plan, &info) == CONV3D_OK;
    if (!good || (threads == way->team && !same_tile(&info.tile, &way->tile)))
        good = fails(ground, way, "its plan has another tile");
    poison(ground->got, ground->workload->output_count * sizeof *ground->got);
    good = good &&
           conv3d_plan_execute(plan, ground->workload->input, ground->got, NULL) == CONV3D_OK &&
           same_bits(ground->workload, ground->expected, ground->got,
                     describe(ground, way, text));
    conv3d_plan_destroy(plan);
    return good;
}

/* Whether no earlier way has some member's value. */
static bool brings_news(const struct c3d_space *space, size_t index)
{
    for (int m = 0; m < MEMBERS; m++) {
        size_t i = 0;
        while (member_of(&space->ways[i], m) != member_of(&space->ways[index], m))
            i++;
        if (i == index)
            return true;
    }
    return false;
}

/* CONV3D_TEST_COUNT: from a thousand on so many ways of each space, and every transform; else no
 * more than that, and few transforms. */
enum { THOROUGH = 1000 };

static bool is_thorough(void)
{
    const int64_t asked = test_count(INT64_MAX);
    return asked >= THOROUGH && asked < INT64_MAX;
}

/* So many ways of a space are executed that it takes a moment, whatever the problem. */
static size_t executions(const struct ground *ground)
{
    static const double operations = 3e6;
    const double each = c3d_plan_flops(ground->untuned);
    return is_thorough() ? (size_t)test_count(INT64_MAX)
                         : (size_t)fmax(1, fmin((double)test_count(16), operations / each));
}

/* Those that bring a value which no member had before, and others spread evenly between them; if
 * these are too many then some of them, others at each turn, so that over shapes, instruction sets
 * and transforms all come.  With all threads that the way has, and every other with one. */
static bool ways_hold(const struct ground *ground, const struct c3d_space *space)
{
    static size_t turn;
    const size_t most = executions(ground);
    const size_t step = space->count / most + 1;
    size_t *const chosen = allocate(space->count * sizeof *chosen), count = 0;
    bool good = true;
    for (size_t i = 0; i < space->count; i++) {
        if (i % step == 0 || brings_news(space, i))
            chosen[count++] = i;
    }
    const size_t stride = (count + most - 1) / most;
    for (size_t i = turn++ % stride; good && i < count; i += stride) {
        const struct c3d_way *const way = &space->ways[chosen[i]];
        good = way_holds(ground, way, (i + turn) % 2 == 0 ? 1 : way->team);
    }
    free(chosen);
    return good;
}

/* What the same algorithm gives untuned; in strict math that is what all give. */
static bool expect_of(const struct ground *ground, const char *algorithm)
{
    conv3d_options options = ground->options;
    options.algorithm = algorithm;
    options.threads = 1;
    return workload_run(ground->workload, &options, ground->expected);
}

static bool tiles_hold(const struct ground *ground, const struct c3d_candidate *candidate)
{
    struct c3d_space space;
    if (c3d_space_of_tiles(ground->untuned, candidate->name, true, &space) != CONV3D_OK)
        return complain("%s: %s", candidate->name, conv3d_last_error());
    const struct c3d_way *const base = &space.ways[space.base];
    bool good = space.base < space.count && strcmp(base->algorithm, candidate->name) == 0;
    if (!good)
        complain("%s: no base", candidate->name);
    if (good && candidate == ground->untuned->choice.candidates &&
        !same_tile(&base->tile, &ground->untuned->prepared->tile))
        good = fails(ground, base, "the base is not the untuned plan");
    good = good && has_no_twins(ground, &space) &&
           (ground->options.math == CONV3D_MATH_STRICT || expect_of(ground, candidate->name)) &&
           ways_hold(ground, &space);
    c3d_space_free(&space);
    return good;
}

static bool algorithms_hold(const struct ground *ground)
{
    const struct c3d_choice *const choice = &ground->untuned->choice;
    struct c3d_space space;
    if (c3d_space_of_algorithms(ground->untuned, &space) != CONV3D_OK)
        return complain("%s", conv3d_last_error());
    bool good = space.count > 0 && space.base < space.count;
    if (!good)
        complain("there is no base");
    else if (strcmp(space.ways[space.base].algorithm, choice->candidates[0].name) != 0 ||
             !same_tile(&space.ways[space.base].tile, &ground->untuned->prepared->tile))
        good = fails(ground, &space.ways[space.base], "the base is not the untuned plan");
    for (size_t i = 0; good && i < space.count; i++) {
        if (c3d_choice_find(choice, space.ways[i].algorithm) == NULL)
            good = fails(ground, &space.ways[i], "not a candidate");
    }
    good = good && has_no_twins(ground, &space);
    c3d_space_free(&space);
    return good;
}

/* Strict math has no transforms, so that fast math need only be asked for those and for its own
 * choice; by default for one transform in four, others for each shape and instruction set, and
 * for fewer where few cases are wanted. */
static bool is_asked(const struct ground *ground, int index)
{
    const struct c3d_candidate *const candidate = &ground->untuned->choice.candidates[index];
    if (!candidate->eligible || c3d_only_by_name(candidate->name))
        return false;
    return ground->options.math == CONV3D_MATH_STRICT || index == 0 ||
           (candidate->transform[T] > 0 &&
            (is_thorough() || (index + ground->turn) % (test_count(16) < 16 ? 16 : 4) == 0));
}

static bool ground_holds(const struct workload *workload, conv3d_math math, const char *isa,
                         int turn)
{
    struct ground ground = {
        .workload = workload,
        .options = options_for(math),
        .isa = isa,
        .turn = turn,
        .expected = allocate_floats(workload->output_count),
        .got = allocate_floats(workload->output_count),
    };
    ground.options.threads = 1 + (turn + (math == CONV3D_MATH_STRICT)) % 2;
    bool good = workload_plan(workload, &ground.options, &ground.untuned) == CONV3D_OK;
    if (!good)
        complain("%s", conv3d_last_error());
    good = good && expect_of(&ground, NULL) && algorithms_hold(&ground);
    for (int i = 0; good && i < ground.untuned->choice.count; i++)
        good = !is_asked(&ground, i) ||
               tiles_hold(&ground, &ground.untuned->choice.candidates[i]);
    conv3d_plan_destroy(ground.untuned);
    free(ground.expected);
    free(ground.got);
    return good;
}

/* Shapes number begin, begin + 4, ...: four tests, so that one that fails tells more. */
static void shapes_hold(int begin)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    setenv("CONV3D_TUNING", "none", 1);
    cr_assert(bits_shapes() >= SHAPES);
    const int count = (int)test_count(SHAPES / 4);
    for (int n = 0; n < count; n++) {
        const int i = begin + 4 * (n * (SHAPES / 4) / count);
        struct problem problem;
        struct workload workload;
        cr_assert(bits_shape(i, &problem));
        workload_make(&workload, &problem, (uint64_t)i);
        for (size_t level = 0; level < level_count; level++) {
            const int turn = i / 4 + (int)level;
            isa_set(levels[level]);
            cr_expect(ground_holds(&workload, CONV3D_MATH_STRICT, levels[level], turn));
            cr_expect(ground_holds(&workload, CONV3D_MATH_FAST, levels[level], turn));
        }
        isa_set(NULL);
        workload_free(&workload);
    }
}

Test(space, every_way_gives_the_untuned_bits)
{
    shapes_hold(0);
}

Test(space, every_way_gives_the_untuned_bits_2)
{
    shapes_hold(1);
}

Test(space, every_way_gives_the_untuned_bits_3)
{
    shapes_hold(2);
}

Test(space, every_way_gives_the_untuned_bits_4)
{
    shapes_hold(3);
}
