/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem_check.c - from the caller's numbers to a problem that can be trusted
 *
 * In this order: each number alone (ARGUMENT), then against each other
 * (SHAPE), with OVERFLOW wherever a sum or product on the way does not fit.
 */
#include "plan/problem_check.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const axis_names[3] = {"T", "H", "W"};

static conv3d_status check_at_least(const char *what, const char *where, int64_t value,
                                    int64_t least)
{
    return value >= least ? CONV3D_OK
                          : c3d_fail(CONV3D_ERR_ARGUMENT,
                                     "%s%s is %" PRId64 "; it must be at least %" PRId64, what,
                                     where, value, least);
}

static conv3d_status check_triple(const char *what, const int64_t values[3], int64_t least)
{
    static const char *const where[3] = {" along T", " along H", " along W"};
    for (int axis = T; axis <= W; axis++) {
        const conv3d_status status = check_at_least(what, where[axis], values[axis], least);
        if (status != CONV3D_OK) {
            return status;
        }
    }
    return CONV3D_OK;
}

static conv3d_status check_values(const conv3d_params *params, const int64_t input_shape[5])
{
    static const char *const input_axes[5] = {" N", " C", " T", " H", " W"};
    conv3d_status status;
    if ((status = check_at_least("in_channels", "", params->in_channels, 1)) != CONV3D_OK ||
        (status = check_at_least("out_channels", "", params->out_channels, 1)) != CONV3D_OK ||
        (status = check_at_least("groups", "", params->groups, 1)) != CONV3D_OK ||
        (status = check_triple("kernel_size", params->kernel_size, 1)) != CONV3D_OK ||
        (status = check_triple("stride", params->stride, 1)) != CONV3D_OK ||
        (status = check_triple("dilation", params->dilation, 1)) != CONV3D_OK ||
        (status = check_triple("padding_begin", params->padding_begin, 0)) != CONV3D_OK ||
        (status = check_triple("padding_end", params->padding_end, 0)) != CONV3D_OK) {
        return status;
    }
    if (params->conv_mode != CONV3D_CROSS_CORRELATION && params->conv_mode != CONV3D_CONVOLUTION) {
        return c3d_fail(CONV3D_ERR_ARGUMENT,
                        "conv_mode is %d; it must be CONV3D_CROSS_CORRELATION (0) or "
                        "CONV3D_CONVOLUTION (1)", (int)params->conv_mode);
    }
    if (params->dtype != CONV3D_FLOAT32) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "dtype is %d; it must be CONV3D_FLOAT32 (0)",
                        (int)params->dtype);
    }
    for (int i = 0; i < 5; i++) {
        if ((status = check_at_least("input extent", input_axes[i], input_shape[i], 0)) !=
            CONV3D_OK) {
            return status;
        }
    }
    return CONV3D_OK;
}

static conv3d_status check_channels(const conv3d_params *params, const int64_t input_shape[5])
{
    for (int i = 1; i < 5; i++) {
        if (input_shape[i] == 0) {
            return c3d_fail(CONV3D_ERR_SHAPE,
                            "input shape (%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64
                            ", %" PRId64 ") has a zero; only N may be 0",
                            input_shape[0], input_shape[1], input_shape[2], input_shape[3],
                            input_shape[4]);
        }
    }
    if (input_shape[1] != params->in_channels) {
        return c3d_fail(CONV3D_ERR_SHAPE,
                        "the input has %" PRId64 " channels, but in_channels is %" PRId64,
                        input_shape[1], params->in_channels);
    }
    if (params->in_channels % params->groups != 0 || params->out_channels % params->groups != 0) {
        const bool in = params->in_channels % params->groups != 0;
        return c3d_fail(CONV3D_ERR_SHAPE,
                        "%s %" PRId64 " is not divisible by groups %" PRId64,
                        in ? "in_channels" : "out_channels",
                        in ? params->in_channels : params->out_channels, params->groups);
    }
    return CONV3D_OK;
}

/* floor((in + begin + end - dilation*(kernel-1) - 1) / stride) + 1 */
static conv3d_status output_extent(const conv3d_params *params, int axis, int64_t in,
                                   int64_t *out)
{
    const int64_t kernel = params->kernel_size[axis], dilation = params->dilation[axis];
    const int64_t begin = params->padding_begin[axis], end = params->padding_end[axis];
    int64_t padded, dilated, span, tap_steps;
    if (!c3d_add_ok(in, begin, &padded) || !c3d_add_ok(padded, end, &padded)) {
        return c3d_fail(CONV3D_ERR_OVERFLOW,
                        "%s extent %" PRId64 " with padding %" PRId64 " and %" PRId64
                        " does not fit 63 bits", axis_names[axis], in, begin, end);
    }
    if (!c3d_mul_ok(dilation, kernel - 1, &span) || !c3d_add_ok(span, 1, &dilated)) {
        return c3d_fail(CONV3D_ERR_OVERFLOW,
                        "kernel_size %" PRId64 " with dilation %" PRId64 " along %s does not fit "
                        "63 bits", kernel, dilation, axis_names[axis]);
    }
    if (dilated > padded) {
        return c3d_fail(CONV3D_ERR_SHAPE,
                        "the kernel spans %" PRId64 " along %s (kernel_size %" PRId64
                        ", dilation %" PRId64 "), more than the padded input's %" PRId64
                        " (%" PRId64 " + %" PRId64 " + %" PRId64 ")",
                        dilated, axis_names[axis], kernel, dilation, padded, begin, in, end);
    }
    *out = (padded - dilated) / params->stride[axis] + 1;
    /* No machine does 2^63 taps on an axis; the geometry code relies on it. */
    if (!c3d_mul_ok(*out, kernel, &tap_steps)) {
        return c3d_fail(CONV3D_ERR_OVERFLOW,
                        "%" PRId64 " outputs of %" PRId64 " taps along %s do not fit 63 bits",
                        *out, kernel, axis_names[axis]);
    }
    return CONV3D_OK;
}

static void print_shape(char *text, size_t capacity, const int64_t *shape, int rank)
{
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < rank && length < capacity; i++) {
        length += (size_t)snprintf(text + length, capacity - length, "%s%" PRId64,
                                   i > 0 ? ", " : "", shape[i]);
    }
}

/* A tensor must be addressable: its bytes fit ptrdiff_t. */
static conv3d_status check_size(const char *what, const int64_t *extents, int rank)
{
    int64_t bytes = sizeof(float);
    for (int i = 0; i < rank; i++) {
        if (extents[i] == 0) {
            return CONV3D_OK;
        }
    }
    for (int i = 0; i < rank; i++) {
        if (!c3d_mul_ok(bytes, extents[i], &bytes) || bytes > PTRDIFF_MAX) {
            char shape[160];
            print_shape(shape, sizeof shape, extents, rank);
            return c3d_fail(CONV3D_ERR_OVERFLOW,
                            "%s of shape (%s) does not fit the address space", what, shape);
        }
    }
    return CONV3D_OK;
}

conv3d_status c3d_problem_check(const conv3d_params *params, const int64_t input_shape[5],
                                struct c3d_problem *problem)
{
    if (params == NULL || input_shape == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "%s is NULL", params == NULL ? "params" : "input_shape");
    }
    conv3d_status status;
    if ((status = check_values(params, input_shape)) != CONV3D_OK ||
        (status = check_channels(params, input_shape)) != CONV3D_OK) {
        return status;
    }
    *problem = (struct c3d_problem){
        .items = input_shape[0],
        .groups = params->groups,
        .in_channels = params->in_channels / params->groups,
        .out_channels = params->out_channels / params->groups,
        .flip = params->conv_mode == CONV3D_CONVOLUTION,
        .bias = params->bias != 0,
    };
    for (int axis = T; axis <= W; axis++) {
        problem->in[axis] = input_shape[2 + axis];
        problem->kernel[axis] = params->kernel_size[axis];
        problem->stride[axis] = params->stride[axis];
        problem->begin[axis] = params->padding_begin[axis];
        problem->end[axis] = params->padding_end[axis];
        problem->dilation[axis] = params->dilation[axis];
        status = output_extent(params, axis, problem->in[axis], &problem->out[axis]);
        if (status != CONV3D_OK) {
            return status;
        }
    }
    const int64_t output[5] = {problem->items, params->out_channels, problem->out[T],
                               problem->out[H], problem->out[W]};
    const int64_t weight[5] = {params->out_channels, problem->in_channels, problem->kernel[T],
                               problem->kernel[H], problem->kernel[W]};
    if ((status = check_size("an input", input_shape, 5)) != CONV3D_OK ||
        (status = check_size("one item of input", input_shape + 1, 4)) != CONV3D_OK ||
        (status = check_size("one item of output", output + 1, 4)) != CONV3D_OK ||
        (status = check_size("an output", output, 5)) != CONV3D_OK ||
        (status = check_size("a weight", weight, 5)) != CONV3D_OK) {
        return status;
    }
    return CONV3D_OK;
}

/* Does `tensor` have exactly this shape? */
static bool has_shape(const conv3d_tensor *tensor, const int64_t *shape, int rank)
{
    if (tensor->rank != rank) {
        return false;
    }
    for (int i = 0; i < rank; i++) {
        if (tensor->shape[i] != shape[i]) {
            return false;
        }
    }
    return true;
}

static conv3d_status reject_shape(const char *what, const conv3d_tensor *tensor,
                                  const int64_t *expected, int rank)
{
    char is[160], must[160];
    if (tensor->rank < 1 || tensor->rank > 6) {
        return c3d_fail(CONV3D_ERR_SHAPE, "%s rank is %d; it must be %d", what, tensor->rank,
                        rank);
    }
    print_shape(is, sizeof is, tensor->shape, tensor->rank);
    print_shape(must, sizeof must, expected, rank);
    return c3d_fail(CONV3D_ERR_SHAPE, "%s has shape (%s); these parameters need (%s)", what, is,
                    must);
}

conv3d_status c3d_weight_check(const struct c3d_problem *problem, const conv3d_tensor *weight)
{
    if (weight == NULL || weight->data == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "%s is NULL", weight == NULL ? "weight" : "weight->data");
    }
    const int64_t *const k = problem->kernel;
    const int64_t grouped[6] = {problem->groups, problem->out_channels, problem->in_channels,
                                k[T], k[H], k[W]};
    const int64_t flat[5] = {problem->groups * problem->out_channels, problem->in_channels,
                             k[T], k[H], k[W]};
    if (has_shape(weight, flat, 5) || (problem->groups > 1 && has_shape(weight, grouped, 6))) {
        return CONV3D_OK;
    }
    return weight->rank == 6 && problem->groups > 1 ? reject_shape("weight", weight, grouped, 6)
                                                    : reject_shape("weight", weight, flat, 5);
}

conv3d_status c3d_bias_check(const struct c3d_problem *problem, const conv3d_tensor *bias)
{
    const int64_t channels = problem->groups * problem->out_channels;
    if (!problem->bias) {
        return bias == NULL ? CONV3D_OK
                            : c3d_fail(CONV3D_ERR_ARGUMENT,
                                       "a bias is given, but params.bias is 0");
    }
    if (bias == NULL || bias->data == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "params.bias is set, but %s is NULL",
                        bias == NULL ? "bias" : "bias->data");
    }
    const int64_t flat[1] = {channels};
    const int64_t broadcast[5] = {1, channels, 1, 1, 1};
    if (has_shape(bias, flat, 1) || has_shape(bias, broadcast, 5)) {
        return CONV3D_OK;
    }
    return bias->rank == 5 ? reject_shape("bias", bias, broadcast, 5)
                           : reject_shape("bias", bias, flat, 1);
}
