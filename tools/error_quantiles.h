/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error_quantiles.h - how errors of any number of cases are distributed
 */
#ifndef CONV3D_TOOLS_ERROR_QUANTILES_H
#define CONV3D_TOOLS_ERROR_QUANTILES_H

#include <stdint.h>

/* Bins of a quarter of an octave, from 2^-40 up to 1; the first holds all below. */
enum { ERROR_BINS = 160 };

/* Zero-initialise. */
struct error_quantiles {
    int64_t bins[ERROR_BINS];
    int64_t count;
};

void error_quantiles_add(struct error_quantiles *quantiles, double error);

/* The upper end of the bin below or in which this share of the errors lies; 0 for that of
 * all below 2^-40, and without errors. */
double error_quantile(const struct error_quantiles *quantiles, double share);

#endif
