/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bench_layer.c - how bench measures a layer: that a wrong result is found
 * and never timed, and which way of a peer is taken.  The library's execute is
 * wrapped at link time, so that it can be made to go wrong; the peer is played.
 */
#include "support.h"

#include "../tools/bench_layer.h"
#include "../tools/exit_code.h"
#include "../tools/roofline.h"
#include "../tools/sample_check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- A library that goes wrong ---------------------------------------------- */

/* What to do to the output of a right execution; NULL = nothing. */
static void (*spoil)(const conv3d_plan *plan, float *output);
static int executions;

conv3d_status __real_conv3d_plan_execute(const conv3d_plan *plan, const float *input,
                                         float *output, void *workspace);
conv3d_status __wrap_conv3d_plan_execute(const conv3d_plan *plan, const float *input,
                                         float *output, void *workspace);

conv3d_status __wrap_conv3d_plan_execute(const conv3d_plan *plan, const float *input,
                                         float *output, void *workspace)
{
    const conv3d_status status = __real_conv3d_plan_execute(plan, input, output, workspace);
    executions++;
    if (spoil != NULL)
        spoil(plan, output);
    return status;
}

static void shape_of(const conv3d_plan *plan, int64_t shape[5])
{
    conv3d_plan_info info = {.size = sizeof info};
    cr_assert(conv3d_plan_query(plan, &info) == CONV3D_OK);
    memcpy(shape, info.output_shape, 5 * sizeof *shape);
}

static void last_voxel_unwritten(const conv3d_plan *plan, float *output)
{
    int64_t shape[5];
    shape_of(plan, shape);
    output[shape_count(shape, 5) - 1] = NAN;
}

static void last_channel_wrong(const conv3d_plan *plan, float *output)
{
    int64_t shape[5];
    shape_of(plan, shape);
    const size_t channel = shape_count(shape + 2, 3);
    float *from = output + shape_count(shape, 5) - channel;
    for (size_t i = 0; i < channel; i++)
        from[i] *= 1.001f;
}

static void first_row_wrong(const conv3d_plan *plan, float *output)
{
    int64_t shape[5];
    shape_of(plan, shape);
    const size_t channel = shape_count(shape + 2, 3);
    for (int64_t c = 0; c < shape[1]; c++) {
        for (int64_t w = 0; w < shape[4]; w++)
            output[(size_t)c * channel + (size_t)w] += 0.01f;
    }
}

static void all_slightly_wrong(const conv3d_plan *plan, float *output)
{
    int64_t shape[5];
    shape_of(plan, shape);
    for (size_t i = 0; i < shape_count(shape, 5); i++)
        output[i] *= 1.0f + 3e-5f;
}

/* ---- Measuring -------------------------------------------------------------- */

static struct bench make_bench(conv3d_math math)
{
    struct bench bench = {.repeats = 5, .rates = {.flops_per_second = 1e11,
                                                  .bytes_per_second = 1e10}};
    bench.options = options_for(math);
    return bench;
}

static struct layer make_layer(const char *problem)
{
    struct layer_table table = LAYER_TABLE_EMPTY;
    char message[512] = "";
    cr_assert(layer_table_add_problem(&table, problem, message, sizeof message) == EXIT_OK, "%s",
              message);
    const struct layer layer = table.layers[0];
    layer_table_free(&table);
    return layer;
}

static const char *const problems[] = {
    "n1_ci3t5h6w17_co9_k3_p1", "n2_ci8t4h5w6_co300_k1", "n1_ci16t6h6w6_co16_k3_p1_g16",
    "n1_ci12t6h7w8_co8_k3_s2_p1_g4", "n1_ci3t9h9w9_co4_k3_d2_p1:2", "n1_ci3t5h6w7_co4_k3_flip",
    "n1_ci2t3h3w3_co5000_k3_p1",
};

Test(bench_layer, right_results_are_timed)
{
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        for (int math = CONV3D_MATH_FAST; math <= CONV3D_MATH_STRICT; math++) {
            struct bench bench = make_bench((conv3d_math)math);
            const struct layer layer = make_layer(problems[i]);
            struct bench_row row;
            executions = 0;
            cr_assert(bench_layer(&bench, &layer, &row) == EXIT_OK);
            cr_expect(row.status == BENCH_OK, "%s: %s", problems[i], row.reason);
            cr_expect(row.timing.repeats == 5 && row.timing.min > 0.0);
            cr_expect(row.timing.median >= row.timing.min);
            cr_expect(executions == 7, "%d: checked, warmed up, timed 5 times", executions);
            cr_expect(row.sample.samples >= 256 && row.sample.over_bound == 0);
            cr_expect(row.math == (conv3d_math)math);
        }
    }
}

Test(bench_layer, relu_is_checked_as_relu)
{
    struct bench bench = make_bench(CONV3D_MATH_STRICT);
    const struct layer layer = make_layer(problems[0]);
    struct bench_row row;
    bench.options.activation = CONV3D_ACTIVATION_RELU;
    cr_assert(bench_layer(&bench, &layer, &row) == EXIT_OK);
    cr_expect(row.status == BENCH_OK, "%s", row.reason);
}

static void finds(void (*mistake)(const conv3d_plan *, float *), const char *problem,
                  conv3d_math math)
{
    struct bench bench = make_bench(math);
    const struct layer layer = make_layer(problem);
    struct bench_row row;
    spoil = mistake;
    executions = 0;
    cr_assert(bench_layer(&bench, &layer, &row) == EXIT_OK);
    spoil = NULL;
    cr_expect(row.status == BENCH_FAILED, "%s", problem);
    cr_expect(row.timing.repeats == 0 && executions == 1, "%s was timed", problem);
    cr_expect(row.reason[0] != '\0');
}

Test(bench_layer, wrong_results_are_found_and_not_timed)
{
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        finds(last_voxel_unwritten, problems[i], CONV3D_MATH_FAST);
        finds(all_slightly_wrong, problems[i], CONV3D_MATH_FAST);
        finds(last_voxel_unwritten, problems[i], CONV3D_MATH_STRICT);
        finds(first_row_wrong, problems[i], CONV3D_MATH_STRICT);
    }
    finds(last_channel_wrong, problems[0], CONV3D_MATH_STRICT);
    finds(last_channel_wrong, problems[1], CONV3D_MATH_STRICT);
    finds(last_channel_wrong, problems[2], CONV3D_MATH_STRICT);
}

Test(bench_layer, a_layer_beyond_memory_is_refused)
{
    struct bench bench = make_bench(CONV3D_MATH_STRICT);
    const struct layer layer = make_layer("n1000_ci1000t100h1000w1000_co1000_k1");
    struct bench_row row;
    cr_assert(bench_layer(&bench, &layer, &row) == EXIT_OK);
    cr_expect(row.status == BENCH_NO_MEMORY, "%d", (int)row.status);
    cr_expect(strstr(row.reason, "memory") != NULL, "%s", row.reason);
}

Test(bench_layer, a_plan_beyond_its_memory_limit_is_refused)
{
    struct bench bench = make_bench(CONV3D_MATH_STRICT);
    const struct layer layer = make_layer(problems[0]);
    struct bench_row row;
    bench.options.memory_limit_bytes = 1;
    cr_assert(bench_layer(&bench, &layer, &row) == EXIT_OK);
    cr_expect(row.status == BENCH_NO_MEMORY && row.timing.repeats == 0);
}

/* ---- A played peer ---------------------------------------------------------- */

enum { WAYS = 5 };

/* What the ways do: their delay, and how far their output is off. */
static struct {
    long milliseconds;
    float factor;
    int refuses;
} manners[WAYS];
static int alive, most_alive;

struct peer_run {
    int way;
    float *output;
};

static struct peer_run *play_prepare(int way, const struct layer *layer, const float *input,
                                     const float *weight, char *reason, size_t capacity)
{
    if (manners[way].refuses) {
        snprintf(reason, capacity, "no wish to");
        return NULL;
    }
    struct peer_run *run = allocate(sizeof *run);
    *run = (struct peer_run){way, allocate_floats(layer_elements(layer->output))};
    int64_t weight_shape[5];
    layer_weight_shape(layer, weight_shape);
    conv3d_tensor tensor = {.data = weight, .rank = 5};
    memcpy(tensor.shape, weight_shape, sizeof weight_shape);
    cr_assert(conv3d_forward(&layer->params, layer->input, input, &tensor, NULL, run->output,
                             NULL) == CONV3D_OK);
    most_alive = ++alive > most_alive ? alive : most_alive;
    return run;
}

static int play_run(void *context)
{
    const struct peer_run *run = context;
    const struct timespec pause = {0, manners[run->way].milliseconds * 1000000};
    nanosleep(&pause, NULL);
    return EXIT_OK;
}

static const char *play_implementation(const struct peer_run *run)
{
    static const char *const names[WAYS] = {"zero", "one", "two", "three", "four"};
    return names[run->way];
}

static int play_read_output(struct peer_run *run, const struct layer *layer, float *output)
{
    for (size_t i = 0; i < layer_elements(layer->output); i++)
        output[i] = run->output[i] * manners[run->way].factor;
    return 1;
}

static void play_destroy(struct peer_run *run)
{
    if (run == NULL)
        return;
    alive--;
    free(run->output);
    free(run);
}

static const struct peer_way played_ways[WAYS] = {{PEER_BEST, "w0"}, {PEER_BEST, "w1"},
                                                  {PEER_PLAIN, "w2"}, {PEER_PLAIN, "w3"},
                                                  {PEER_PLAIN, "w4"}};
static const struct peer played = {
    .name = "played", .ways = played_ways, .way_count = WAYS, .prepare = play_prepare,
    .run = play_run, .implementation = play_implementation, .read_output = play_read_output,
    .destroy = play_destroy,
};

static struct bench_row play(void)
{
    struct bench bench = make_bench(CONV3D_MATH_STRICT);
    static struct layer layer;
    struct bench_row row;
    layer = make_layer(problems[0]);
    bench.peer = &played;
    cr_assert(bench_layer(&bench, &layer, &row) == EXIT_OK);
    cr_assert(row.status == BENCH_OK, "%s", row.reason);
    cr_expect(alive == 0, "%d runs were not destroyed", alive);
    cr_expect(most_alive <= 3, "%d runs at once", most_alive);
    return row;
}

Test(bench_layer, the_fastest_right_way_of_a_peer_is_timed)
{
    for (int i = 0; i < WAYS; i++) {
        manners[i].milliseconds = 40;
        manners[i].factor = 1.0f;
    }
    manners[1].milliseconds = 10; /* best: the second */
    manners[2].milliseconds = 0;  /* plain: the first is fast and wrong */
    manners[2].factor = 1.001f;
    manners[3].refuses = 1;
    const struct bench_row row = play();
    cr_expect_str_eq(row.peer[PEER_BEST].way, "w1");
    cr_expect_str_eq(row.peer[PEER_BEST].implementation, "one");
    cr_expect_str_eq(row.peer[PEER_PLAIN].way, "w4");
    cr_expect(row.peer[PEER_BEST].timing.repeats == 5);
    cr_expect(row.peer[PEER_BEST].timing.min >= 0.010 && row.peer[PEER_PLAIN].timing.min >= 0.040);
    cr_expect(bench_peer_ratio(&row, PEER_BEST) > 1.0);
}

Test(bench_layer, a_peer_that_is_wrong_everywhere_is_not_timed)
{
    for (int i = 0; i < WAYS; i++)
        manners[i].factor = i < 2 ? 1.001f : NAN;
    const struct bench_row row = play();
    for (int kind = 0; kind < PEER_KINDS; kind++) {
        cr_expect(row.peer[kind].timing.repeats == 0);
        cr_expect(bench_peer_ratio(&row, (enum peer_kind)kind) == 0.0);
        cr_expect(strstr(row.peer[kind].reason, "differs") != NULL, "%s", row.peer[kind].reason);
    }
    cr_expect(row.timing.repeats == 5);
}

/* ---- Timing ----------------------------------------------------------------- */

static char turns[4096];
static size_t turn_count;

static int take_note(void *context)
{
    const struct timespec pause = {0, 6000000}; /* longer than a turn of short calls */
    turns[turn_count++] = *(const char *)context;
    nanosleep(&pause, NULL);
    return EXIT_OK;
}

Test(timing, contestants_take_turns)
{
    static char names[] = "abc";
    struct contestant contestants[3] = {{.run = take_note, .context = &names[0]},
                                        {.run = take_note, .context = &names[1]},
                                        {.run = take_note, .context = &names[2]}};
    cr_assert(timing_race(contestants, 3, 0.0, 0) == EXIT_OK);
    turns[turn_count] = '\0';
    cr_expect_str_eq(turns, "abcabcabcabcabcabc"); /* once to warm up, five times */
    for (int i = 0; i < 3; i++)
        cr_expect(contestants[i].timing.repeats == 5 && contestants[i].timing.min >= 0.006);
}

static int fail_third(void *context)
{
    int *calls = context;
    return ++*calls == 3 ? EXIT_MEMORY : EXIT_OK;
}

Test(timing, a_failing_call_ends_the_race)
{
    int calls = 0;
    struct contestant contestant = {.run = fail_third, .context = &calls};
    cr_expect(timing_race(&contestant, 1, 1.0, 0) == EXIT_MEMORY);
    cr_expect(calls == 3);
}

/* ---- The drawing ------------------------------------------------------------ */

static char *draw(const struct roofline *roofline)
{
    char *text;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    cr_assert(stream != NULL);
    roofline_draw(roofline, stream);
    cr_assert(fclose(stream) == 0);
    return text;
}

Test(roofline, keeps_every_mark_inside_the_frame_and_its_bytes_stable)
{
    static const struct roofline_mark marks[] = {
        {"tiny", 0.001, 1e3, 0.0},  {"huge", 1e5, 9e13, 1e14}, {"ridge", 10.0, 1e11, 2e9},
        {"power of ten", 100.0, 1e10, 1e9},
    };
    const struct roofline roofline = {.title = "t", .own = "own", .peer = "peer",
                                      .flops_per_second = 1e11, .bytes_per_second = 1e10,
                                      .marks = marks, .count = 4};
    char *svg = draw(&roofline), *again = draw(&roofline);
    int circles = 0;
    cr_expect_str_eq(svg, again);
    for (const char *at = svg; (at = strstr(at, "\" cx=\"")) != NULL; at++, circles++) {
        double x, y;
        cr_assert(sscanf(at, "\" cx=\"%lf\" cy=\"%lf\"", &x, &y) == 2);
        cr_expect(x >= 84.0 && x <= 932.0 && y >= 60.0 && y <= 536.0, "(%g, %g)", x, y);
    }
    cr_expect(circles == 2 + 4 + 3, "%d circles: the legend's, ours, the peer's", circles);
    free(svg);
    free(again);
}
