/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.h - a convolution with its tensors in memory
 *
 * What the options and files of a command line come to.  Explains every failure
 * on stderr and returns an exit_code.
 */
#ifndef CONV3D_TOOLS_PROBLEM_H
#define CONV3D_TOOLS_PROBLEM_H

#include <stdint.h>

#include "conv3d.h"
#include "npy.h"
#include "problem_args.h"
#include "volume.h"

struct problem {
    conv3d_params params;
    int64_t output_shape[5];
    struct volume input;           /* its shape is the problem's */
    struct npy_array weight, bias; /* data NULL when not given */
    conv3d_tensor weight_tensor, bias_tensor; /* views of them */
};

/* With VOLUME_HEADER the elements of the input are left on the disk; those of
 * the weights are needed for a plan.  The arguments have been checked. */
int problem_load(const struct problem_args *args, enum volume_extent extent,
                 struct problem *problem);

/* A plan for `items` items of the input. */
int problem_plan(const struct problem *problem, int64_t items, const conv3d_options *options,
                 conv3d_plan **plan);

/* A zeroed problem is allowed. */
void problem_free(struct problem *problem);

#endif
