/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cook_toom.c - the matrices of minimal filtering for every tile and kernel: proved
 * in exact rational arithmetic, because a test on numbers could not tell a wrong entry
 * from a large rounding error.
 */
#include "algo/cook_toom.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

/* In lowest terms; the denominator is positive. */
struct rational {
    int64_t numerator, denominator;
};

static int64_t product(int64_t a, int64_t b)
{
    int64_t result;
    cr_assert(!__builtin_mul_overflow(a, b, &result));
    return result;
}

static int64_t sum(int64_t a, int64_t b)
{
    int64_t result;
    cr_assert(!__builtin_add_overflow(a, b, &result));
    return result;
}

static struct rational reduced(int64_t numerator, int64_t denominator)
{
    int64_t divisor = denominator, rest = numerator < 0 ? -numerator : numerator;
    while (rest != 0) {
        const int64_t next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    return (struct rational){numerator / divisor, denominator / divisor};
}

static struct rational rational_product(struct rational a, struct rational b)
{
    return reduced(product(a.numerator, b.numerator), product(a.denominator, b.denominator));
}

static struct rational rational_sum(struct rational a, struct rational b)
{
    const int64_t numerator =
        sum(product(a.numerator, b.denominator), product(b.numerator, a.denominator));
    return reduced(numerator, product(a.denominator, b.denominator));
}

/* The simplest fraction that x is the rounding of: the first convergent of its continued
 * fraction that rounds to it. */
static struct rational fraction_of(double x)
{
    enum { LARGEST = 1 << 20 }; /* denominators here are some thousands */
    const double magnitude = fabs(x);
    int64_t numerator = 1, denominator = 0, last_numerator = 0, last_denominator = 1;
    double rest = magnitude;
    bool found = false;
    while (!found && rest < LARGEST && denominator < LARGEST) {
        const int64_t whole = (int64_t)rest;
        const int64_t next_numerator = whole * numerator + last_numerator;
        const int64_t next_denominator = whole * denominator + last_denominator;
        last_numerator = numerator;
        last_denominator = denominator;
        numerator = next_numerator;
        denominator = next_denominator;
        found = (double)numerator / (double)denominator == magnitude;
        rest = 1.0 / (rest - (double)whole);
    }
    cr_assert(found, "%.17g is the rounding of no small fraction", x);
    return reduced(x < 0.0 ? -numerator : numerator, denominator);
}

typedef void check_fn(const struct c3d_cook_toom *transform);

static void check_all(check_fn *check)
{
    for (int stride = 1; stride <= 3; stride++)
        for (int outs = 1; outs <= C3D_MAX_POINTS; outs++)
            for (int taps = 1; (outs - 1) * stride + taps <= C3D_MAX_POINTS; taps++) {
                struct c3d_cook_toom transform;
                c3d_cook_toom(outs, taps, stride, &transform);
                cr_assert(transform.outs == outs && transform.taps == taps &&
                          transform.stride == stride &&
                          transform.inputs == (outs - 1) * stride + taps);
                /* Where there is a tap for every input, each input takes one product. */
                cr_assert(taps >= stride ? transform.points == transform.inputs
                                         : transform.points == outs * taps);
                check(&transform);
            }
}

/* What output i gets of input j by way of tap k. */
static struct rational contribution(const struct c3d_cook_toom *t, int i, int k, int j)
{
    struct rational all = {0, 1};
    for (int f = 0; f < t->points; f++) {
        const struct rational weighted =
            rational_product(fraction_of(t->weights[f][k]), fraction_of(t->input[f][j]));
        all = rational_sum(all, rational_product(fraction_of(t->output[i][f]), weighted));
    }
    return all;
}

static void is_a_filter(const struct c3d_cook_toom *t)
{
    for (int i = 0; i < t->outs; i++)
        for (int k = 0; k < t->taps; k++)
            for (int j = 0; j < t->inputs; j++) {
                const struct rational got = contribution(t, i, k, j);
                cr_assert(got.numerator == (j == i * t->stride + k) && got.denominator == 1,
                          "F(%d, %d): output %d gets %" PRId64 "/%" PRId64
                          " of input %d times tap %d", t->outs, t->taps, i, got.numerator,
                          got.denominator, j, k);
            }
}

Test(cook_toom, matrices_are_those_of_a_filter)
{
    check_all(is_a_filter);
}

/* A quotient by a power of two is exact, so that fraction_of() is the value itself. */
static bool is_exact(double x)
{
    const int64_t denominator = fraction_of(x).denominator;
    return (double)(float)x == x && (denominator & (denominator - 1)) == 0;
}

static void is_exact_in_float32(const struct c3d_cook_toom *t)
{
    for (int f = 0; f < t->points; f++) {
        for (int j = 0; j < t->inputs; j++)
            cr_assert(is_exact(t->input[f][j]), "F(%d, %d): B[%d][%d] is %.17g", t->outs,
                      t->taps, f, j, t->input[f][j]);
        for (int i = 0; i < t->outs; i++)
            cr_assert(is_exact(t->output[i][f]), "F(%d, %d): A[%d][%d] is %.17g", t->outs,
                      t->taps, i, f, t->output[i][f]);
    }
}

Test(cook_toom, input_and_output_matrices_are_exact_in_float32)
{
    check_all(is_exact_in_float32);
}

/* The squares of all products that make output i, for data of variance 1. */
static double squares_of_output(const struct c3d_cook_toom *t, int i)
{
    double all = 0.0;
    for (int f = 0; f < t->points; f++)
        for (int k = 0; k < t->taps; k++)
            for (int j = 0; j < t->inputs; j++) {
                const double one = t->output[i][f] * t->weights[f][k] * t->input[f][j];
                all += one * one;
            }
    return all;
}

static void amplifies_as_defined(const struct c3d_cook_toom *t)
{
    double all = 0.0;
    for (int i = 0; i < t->outs; i++)
        all += squares_of_output(t, i);
    const double expected = sqrt(all / t->outs / t->taps);
    cr_assert(fabs(t->amplification - expected) <= 1e-12, "F(%d, %d): %.17g, expected %.17g",
              t->outs, t->taps, t->amplification, expected);
    if (t->outs == 1 || t->taps == 1)
        cr_assert(t->amplification == 1.0);
}

Test(cook_toom, amplification_is_that_of_uncorrelated_data)
{
    check_all(amplifies_as_defined);
}
