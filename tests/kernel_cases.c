/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_cases.c - see kernel_cases.h
 */
#include "kernel_cases.h"

#include "support.h"

#include "../tools/random_data.h"

#include "kernel/select.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct c3d_kernels *kernels_of(const char *name)
{
    const struct c3d_kernels *kernels;
    isa_set(name);
    if (c3d_kernels_select(&kernels) != CONV3D_OK || strcmp(kernels->name, name) != 0)
        cr_skip("ISA level %s is not available on this machine or in this build", name);
    return kernels;
}

float any_float(uint64_t seed, uint64_t index)
{
    const uint64_t bits = random_bits(seed, index);
    const uint32_t low = (uint32_t)bits;
    float value;
    switch (bits >> 60) {
    case 0: /* any exponent, NaN and infinities among them */
        memcpy(&value, &low, sizeof value);
        return value;
    case 1: /* few mantissa bits, so that sums tie and cancel */
        return (float)((int)(low % 17) - 8) * 0x1p-12f;
    case 2:
        return (float)((int)(low % 4097) - 2048) * FLT_TRUE_MIN;
    case 3:
        return low % 2 ? -0.0f : 0.0f;
    default:
        return ldexpf((float)(int32_t)low, -31 + (int)(bits >> 32) % 24 - 12);
    }
}

float small_float(uint64_t seed, uint64_t index)
{
    return (float)(int32_t)random_bits(seed, index) * 0x1p-31f;
}

float bias_float(uint64_t seed, uint64_t index)
{
    return any_float(seed, index) + 0.0f;
}

void guarded_fill(struct guarded *guarded, size_t count, enum guard_side side,
                         draw_fn *draw, uint64_t seed)
{
    float *values = allocate_floats(count);
    for (size_t i = 0; i < count; i++)
        values[i] = draw(seed, i);
    guarded_make_constant(guarded, values, count * sizeof *values, side);
    free(values);
}

bool same_float(float a, float b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}
