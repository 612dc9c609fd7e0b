/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create.c - makes a plan, tuned first if that is wanted
 */
#include "base/log.h"
#include "plan/plan.h"
#include "plan/problem_check.h"
#include "tune/tuner.h"

/* A plan can be made whether or not this succeeds. */
static void tune_first(const conv3d_params *params, const int64_t input_shape[5],
                       const conv3d_options *options)
{
    const conv3d_tune_options tune = {.size = sizeof tune, .time_limit = options->tuning_seconds};
    const struct c3d_failure before = c3d_failure_save();
    conv3d_tune_result result;
    if (c3d_tune(params, input_shape, options, &tune, &result) != CONV3D_OK) {
        c3d_log("conv3d,v1,tuning,failed,%s", conv3d_last_error());
    }
    c3d_failure_restore(&before);
}

conv3d_status conv3d_plan_create(conv3d_plan **plan, const conv3d_params *params,
                                 const int64_t input_shape[5], const conv3d_tensor *weight,
                                 const conv3d_tensor *bias, const conv3d_options *options)
{
    struct c3d_problem problem;
    conv3d_options defaults;
    conv3d_options_init(&defaults);
    if (plan == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "plan is NULL");
    }
    *plan = NULL;
    options = options != NULL ? options : &defaults;
    conv3d_status status;
    if ((status = c3d_problem_check(params, input_shape, &problem)) != CONV3D_OK ||
        (status = c3d_options_check(options)) != CONV3D_OK ||
        (status = c3d_weight_check(&problem, weight)) != CONV3D_OK ||
        (status = c3d_bias_check(&problem, bias)) != CONV3D_OK) {
        return status;
    }
    if (options->effort == CONV3D_EFFORT_MEASURE && options->memory_limit_bytes == 0 &&
        c3d_tile_is_unset(&options->tile) && problem.items > 0) {
        tune_first(params, input_shape, options);
    }
    return c3d_plan_make(plan, params, input_shape, weight, bias, options, NULL);
}
