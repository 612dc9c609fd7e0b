/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collapse.h - fewer, longer axes where the kernel does not couple them
 */
#ifndef C3D_PLAN_COLLAPSE_H
#define C3D_PLAN_COLLAPSE_H

#include "algo/problem.h"

/*
 * The same convolution over the same memory with longer rows: two neighbouring
 * axes on which the kernel is 1, the stride 1 and the padding 0 are one axis.
 * A 1x1x1 layer becomes a single row, a 3x1x1 layer rows of H*W; register tiles
 * and packing then have no ends to care for.  Where the kernel covers the whole volume
 * (patches cut out beforehand) there is one output per item, and the items become
 * columns: otherwise a register tile would hold a single output.
 */
struct c3d_problem c3d_collapse(const struct c3d_problem *problem);

#endif
