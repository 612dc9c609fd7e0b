/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_properties.c - two ways to ask for the same sums, compared bit for bit
 * in strict math.  No oracle: only the library against itself, where the order
 * of the sum is the same on both sides.
 */
#include "support.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 300, MAX_OUTPUTS = 20000 };

typedef bool property_fn(const struct workload *workload, const float *output);

/* Runs property on random problems, each with its strict output. */
static void check_property(property_fn *property, uint64_t stream)
{
    const uint64_t seed = random_bits(test_seed(), stream);
    const int64_t rounds = test_count(ROUNDS);
    const conv3d_options strict = options_strict(2);
    for (int64_t i = 0; i < rounds; i++) {
        struct problem problem;
        struct workload workload;
        problem_draw(&problem, random_bits(seed, (uint64_t)i), MAX_OUTPUTS);
        workload_make(&workload, &problem, (uint64_t)i);
        float *output = allocate_floats(workload.output_count);
        const bool good = workload_run(&workload, &strict, output) && property(&workload, output);
        free(output);
        workload_free(&workload);
        cr_assert(good);
    }
}

/* Runs `changed` and compares with what `expected` holds, then frees both. */
static bool gives(struct workload *changed, float *expected, const char *label)
{
    const conv3d_options strict = options_strict(1);
    float *got = allocate_floats(changed->output_count);
    const bool good = workload_run(changed, &strict, got) &&
                      same_bits(changed, expected, got, label);
    free(got);
    free(expected);
    workload_free(changed);
    return good;
}

/* A workload of another problem, with weights and bias of the first copied as
 * far as they fit; the caller changes what the property changes. */
static void derive(struct workload *changed, const struct workload *from,
                   const conv3d_params *params, const int64_t input[5])
{
    struct problem problem;
    if (!problem_from_params(&problem, params, input))
        abort();
    workload_make(changed, &problem, 0);
    if (changed->weight_count == from->weight_count)
        memcpy(changed->weight, from->weight, from->weight_count * sizeof(float));
    if (changed->bias_count == from->bias_count && from->bias_count > 0)
        memcpy(changed->bias, from->bias, from->bias_count * sizeof(float));
}

static bool each_item_alone(const struct workload *w, const float *output)
{
    const int64_t items = w->problem.input[0];
    const size_t in = w->input_count / (size_t)items, out = w->output_count / (size_t)items;
    int64_t shape[5];
    memcpy(shape, w->problem.input, sizeof shape);
    shape[0] = 1;
    for (size_t n = 0; n < (size_t)items; n++) {
        struct workload one;
        derive(&one, w, &w->problem.params, shape);
        memcpy(one.input, w->input + n * in, in * sizeof(float));
        float *expected = allocate_floats(out);
        memcpy(expected, output + n * out, out * sizeof(float));
        if (!gives(&one, expected, "one item of the batch"))
            return false;
    }
    return true;
}

Test(properties, a_batch_is_its_items)
{
    check_property(each_item_alone, 1);
}

/* Copies channels [first, first + count) of every item of a tensor of shape. */
static void copy_channels(float *to, const float *from, const int64_t shape[5], size_t first,
                          size_t count)
{
    const size_t voxels = shape_count(&shape[2], 3), channels = (size_t)shape[1];
    for (size_t n = 0; n < (size_t)shape[0]; n++)
        memcpy(to + n * count * voxels, from + (n * channels + first) * voxels,
               count * voxels * sizeof(float));
}

static bool each_group_alone(const struct workload *w, const float *output)
{
    const conv3d_params *p = &w->problem.params;
    const size_t in = (size_t)(p->in_channels / p->groups);
    const size_t out = (size_t)(p->out_channels / p->groups);
    const size_t weights = w->weight_count / (size_t)p->groups;
    conv3d_params params = *p;
    params.groups = 1;
    params.in_channels = (int64_t)in;
    params.out_channels = (int64_t)out;
    int64_t shape[5];
    memcpy(shape, w->problem.input, sizeof shape);
    shape[1] = (int64_t)in;
    for (size_t g = 0; g < (size_t)p->groups; g++) {
        struct workload one;
        derive(&one, w, &params, shape);
        copy_channels(one.input, w->input, w->problem.input, g * in, in);
        memcpy(one.weight, w->weight + g * weights, weights * sizeof(float));
        if (w->bias != NULL)
            memcpy(one.bias, w->bias + g * out, out * sizeof(float));
        float *expected = allocate_floats(one.output_count);
        copy_channels(expected, output, w->problem.output, g * out, out);
        if (!gives(&one, expected, "one group"))
            return false;
    }
    return true;
}

Test(properties, groups_are_convolutions_side_by_side)
{
    check_property(each_group_alone, 2);
}

/* Places a volume of `shape` into a zeroed one, at `begin` and every `step`. */
static void place(float *to, const int64_t to_shape[5], const float *from,
                  const int64_t shape[5], const int64_t begin[3], const int64_t step[3])
{
    const int64_t planes = shape[0] * shape[1];
    memset(to, 0, shape_count(to_shape, 5) * sizeof(float));
    for (int64_t n = 0; n < planes; n++)
        for (int64_t t = 0; t < shape[2]; t++)
            for (int64_t h = 0; h < shape[3]; h++)
                for (int64_t w = 0; w < shape[4]; w++) {
                    const int64_t plane = n * to_shape[2] + begin[0] + t * step[0];
                    const int64_t row = plane * to_shape[3] + begin[1] + h * step[1];
                    to[row * to_shape[4] + begin[2] + w * step[2]] = *from++;
                }
}

static bool padded_by_hand(const struct workload *w, const float *output)
{
    static const int64_t ones[3] = {1, 1, 1};
    conv3d_params params = w->problem.params;
    int64_t shape[5];
    memcpy(shape, w->problem.input, sizeof shape);
    for (int axis = 0; axis < 3; axis++) {
        shape[2 + axis] += params.padding_begin[axis] + params.padding_end[axis];
        params.padding_begin[axis] = params.padding_end[axis] = 0;
    }
    struct workload padded;
    derive(&padded, w, &params, shape);
    place(padded.input, shape, w->input, w->problem.input, w->problem.params.padding_begin, ones);
    float *expected = allocate_floats(w->output_count);
    memcpy(expected, output, w->output_count * sizeof(float));
    return gives(&padded, expected, "padded by hand");
}

Test(properties, padding_is_a_border_of_zeros)
{
    check_property(padded_by_hand, 3);
}

static bool kernel_stuffed_with_zeros(const struct workload *w, const float *output)
{
    static const int64_t zeros[3] = {0, 0, 0};
    conv3d_params params = w->problem.params;
    const int64_t channels = params.in_channels / params.groups;
    int64_t small[5] = {params.out_channels, channels}, large[5] = {params.out_channels, channels};
    for (int axis = 0; axis < 3; axis++) {
        small[2 + axis] = params.kernel_size[axis];
        params.kernel_size[axis] = params.dilation[axis] * (params.kernel_size[axis] - 1) + 1;
        large[2 + axis] = params.kernel_size[axis];
        params.dilation[axis] = 1;
    }
    struct workload stuffed;
    derive(&stuffed, w, &params, w->problem.input);
    memcpy(stuffed.input, w->input, w->input_count * sizeof(float));
    place(stuffed.weight, large, w->weight, small, zeros, w->problem.params.dilation);
    float *expected = allocate_floats(w->output_count);
    memcpy(expected, output, w->output_count * sizeof(float));
    return gives(&stuffed, expected, "kernel stuffed with zeros");
}

Test(properties, dilation_is_a_kernel_with_gaps)
{
    check_property(kernel_stuffed_with_zeros, 4);
}

/* Here the derived problem is the larger one, so it is compared the other way. */
static bool subsampled(const struct workload *w, const float *output)
{
    const conv3d_options strict = options_strict(1);
    const int64_t *few = w->problem.output, *stride = w->problem.params.stride;
    conv3d_params params = w->problem.params;
    for (int axis = 0; axis < 3; axis++)
        params.stride[axis] = 1;
    struct workload dense;
    derive(&dense, w, &params, w->problem.input);
    memcpy(dense.input, w->input, w->input_count * sizeof(float));
    float *all = allocate_floats(dense.output_count);
    float *picked = allocate_floats(w->output_count), *to = picked;
    bool good = workload_run(&dense, &strict, all);
    for (int64_t n = 0; n < few[0] * few[1]; n++)
        for (int64_t t = 0; t < few[2]; t++)
            for (int64_t h = 0; h < few[3]; h++)
                for (int64_t x = 0; x < few[4]; x++) {
                    const int64_t plane = n * dense.problem.output[2] + t * stride[0];
                    const int64_t row = plane * dense.problem.output[3] + h * stride[1];
                    *to++ = all[row * dense.problem.output[4] + x * stride[2]];
                }
    good = good && same_bits(w, picked, output, "stride 1, subsampled");
    free(all);
    free(picked);
    workload_free(&dense);
    return good;
}

Test(properties, stride_is_a_subsample)
{
    check_property(subsampled, 5);
}

/* Reverses count elements. */
static void reverse(float *data, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        const float other = data[count - 1 - i];
        data[count - 1 - i] = data[i];
        data[i] = other;
    }
}

static bool flipped_by_hand(const struct workload *w, const float *output)
{
    conv3d_params params = w->problem.params;
    const size_t taps = shape_count(params.kernel_size, 3);
    params.conv_mode = params.conv_mode == CONV3D_CONVOLUTION ? CONV3D_CROSS_CORRELATION
                                                              : CONV3D_CONVOLUTION;
    struct workload flipped;
    derive(&flipped, w, &params, w->problem.input);
    memcpy(flipped.input, w->input, w->input_count * sizeof(float));
    for (size_t at = 0; at < flipped.weight_count; at += taps)
        reverse(flipped.weight + at, taps);
    float *expected = allocate_floats(w->output_count);
    memcpy(expected, output, w->output_count * sizeof(float));
    return gives(&flipped, expected, "kernel flipped by hand");
}

Test(properties, convolution_is_correlation_with_a_flipped_kernel)
{
    check_property(flipped_by_hand, 6);
}

/* ReLU is applied last: the same bits, cut at zero. */
static bool cut_at_zero(const struct workload *w, const float *output)
{
    conv3d_options options = options_strict(1);
    options.activation = CONV3D_ACTIVATION_RELU;
    float *expected = allocate_floats(w->output_count), *got = allocate_floats(w->output_count);
    for (size_t i = 0; i < w->output_count; i++)
        expected[i] = output[i] > 0.0f ? output[i] : 0.0f;
    const bool good = workload_run(w, &options, got) && same_bits(w, expected, got, "ReLU");
    free(expected);
    free(got);
    return good;
}

Test(properties, relu_is_applied_last)
{
    check_property(cut_at_zero, 7);
}

/* Doubling is exact, so it commutes with every rounding. */
static bool doubled(const struct workload *w, const float *output)
{
    struct workload twice;
    derive(&twice, w, &w->problem.params, w->problem.input);
    for (size_t i = 0; i < w->input_count; i++)
        twice.input[i] = 2.0f * w->input[i];
    for (size_t i = 0; i < w->bias_count; i++)
        twice.bias[i] = 2.0f * w->bias[i];
    float *expected = allocate_floats(w->output_count);
    for (size_t i = 0; i < w->output_count; i++)
        expected[i] = 2.0f * output[i];
    return gives(&twice, expected, "input and bias doubled");
}

Test(properties, doubling_the_input_doubles_the_output)
{
    check_property(doubled, 8);
}
