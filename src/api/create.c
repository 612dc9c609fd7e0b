/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create.c - makes a plan, tuned first if that is wanted
 */
#include "plan/plan.h"

conv3d_status conv3d_plan_create(conv3d_plan **plan, const conv3d_params *params,
                                 const int64_t input_shape[5], const conv3d_tensor *weight,
                                 const conv3d_tensor *bias, const conv3d_options *options)
{
    static const struct c3d_plan_context context = {.untuned = false};
    conv3d_options defaults;
    conv3d_options_init(&defaults);
    if (plan == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "plan is NULL");
    }
    return c3d_plan_make(plan, params, input_shape, weight, bias,
                         options != NULL ? options : &defaults, &context);
}
