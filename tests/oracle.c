/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle.c - see oracle.h.  Written for being obviously right; speed comes last.
 */
#include "oracle.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The taps of one axis that fall inside the volume. */
struct axis {
    int64_t count;
    int64_t *position, *kernel;
};

static void axis_make(struct axis *axis, const struct problem *problem, int which, int64_t out)
{
    const conv3d_params *p = &problem->params;
    const int64_t extent = problem->input[2 + which];
    const int64_t size = p->kernel_size[which];
    axis->count = 0;
    for (int64_t k = 0; k < size; k++) {
        const int64_t position = out * p->stride[which] - p->padding_begin[which] +
                                 k * p->dilation[which];
        if (position < 0 || position >= extent)
            continue;
        axis->position[axis->count] = position;
        axis->kernel[axis->count++] = p->conv_mode == CONV3D_CONVOLUTION ? size - 1 - k : k;
    }
}

size_t oracle_channel(const struct problem *problem, size_t at)
{
    return at / shape_count(&problem->output[2], 3) % (size_t)problem->output[1];
}

size_t oracle_taps(const struct problem *problem, size_t at, struct tap *taps)
{
    const conv3d_params *p = &problem->params;
    const int64_t *in = problem->input, *k = p->kernel_size;
    const int64_t channels = p->in_channels / p->groups;
    const int64_t o = (int64_t)oracle_channel(problem, at);
    const int64_t first = o / (p->out_channels / p->groups) * channels;
    const int64_t item = (int64_t)(at / shape_count(&problem->output[1], 4));
    struct axis axis[3];
    size_t count = 0;

    for (int which = 2; which >= 0; which--) {
        axis[which].position = allocate((size_t)k[which] * 2 * sizeof(int64_t));
        axis[which].kernel = axis[which].position + k[which];
        axis_make(&axis[which], problem, which, (int64_t)at % problem->output[2 + which]);
        at /= (size_t)problem->output[2 + which];
    }
    for (int64_t c = 0; c < channels; c++)
        for (int64_t t = 0; t < axis[0].count; t++)
            for (int64_t h = 0; h < axis[1].count; h++)
                for (int64_t w = 0; w < axis[2].count; w++) {
                    const int64_t plane = (item * in[1] + first + c) * in[2] + axis[0].position[t];
                    const int64_t row = plane * in[3] + axis[1].position[h];
                    const int64_t slice = (o * channels + c) * k[0] + axis[0].kernel[t];
                    const int64_t line = slice * k[1] + axis[1].kernel[h];
                    taps[count].input = (size_t)(row * in[4] + axis[2].position[w]);
                    taps[count++].weight = (size_t)(line * k[2] + axis[2].kernel[w]);
                }
    for (int which = 0; which < 3; which++)
        free(axis[which].position);
    return count;
}

struct tap *oracle_taps_make(const struct problem *problem)
{
    return allocate((size_t)problem_taps(problem) * sizeof(struct tap));
}

float oracle_strict_one(const struct workload *workload, conv3d_activation activation, size_t at,
                        struct tap *taps)
{
    const size_t count = oracle_taps(&workload->problem, at, taps);
    float sum = 0.0f;
    for (size_t i = 0; i < count; i++)
        sum = fmaf(workload->input[taps[i].input], workload->weight[taps[i].weight], sum);
    /* Adding +0 to a bias of -0, or to a sum that underflowed to -0, makes +0. */
    const float bias =
        workload->bias != NULL ? workload->bias[oracle_channel(&workload->problem, at)] : 0.0f;
    sum += bias + 0.0f;
    return activation == CONV3D_ACTIVATION_RELU && sum < 0.0f ? 0.0f : sum;
}

void oracle_strict(const struct workload *workload, conv3d_activation activation, float *output)
{
    struct tap *taps = oracle_taps_make(&workload->problem);
    for (size_t at = 0; at < workload->output_count; at++)
        output[at] = oracle_strict_one(workload, activation, at, taps);
    free(taps);
}

void oracle_double(const struct workload *workload, double *output, double *magnitude)
{
    struct tap *taps = oracle_taps_make(&workload->problem);
    for (size_t at = 0; at < workload->output_count; at++) {
        const size_t count = oracle_taps(&workload->problem, at, taps);
        double sum = 0.0, size = 0.0;
        for (size_t i = 0; i < count; i++) {
            const double product = (double)workload->input[taps[i].input] *
                                   (double)workload->weight[taps[i].weight];
            sum += product;
            size += fabs(product);
        }
        if (workload->bias != NULL) {
            const double bias = (double)workload->bias[oracle_channel(&workload->problem, at)];
            sum += bias;
            size += fabs(bias);
        }
        output[at] = sum;
        magnitude[at] = size;
    }
    free(taps);
}

double relative_l2(const double *exact, const float *got, size_t count)
{
    double error = 0.0, norm = 0.0;
    for (size_t i = 0; i < count; i++) {
        error += (got[i] - exact[i]) * (got[i] - exact[i]);
        norm += exact[i] * exact[i];
    }
    return error == 0.0 ? 0.0 : sqrt(error / norm);
}

bool within_bound(const struct workload *workload, const float *got, const char *label)
{
    const size_t count = workload->output_count;
    double *exact = allocate(count * sizeof *exact);
    double *magnitude = allocate(count * sizeof *magnitude);
    const double factor =
        (4.0 * sqrt((double)problem_taps(&workload->problem)) + 8.0) * ldexp(1.0, -24);
    bool good = true;
    oracle_double(workload, exact, magnitude);
    for (size_t at = 0; good && at < count; at++) {
        /* Written so that a NaN fails. */
        if (!(fabs((double)got[at] - exact[at]) <= factor * magnitude[at])) {
            char text[PROBLEM_TEXT_MAX];
            good = complain("%s (%s): output number %zu is %.9g, exactly %.17g, bound %.3g",
                            problem_text(&workload->problem, text), label, at, (double)got[at],
                            exact[at], factor * magnitude[at]);
        }
    }
    free(exact);
    free(magnitude);
    return good;
}

void oracle_sees_input(const struct problem *problem, size_t input, unsigned char *seen)
{
    struct tap *taps = oracle_taps_make(problem);
    const size_t outputs = shape_count(problem->output, 5);
    memset(seen, 0, outputs);
    for (size_t at = 0; at < outputs; at++) {
        const size_t count = oracle_taps(problem, at, taps);
        for (size_t i = 0; i < count; i++)
            seen[at] |= taps[i].input == input;
    }
    free(taps);
}

void oracle_sees_weight(const struct problem *problem, size_t weight, unsigned char *seen)
{
    struct tap *taps = oracle_taps_make(problem);
    const size_t outputs = shape_count(problem->output, 5);
    memset(seen, 0, outputs);
    for (size_t at = 0; at < outputs; at++) {
        const size_t count = oracle_taps(problem, at, taps);
        for (size_t i = 0; i < count; i++)
            seen[at] |= taps[i].weight == weight;
    }
    free(taps);
}
