/* SPDX-License-Identifier: Apache-2.0 */
/*
 * winograd_weights.h - weights in the frequencies of their transform
 */
#ifndef C3D_ALGO_WINOGRAD_WEIGHTS_H
#define C3D_ALGO_WINOGRAD_WEIGHTS_H

#include "algo/winograd_block.h"

/* Layout: [group][frequency of T][panel][frequency of H][of W][in channel][lane];
 * transformed in float64 and rounded once. */
void c3d_winograd_pack(const struct c3d_problem *problem,
                       const struct c3d_winograd_block *block, const float *weight,
                       float *packed);

#endif
