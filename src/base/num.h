/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num.h - small integer arithmetic: division, rounding, checked products
 *
 * Sizes arrive as int64_t from users; everything that multiplies them before
 * they are known to be small goes through the checked forms.
 */
#ifndef C3D_BASE_NUM_H
#define C3D_BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

static inline int64_t c3d_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t c3d_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Both operands >= 0, b > 0; cannot overflow. */
static inline int64_t c3d_ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

static inline int64_t c3d_round_up(int64_t a, int64_t multiple)
{
    return c3d_ceil_div(a, multiple) * multiple;
}

static inline int64_t c3d_gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Each returns false, leaving *product or *sum unspecified, on overflow. */
static inline bool c3d_mul_ok(int64_t a, int64_t b, int64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static inline bool c3d_add_ok(int64_t a, int64_t b, int64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

#endif
