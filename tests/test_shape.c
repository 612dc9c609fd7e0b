/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shape.c - the size of the output: the formula against counting, and
 * against 128-bit arithmetic where 64 bits do not suffice.
 */
#include "support.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

/* Walks over the padded line and counts the positions where the whole dilated
 * kernel lies inside: what the formula is a formula for. */
static int64_t count_positions(int64_t in, int64_t begin, int64_t end, int64_t kernel,
                               int64_t stride, int64_t dilation)
{
    int64_t count = 0;
    for (int64_t first = -begin; first < in + end; first += stride) {
        int64_t last = first;
        for (int64_t k = 1; k < kernel; k++)
            last += dilation;
        if (last < in + end)
            count++;
    }
    return count;
}

/* One axis against the count; the other two stay 1. */
static bool axis_agrees(int axis, int64_t in, int64_t begin, int64_t end, int64_t kernel,
                        int64_t stride, int64_t dilation)
{
    conv3d_params params;
    conv3d_params_init(&params, 1, 1, 1);
    params.kernel_size[axis] = kernel;
    params.stride[axis] = stride;
    params.dilation[axis] = dilation;
    params.padding_begin[axis] = begin;
    params.padding_end[axis] = end;
    int64_t input[5] = {1, 1, 1, 1, 1}, output[5] = {-7, -7, -7, -7, -7};
    input[2 + axis] = in;
    const int64_t expected = count_positions(in, begin, end, kernel, stride, dilation);
    const conv3d_status status = conv3d_output_shape(&params, input, output);
    bool good;
    if (expected == 0) {
        good = status == CONV3D_ERR_SHAPE;
        for (int i = 0; i < 5; i++)
            good &= output[i] == -7;
    } else {
        good = status == CONV3D_OK;
        for (int i = 0; i < 5; i++)
            good &= output[i] == (i == 2 + axis ? expected : 1);
    }
    return good || complain("axis %d: in %" PRId64 " pad %" PRId64 ":%" PRId64 " kernel %" PRId64
                            " stride %" PRId64 " dilation %" PRId64 ": %s, %" PRId64
                            ", expected %" PRId64,
                            axis, in, begin, end, kernel, stride, dilation,
                            conv3d_status_string(status), output[2 + axis], expected);
}

static bool every_padding_agrees(int axis, int64_t in, int64_t kernel, int64_t stride,
                                 int64_t dilation)
{
    for (int64_t begin = 0; begin <= 6; begin++)
        for (int64_t end = 0; end <= 6; end++)
            if (!axis_agrees(axis, in, begin, end, kernel, stride, dilation))
                return false;
    return true;
}

static void every_axis_length_agrees(int axis)
{
    for (int64_t in = 1; in <= 12; in++)
        for (int64_t kernel = 1; kernel <= 5; kernel++)
            for (int64_t stride = 1; stride <= 4; stride++)
                for (int64_t dilation = 1; dilation <= 4; dilation++)
                    cr_assert(every_padding_agrees(axis, in, kernel, stride, dilation));
}

Test(shape, counts_positions_along_t)
{
    every_axis_length_agrees(0);
}

Test(shape, counts_positions_along_h)
{
    every_axis_length_agrees(1);
}

Test(shape, counts_positions_along_w)
{
    every_axis_length_agrees(2);
}

Test(shape, carries_batch_and_channels)
{
    conv3d_params params;
    conv3d_params_init(&params, 6, 10, 3);
    params.groups = 2;
    int64_t output[5];
    cr_assert(conv3d_output_shape(&params, (int64_t[5]){7, 6, 3, 4, 5}, output) == CONV3D_OK);
    cr_expect_arr_eq(output, ((int64_t[5]){7, 10, 1, 2, 3}), sizeof output);
    cr_assert(conv3d_output_shape(&params, (int64_t[5]){0, 6, 3, 4, 5}, output) == CONV3D_OK);
    cr_expect_arr_eq(output, ((int64_t[5]){0, 10, 1, 2, 3}), sizeof output);
}

/* ---- Beyond 63 bits -------------------------------------------------------- */

static const int64_t limits[] = {1,
                                 2,
                                 INT64_C(1) << 15,
                                 INT64_C(1) << 16,
                                 (INT64_C(1) << 31) - 1,
                                 INT64_C(1) << 31,
                                 INT64_C(1) << 32,
                                 INT64_C(1) << 62,
                                 INT64_MAX};

struct descriptor {
    conv3d_params params;
    int64_t input[5];
};

static int64_t draw_limit(uint64_t seed, uint64_t *draws)
{
    const uint64_t bits = random_bits(seed, (*draws)++);
    /* Small numbers more often, or hardly any descriptor would be legal. */
    const size_t count = sizeof limits / sizeof *limits;
    return limits[bits % 4 == 0 ? (bits >> 8) % count : (bits >> 8) % 3];
}

static void draw_descriptor(struct descriptor *d, uint64_t seed)
{
    uint64_t draws = 0;
    conv3d_params_init(&d->params, draw_limit(seed, &draws), draw_limit(seed, &draws), 1);
    d->params.groups = random_bits(seed, draws++) % 4 ? 1 : draw_limit(seed, &draws);
    d->input[0] = draw_limit(seed, &draws);
    d->input[1] = random_bits(seed, draws++) % 8 ? d->params.in_channels
                                                 : draw_limit(seed, &draws);
    for (int axis = 0; axis < 3; axis++) {
        d->input[2 + axis] = draw_limit(seed, &draws);
        d->params.kernel_size[axis] = draw_limit(seed, &draws);
        d->params.stride[axis] = draw_limit(seed, &draws);
        d->params.dilation[axis] = draw_limit(seed, &draws);
        if (random_bits(seed, draws++) % 2)
            d->params.padding_begin[axis] = draw_limit(seed, &draws);
        if (random_bits(seed, draws++) % 2)
            d->params.padding_end[axis] = draw_limit(seed, &draws);
    }
}

typedef __int128 wide;

/* Products of many limits exceed even 128 bits; they stop at 2^100. */
static wide product(wide a, wide b)
{
    const wide most = (wide)1 << 100;
    return a > most / b ? most : a * b;
}

/* What is true of a descriptor, in arithmetic that cannot overflow. */
struct truth {
    bool contradicts; /* a reason for SHAPE */
    bool fits;        /* extents, steps along an axis, bytes: all below 2^63 */
    wide output[5];
};

static void find_truth(struct truth *truth, const struct descriptor *d)
{
    const conv3d_params *p = &d->params;
    /* More groups than channels contradicts anyway; 1 keeps the rest defined. */
    const int64_t per_group = p->in_channels / p->groups;
    wide weight = product(p->out_channels, per_group > 0 ? per_group : 1);
    wide largest = 0;
    truth->contradicts = d->input[1] != p->in_channels || p->in_channels % p->groups != 0 ||
                         p->out_channels % p->groups != 0;
    truth->output[0] = d->input[0];
    truth->output[1] = p->out_channels;
    for (int axis = 0; axis < 3; axis++) {
        const wide padded =
            (wide)d->input[2 + axis] + p->padding_begin[axis] + p->padding_end[axis];
        const wide span = (wide)p->dilation[axis] * (p->kernel_size[axis] - 1) + 1;
        truth->contradicts |= span > padded;
        truth->output[2 + axis] = span > padded ? 1 : (padded - span) / p->stride[axis] + 1;
        weight = product(weight, p->kernel_size[axis]);
        const wide steps = product(truth->output[2 + axis], p->kernel_size[axis]);
        largest = padded > largest ? padded : largest;
        largest = span > largest ? span : largest;
        largest = steps > largest ? steps : largest;
    }
    wide input = 4, output = 4;
    for (int i = 0; i < 5; i++) {
        input = product(input, d->input[i]);
        output = product(output, truth->output[i]);
    }
    weight = product(weight, 4);
    largest = input > largest ? input : largest;
    largest = output > largest ? output : largest;
    largest = weight > largest ? weight : largest;
    truth->fits = largest <= INT64_MAX;
}

static bool answer_is_true(const struct descriptor *d, int *legal)
{
    struct truth truth;
    int64_t output[5] = {-7, -7, -7, -7, -7};
    find_truth(&truth, d);
    const conv3d_status status = conv3d_output_shape(&d->params, d->input, output);
    bool good;
    if (status == CONV3D_OK) {
        good = truth.fits && !truth.contradicts;
        for (int i = 0; i < 5; i++)
            good &= output[i] == truth.output[i];
        ++*legal;
    } else {
        good = status == CONV3D_ERR_SHAPE ? truth.contradicts
                                          : status == CONV3D_ERR_OVERFLOW && !truth.fits;
        for (int i = 0; i < 5; i++)
            good &= output[i] == -7;
    }
    if (good)
        return true;
    char text[PROBLEM_TEXT_MAX];
    conv3d_problem_format(&d->params, d->input, text, sizeof text);
    return complain("%s: %s: %s (fits %d, contradicts %d)", text, conv3d_status_string(status),
                    conv3d_last_error(), truth.fits, truth.contradicts);
}

Test(shape, survives_sizes_beyond_63_bits)
{
    const uint64_t seed = test_seed();
    const int64_t count = test_count(100000);
    int legal = 0;
    for (int64_t i = 0; i < count; i++) {
        struct descriptor d;
        draw_descriptor(&d, random_bits(seed, (uint64_t)i));
        cr_assert(answer_is_true(&d, &legal));
    }
    /* Both verdicts must have been met, or the draw proves little. */
    cr_expect(count < 1000 || (legal > count / 100 && legal < count), "%d legal", legal);
}

/* The text form goes through the same checks. */
Test(shape, parsed_sizes_beyond_63_bits_are_refused)
{
    static const char *const texts[] = {
        "n1_ci2147483648t1h1w1_co2147483648_k1",
        "n1_ci1t1h1w4611686018427387904_co1_k1",
        "n4611686018427387904_ci1t1h1w1_co1_k1",
        "n65536_ci65536t65536h65536w1_co1_k1",
        "n1_ci1t4294967296h4294967296w1_co1_k4294967296x4294967296x1",
        "n1_ci1t1h1w1_co1_k1_p4611686018427387904",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        conv3d_params params;
        int64_t input[5];
        const conv3d_status status = conv3d_problem_parse(texts[i], &params, input);
        cr_expect(status == CONV3D_ERR_OVERFLOW, "%s: %s", texts[i],
                  conv3d_status_string(status));
    }
}
