/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_layer.h - measure one layer
 */
#ifndef CONV3D_TOOLS_BENCH_LAYER_H
#define CONV3D_TOOLS_BENCH_LAYER_H

#include "bench.h"

/* Computes, checks and times the layer, and the peer if there is one.  What goes
 * wrong with this layer alone is in row->status; what would go wrong with every
 * other too is explained on stderr and returned as an exit_code. */
int bench_layer(const struct bench *bench, const struct layer *layer, struct bench_row *row);

#endif
