/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_text.c - problems as text: the documented syntax, the canonical form,
 * and what is refused.
 */
#include "support.h"

#include "../tools/random_data.h"
#include "../tools/random_problem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool same_triple(const int64_t a[3], const int64_t b[3])
{
    return memcmp(a, b, 3 * sizeof *a) == 0;
}

static bool same_problem(const conv3d_params *a, const int64_t a_input[5], const conv3d_params *b,
                         const int64_t b_input[5])
{
    return a->in_channels == b->in_channels && a->out_channels == b->out_channels &&
           same_triple(a->kernel_size, b->kernel_size) && same_triple(a->stride, b->stride) &&
           same_triple(a->padding_begin, b->padding_begin) &&
           same_triple(a->padding_end, b->padding_end) && same_triple(a->dilation, b->dilation) &&
           a->groups == b->groups && a->bias == b->bias && a->conv_mode == b->conv_mode &&
           a->dtype == b->dtype && memcmp(a_input, b_input, 5 * sizeof *a_input) == 0;
}

Test(text, random_problems_survive_the_round_trip)
{
    const uint64_t seed = test_seed();
    const int64_t count = test_count(20000);
    for (int64_t i = 0; i < count; i++) {
        conv3d_params params, parsed;
        int64_t input[5], parsed_input[5];
        char text[PROBLEM_TEXT_MAX], again[PROBLEM_TEXT_MAX];
        random_problem_draw(random_bits(seed, (uint64_t)i), &params, input);
        const size_t length = conv3d_problem_format(&params, input, text, sizeof text);
        cr_assert(length == strlen(text) && length < sizeof text);
        memset(&parsed, 0x5a, sizeof parsed);
        cr_assert(conv3d_problem_parse(text, &parsed, parsed_input) == CONV3D_OK, "%s: %s", text,
                  conv3d_last_error());
        cr_assert(same_problem(&params, input, &parsed, parsed_input), "%s", text);
        conv3d_problem_format(&parsed, parsed_input, again, sizeof again);
        cr_assert_str_eq(text, again);
    }
}

static const struct {
    const char *text, *canonical;
} spellings[] = {
    {"n1_ci64t8h56w56_co64_k3x3x3_s1_p1_d1_g1_b", "n1_ci64t8h56w56_co64_k3_p1_b"},
    {"n1_ci64t8h56w56_co64_k3", "n1_ci64t8h56w56_co64_k3"},
    {"n1_k3_co64_ci64t8h56w56", "n1_ci64t8h56w56_co64_k3"},
    {"n1_flip_b_g2_d2_p3_s2_k3_co64_ci64t8h56w56", "n1_ci64t8h56w56_co64_k3_s2_p3_d2_g2_b_flip"},
    {"n2_ci3t4h5w6_co7_k1x2x3_p2:0x1x1", "n2_ci3t4h5w6_co7_k1x2x3_p2:0x1x1"},
    {"n2_ci3t4h5w6_co7_k1x2x3_p0x1:2x3:3", "n2_ci3t4h5w6_co7_k1x2x3_p0x1:2x3"},
    {"n2_ci3t4h5w6_co7_k1_p1:0x1:0x1:0", "n2_ci3t4h5w6_co7_k1_p1:0x1:0x1:0"},
    {"n2_ci3t4h5w6_co7_k2x2x2_s3x3x3_p1x1x1_d1x1x2", "n2_ci3t4h5w6_co7_k2_s3_p1_d1x1x2"},
    {"n0_ci1t1h1w1_co1_k1", "n0_ci1t1h1w1_co1_k1"},
    {"n1_ci1t1h1w2147483648_co1_k1_s1x1x2147483647",
     "n1_ci1t1h1w2147483648_co1_k1_s1x1x2147483647"},
};

Test(text, every_spelling_has_one_canonical_form)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        conv3d_params params;
        int64_t input[5];
        char text[PROBLEM_TEXT_MAX];
        cr_assert(conv3d_problem_parse(spellings[i].text, &params, input) == CONV3D_OK, "%s: %s",
                  spellings[i].text, conv3d_last_error());
        conv3d_problem_format(&params, input, text, sizeof text);
        cr_expect_str_eq(text, spellings[i].canonical);
    }
}

Test(text, every_number_lands_in_its_place)
{
    conv3d_params params;
    int64_t input[5];
    cr_assert(conv3d_problem_parse(
                  "n2_ci12t20h21w22_co15_k4x5x6_s7x8x9_p1:2x3:4x5:6_d2x3x1_g3_b_flip", &params,
                  input) == CONV3D_OK);
    conv3d_params expected;
    conv3d_params_init(&expected, 12, 15, 0);
    for (int axis = 0; axis < 3; axis++) {
        expected.kernel_size[axis] = 4 + axis;
        expected.stride[axis] = 7 + axis;
        expected.padding_begin[axis] = 1 + 2 * axis;
        expected.padding_end[axis] = 2 + 2 * axis;
    }
    expected.dilation[0] = 2;
    expected.dilation[1] = 3;
    expected.dilation[2] = 1;
    expected.groups = 3;
    expected.bias = 1;
    expected.conv_mode = CONV3D_CONVOLUTION;
    cr_expect(same_problem(&params, input, &expected, (int64_t[5]){2, 12, 20, 21, 22}));
}

Test(text, is_cut_as_snprintf_cuts)
{
    static const char whole[] = "n1_ci64t8h56w56_co64_k3_p1_b";
    conv3d_params params;
    int64_t input[5];
    cr_assert(conv3d_problem_parse(whole, &params, input) == CONV3D_OK);
    cr_expect(conv3d_problem_format(&params, input, NULL, 0) == sizeof whole - 1);
    for (size_t capacity = 1; capacity <= sizeof whole + 3; capacity++) {
        char text[64];
        poison(text, sizeof text);
        cr_expect(conv3d_problem_format(&params, input, text, capacity) == sizeof whole - 1);
        const size_t kept = capacity < sizeof whole ? capacity - 1 : sizeof whole - 1;
        cr_expect(strlen(text) == kept && memcmp(text, whole, kept) == 0, "capacity %zu",
                  capacity);
        char untouched[64];
        poison(untouched, sizeof untouched);
        cr_expect(memcmp(text + capacity, untouched + capacity, sizeof text - capacity) == 0);
    }
}

static const char *const malformed[] = {
    "",
    "n",
    "n1",
    "1_ci1t1h1w1_co1_k1",
    "ci1t1h1w1_co1_k1",
    "ci1t1h1w1_n1_co1_k1",
    "n1_ci1t1h1_co1_k1",
    "n1_ci1t1w1h1_co1_k1",
    "n1_ci1_co1_k1",
    "n1_cit1h1w1_co1_k1",
    "n1_ci1t1h1w1_k1",
    "n1_ci1t1h1w1_co1",
    "n1_co1_k1",
    "n1_ci1t1h1w1_co_k1",
    "n1_ci1t1h1w1_co1_k",
    "n1_ci1t1h1w1_co1_kx",
    "n1_ci1t1h1w1_co1_k1x",
    "n1_ci1t1h1w1_co1_k1x1",
    "n1_ci1t1h1w1_co1_k1x1x",
    "n1_ci1t1h1w1_co1_k1x1x1x1",
    "n1_ci1t1h1w1_co1_k1,1,1",
    "n1_ci1t1h1w1_co1_k1:1",
    "n1_ci1t1h1w1_co1_k1_s1:1",
    "n1_ci1t1h1w1_co1_k1_p1:",
    "n1_ci1t1h1w1_co1_k1_p:1",
    "n1_ci1t1h1w1_co1_k1_p1:1:1",
    "n1_ci1t1h1w1_co1_k1_p1x1:x1",
    "n1_ci1t1h1w1_co1_k1_s",
    "n1_ci1t1h1w1_co1_k1_g",
    "n1_ci1t1h1w1_co1_k1_g1x1x1",
    "n1_ci1t1h1w1_co1_k1_bias",
    "n1_ci1t1h1w1_co1_k1_b1",
    "n1_ci1t1h1w1_co1_k1_flip1",
    "n1_ci1t1h1w1_co1_k1_fli",
    "n1_ci1t1h1w1_co1_k1_z3",
    "n1_ci1t1h1w1_co1_k1_",
    "n1_ci1t1h1w1_co1__k1",
    "_n1_ci1t1h1w1_co1_k1",
    " n1_ci1t1h1w1_co1_k1",
    "n1_ci1t1h1w1_co1_k1 ",
    "n1_ci1t1h1w1_co1_k1\n",
    "n1 ci1t1h1w1 co1 k1",
    "n1_ci1t1h1w1_co1_k1_k1",
    "n1_ci1t1h1w1_co1_k1_co1",
    "n1_ci1t1h1w1_ci1t1h1w1_co1_k1",
    "n1_ci1t1h1w1_co1_k1_b_b",
    "n1_ci1t1h1w1_co1_k1_flip_flip",
    "n1_n1_ci1t1h1w1_co1_k1",
    "n-1_ci1t1h1w1_co1_k1",
    "n+1_ci1t1h1w1_co1_k1",
    "n1_ci1t1h1w1_co1_k-1",
    "n1_ci1t1h1w1_co1_k1.0",
    "n1_ci1t1h1w1_co1_k1e1",
    "n1_ci1t1h1w1_co1_k0x10",
    "N1_CI1T1H1W1_CO1_K1",
    "n1_ci1t1h1w1_co1_k9223372036854775808",
    "n99999999999999999999999_ci1t1h1w1_co1_k1",
    "n1_ci1t1h1w1_co1_k\xff",
};

/* The texts lie against a NUL, as a file's last line would. */
Test(text, malformed_texts_are_refused_and_touch_nothing)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        conv3d_params params;
        int64_t input[5];
        poison(&params, sizeof params);
        poison(input, sizeof input);
        const conv3d_status status = conv3d_problem_parse(malformed[i], &params, input);
        cr_expect(status == CONV3D_ERR_PARSE, "\"%s\": %s", malformed[i],
                  conv3d_status_string(status));
        cr_expect(is_poisoned(&params, sizeof params) && is_poisoned(input, sizeof input));
        cr_expect(conv3d_last_error()[0] != '\0' && strchr(conv3d_last_error(), '\n') == NULL);
    }
}

Test(text, well_formed_nonsense_has_the_status_of_its_numbers)
{
    static const struct {
        const char *text;
        conv3d_status status;
    } texts[] = {
        {"n1_ci1t1h1w1_co1_k0", CONV3D_ERR_ARGUMENT},
        {"n1_ci1t1h1w1_co1_k1_s0", CONV3D_ERR_ARGUMENT},
        {"n1_ci1t1h1w1_co1_k1_d1x0x1", CONV3D_ERR_ARGUMENT},
        {"n1_ci1t1h1w1_co1_k1_g0", CONV3D_ERR_ARGUMENT},
        {"n1_ci0t1h1w1_co1_k1", CONV3D_ERR_ARGUMENT},
        {"n1_ci1t1h1w1_co0_k1", CONV3D_ERR_ARGUMENT},
        {"n1_ci1t0h1w1_co1_k1", CONV3D_ERR_SHAPE},
        {"n1_ci1t1h1w1_co1_k2", CONV3D_ERR_SHAPE},
        {"n1_ci4t1h1w1_co4_k1_g3", CONV3D_ERR_SHAPE},
        {"n1_ci1t1h1w1_co1_k1_p9223372036854775807", CONV3D_ERR_OVERFLOW},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        conv3d_params params;
        int64_t input[5];
        poison(&params, sizeof params);
        const conv3d_status status = conv3d_problem_parse(texts[i].text, &params, input);
        cr_expect(status == texts[i].status, "%s: %s", texts[i].text,
                  conv3d_status_string(status));
        cr_expect(is_poisoned(&params, sizeof params));
    }
}

/* Any bytes at all: refused or understood, never a crash, and what is
 * understood formats to something that is understood the same. */
Test(text, garbled_texts_never_crash)
{
    static const char alphabet[] = "_0123456789xncithwkspdgbof:l";
    const uint64_t seed = test_seed();
    const int64_t count = test_count(200000);
    int64_t understood = 0;
    for (int64_t i = 0; i < count; i++) {
        char text[PROBLEM_TEXT_MAX];
        conv3d_params params;
        int64_t input[5];
        const uint64_t bits = random_bits(seed, (uint64_t)i);
        snprintf(text, sizeof text, "%s", spellings[bits % 10].text);
        const size_t length = strlen(text);
        for (uint64_t edits = 0; edits < 1 + bits / 16 % 3; edits++) {
            const uint64_t more = random_bits(bits, edits);
            text[more % length] = alphabet[more / 1024 % (sizeof alphabet - 1)];
        }
        if (conv3d_problem_parse(text, &params, input) == CONV3D_OK) {
            char canonical[PROBLEM_TEXT_MAX];
            conv3d_params again;
            int64_t again_input[5];
            conv3d_problem_format(&params, input, canonical, sizeof canonical);
            cr_assert(conv3d_problem_parse(canonical, &again, again_input) == CONV3D_OK &&
                      same_problem(&params, input, &again, again_input), "%s", text);
            understood++;
        }
    }
    cr_expect(count < 1000 || (understood > 0 && understood < count));
}

Test(text, tiles_have_one_spelling)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"", ""},
        {"t4h7w56oc64ic16p32.inner.cached", "t4h7w56oc64ic16p32.inner.cached"},
        {".streamed.outer", ".outer.streamed"},
        {"p3ic2t9223372036854775807", "t9223372036854775807ic2p3"},
        {"oc1.cached", "oc1.cached"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        conv3d_tile tile, again;
        char text[CONV3D_TILE_TEXT];
        cr_assert(conv3d_tile_parse(cases[i].text, &tile) == CONV3D_OK, "%s", cases[i].text);
        const size_t length = conv3d_tile_format(&tile, text, sizeof text);
        cr_expect_str_eq(text, cases[i].canonical);
        cr_expect(length == strlen(text));
        cr_assert(conv3d_tile_parse(text, &again) == CONV3D_OK);
        cr_expect(memcmp(&tile, &again, sizeof tile) == 0);
    }
}

Test(text, longest_tile_fits_its_buffer)
{
    char text[CONV3D_TILE_TEXT];
    const conv3d_tile tile = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
                              CONV3D_ORDER_OUTER, CONV3D_STORE_STREAMED};
    cr_expect(conv3d_tile_format(&tile, text, sizeof text) < sizeof text);
    cr_expect(conv3d_tile_format(&tile, text, 10) == conv3d_tile_format(&tile, NULL, 0));
    cr_expect(strlen(text) == 9, "truncated as snprintf does");
}

Test(text, malformed_tiles_are_refused)
{
    static const char *const tiles[] = {
        "x", "t", "t0", "t-1", "t4t4", "th4", "t4 h4", "t4.", ".inner.outer", ".inner.inner",
        ".cached.streamed", ".Inner", "t9223372036854775808", "4t", "ic4o", "t4h7\n",
    };
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        conv3d_tile tile = {.t = 77};
        cr_expect(conv3d_tile_parse(tiles[i], &tile) == CONV3D_ERR_PARSE, "%s", tiles[i]);
        cr_expect(tile.t == 77, "untouched");
    }
    conv3d_tile tile;
    cr_expect(conv3d_tile_parse(NULL, &tile) == CONV3D_ERR_NULL);
    cr_expect(conv3d_tile_parse("", NULL) == CONV3D_ERR_NULL);
}
