/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv3d.c - the public calls that need no plan
 */
#include "plan/problem_check.h"

#include <string.h>

void conv3d_params_init(conv3d_params *params, int64_t in_channels, int64_t out_channels,
                        int64_t kernel_size)
{
    *params = (conv3d_params){
        .in_channels = in_channels,
        .out_channels = out_channels,
        .kernel_size = {kernel_size, kernel_size, kernel_size},
        .stride = {1, 1, 1},
        .dilation = {1, 1, 1},
        .groups = 1,
    };
}

void conv3d_options_init(conv3d_options *options)
{
    *options = (conv3d_options){.size = sizeof *options};
}

conv3d_status conv3d_output_shape(const conv3d_params *params, const int64_t input_shape[5],
                                  int64_t output_shape[5])
{
    struct c3d_problem problem;
    if (output_shape == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "output_shape is NULL");
    }
    const conv3d_status status = c3d_problem_check(params, input_shape, &problem);
    if (status == CONV3D_OK) {
        output_shape[0] = problem.items;
        output_shape[1] = params->out_channels;
        memcpy(output_shape + 2, problem.out, sizeof problem.out);
    }
    return status;
}

conv3d_status conv3d_forward(const conv3d_params *params, const int64_t input_shape[5],
                             const float *input, const conv3d_tensor *weight,
                             const conv3d_tensor *bias, float *output,
                             const conv3d_options *options)
{
    conv3d_plan *plan;
    conv3d_status status = conv3d_plan_create(&plan, params, input_shape, weight, bias, options);
    if (status == CONV3D_OK) {
        status = conv3d_plan_execute(plan, input, output, NULL);
    }
    conv3d_plan_destroy(plan);
    return status;
}
