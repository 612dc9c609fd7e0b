/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cook_toom.h - the matrices of Winograd's minimal filtering, for any tile and kernel
 *
 * F(m, r) computes m neighbouring outputs of a kernel of r taps along one axis,
 *
 *     y = A [(G g) * (B d)],    * elementwise,
 *
 * with m + r - 1 products instead of m * r.  With a stride s, taps k, k + s, .. meet only
 * every s-th input: s kernels of stride 1 whose products are added.  doc/winograd.md
 * derives it.
 */
#ifndef C3D_ALGO_COOK_TOOM_H
#define C3D_ALGO_COOK_TOOM_H

#include "kernel/kernel.h"

struct c3d_cook_toom {
    int outs, taps, stride;
    int points; /* products: m + r - 1 or, for m = 1 or r = 1, m * r; of all s kernels */
    int inputs; /* that the outputs see: (m - 1) s + r */
    double input[C3D_MAX_POINTS][C3D_MAX_POINTS];   /* B: points x inputs */
    double weights[C3D_MAX_POINTS][C3D_MAX_POINTS]; /* G: points x taps */
    double output[C3D_MAX_POINTS][C3D_MAX_POINTS];  /* A: outs x points */
    /* Root mean square of the products that make an output, over that of the output, for
     * uncorrelated data: how far rounding errors of the products exceed those of a sum
     * without transform. */
    double amplification;
};

/* outs, taps, stride >= 1, of which at most C3D_MAX_POINTS inputs follow.  Where outs or taps
 * is 1, nothing can be saved: the products are those of the definition and the input is
 * taken as it is. */
void c3d_cook_toom(int outs, int taps, int stride, struct c3d_cook_toom *transform);

#endif
