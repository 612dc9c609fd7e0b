/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bits_checks.c - see bits_checks.h.
 */
#include "bits_checks.h"

#include "oracle.h"

#include "../tools/random_data.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The corners, by hand; random problems follow. */
static const char *const shapes[] = {
    "n1_ci1t1h1w1_co1_k1",
    "n2_ci3t4h4w4_co1_k3",
    "n1_ci16t4h6w29_co32_k3_p1",
    "n1_ci17t3h5w31_co33_k3_p1_b",
    "n1_ci8t2h4w67_co15_k1x1x3_p0x0x1",
    "n1_ci8t9h3w8_co17_k3x1x1_p1x0x0_b",
    "n1_ci4t5h9w9_co8_k3_s2_p1",
    "n1_ci3t8h12w12_co16_k3x5x5_s1x2x2_p1x2x2_b",
    "n1_ci3t6h15w15_co24_k1x7x7_s1x2x2_p0x3x3",
    "n1_ci5t7h8w9_co6_k3_d2_p2",
    "n1_ci2t9h9w20_co7_k3_d1x2x4_p1:0x2x4:7_flip_b",
    "n3_ci24t3h4w5_co24_k3_p1_g24",
    "n1_ci20t4h7w13_co20_k3x3x3_s2_p1_g20_b",
    "n1_ci6t3h5w17_co18_k1x3x3_p0x1x1_g6",
    /* Depthwise: pairs of planes and rows a dilation apart, padding wider than the kernel's reach,
     * rows of several blocks and of several tasks. */
    "n2_ci6t9h13w37_co12_k3_p2_d2_g6_b",
    "n1_ci3t9h15w40_co3_k7_p9_d3_g3_flip",
    "n1_ci3t7h10w5_co3_k5x3x3_p2x4x20_d1x2x5_g3",
    "n2_ci4t8h15w90_co8_k3_s2_p1_g4",
    "n1_ci2t7h6w530_co2_k4x5x5_p3x2x1_d3x1x1_g2",
    "n1_ci12t3h4w18_co21_k3_p1_g3_b",
    "n2_ci10t2h3w14_co34_k2x2x2_g2",
    "n1_ci64t2h6w7_co40_k1",
    "n2_ci33t1h1w50_co64_k1_b",
    "n1_ci3t4h16w16_co20_k2x4x4_s2x4x4",
    /* What a transform accepts too, here for those that try a third of them. */
    "n1_ci16t5h11w18_co17_k3_p1_b",
    "n1_ci40t2h2w2_co48_k3_p1_b",
    "n1_ci1t6h10w33_co1_k5_p2",
    "n1_ci2t3h3w70_co3_k1x1x7_p0x0x9:6_b",
    "n5_ci7t1h5w5_co9_k1x3x3_p0x1x1_b",
    "n1_ci70t3h3w3_co2_k3_p1_flip",
    "n19_ci3t2h4w5_co35_k2x4x5_b",
    "n6_ci10t3h1w2_co14_k3x1x2_g2",
    "n1_ci24t4h7w7_co48_k3_p1_b",
    "n1_ci3t5h10w28_co40_k5x3x3_s1x2x2_p2x1x1",
    /* Short rows, two by two where both fit a register tile, and one over. */
    "n1_ci20t3h5w4_co40_k3_p1_b",
    "n2_ci32t2h7w7_co32_k3_p1_g2_b",
    "n1_ci9t4h6w6_co33_k3_p0x1x0",
    "n1_ci6t3h9w4_co17_k3_p1x2x1_d1x3x1_flip_b",
    "n1_ci6t3h9w3_co17_k3_s1x3x1_p1",
    /* Sixteen vectors of AVX2: panels of three, but two of two at the end. */
    "n1_ci3t3h4w6_co128_k3_p1_b",
    "n1_ci16t4h5w7_co122_k3_p1",
    /* ... or half. */
    "n1_ci32t4h13w10_co12_k1x3x3_p0x1x1_b",
    /* Planes large enough to be read in place. */
    "n2_ci7t5h12w13_co9_k3x1x1_p1x0x0_b",
    "n1_ci6t4h14w20_co20_k3_d1x1x2",
    "n1_ci5t6h18w16_co3_k5x1x1_s2x1x1_p2x0x0",
    "n1_ci12t3h13w17_co24_k1_g3_b",
    /* Large enough to be, but packed with AVX2, the second in cut rows. */
    "n1_ci7t5h12w13_co33_k3x1x1_p1x0x0_b",
    "n1_ci520t1h1w150_co50_k1",
    /* What a transform accepts. */
    "n2_ci20t6h9w7_co32_k3x1x1_p2x0x0",
    "n1_ci13t7h7w9_co33_k5_p2",
    "n1_ci18t9h12w11_co16_k3_d2x3x1_p2x3x1",
    "n1_ci16t9h15w13_co20_k3x3x5_s2x1x2_p1x1x2",
    "n2_ci32t4h6w21_co48_k2x3x5_g2_flip",
};
enum { FIXED = sizeof shapes / sizeof *shapes, DRAWN = 24, LABEL_MAX = 200 };

static const char *describe(const struct subject *subject, const char *what, char label[LABEL_MAX])
{
    snprintf(label, LABEL_MAX, "%s, %s, %s", what, subject->isa,
             subject->options.math == CONV3D_MATH_STRICT ? "strict" : "fast");
    return label;
}

static bool gives_expected_by(const struct subject *subject, const conv3d_options *options,
                              const char *what, const char *algorithm)
{
    char label[LABEL_MAX], which[120];
    conv3d_options named = *options;
    named.algorithm = algorithm;
    snprintf(which, sizeof which, "%.80s, %s", what, algorithm != NULL ? algorithm : "default");
    float *got = allocate_floats(subject->workload->output_count);
    const float *expected = algorithm == NULL                     ? subject->expected
                            : strcmp(algorithm, "winograd") == 0 ? subject->transformed
                                                                 : subject->chain;
    const bool good =
        workload_run(subject->workload, &named, got) &&
        same_bits(subject->workload, expected, got, describe(subject, which, label));
    free(got);
    return good;
}

/* The algorithm that would be chosen, and one more of those that accept the
 * problem: another at each turn, so that over the shapes every algorithm meets
 * every variant. */
static bool gives_expected(const struct subject *subject, const conv3d_options *options,
                           const char *what)
{
    static _Thread_local size_t turn;
    const char *names[ALGORITHMS_MAX];
    const size_t count = workload_algorithms(subject->workload, options, names);
    return gives_expected_by(subject, options, what, NULL) &&
           (count == 0 || gives_expected_by(subject, options, what, names[turn++ % count]));
}

bool bits_are_the_chain(const struct subject *subject)
{
    const char *names[ALGORITHMS_MAX];
    const size_t count = workload_algorithms(subject->workload, &subject->options, names);
    bool good = gives_expected_by(subject, &subject->options, "as it comes", NULL);
    for (size_t i = 0; good && i < count; i++)
        good = gives_expected_by(subject, &subject->options, "as it comes", names[i]);
    return good;
}

bool bits_ignore_threads(const struct subject *subject)
{
    static const int threads[] = {1, 2, 3, 5, 8, 16};
    bool good = true;
    for (size_t i = 0; good && i < sizeof threads / sizeof *threads; i++) {
        char what[32];
        conv3d_options options = subject->options;
        options.threads = threads[i];
        snprintf(what, sizeof what, "%d threads", threads[i]);
        good = gives_expected(subject, &options, what);
    }
    return good;
}

/* A list that cannot be had, too: it is no error. */
bool bits_ignore_places(const struct subject *subject)
{
    static const char *const places[] = {"none", "compact", "spread", "auto", "1,0", "0-7999"};
    bool good = true;
    for (size_t i = 0; good && i < sizeof places / sizeof *places; i++) {
        conv3d_options options = subject->options;
        options.threads = 2 + (int)(i % 2);
        options.bind = places[i];
        good = gives_expected(subject, &options, places[i]);
    }
    return good;
}

bool bits_ignore_tiles(const struct subject *subject)
{
    static const char *const tiles[] = {
        "t1h1w1oc1ic1p1", "t1h2w3oc1ic1p2", "t2h3w5oc3ic2.outer", "t5h7w1oc17ic5p40.streamed",
        "t3h1w7oc1ic5p3", "t7h5w2oc3ic1p16", "t1h1w5oc17ic2p5.outer.streamed", "oc1p17", "h3ic2p33",
        "w1.streamed", "ic1p4.cached", "t1p48.outer.cached", "w13oc33ic3", "t1h1w1000oc1000ic1",
        "t1000000000h1000000000w1000000000oc1000000000ic1000000000p1000000000.outer.streamed",
    };
    bool good = true;
    for (size_t i = 0; good && i < sizeof tiles / sizeof *tiles; i++) {
        char what[96];
        conv3d_options options = subject->options;
        options.threads = 1 + (int)(i % 3);
        if (conv3d_tile_parse(tiles[i], &options.tile) != CONV3D_OK)
            abort();
        snprintf(what, sizeof what, "tile %.80s", tiles[i]);
        good = gives_expected(subject, &options, what);
    }
    return good;
}

bool bits_ignore_batch(const struct subject *subject)
{
    enum { MORE = 4 };
    const struct workload *w = subject->workload;
    const size_t items = (size_t)w->problem.input[0];
    const size_t in = w->input_count / items, out = w->output_count / items;
    struct problem problem = w->problem;
    struct workload batch;
    char label[LABEL_MAX];
    problem.input[0] = problem.output[0] = (int64_t)items + MORE;
    workload_make(&batch, &problem, 99);
    memcpy(batch.weight, w->weight, w->weight_count * sizeof(float));
    if (w->bias != NULL)
        memcpy(batch.bias, w->bias, w->bias_count * sizeof(float));
    float *got = allocate_floats(batch.output_count);
    bool good = true;
    for (size_t first = 0; good && first <= MORE; first++) {
        struct workload part = *w;
        memcpy(batch.input + first * in, w->input, items * in * sizeof(float));
        good = workload_run(&batch, &subject->options, got) &&
               same_bits(&part, subject->expected, got + first * out,
                         describe(subject, "inside a longer batch", label));
    }
    free(got);
    workload_free(&batch);
    return good;
}

/* A copy of `count` floats that starts `offset` bytes after a cache line. */
static float *copy_at_offset(const float *from, size_t count, size_t offset, void **block)
{
    *block = aligned_alloc(64, (count * sizeof(float) + offset + 63) / 64 * 64 + 64);
    if (*block == NULL)
        abort();
    float *to = (float *)((char *)*block + offset);
    if (count > 0 && from != NULL)
        memcpy(to, from, count * sizeof(float));
    return to;
}

static bool runs_at_offset(const struct subject *subject, size_t offset)
{
    const struct workload *w = subject->workload;
    struct workload moved = *w;
    void *blocks[4], *scratch;
    conv3d_plan *plan;
    char what[32], label[LABEL_MAX];
    /* All different, and over the sweep every buffer meets every offset. */
    moved.input = copy_at_offset(w->input, w->input_count, offset, &blocks[0]);
    moved.weight = copy_at_offset(w->weight, w->weight_count, 60 - offset, &blocks[1]);
    if (w->bias != NULL)
        moved.bias = copy_at_offset(w->bias, w->bias_count, (offset * 3 + 8) % 64, &blocks[2]);
    else
        blocks[2] = NULL;
    float *got = copy_at_offset(NULL, w->output_count, (offset * 5 + 20) % 64, &blocks[3]);
    poison(got, w->output_count * sizeof *got);
    bool good = workload_plan(&moved, &subject->options, &plan) == CONV3D_OK;
    /* The workspace may start at any byte at all. */
    const size_t shift = offset + offset / 4 % 4;
    scratch = allocate(conv3d_plan_workspace_bytes(plan) + 64);
    good = good &&
           conv3d_plan_execute(plan, moved.input, got, (char *)scratch + shift) == CONV3D_OK;
    if (!good)
        complain("%s", conv3d_last_error());
    snprintf(what, sizeof what, "offset %zu", offset);
    good = good && same_bits(w, subject->expected, got, describe(subject, what, label));
    conv3d_plan_destroy(plan);
    free(scratch);
    for (int i = 0; i < 4; i++)
        free(blocks[i]);
    return good;
}

bool bits_ignore_alignment(const struct subject *subject)
{
    bool good = true;
    for (size_t offset = 0; good && offset <= 60; offset += 4)
        good = runs_at_offset(subject, offset);
    return good;
}

bool bits_ignore_workspace(const struct subject *subject)
{
    const struct workload *w = subject->workload;
    conv3d_plan *plan;
    char label[LABEL_MAX];
    if (workload_plan(w, &subject->options, &plan) != CONV3D_OK)
        return complain("%s", conv3d_last_error());
    const size_t bytes = conv3d_plan_workspace_bytes(plan);
    unsigned char *scratch = allocate(bytes);
    float *got = allocate_floats(w->output_count);
    bool good = true;
    /* Left over from the call before, zeros, NaN, and the library's own. */
    for (int round = 0; good && round < 5; round++) {
        if (round == 2)
            memset(scratch, 0, bytes);
        if (round == 3)
            poison(scratch, bytes);
        poison(got, w->output_count * sizeof *got);
        good = conv3d_plan_execute(plan, w->input, got, round < 4 ? scratch : NULL) == CONV3D_OK &&
               same_bits(w, subject->expected, got, describe(subject, "workspace", label));
    }
    conv3d_plan_destroy(plan);
    free(scratch);
    free(got);
    return good;
}

/* A tight limit leaves room for part of a kernel only: then the sum is cut inside
 * the kernel, which is where its order could change.  In fast math a limit may change the
 * algorithm, and with it bits. */
bool bits_ignore_memory(const struct subject *subject)
{
    conv3d_plan *plan;
    conv3d_plan_info info = {.size = sizeof info};
    conv3d_options options = subject->options;
    if (options.math != CONV3D_MATH_STRICT)
        return true;
    options.threads = 1;
    if (workload_plan(subject->workload, &options, &plan) != CONV3D_OK ||
        conv3d_plan_query(plan, &info) != CONV3D_OK)
        return complain("%s", conv3d_last_error());
    conv3d_plan_destroy(plan);
    bool good = true, refused = false;
    const size_t part = test_count(100) < 100 ? 3 : 4; /* few cases, few sizes */
    size_t spare = info.workspace_bytes;
    while (good && !refused) {
        char what[48];
        options.memory_limit_bytes = info.packed_bytes + spare;
        options.tile.oc = spare % 2 ? 5 : 0; /* a wish that no panel is as wide as */
        const conv3d_status status = workload_plan(subject->workload, &options, &plan);
        conv3d_plan_destroy(plan);
        refused = status == CONV3D_ERR_LIMIT;
        snprintf(what, sizeof what, "limit %zu + %zu bytes", info.packed_bytes, spare);
        good = refused || gives_expected(subject, &options, what);
        /* Nothing at all must be refused in the end. */
        if (!refused && spare == 0)
            good = complain("no workspace and no refusal");
        spare -= spare / part + (spare > 0);
    }
    return good;
}

struct company {
    const struct subject *subject;
    const conv3d_plan *plan;
    bool good;
};

/* What one application thread does while the others do the same. */
static void *keep_company(void *argument)
{
    struct company *company = argument;
    const struct subject *subject = company->subject;
    const struct workload *w = subject->workload;
    void *scratch = allocate(conv3d_plan_workspace_bytes(company->plan));
    float *got = allocate_floats(w->output_count);
    char label[LABEL_MAX];
    company->good = true;
    for (int round = 0; company->good && round < 3; round++) {
        poison(got, w->output_count * sizeof *got);
        company->good =
            conv3d_plan_execute(company->plan, w->input, got, scratch) == CONV3D_OK &&
            same_bits(w, subject->expected, got, describe(subject, "shared plan", label)) &&
            gives_expected(subject, &subject->options, "plan beside others");
        /* Errors of one thread must not show in another: see conv3d_last_error(). */
        company->good = company->good && conv3d_plan_execute(company->plan, NULL, got, scratch) ==
                                             CONV3D_ERR_NULL;
    }
    free(scratch);
    free(got);
    return NULL;
}

bool bits_ignore_company(const struct subject *subject)
{
    enum { COMPANY = 4 };
    struct company company[COMPANY];
    pthread_t threads[COMPANY];
    conv3d_plan *plan;
    conv3d_options options = subject->options;
    options.threads = 2;
    if (workload_plan(subject->workload, &options, &plan) != CONV3D_OK)
        return complain("%s", conv3d_last_error());
    bool good = true;
    for (int i = 0; i < COMPANY; i++) {
        company[i] = (struct company){subject, plan, false};
        if (pthread_create(&threads[i], NULL, keep_company, &company[i]) != 0)
            abort();
    }
    for (int i = 0; i < COMPANY; i++) {
        pthread_join(threads[i], NULL);
        good &= company[i].good;
    }
    conv3d_plan_destroy(plan);
    return good;
}

/* Fast math is strict math with transforms.  Where none accepts the problem, nor may accept a longer
 * batch of it, one check for all shows it. */
static bool is_worth_while(bits_check *check, conv3d_math math, bool transforms)
{
    return math == CONV3D_MATH_STRICT || transforms || check == bits_are_the_chain ||
           check == bits_ignore_batch;
}

static bool holds_in_math(bits_check *check, const struct workload *workload,
                          const char *isa, conv3d_math math)
{
    float *chain = allocate_floats(workload->output_count);
    float *expected = allocate_floats(workload->output_count);
    float *transformed = allocate_floats(workload->output_count);
    struct subject subject = {.workload = workload,
                              .isa = isa,
                              .options = options_for(math),
                              .expected = chain,
                              .chain = chain,
                              .transformed = transformed};
    conv3d_options one = subject.options;
    conv3d_plan *plan;
    one.threads = 1;
    one.algorithm = "winograd";
    const conv3d_status status = workload_plan(workload, &one, &plan);
    const bool transforms = status == CONV3D_OK;
    conv3d_plan_destroy(plan);
    bool good = transforms || status == CONV3D_ERR_UNSUPPORTED ||
                complain("winograd: %s", conv3d_last_error());
    oracle_strict(workload, CONV3D_ACTIVATION_NONE, chain);
    if (transforms) {
        good = good && workload_run(workload, &one, transformed);
        one.algorithm = NULL;
        good = good && workload_run(workload, &one, expected);
        subject.expected = expected;
    }
    if (is_worth_while(check, math, transforms))
        good = good && check(&subject);
    free(chain);
    free(expected);
    free(transformed);
    return good;
}

int bits_shapes(void)
{
    return FIXED + DRAWN;
}

bool bits_shape(int index, struct problem *problem)
{
    const uint64_t seed = random_bits(test_seed(), UINT64_C(0x62697473));
    if (index < FIXED)
        return problem_from_text(problem, shapes[index]);
    problem_draw(problem, random_bits(seed, (uint64_t)index), 20000);
    return true;
}

bool bits_hold(bits_check *check, int limit)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    const int count = (int)test_count(limit < bits_shapes() ? limit : bits_shapes());
    bool good = true;
    for (int i = 0; good && i < count; i++) {
        struct problem problem;
        struct workload workload;
        /* Few of them are from everywhere. */
        const int index = i * bits_shapes() / count;
        if (!bits_shape(index, &problem))
            return false;
        workload_make(&workload, &problem, (uint64_t)index);
        for (size_t level = 0; good && level < level_count; level++) {
            isa_set(levels[level]);
            good = holds_in_math(check, &workload, levels[level], CONV3D_MATH_STRICT) &&
                   holds_in_math(check, &workload, levels[level], CONV3D_MATH_FAST);
        }
        isa_set(NULL);
        workload_free(&workload);
    }
    return good;
}
