/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample_check.c - some outputs of a large convolution against float64
 *
 * Works one output at a time, from the definition.  Must not include anything of
 * the library but conv3d.h, nor share code with its algorithms.
 */
#include "sample_check.h"

#include <math.h>
#include <stddef.h>

#include "random_data.h"

/* At least so many outputs; more when there are more channels, up to a limit that
 * keeps the check shorter than the convolution. */
enum { LEAST_SAMPLES = 256, MOST_SAMPLES = 4096 };

/* Promised of fast math. */
static const double fast_relative_l2 = 2e-5;

struct expected {
    double sum, magnitude; /* of the products, and of their absolute values */
};

/* One axis of a sample: at the beginning, at the end, or anywhere. */
static int64_t draw_position(uint64_t bits, int at_border, int64_t extent)
{
    if (at_border)
        return bits & 1 ? extent - 1 : 0;
    return (int64_t)((bits >> 1) % (uint64_t)extent);
}

/* Sample i of n: (item, channel, t, h, w).  Channels take turns, so that all of
 * them are seen.  Of eight samples one is a corner, three lie on an edge, and the
 * rest are anywhere. */
static void draw_sample(const struct sample_case *c, uint64_t seed, int64_t i, int64_t n,
                        int64_t at[5])
{
    static const unsigned borders[8] = {7, 3, 5, 6, 0, 0, 0, 0}; /* bits of T, H, W */
    const int64_t *const shape = c->output_shape;
    const uint64_t bits = random_bits(seed, (uint64_t)(5 * i));
    const unsigned border = borders[bits >> 61];

    at[0] = draw_position(bits, 0, shape[0]);
    at[1] = shape[1] <= n ? i % shape[1] : i * shape[1] / n;
    for (int axis = 0; axis < 3; axis++)
        at[2 + axis] = draw_position(random_bits(seed, (uint64_t)(5 * i + 1 + axis)),
                                     border >> axis & 1, shape[2 + axis]);
}

/* Adds the products of one row of the kernel. */
static void add_kernel_row(const struct sample_case *c, const float *input_row,
                           const float *kernel_row, int step, int64_t wo, struct expected *e)
{
    const conv3d_params *const p = c->params;

    for (int64_t kw = 0; kw < p->kernel_size[2]; kw++) {
        const int64_t wi = wo * p->stride[2] - p->padding_begin[2] + kw * p->dilation[2];

        if (wi >= 0 && wi < c->input_shape[4]) {
            const double term = (double)input_row[wi] * (double)kernel_row[kw * step];

            e->sum += term;
            e->magnitude += fabs(term);
        }
    }
}

static struct expected compute_expected(const struct sample_case *c, const int64_t at[5])
{
    const conv3d_params *const p = c->params;
    const int64_t *const in = c->input_shape, *const k = p->kernel_size;
    const int64_t channels = p->in_channels / p->groups, taps = k[0] * k[1] * k[2];
    const int64_t first = at[1] / (p->out_channels / p->groups) * channels;
    const int flip = p->conv_mode == CONV3D_CONVOLUTION;
    struct expected e = {0.0, 0.0};

    for (int64_t ci = 0; ci < channels; ci++) {
        const float *const volume =
            c->input + (at[0] * in[1] + first + ci) * in[2] * in[3] * in[4];
        const float *const kernel = c->weight + (at[1] * channels + ci) * taps;

        for (int64_t kt = 0; kt < k[0]; kt++) {
            const int64_t ti = at[2] * p->stride[0] - p->padding_begin[0] + kt * p->dilation[0];

            for (int64_t kh = 0; ti >= 0 && ti < in[2] && kh < k[1]; kh++) {
                const int64_t hi =
                    at[3] * p->stride[1] - p->padding_begin[1] + kh * p->dilation[1];
                const int64_t tap = (kt * k[1] + kh) * k[2];

                if (hi >= 0 && hi < in[3])
                    add_kernel_row(c, volume + (ti * in[3] + hi) * in[4],
                                   kernel + (flip ? taps - 1 - tap : tap), flip ? -1 : 1, at[4],
                                   &e);
            }
        }
    }
    return e;
}

static int64_t count_unwritten(const struct sample_case *c)
{
    const int64_t *const shape = c->output_shape;
    const int64_t count = shape[0] * shape[1] * shape[2] * shape[3] * shape[4];
    int64_t unwritten = 0;

    for (int64_t i = 0; i < count; i++)
        unwritten += isnan(c->output[i]) != 0;
    return unwritten;
}

void sample_check(const struct sample_case *c, uint64_t seed, struct sample_result *result)
{
    const conv3d_params *const p = c->params;
    const int64_t *const out = c->output_shape;
    const double taps = (double)(p->in_channels / p->groups) * (double)p->kernel_size[0] *
                        (double)p->kernel_size[1] * (double)p->kernel_size[2];
    const double unit = (4.0 * sqrt(taps) + 8.0) * 0x1p-24;
    const int64_t n = out[1] < LEAST_SAMPLES  ? LEAST_SAMPLES
                      : out[1] < MOST_SAMPLES ? out[1]
                                              : MOST_SAMPLES;
    double error_squares = 0.0, squares = 0.0;

    *result = (struct sample_result){.samples = n, .unwritten = count_unwritten(c)};
    for (int64_t i = 0; i < n; i++) {
        int64_t at[5];

        draw_sample(c, seed, i, n, at);
        const struct expected e = compute_expected(c, at);
        const double expected = c->relu && e.sum < 0.0 ? 0.0 : e.sum;
        const int64_t place =
            (((at[0] * out[1] + at[1]) * out[2] + at[2]) * out[3] + at[3]) * out[4] + at[4];
        const double error = fabs((double)c->output[place] - expected);
        const double ratio = error == 0.0 ? 0.0 : error / (unit * e.magnitude);

        /* Written so that a NaN counts as wrong. */
        if (!(ratio <= result->worst_ratio))
            result->worst_ratio = isnan(ratio) ? INFINITY : ratio;
        result->over_bound += !(ratio <= 1.0);
        error_squares += isnan(error) ? INFINITY : error * error;
        squares += expected * expected;
    }
    if (error_squares > 0.0)
        result->relative_l2 = sqrt(error_squares / squares);
}

int sample_result_is_good(const struct sample_result *result, conv3d_math math)
{
    if (result->unwritten > 0)
        return 0;
    return math == CONV3D_MATH_STRICT ? result->over_bound == 0
                                      : result->relative_l2 <= fast_relative_l2;
}
