/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem_args.h - the options that say what to compute
 *
 * Shared by run and plan.  Checks that the options fit together; problem.h reads
 * the files.
 */
#ifndef CONV3D_TOOLS_PROBLEM_ARGS_H
#define CONV3D_TOOLS_PROBLEM_ARGS_H

#include <stdint.h>

#include "options.h"

struct problem_args {
    const char *input, *weight, *bias;
    const char *text;        /* --problem, plan only */
    int64_t out_channels;    /* 0 = not given */
    int64_t kernel_size[3];  /* [0] 0 = not given, as in stride and dilation */
    int64_t seed;            /* -1 = not given */
    int64_t stride[3];
    int64_t padding[2][3];   /* begin, end; [0][0] -1 = not given */
    int64_t dilation[3];
    int64_t groups;          /* 0 = not given */
    int conv_mode;           /* -1 = not given */
};

void problem_args_init(struct problem_args *args);

extern const struct option_row problem_file_rows[];        /* --input, --weight, ... */
extern const struct option_row problem_convolution_rows[]; /* --stride, --padding, ... */

/* Returns EXIT_OK, or explains what is missing or contradictory. */
int problem_args_check(const struct problem_args *args);

#endif
