/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem_text.c - problems as text: n1_ci64t8h56w56_co64_k3_p1
 *
 * One syntax for the API, the tool, the logs and the tests; grammar in
 * conv3d.h.
 */
#include "plan/problem_check.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* begin and end differ only for padding. */
static void put_triple(struct c3d_writer *writer, const char *key, const int64_t begin[3],
                       const int64_t end[3])
{
    const bool even = memcmp(begin, end, 3 * sizeof *begin) == 0;
    c3d_write(writer, "_%s", key);
    if (even && begin[T] == begin[H] && begin[H] == begin[W]) {
        c3d_write(writer, "%" PRId64, begin[T]);
        return;
    }
    for (int axis = T; axis <= W; axis++) {
        c3d_write(writer, "%s%" PRId64, axis > T ? "x" : "", begin[axis]);
        if (begin[axis] != end[axis]) {
            c3d_write(writer, ":%" PRId64, end[axis]);
        }
    }
}

static bool all_are(const int64_t values[3], int64_t value)
{
    return values[T] == value && values[H] == value && values[W] == value;
}

size_t conv3d_problem_format(const conv3d_params *params, const int64_t input_shape[5],
                             char *buffer, size_t capacity)
{
    struct c3d_writer writer = c3d_write_to(buffer, capacity);
    if (params == NULL || input_shape == NULL) {
        return 0;
    }
    c3d_write(&writer, "n%" PRId64 "_ci%" PRId64 "t%" PRId64 "h%" PRId64 "w%" PRId64 "_co%" PRId64,
        input_shape[0], input_shape[1], input_shape[2], input_shape[3], input_shape[4],
        params->out_channels);
    put_triple(&writer, "k", params->kernel_size, params->kernel_size);
    if (!all_are(params->stride, 1)) {
        put_triple(&writer, "s", params->stride, params->stride);
    }
    if (!all_are(params->padding_begin, 0) || !all_are(params->padding_end, 0)) {
        put_triple(&writer, "p", params->padding_begin, params->padding_end);
    }
    if (!all_are(params->dilation, 1)) {
        put_triple(&writer, "d", params->dilation, params->dilation);
    }
    if (params->groups != 1) {
        c3d_write(&writer, "_g%" PRId64, params->groups);
    }
    if (params->bias) {
        c3d_write(&writer, "_b");
    }
    if (params->conv_mode == CONV3D_CONVOLUTION) {
        c3d_write(&writer, "_flip");
    }
    return writer.length;
}

/* One number or three joined by 'x'; with end, each may be BEGIN:END. */
static bool read_triple(const char **text, int64_t begin[3], int64_t end[3])
{
    for (int axis = T; axis <= W; axis++) {
        if (axis > T && *(*text)++ != 'x') {
            return false;
        }
        if (!c3d_read_number(text, &begin[axis])) {
            return false;
        }
        if (end != NULL) {
            end[axis] = begin[axis];
            if (**text == ':') {
                ++*text;
                if (!c3d_read_number(text, &end[axis])) {
                    return false;
                }
            }
        }
        if (axis == T && **text != 'x') {
            begin[H] = begin[W] = begin[T];
            if (end != NULL) {
                end[H] = end[W] = end[T];
            }
            return true;
        }
    }
    return true;
}

/* What has been read, one bit each, so that nothing comes twice. */
enum { SEEN_C = 1, SEEN_CO = 2, SEEN_K = 4, SEEN_S = 8, SEEN_P = 16, SEEN_D = 32, SEEN_G = 64,
       SEEN_B = 128, SEEN_FLIP = 256 };

/* Reads the field at *text; returns its bit, 0 if it is malformed. */
static int read_field(const char **text, conv3d_params *params, int64_t input_shape[5])
{
    const char *const at = *text;
    if (strncmp(at, "ci", 2) == 0) {
        const bool ok = c3d_read_keyed(text, "ci", &input_shape[1]) &&
                        c3d_read_keyed(text, "t", &input_shape[2]) &&
                        c3d_read_keyed(text, "h", &input_shape[3]) &&
                        c3d_read_keyed(text, "w", &input_shape[4]);
        params->in_channels = input_shape[1];
        return ok ? SEEN_C : 0;
    }
    if (strncmp(at, "co", 2) == 0) {
        return c3d_read_keyed(text, "co", &params->out_channels) ? SEEN_CO : 0;
    }
    if (strncmp(at, "flip", 4) == 0) {
        *text += 4;
        params->conv_mode = CONV3D_CONVOLUTION;
        return SEEN_FLIP;
    }
    ++*text;
    switch (*at) {
    case 'k':
        return read_triple(text, params->kernel_size, NULL) ? SEEN_K : 0;
    case 's':
        return read_triple(text, params->stride, NULL) ? SEEN_S : 0;
    case 'd':
        return read_triple(text, params->dilation, NULL) ? SEEN_D : 0;
    case 'p':
        return read_triple(text, params->padding_begin, params->padding_end) ? SEEN_P : 0;
    case 'g':
        return c3d_read_number(text, &params->groups) ? SEEN_G : 0;
    case 'b':
        params->bias = 1;
        return SEEN_B;
    default:
        return 0;
    }
}

conv3d_status conv3d_problem_parse(const char *text, conv3d_params *params,
                                   int64_t input_shape[5])
{
    if (text == NULL || params == NULL || input_shape == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "%s is NULL",
                        text == NULL ? "text" : params == NULL ? "params" : "input_shape");
    }
    conv3d_params read;
    int64_t shape[5] = {0};
    conv3d_params_init(&read, 0, 0, 0);
    const char *at = text;
    int seen = 0;
    if (!c3d_read_keyed(&at, "n", &shape[0])) {
        return c3d_fail(CONV3D_ERR_PARSE, "problem \"%.200s\" does not start with n and the "
                        "batch size", text);
    }
    while (*at == '_') {
        const char *const field = ++at;
        const int bit = read_field(&at, &read, shape);
        if (bit == 0 || (*at != '_' && *at != '\0')) {
            return c3d_fail(CONV3D_ERR_PARSE, "problem \"%.200s\" is malformed at \"%.40s\"", text,
                            field);
        }
        if (seen & bit) {
            return c3d_fail(CONV3D_ERR_PARSE, "problem \"%.200s\" repeats a field at \"%.40s\"",
                            text, field);
        }
        seen |= bit;
    }
    const int needed = SEEN_C | SEEN_CO | SEEN_K;
    if (*at != '\0') {
        return c3d_fail(CONV3D_ERR_PARSE, "problem \"%.200s\" is malformed at \"%.40s\"", text, at);
    }
    if ((seen & needed) != needed) {
        return c3d_fail(CONV3D_ERR_PARSE, "problem \"%.200s\" lacks %s", text,
                        !(seen & SEEN_C)    ? "ciNtNhNwN"
                        : !(seen & SEEN_CO) ? "coN"
                                            : "kN");
    }
    struct c3d_problem problem;
    const conv3d_status status = c3d_problem_check(&read, shape, &problem);
    if (status == CONV3D_OK) {
        *params = read;
        memcpy(input_shape, shape, sizeof shape);
    }
    return status;
}
