/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_case.c - one convolution against an independent float64 oracle
 *
 * The oracle follows the definition: for every output, every tap inside the
 * input, in double.  It keeps one row of outputs at a time, so that thousands of
 * cases take seconds.  Must not include anything of the library but conv3d.h.
 */
#include "verify_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random_data.h"

/* With |x| and |w| <= 8 a sum of 2^17 products stays below 2^24, where floats
 * hold every integer. */
enum { INTEGER_MAGNITUDE = 8, EXACT_TERMS = 1 << 17 };

/* Promised of fast math. */
static const double fast_relative_l2 = 2e-5;

/* Streams of random_bits() under one case seed. */
enum { STREAM_INPUT, STREAM_WEIGHT, STREAM_BIAS, STREAM_VARIANT };

struct tensors {
    float *input, *weight, *bias, *output;
    size_t inputs, weights, biases, outputs;
    void *workspace;
    double *sum, *magnitude; /* one row of the oracle */
    unsigned char *sees;     /* whether an output of that row has a tap inside the input */
};

/* What the oracle and the comparison look at. */
struct check {
    const struct tensors *tensors;
    const conv3d_params *params;
    const int64_t *in, *out; /* shapes */
    enum verify_data data;
    int relu;
    double unit;             /* (4*sqrt(K)+8) * 2^-24 */
};

struct tally {
    double error_squares, reference_squares;
    int64_t seeing, nonzero;
};

uint64_t verify_checksum_add(uint64_t checksum, uint64_t value)
{
    return random_bits(checksum ^ value, value);
}

int verify_result_is_good(const struct verify_result *result)
{
    if (result->mistrusted)
        return 0;
    if (result->mismatches == 0)
        return 1;
    return result->math != CONV3D_MATH_STRICT && result->relative_l2 <= fast_relative_l2 &&
           result->max_abs <= 20.0 * fast_relative_l2 * result->rms;
}

/* The product of the extents; 0 when it overflows, as for an empty tensor. */
static size_t count_elements(const int64_t *shape, int rank)
{
    size_t count = 1;

    for (int i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(count, (size_t)shape[i], &count))
            return 0;
    }
    return count;
}

/* Never NULL for an empty tensor, so that NULL means refused memory. */
static void *allocate(size_t count, size_t size)
{
    return calloc(count ? count : 1, size);
}

static int tensors_create(struct tensors *t, const conv3d_params *params,
                          const int64_t input_shape[5], const int64_t output_shape[5])
{
    const int64_t weight_shape[5] = {params->out_channels, params->in_channels / params->groups,
                                     params->kernel_size[0], params->kernel_size[1],
                                     params->kernel_size[2]};
    const size_t row = (size_t)output_shape[4];

    t->inputs = count_elements(input_shape, 5);
    t->weights = count_elements(weight_shape, 5);
    t->biases = params->bias ? (size_t)params->out_channels : 0;
    t->outputs = count_elements(output_shape, 5);
    if (t->weights == 0 || (input_shape[0] > 0 && (t->inputs == 0 || t->outputs == 0)))
        return 0;
    t->input = allocate(t->inputs, sizeof(float));
    t->weight = allocate(t->weights, sizeof(float));
    t->bias = allocate(t->biases, sizeof(float));
    t->output = allocate(t->outputs, sizeof(float));
    t->sum = allocate(row, sizeof(double));
    t->magnitude = allocate(row, sizeof(double));
    t->sees = allocate(row, 1);
    return t->input && t->weight && t->bias && t->output && t->sum && t->magnitude && t->sees;
}

static void tensors_destroy(struct tensors *t)
{
    free(t->input);
    free(t->weight);
    free(t->bias);
    free(t->output);
    free(t->workspace);
    free(t->sum);
    free(t->magnitude);
    free(t->sees);
}

static void tensors_fill(struct tensors *t, enum verify_data data, uint64_t seed, size_t taps)
{
    const uint64_t input_seed = random_bits(seed, STREAM_INPUT);
    const uint64_t weight_seed = random_bits(seed, STREAM_WEIGHT);
    const uint64_t bias_seed = random_bits(seed, STREAM_BIAS);

    if (data == VERIFY_INTEGER) {
        const double density = taps <= EXACT_TERMS ? 1.0 : (double)EXACT_TERMS / (double)taps;

        random_fill_integers(t->input, t->inputs, input_seed, INTEGER_MAGNITUDE, density);
        random_fill_integers(t->weight, t->weights, weight_seed, INTEGER_MAGNITUDE, 1.0);
        random_fill_integers(t->bias, t->biases, bias_seed, INTEGER_MAGNITUDE, 1.0);
    } else {
        random_fill_real(t->input, t->inputs, input_seed);
        random_fill_real(t->weight, t->weights, weight_seed);
        random_fill_real(t->bias, t->biases, bias_seed);
    }
    memset(t->output, 0xff, t->outputs * sizeof(float)); /* NaN: an unwritten output shows */
}

/* The same memory under every shape that the API accepts for it. */
static conv3d_status run_plan(struct tensors *t, const conv3d_params *p,
                              const int64_t input_shape[5], const conv3d_options *options,
                              uint64_t variant, conv3d_math *math)
{
    const int64_t *const k = p->kernel_size;
    const int64_t in_per_group = p->in_channels / p->groups;
    const conv3d_tensor weight5 = {t->weight, 5, {p->out_channels, in_per_group, k[0], k[1], k[2]}};
    const conv3d_tensor weight6 = {
        t->weight, 6, {p->groups, p->out_channels / p->groups, in_per_group, k[0], k[1], k[2]}};
    const conv3d_tensor bias1 = {t->bias, 1, {p->out_channels}};
    const conv3d_tensor bias5 = {t->bias, 5, {1, p->out_channels, 1, 1, 1}};
    const conv3d_tensor *const weight = p->groups > 1 && (variant & 1) ? &weight6 : &weight5;
    const conv3d_tensor *const bias = variant & 2 ? &bias5 : &bias1;
    conv3d_plan_info info = {.size = sizeof info};
    conv3d_plan *plan;

    conv3d_status status =
        conv3d_plan_create(&plan, p, input_shape, weight, p->bias ? bias : NULL, options);
    if (status != CONV3D_OK)
        return status;
    status = conv3d_plan_query(plan, &info);
    *math = info.math;
    if (status == CONV3D_OK && (variant & 4)) {
        t->workspace = allocate(conv3d_plan_workspace_bytes(plan), 1);
        if (t->workspace == NULL)
            status = CONV3D_ERR_MEMORY;
    }
    if (status == CONV3D_OK)
        status = conv3d_plan_execute(plan, t->input, t->output, t->workspace);
    conv3d_plan_destroy(plan);
    return status;
}

/* Adds one tap to every output of a row that has it inside the input. */
static void add_tap(const struct tensors *t, const conv3d_params *p, const float *input_row,
                    int64_t width, int64_t out_width, int64_t kw, double weight)
{
    double *const restrict sum = t->sum;
    double *const restrict magnitude = t->magnitude;
    const int64_t stride = p->stride[2];
    const int64_t shift = kw * p->dilation[2] - p->padding_begin[2];

    /* The first output whose voxel is not before the row, and the voxel it reads. */
    const int64_t first = shift < 0 ? (-shift + stride - 1) / stride : 0;
    int64_t wi = first * stride + shift;

    for (int64_t wo = first; wo < out_width && wi < width; wo++, wi += stride) {
        const double product = weight * (double)input_row[wi];

        sum[wo] += product;
        magnitude[wo] += fabs(product);
        t->sees[wo] = 1;
    }
}

/* One row of outputs: item n, channel o, at (to, ho, all of W). */
static void reference_row(const struct check *check, const int64_t at[4])
{
    const struct tensors *const t = check->tensors;
    const conv3d_params *const p = check->params;
    const int64_t *const in = check->in, *const out = check->out;
    const int64_t n = at[0], o = at[1], to = at[2], ho = at[3];
    const int64_t channels = p->in_channels / p->groups;
    const int64_t first = o / (p->out_channels / p->groups) * channels;
    const int64_t *const k = p->kernel_size;
    const int flip = p->conv_mode == CONV3D_CONVOLUTION;

    memset(t->sum, 0, (size_t)out[4] * sizeof *t->sum);
    memset(t->magnitude, 0, (size_t)out[4] * sizeof *t->magnitude);
    memset(t->sees, 0, (size_t)out[4]);
    for (int64_t c = 0; c < channels; c++) {
        const float *const volume = t->input + (n * in[1] + first + c) * in[2] * in[3] * in[4];
        const float *const kernel = t->weight + (o * channels + c) * k[0] * k[1] * k[2];

        for (int64_t kt = 0; kt < k[0]; kt++) {
            const int64_t ti = to * p->stride[0] - p->padding_begin[0] + kt * p->dilation[0];

            for (int64_t kh = 0; ti >= 0 && ti < in[2] && kh < k[1]; kh++) {
                const int64_t hi = ho * p->stride[1] - p->padding_begin[1] + kh * p->dilation[1];

                for (int64_t kw = 0; hi >= 0 && hi < in[3] && kw < k[2]; kw++) {
                    const int64_t tap = (kt * k[1] + kh) * k[2] + kw;
                    const int64_t last = k[0] * k[1] * k[2] - 1; /* flipping reverses the taps */

                    add_tap(t, p, volume + (ti * in[3] + hi) * in[4], in[4], out[4], kw,
                            kernel[flip ? last - tap : tap]);
                }
            }
        }
    }
}

/* Compares one row of outputs with the row that the oracle just computed. */
static void compare_row(const struct check *check, const float *output, double bias,
                        struct tally *tally, struct verify_result *result)
{
    const struct tensors *const t = check->tensors;

    for (int64_t wo = 0; wo < check->out[4]; wo++) {
        const double sum = t->sum[wo] + bias;
        const double expected = check->relu && sum < 0.0 ? 0.0 : sum;
        const double error = fabs((double)output[wo] - expected);
        const double bound = check->unit * (t->magnitude[wo] + fabs(bias));
        const double ratio = error == 0.0 ? 0.0 : error / bound;
        uint32_t bits;

        /* Written so that a NaN counts as wrong. */
        if (!(ratio <= result->worst_ratio))
            result->worst_ratio = isnan(ratio) ? INFINITY : ratio;
        if (!(error <= result->max_abs))
            result->max_abs = isnan(error) ? INFINITY : error;
        result->mismatches += !(check->data == VERIFY_INTEGER ? error == 0.0 : ratio <= 1.0);
        tally->error_squares += isnan(error) ? INFINITY : error * error;
        tally->reference_squares += expected * expected;
        tally->seeing += t->sees[wo];
        tally->nonzero += t->sees[wo] && sum != 0.0;
        memcpy(&bits, &output[wo], sizeof bits);
        result->checksum = verify_checksum_add(result->checksum, bits);
    }
}

static void compare(const struct check *check, struct verify_result *result)
{
    const conv3d_params *const p = check->params;
    const int64_t *const out = check->out;
    const float *output = check->tensors->output;
    struct tally tally = {0};
    int64_t at[4];

    for (at[0] = 0; at[0] < out[0]; at[0]++) {
        for (at[1] = 0; at[1] < out[1]; at[1]++) {
            const double bias = p->bias ? (double)check->tensors->bias[at[1]] : 0.0;

            for (int64_t row = 0; row < out[2] * out[3]; row++) {
                at[2] = row / out[3];
                at[3] = row % out[3];
                reference_row(check, at);
                compare_row(check, output, bias, &tally, result);
                output += out[4];
            }
        }
    }
    result->outputs = (int64_t)check->tensors->outputs;
    result->mistrusted = 2 * tally.nonzero < tally.seeing;
    if (result->outputs > 0)
        result->rms = sqrt(tally.reference_squares / (double)result->outputs);
    if (tally.error_squares > 0.0)
        result->relative_l2 = sqrt(tally.error_squares / tally.reference_squares);
}

conv3d_status verify_case_run(const conv3d_params *params, const int64_t input_shape[5],
                              const conv3d_options *options, enum verify_data data,
                              uint64_t seed, struct verify_result *result)
{
    struct tensors tensors = {0};
    int64_t output_shape[5];

    memset(result, 0, sizeof *result);
    conv3d_status status = conv3d_output_shape(params, input_shape, output_shape);
    if (status != CONV3D_OK)
        return status;
    if (tensors_create(&tensors, params, input_shape, output_shape)) {
        const size_t taps = tensors.weights / (size_t)params->out_channels;
        const struct check check = {
            .tensors = &tensors,
            .params = params,
            .in = input_shape,
            .out = output_shape,
            .data = data,
            .relu = options != NULL && options->activation == CONV3D_ACTIVATION_RELU,
            .unit = (4.0 * sqrt((double)taps) + 8.0) * 0x1p-24,
        };

        tensors_fill(&tensors, data, seed, taps);
        status = run_plan(&tensors, params, input_shape, options,
                          random_bits(seed, STREAM_VARIANT), &result->math);
        if (status == CONV3D_OK)
            compare(&check, result);
    } else {
        status = CONV3D_ERR_MEMORY;
    }
    tensors_destroy(&tensors);
    return status;
}
