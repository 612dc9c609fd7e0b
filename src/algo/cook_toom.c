/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cook_toom.c - see cook_toom.h
 *
 * Toom and Cook multiply polynomials of degrees m - 1 and r - 1 by their values at
 * m + r - 2 points and at infinity, and interpolate.  Transposed, the same matrices
 * filter: with M(x) the product of all x - p_j, M_i(x) that of all but one,
 *
 *     A[k][i] = p_i^k,   G[i][k] = p_i^k / M_i(p_i),   B[i] = coefficients of M_i,
 *
 * and for infinity A = (0 .. 0 1), G = (0 .. 0 1), B = coefficients of M.
 */
#include "algo/cook_toom.h"

#include <math.h>
#include <string.h>

/* In the order of use.  All are dyadic, so that A and B are exact in float32; small, with
 * reciprocals in pairs, since errors grow with the powers of the points: 1/2 and -2 have
 * half the error of 2 and -2 (doc/winograd.md has the table). */
static const double *choose_points(int count)
{
    static const double few[] = {0, 1, -1, 0.5, -2}, many[] = {0, 1, -1, 2, -2, 0.5, -0.5};
    return count <= 5 ? few : many;
}

/* The product of x - p_j over all points but `without` (-1: none): coefficients from the
 * constant on. */
static void product(const double *points, int count, int without, double *coefficients)
{
    int degree = 0;
    coefficients[0] = 1;
    for (int j = 0; j < count; j++) {
        if (j == without) {
            continue;
        }
        coefficients[degree + 1] = coefficients[degree];
        for (int k = degree; k > 0; k--) {
            coefficients[k] = coefficients[k - 1] - points[j] * coefficients[k];
        }
        coefficients[0] *= -points[j];
        degree++;
    }
}

static double value(const double *coefficients, int degree, double x)
{
    double sum = 0;
    for (int k = degree; k >= 0; k--) {
        sum = sum * x + coefficients[k];
    }
    return sum;
}

/* The definition: product (i, k) of output i and tap k belongs to input i + k, and one of
 * them is always 0. */
static void plain(int outs, int taps, struct c3d_cook_toom *transform)
{
    for (int i = 0; i < transform->points; i++) {
        transform->input[i][i] = 1;
        transform->weights[i][taps == 1 ? 0 : i] = 1;
        transform->output[outs == 1 ? 0 : i][i] = 1;
    }
}

static double sum_of_squares(const double *values, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        sum += values[i] * values[i];
    }
    return sum;
}

static double amplification(const struct c3d_cook_toom *transform)
{
    double sum = 0;
    for (int i = 0; i < transform->points; i++) {
        double outputs = 0;
        for (int k = 0; k < transform->outs; k++) {
            outputs += transform->output[k][i] * transform->output[k][i];
        }
        sum += outputs * sum_of_squares(transform->weights[i], transform->taps) *
               sum_of_squares(transform->input[i], transform->inputs);
    }
    return sqrt(sum / ((double)transform->outs * transform->taps));
}

/* F(outs, taps) with stride 1. */
static void unstrided(int outs, int taps, struct c3d_cook_toom *transform)
{
    const int finite = outs + taps - 2;
    memset(transform, 0, sizeof *transform);
    transform->points = transform->inputs = finite + 1;
    if (outs == 1 || taps == 1) {
        plain(outs, taps, transform);
        return;
    }
    const double *const points = choose_points(finite);
    for (int i = 0; i < finite; i++) {
        product(points, finite, i, transform->input[i]);
        const double scale = value(transform->input[i], finite - 1, points[i]);
        double power = 1;
        for (int k = 0; k < C3D_MAX_POINTS; k++, power *= points[i]) {
            if (k < taps) {
                transform->weights[i][k] = power / scale;
            }
            if (k < outs) {
                transform->output[k][i] = power;
            }
        }
    }
    product(points, finite, -1, transform->input[finite]);
    transform->weights[finite][taps - 1] = 1;
    transform->output[outs - 1][finite] = 1;
}

/* Adds the products of the taps `phase`, phase + stride, .. and the inputs that they meet. */
static void add_phase(struct c3d_cook_toom *transform, int phase, const struct c3d_cook_toom *part,
                      int taps)
{
    const int stride = transform->stride, at = transform->points;
    for (int i = 0; i < part->points; i++) {
        for (int k = 0; k < part->inputs; k++) {
            transform->input[at + i][phase + k * stride] = part->input[i][k];
        }
        for (int k = 0; k < taps; k++) {
            transform->weights[at + i][phase + k * stride] = part->weights[i][k];
        }
        for (int k = 0; k < transform->outs; k++) {
            transform->output[k][at + i] = part->output[k][i];
        }
    }
    transform->points += part->points;
}

void c3d_cook_toom(int outs, int taps, int stride, struct c3d_cook_toom *transform)
{
    *transform = (struct c3d_cook_toom){
        .outs = outs, .taps = taps, .stride = stride, .inputs = (outs - 1) * stride + taps};
    for (int phase = 0; phase < stride && phase < taps; phase++) {
        const int some = (taps - phase + stride - 1) / stride;
        struct c3d_cook_toom part;
        unstrided(outs, some, &part);
        add_phase(transform, phase, &part, some);
    }
    transform->amplification = amplification(transform);
}
