/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regression.c - see regression.h
 */
#include "tune/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool c3d_regression_make(struct c3d_regression *regression, double reach, double deviation)
{
    const size_t most = C3D_OBSERVATIONS;
    *regression = (struct c3d_regression){
        .reach = reach,
        .deviation = deviation,
        .at = malloc(most * sizeof *regression->at),
        .factor = malloc(most * (most + 1) / 2 * sizeof *regression->factor),
        .weights = malloc(most * sizeof *regression->weights),
    };
    if (regression->at == NULL || regression->factor == NULL || regression->weights == NULL) {
        c3d_regression_free(regression);
        return false;
    }
    return true;
}

void c3d_regression_free(struct c3d_regression *regression)
{
    free(regression->at);
    free(regression->factor);
    free(regression->weights);
    *regression = (struct c3d_regression){0};
}

static double covariance(const struct c3d_regression *r, const double *a, const double *b)
{
    double distance2 = 0;
    for (int i = 0; i < C3D_FEATURES; i++) {
        distance2 += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return r->deviation * r->deviation * exp(-distance2 / (2 * r->reach * r->reach));
}

static double *row_of(const struct c3d_regression *r, size_t row)
{
    return r->factor + row * (row + 1) / 2;
}

/* x := L^-1 x */
static void solve_forward(const struct c3d_regression *r, double *x)
{
    for (size_t i = 0; i < r->count; i++) {
        const double *const row = row_of(r, i);
        for (size_t j = 0; j < i; j++) {
            x[i] -= row[j] * x[j];
        }
        x[i] /= row[i];
    }
}

/* x := L^-T x */
static void solve_backward(const struct c3d_regression *r, double *x)
{
    for (size_t i = r->count; i-- > 0;) {
        x[i] /= row_of(r, i)[i];
        for (size_t j = 0; j < i; j++) {
            x[j] -= row_of(r, i)[j] * x[i];
        }
    }
}

void c3d_regression_fit(struct c3d_regression *r, const double *const *features,
                        const double *values, const double *errors, size_t count)
{
    r->count = count < C3D_OBSERVATIONS ? count : C3D_OBSERVATIONS;
    memcpy(r->at, features, r->count * sizeof *r->at);
    memcpy(r->weights, values, r->count * sizeof *r->weights);
    for (size_t i = 0; i < r->count; i++) {
        double *const row = row_of(r, i);
        for (size_t j = 0; j <= i; j++) {
            const double *const other = row_of(r, j);
            double sum = covariance(r, r->at[i], r->at[j]) + (i == j ? errors[i] * errors[i] : 0);
            for (size_t k = 0; k < j; k++) {
                sum -= row[k] * other[k];
            }
            /* Rounding must not make the diagonal of like points negative. */
            row[j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / other[j];
        }
    }
    solve_forward(r, r->weights);
    solve_backward(r, r->weights);
}

double c3d_regression_expect(const struct c3d_regression *r, const double *features,
                             double *deviation)
{
    double like[C3D_OBSERVATIONS], mean = 0, explained = 0;
    for (size_t i = 0; i < r->count; i++) {
        like[i] = covariance(r, r->at[i], features);
        mean += like[i] * r->weights[i];
    }
    solve_forward(r, like);
    for (size_t i = 0; i < r->count; i++) {
        explained += like[i] * like[i];
    }
    *deviation = sqrt(fmax(r->deviation * r->deviation - explained, 0));
    return mean;
}
