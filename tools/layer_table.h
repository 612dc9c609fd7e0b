/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer_table.h - the layers to measure: a file of them, or problems as text
 *
 * The file is a CSV with the columns of data/layers.csv, read strictly: a table
 * that is half understood would be measured wrongly.
 */
#ifndef CONV3D_TOOLS_LAYER_TABLE_H
#define CONV3D_TOOLS_LAYER_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "conv3d.h"

struct layer {
    char name[192];
    char net[64];            /* "" for a problem text */
    int64_t count;           /* how often the network has it; 1 for a problem text */
    conv3d_params params;    /* without bias, whatever the table says */
    int64_t input[5], output[5];
    char problem[192];       /* as text */
};

struct layer_table {
    struct layer *layers;
    size_t count;
};

/* What a table is before anything is added. */
#define LAYER_TABLE_EMPTY {NULL, 0}

/* Both append, or return an exit_code and write one line to `message`. */
int layer_table_read(struct layer_table *table, const char *path, char *message,
                     size_t capacity);
int layer_table_add_problem(struct layer_table *table, const char *text, char *message,
                            size_t capacity);

/* Drops the layers whose names do not contain the text and that do not belong to
 * a class of that name; upper and lower case are the same. */
void layer_table_filter(struct layer_table *table, const char *text);

/* Multiply-adds counted twice, padding included. */
double layer_flops(const struct layer *layer);

/* What every computation of it must move: input, weights and output once. */
double layer_bytes(const struct layer *layer);

/* Elements of a tensor that is known to fit the address space. */
size_t layer_elements(const int64_t shape[5]);
/* (C_out, C_in/groups, kt, kh, kw). */
void layer_weight_shape(const struct layer *layer, int64_t shape[5]);

void layer_table_free(struct layer_table *table);

#endif
