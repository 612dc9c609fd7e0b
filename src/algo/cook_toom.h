/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cook_toom.h - the matrices of Winograd's minimal filtering, for any tile and kernel
 *
 * F(m, r) computes m neighbouring outputs of a kernel of r taps along one axis,
 *
 *     y = A [(G g) * (B d)],    * elementwise,
 *
 * with m + r - 1 products instead of m * r.  doc/winograd.md derives it.
 */
#ifndef C3D_ALGO_COOK_TOOM_H
#define C3D_ALGO_COOK_TOOM_H

#include "kernel/kernel.h"

struct c3d_cook_toom {
    int outs, taps, points; /* m, r, and m + r - 1 or, for m = 1 or r = 1, m * r */
    double input[C3D_MAX_POINTS][C3D_MAX_POINTS];   /* B: points x points */
    double weights[C3D_MAX_POINTS][C3D_MAX_POINTS]; /* G: points x taps */
    double output[C3D_MAX_POINTS][C3D_MAX_POINTS];  /* A: outs x points */
    /* Root mean square of the products that make an output, over that of the output, for
     * uncorrelated data: how far rounding errors of the products exceed those of a sum
     * without transform. */
    double amplification;
};

/* outs, taps >= 1; outs + taps - 1 <= C3D_MAX_POINTS.  Where one of them is 1, nothing can
 * be saved: the products are those of the definition and the input is taken as it is. */
void c3d_cook_toom(int outs, int taps, struct c3d_cook_toom *transform);

#endif
