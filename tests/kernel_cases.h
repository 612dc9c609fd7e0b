/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_cases.h - what tests of micro-kernels are made of: tables and operands
 */
#ifndef CONV3D_TESTS_KERNEL_CASES_H
#define CONV3D_TESTS_KERNEL_CASES_H

#include "guard.h"

#include "kernel/kernel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The table of one ISA; skips the test, aloud, where there is none. */
const struct c3d_kernels *kernels_of(const char *name);

/* Element `index` of an operand. */
typedef float draw_fn(uint64_t seed, uint64_t index);

draw_fn any_float;   /* of every kind: a fused multiply-add must round all of them once */
draw_fn small_float; /* -1 .. 1 */
draw_fn bias_float;  /* of every kind but -0, as the contract has it */

/* `count` floats that must not change, against one side of their pages. */
void guarded_fill(struct guarded *guarded, size_t count, enum guard_side side, draw_fn *draw,
                  uint64_t seed);

/* The same bits, or NaN both. */
bool same_float(float a, float b);

#endif /* CONV3D_TESTS_KERNEL_CASES_H */
