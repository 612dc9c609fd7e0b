/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convolve.h - compute a whole problem, with progress
 */
#ifndef CONV3D_TOOLS_CONVOLVE_H
#define CONV3D_TOOLS_CONVOLVE_H

#include "conv3d.h"
#include "problem.h"

struct convolve_report {
    char algorithm[64], isa[32];
    conv3d_math math;
    int threads;
    conv3d_tile tile;
    double flops;   /* nominal, of all items */
    double seconds; /* in the convolution itself, weights packed beforehand */
};

/* Fills `output`, of the problem's output shape.  Explains failures on stderr and
 * returns an exit_code; with quiet there is no progress. */
int convolve(const struct problem *problem, const conv3d_options *options, float *output,
             int quiet, struct convolve_report *report);

#endif
