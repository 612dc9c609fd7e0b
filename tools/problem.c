/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.c - a convolution with its tensors in memory
 *
 * in_channels comes from the input, out_channels and the kernel from the weight,
 * groups from the command line only: a weight of five axes cannot tell, and one
 * of six must agree.  The library judges the rest.
 */
#include "problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "big_memory.h"
#include "exit_code.h"
#include "random_data.h"
#include "report.h"

static void note_conversion(const char *path, const char *from, int lossy)
{
    if (strcmp(from, "float32") != 0)
        report_note("%s: %s converted to float32%s", path, from, lossy ? ", rounded" : "");
}

static int load_input(const char *path, enum volume_extent extent, struct volume *input)
{
    char message[REPORT_CAPACITY];
    const int code = volume_read(path, extent, input, message, sizeof message);

    if (code != EXIT_OK)
        report_error("%s", message);
    else
        note_conversion(path, input->stored_as, input->lossy);
    return code;
}

static int load_array(const char *path, struct npy_array *array)
{
    char message[REPORT_CAPACITY];
    const int code = npy_read(path, array, message, sizeof message);

    if (code != EXIT_OK)
        report_error("%s", message);
    else
        note_conversion(path, array->dtype, array->lossy);
    return code;
}

/* out_channels and kernel size from the weight's shape. */
static int take_weight_shape(const struct problem_args *args, struct problem *problem)
{
    const struct npy_array *const weight = &problem->weight;
    const int64_t *const shape = weight->shape;
    const long long groups = (long long)problem->params.groups;
    char text[256];

    npy_shape_format(weight->rank, shape, text, sizeof text);
    if (weight->rank != 5 && weight->rank != 6) {
        report_error("%s: weight has shape %s; (C_out, C/G, kt, kh, kw) or "
                     "(G, C_out/G, C/G, kt, kh, kw) is needed", args->weight, text);
        return EXIT_BAD_INPUT;
    }
    problem->params.out_channels = shape[0];
    if (weight->rank == 6) {
        if (shape[0] != problem->params.groups) {
            report_error("%s: weight of shape %s has %lld groups, but %s %lld", args->weight, text,
                         (long long)shape[0],
                         args->groups == 0 ? "without --groups there is" : "--groups says", groups);
            return EXIT_BAD_INPUT;
        }
        if (__builtin_mul_overflow(shape[0], shape[1], &problem->params.out_channels)) {
            report_error("%s: weight of shape %s overflows", args->weight, text);
            return EXIT_BAD_INPUT;
        }
    }
    memcpy(problem->params.kernel_size, shape + weight->rank - 3,
           sizeof problem->params.kernel_size);
    return EXIT_OK;
}

/* Room for a weight of the parameters' shape, which have been found valid: to be filled, or
 * zeros, of which the system has one page for all. */
static int allocate_weight(struct problem *problem, int is_drawn)
{
    const conv3d_params *const p = &problem->params;
    struct npy_array *const weight = &problem->weight;
    const int64_t shape[5] = {p->out_channels, p->in_channels / p->groups, p->kernel_size[0],
                              p->kernel_size[1], p->kernel_size[2]};
    char reason[BIG_MEMORY_REASON] = "their size overflows";
    size_t bytes = sizeof(float);
    int overflow = 0;

    weight->rank = 5;
    memcpy(weight->shape, shape, sizeof shape);
    for (int i = 0; i < 5; i++)
        overflow |= __builtin_mul_overflow(bytes, (size_t)shape[i], &bytes);
    if (!overflow) {
        snprintf(reason, sizeof reason, "the system refuses %zu bytes", bytes);
        weight->data = is_drawn ? big_memory_allocate(bytes, reason) : calloc(1, bytes);
    }
    if (weight->data == NULL) {
        char text[256];

        report_error("no memory for weights of shape %s: %s",
                     npy_shape_format(5, shape, text, sizeof text), reason);
        return EXIT_MEMORY;
    }
    return EXIT_OK;
}

/* MegEngine's default: the fan-in counts all input channels, grouped or not. */
static void draw_weight(struct problem *problem, int64_t seed)
{
    const conv3d_params *const p = &problem->params;
    const double fan_in = (double)p->in_channels * (double)p->kernel_size[0] *
                          (double)p->kernel_size[1] * (double)p->kernel_size[2];
    size_t count = 1;

    for (int i = 0; i < 5; i++)
        count *= (size_t)problem->weight.shape[i];
    random_fill_normal(problem->weight.data, count, (uint64_t)seed, sqrt(1.0 / fan_in));
}

static void take_convolution(const struct problem_args *args, conv3d_params *params)
{
    conv3d_params_init(params, 1, args->out_channels, 1);
    if (args->kernel_size[0] != 0)
        memcpy(params->kernel_size, args->kernel_size, sizeof params->kernel_size);
    if (args->stride[0] != 0)
        memcpy(params->stride, args->stride, sizeof params->stride);
    if (args->padding[0][0] >= 0) {
        memcpy(params->padding_begin, args->padding[0], sizeof params->padding_begin);
        memcpy(params->padding_end, args->padding[1], sizeof params->padding_end);
    }
    if (args->dilation[0] != 0)
        memcpy(params->dilation, args->dilation, sizeof params->dilation);
    if (args->groups != 0)
        params->groups = args->groups;
    if (args->conv_mode >= 0)
        params->conv_mode = (conv3d_conv_mode)args->conv_mode;
    params->bias = args->bias != NULL;
}

static int load_files(const struct problem_args *args, enum volume_extent extent,
                      struct problem *problem)
{
    take_convolution(args, &problem->params);
    int code = load_input(args->input, extent, &problem->input);

    problem->params.in_channels = problem->input.shape[1];
    if (code == EXIT_OK && args->weight != NULL)
        code = load_array(args->weight, &problem->weight);
    if (code == EXIT_OK && args->weight != NULL)
        code = take_weight_shape(args, problem);
    if (code == EXIT_OK && args->bias != NULL)
        code = load_array(args->bias, &problem->bias);
    return code;
}

/* The text has no data: zeros will do for a plan, and the input is only a shape. */
static int parse_text(const char *text, struct problem *problem)
{
    if (conv3d_problem_parse(text, &problem->params, problem->input.shape) == CONV3D_OK)
        return EXIT_OK;
    return report_misuse("--problem '%s': %s", text, conv3d_last_error());
}

/* The bias of a --problem, which has no file. */
static int allocate_bias(struct problem *problem)
{
    problem->bias.rank = 1;
    problem->bias.shape[0] = problem->params.out_channels;
    problem->bias.data = calloc((size_t)problem->params.out_channels, sizeof(float));
    if (problem->bias.data != NULL)
        return EXIT_OK;
    report_error("no memory for a bias of %lld channels",
                 (long long)problem->params.out_channels);
    return EXIT_MEMORY;
}

static void view(const struct npy_array *array, conv3d_tensor *tensor)
{
    tensor->data = array->data;
    tensor->rank = array->rank < 6 ? array->rank : 6; /* a bias of rank 7 is wrong anyway */
    memcpy(tensor->shape, array->shape, sizeof tensor->shape);
}

static int fill_problem(const struct problem_args *args, enum volume_extent extent,
                        struct problem *problem)
{
    int code = args->text != NULL ? parse_text(args->text, problem)
                                  : load_files(args, extent, problem);
    if (code != EXIT_OK)
        return code;
    code = report_status(
        conv3d_output_shape(&problem->params, problem->input.shape, problem->output_shape));
    if (code == EXIT_USAGE) /* the options are in range, so a number from a file is not */
        code = EXIT_BAD_INPUT;
    if (code == EXIT_OK && problem->weight.data == NULL) {
        const int is_drawn = args->text == NULL;

        code = allocate_weight(problem, is_drawn);
        if (code == EXIT_OK && is_drawn)
            draw_weight(problem, args->seed >= 0 ? args->seed : 0);
    }
    if (code == EXIT_OK && problem->params.bias && problem->bias.data == NULL)
        code = allocate_bias(problem);
    view(&problem->weight, &problem->weight_tensor);
    view(&problem->bias, &problem->bias_tensor);
    return code;
}

int problem_load(const struct problem_args *args, enum volume_extent extent,
                 struct problem *problem)
{
    memset(problem, 0, sizeof *problem);
    const int code = fill_problem(args, extent, problem);

    if (code != EXIT_OK)
        problem_free(problem);
    return code;
}

int problem_plan(const struct problem *problem, int64_t items, const conv3d_options *options,
                 conv3d_plan **plan)
{
    int64_t shape[5];

    memcpy(shape, problem->input.shape, sizeof shape);
    shape[0] = items;
    return report_status(conv3d_plan_create(plan, &problem->params, shape,
                                            &problem->weight_tensor,
                                            problem->params.bias ? &problem->bias_tensor : NULL,
                                            options));
}

void problem_free(struct problem *problem)
{
    volume_free(&problem->input);
    npy_array_free(&problem->weight);
    npy_array_free(&problem->bias);
    memset(problem, 0, sizeof *problem);
}
