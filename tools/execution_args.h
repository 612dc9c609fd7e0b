/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execution_args.h - the options that say how to compute, not what
 *
 * Shared by run, plan, bench, verify and info.  What is not given is left to the library,
 * which looks at the environment.
 */
#ifndef CONV3D_TOOLS_EXECUTION_ARGS_H
#define CONV3D_TOOLS_EXECUTION_ARGS_H

#include <stdint.h>

#include "conv3d.h"
#include "options.h"

struct execution_args {
    int64_t threads; /* 0 = not given, as everywhere below */
    int math;        /* index of the word in --help: -1 = not given */
    const char *algorithm;
    int activation;
    int64_t memory_limit; /* bytes */
    const char *bind;
};

#define EXECUTION_ARGS_DEFAULTS {0, -1, NULL, CONV3D_ACTIVATION_NONE, 0, NULL}

extern const struct option_row execution_arg_rows[];

/* The library's options for these arguments. */
conv3d_options execution_args_options(const struct execution_args *args);

#endif
