/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_case.h - one convolution against an independent float64 oracle
 *
 * Shared by `conv3d verify` and the tests.  The oracle is written here once
 * more, from the definition, and shares nothing with the library's algorithms.
 */
#ifndef CONV3D_TOOLS_VERIFY_CASE_H
#define CONV3D_TOOLS_VERIFY_CASE_H

#include <stdint.h>

#include "conv3d.h"

enum verify_data {
    VERIFY_REAL,   /* uniform reals: the error bound is checked */
    VERIFY_INTEGER /* small integers: every order of summation is exact, so equality is */
};

struct verify_result {
    double worst_ratio;  /* max over outputs of |error| / bound, where
                            bound = (4*sqrt(K)+8) * 2^-24 * (sum|x||w| + |bias|), K = taps
                            of one output; infinite for an error where bound is 0 */
    int64_t mismatches;  /* outputs over the bound; with integers, not exactly equal */
    double relative_l2;
    double max_abs;      /* largest |error| */
    double rms;          /* of the expected outputs: what max_abs compares with */
    uint64_t checksum;   /* of the output's bits, in order */
    int64_t outputs;
    int mistrusted;      /* fewer than half of the outputs that see a voxel are expected to
                            be non-zero, activation left aside: equality would prove little */
    conv3d_math math;    /* the mode the plan chose: FAST or STRICT */
};

/*
 * Draws tensors from `seed`, convolves through a plan (weight rank, bias rank and
 * ownership of the workspace vary with the seed), and compares every output; the
 * output is poisoned with NaN beforehand.  options may be NULL.  On an error of
 * the library its status is returned, and conv3d_last_error() explains it;
 * CONV3D_ERR_MEMORY also when memory for the tensors is refused.
 */
conv3d_status verify_case_run(const conv3d_params *params, const int64_t input_shape[5],
                              const conv3d_options *options, enum verify_data data,
                              uint64_t seed, struct verify_result *result);

/* Folds one more checksum into a running one; order matters. */
uint64_t verify_checksum_add(uint64_t checksum, uint64_t value);

/* Whether the result meets what its math mode promises: no mismatch in strict
 * math, relative L2 error <= 2e-5 in fast math.  There, a single wrong output in
 * many would hide in the norm; so either no output is over its own bound, or none
 * is off by more than 20 times what the norm allows on average.  Never when
 * mistrusted. */
int verify_result_is_good(const struct verify_result *result);

#endif
