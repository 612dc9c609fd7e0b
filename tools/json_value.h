/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_value.h - the library's values as jansson's
 *
 * For the files that write JSON, in builds that have jansson.  NULL when there is
 * no memory; jansson's setters and these functions pass it on.
 */
#ifndef CONV3D_TOOLS_JSON_VALUE_H
#define CONV3D_TOOLS_JSON_VALUE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conv3d.h"

json_t *json_value_bytes(size_t bytes);
json_t *json_value_number(double value); /* null for NaN and infinity, which JSON lacks */
json_t *json_value_shape(const int64_t *shape, int rank);
json_t *json_value_tile(const conv3d_tile *tile);
json_t *json_value_processor(int processor); /* null for -1, anywhere */
json_t *json_value_machine(const conv3d_machine *machine);

/* The text and a newline; 0 on failure. */
int json_value_write(const json_t *value, FILE *file);

#endif
