/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune.c - the public call that tunes
 */
#include "plan/problem_check.h"
#include "tune/tuner.h"

static conv3d_status check(const conv3d_options *options, const conv3d_tune_options *tune,
                           const conv3d_tune_result *result)
{
    if (result == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "result is NULL");
    }
    if (result->size != sizeof *result) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "result.size is %zu; it must be %zu", result->size,
                        sizeof *result);
    }
    if (tune->size != sizeof *tune) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "tune.size is %zu; it must be %zu", tune->size,
                        sizeof *tune);
    }
    if (!(tune->time_limit >= 0)) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "tune.time_limit is %g; it must be >= 0",
                        tune->time_limit);
    }
    if (!c3d_tile_is_unset(&options->tile)) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.tile is set; tuning finds it");
    }
    if (options->memory_limit_bytes != 0) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "options.memory_limit_bytes is %zu; tuning takes none",
                        options->memory_limit_bytes);
    }
    return c3d_options_check(options);
}

conv3d_status conv3d_tune(const conv3d_params *params, const int64_t input_shape[5],
                          const conv3d_options *options, const conv3d_tune_options *tune,
                          conv3d_tune_result *result)
{
    const conv3d_tune_options tune_defaults = {.size = sizeof tune_defaults};
    conv3d_options defaults;
    struct c3d_problem problem;
    conv3d_options_init(&defaults);
    options = options != NULL ? options : &defaults;
    tune = tune != NULL ? tune : &tune_defaults;
    conv3d_status status = check(options, tune, result);
    if (status == CONV3D_OK) {
        status = c3d_problem_check(params, input_shape, &problem);
    }
    if (status == CONV3D_OK && problem.items == 0) {
        status = c3d_fail(CONV3D_ERR_ARGUMENT, "input_shape[0] is 0: there is nothing to time");
    }
    return status == CONV3D_OK ? c3d_tune(params, input_shape, options, tune, result) : status;
}
