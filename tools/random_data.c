/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_data.c - reproducible numbers for checks and default weights
 *
 * A counter-based generator instead of a stateful one: nothing here depends on
 * the order in which values are drawn.  Must not call libm, except for the
 * normal distribution, whose users never compare bits.
 */
#include "random_data.h"

#include <math.h>

/* The finaliser of MurmurHash3 with Stafford's "Mix13" constants: full avalanche
 * in two multiplications. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t random_bits(uint64_t seed, uint64_t index)
{
    /* 2^64 divided by the golden ratio, made odd: consecutive seeds and indices
     * land far apart.  The seed is mixed first, so that (seed + 1, index) and
     * (seed, index + 1) have nothing in common. */
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);

    return mix(mix(seed + golden) + (index + 1) * golden);
}

void random_fill_real(float *x, size_t n, uint64_t seed)
{
    const int32_t half = INT32_C(1) << 23;

    for (size_t i = 0; i < n; i++) {
        const int32_t top24 = (int32_t)(random_bits(seed, i) >> 40);

        x[i] = (float)(top24 - half) / (float)half; /* exact: 24 bits, power of two */
    }
}

void random_fill_integers(float *x, size_t n, uint64_t seed, int magnitude, double density)
{
    /* The upper 32 bits decide on zero, the lower 32 on the value. */
    const uint64_t nonzero_below = (uint64_t)(density * 4294967296.0);
    const uint64_t choices = 2 * (uint64_t)magnitude;

    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = random_bits(seed, i);
        const int64_t value = (int64_t)(((bits & UINT32_MAX) * choices) >> 32) - magnitude;

        if (bits >> 32 >= nonzero_below)
            x[i] = 0.0f;
        else
            x[i] = (float)(value < 0 ? value : value + 1);
    }
}

void random_fill_normal(float *x, size_t n, uint64_t seed, double stddev)
{
    const double two_pi = 6.283185307179586;

    for (size_t i = 0; i < n; i++) {
        /* Box-Muller; the radius needs (0, 1], zero would have an infinite log. */
        const uint64_t bits = random_bits(seed, i);
        const double radius_u = ((double)(bits >> 32) + 1.0) / 4294967296.0;
        const double angle_u = (double)(bits & UINT32_MAX) / 4294967296.0;

        x[i] = (float)(stddev * sqrt(-2.0 * log(radius_u)) * cos(two_pi * angle_u));
    }
}
