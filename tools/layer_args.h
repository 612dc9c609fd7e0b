/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer_args.h - the options that say which layers
 */
#ifndef CONV3D_TOOLS_LAYER_ARGS_H
#define CONV3D_TOOLS_LAYER_ARGS_H

#include "layer_table.h"
#include "options.h"

struct layer_args {
    const char *layers, *network, *filter; /* NULL = not given */
    struct option_list problems;
};

#define LAYER_ARGS_DEFAULTS {NULL, NULL, NULL, {{NULL}, 0}}

extern const struct option_row layer_arg_rows[];

/* Appends the layers to the table: at least one.  Explains failures on stderr and returns an
 * exit_code. */
int layer_args_load(const struct layer_args *args, struct layer_table *table);

#endif
