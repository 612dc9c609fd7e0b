/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference.c - the definition: seven loops, float64 sums, no cleverness
 *
 * The oracle of the tests and of `conv3d verify`; never chosen unasked.  Shares
 * nothing with the fast algorithms but the problem.
 */
#include "algo/algo.h"
#include "base/mem.h"

#include <string.h>

struct reference {
    struct c3d_prepared base;
    struct c3d_problem problem;
    bool relu;
    const float *weight;
    const float *bias; /* NULL = none */
};

static const char *refusal(const struct c3d_request *request)
{
    (void)request;
    return NULL;
}

static double estimate(const struct c3d_request *request)
{
    /* A scalar multiply-add in double, and its bounds checks: some ten cycles. */
    const struct c3d_problem *const p = request->problem;
    return 10.0 * (double)(p->groups * p->out_channels) * (double)c3d_volume(p->out) *
           (double)c3d_reduction(p);
}

static double error(const struct c3d_request *request)
{
    (void)request;
    return 0x1p-25; /* one rounding to float32 */
}

static void destroy(struct c3d_prepared *prepared)
{
    c3d_free(prepared);
}

static size_t weight_elems(const struct c3d_problem *p)
{
    return (size_t)(p->groups * p->out_channels * c3d_reduction(p));
}

static conv3d_status prepare(const struct c3d_request *request, struct c3d_prepared **prepared)
{
    const struct c3d_problem *const p = request->problem;
    const size_t bias_elems = request->bias != NULL ? (size_t)(p->groups * p->out_channels) : 0;
    *prepared = NULL;
    struct reference *const reference = c3d_alloc(sizeof *reference);
    if (reference == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for a plan");
    }
    *reference = (struct reference){
        .base = {
            .algorithm = &c3d_reference,
            .tile = {.t = 1, .h = p->out[H], .w = p->out[W], .oc = 1,
                     .ic = p->in_channels, .panel = 1},
            .packed_bytes = (weight_elems(p) + bias_elems) * sizeof(float),
        },
        .problem = *p,
        .relu = request->relu,
    };
    *prepared = &reference->base;
    return CONV3D_OK;
}

static void pack(const struct c3d_prepared *prepared, const float *weight, const float *bias,
                 float *packed)
{
    const struct reference *const reference = (const struct reference *)prepared;
    const size_t elems = weight_elems(&reference->problem);
    memcpy(packed, weight, elems * sizeof *packed);
    if (bias != NULL) {
        memcpy(packed + elems, bias, prepared->packed_bytes - elems * sizeof *packed);
    }
}

static void attach(struct c3d_prepared *prepared, const float *packed)
{
    struct reference *const reference = (struct reference *)prepared;
    const size_t elems = weight_elems(&reference->problem);
    reference->weight = packed;
    reference->bias = prepared->packed_bytes > elems * sizeof *packed ? packed + elems : NULL;
}

/* input, weight: those of the output's item, group and channel. */
static double sum_of_taps(const struct c3d_problem *p, const float *input, const float *weight,
                          int64_t to, int64_t ho, int64_t wo)
{
    double sum = 0;
    for (int64_t c = 0; c < p->in_channels; c++) {
        for (int64_t kt = 0; kt < p->kernel[T]; kt++) {
            for (int64_t kh = 0; kh < p->kernel[H]; kh++) {
                for (int64_t kw = 0; kw < p->kernel[W]; kw++) {
                    const int64_t ti = to * p->stride[T] + kt * p->dilation[T] - p->begin[T];
                    const int64_t hi = ho * p->stride[H] + kh * p->dilation[H] - p->begin[H];
                    const int64_t wi = wo * p->stride[W] + kw * p->dilation[W] - p->begin[W];
                    if (ti < 0 || ti >= p->in[T] || hi < 0 || hi >= p->in[H] || wi < 0 ||
                        wi >= p->in[W]) {
                        continue;
                    }
                    const int64_t wt = p->flip ? p->kernel[T] - 1 - kt : kt;
                    const int64_t wh = p->flip ? p->kernel[H] - 1 - kh : kh;
                    const int64_t ww = p->flip ? p->kernel[W] - 1 - kw : kw;
                    const float x = input[((c * p->in[T] + ti) * p->in[H] + hi) * p->in[W] + wi];
                    const float k =
                        weight[((c * p->kernel[T] + wt) * p->kernel[H] + wh) * p->kernel[W] + ww];
                    sum += (double)x * (double)k;
                }
            }
        }
    }
    return sum;
}

static void run_task(const struct c3d_prepared *prepared, const struct c3d_task *task,
                     const struct c3d_task *next, const float *input, float *output,
                     void *scratch)
{
    (void)next;
    const struct reference *const reference = (const struct reference *)prepared;
    const struct c3d_problem *const p = &reference->problem;
    (void)scratch;
    const float *const group_input =
        input + (task->item * p->groups + task->group) * p->in_channels * c3d_volume(p->in);
    for (int64_t oc = task->channels.begin; oc < task->channels.end; oc++) {
        const int64_t channel = task->group * p->out_channels + oc;
        const float *const weight = reference->weight + channel * c3d_reduction(p);
        const double bias = reference->bias != NULL ? (double)reference->bias[channel] : 0.0;
        float *const out =
            output + (task->item * p->groups * p->out_channels + channel) * c3d_volume(p->out);
        for (int64_t to = task->out[T].begin; to < task->out[T].end; to++) {
            for (int64_t ho = task->out[H].begin; ho < task->out[H].end; ho++) {
                for (int64_t wo = task->out[W].begin; wo < task->out[W].end; wo++) {
                    const double sum = sum_of_taps(p, group_input, weight, to, ho, wo);
                    const float y = (float)(sum + bias) + 0.0f; /* -0 becomes +0 */
                    out[(to * p->out[H] + ho) * p->out[W] + wo] =
                        reference->relu && y < 0 ? 0.0f : y;
                }
            }
        }
    }
}

const struct c3d_algorithm c3d_reference = {
    .name = "reference",
    .by_name_only = true,
    .refusal = refusal,
    .estimate = estimate,
    .error = error,
    .prepare = prepare,
    .pack = pack,
    .attach = attach,
    .destroy = destroy,
    .run_task = run_task,
};
