/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer_class.h - kinds of layers whose speed is judged together
 *
 * A layer belongs to every class that fits.
 */
#ifndef CONV3D_TOOLS_LAYER_CLASS_H
#define CONV3D_TOOLS_LAYER_CLASS_H

#include "layer_table.h"

enum { LAYER_CLASSES = 14 };

/* 0 <= index < LAYER_CLASSES; class 0 is "all". */
const char *layer_class_name(int index);
int layer_class_has(int index, const struct layer *layer);

#endif
