/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regression.h - what values at some points tell of the others
 *
 * A Gaussian process with mean 0: values at points a distance d apart are correlated by
 * exp(-d^2 / (2 reach^2)).  (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006,
 * algorithm 2.1.)
 */
#ifndef C3D_TUNE_REGRESSION_H
#define C3D_TUNE_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>

/* Of a point: nearness in these is likeness. */
enum { C3D_FEATURES = 12 };

enum { C3D_OBSERVATIONS = 256 };

struct c3d_regression {
    double reach, deviation; /* of the process */
    size_t count, most;
    const double **at;       /* features of the observations */
    double *factor;          /* lower triangle of the Cholesky factor, row by row */
    double *weights;         /* what each observation counts */
};

/* For at most C3D_OBSERVATIONS.  False: no memory.  Release with c3d_regression_free(). */
bool c3d_regression_make(struct c3d_regression *regression, double reach, double deviation);
void c3d_regression_free(struct c3d_regression *regression);

/* Takes these observations in the place of all others; errors[i] is the standard deviation of
 * values[i].  Features must stay where they are. */
void c3d_regression_fit(struct c3d_regression *regression, const double *const *features,
                        const double *values, const double *errors, size_t count);

/* What to expect at a point, and its standard deviation. */
double c3d_regression_expect(const struct c3d_regression *regression, const double *features,
                             double *deviation);

#endif
