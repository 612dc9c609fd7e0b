/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample_check.h - some outputs of a large convolution against float64
 *
 * verify_case.h checks every output, which takes minutes for a large layer; this
 * takes those where mistakes happen (corners, edges), random ones, and every
 * output channel.  That something was written is checked for all outputs.
 */
#ifndef CONV3D_TOOLS_SAMPLE_CHECK_H
#define CONV3D_TOOLS_SAMPLE_CHECK_H

#include <stdint.h>

#include "conv3d.h"

/* A convolution without bias that has been computed. */
struct sample_case {
    const conv3d_params *params;
    const int64_t *input_shape, *output_shape; /* of five axes */
    const float *input, *weight, *output;
    int relu;                                  /* nonzero: negative sums become 0 */
};

struct sample_result {
    int64_t samples;
    int64_t unwritten;   /* NaN among all outputs, sampled or not */
    int64_t over_bound;  /* samples whose error is beyond (4*sqrt(K)+8) * 2^-24 * sum|x||w| */
    double worst_ratio;  /* of error and bound */
    double relative_l2;  /* over the sample */
};

/* The output must have been filled with NaN before it was computed.  The same seed
 * takes the same sample. */
void sample_check(const struct sample_case *c, uint64_t seed, struct sample_result *result);

/* Whether this is what the math mode promises: in strict math every sample within
 * its bound, in fast math a relative L2 error of at most 2e-5. */
int sample_result_is_good(const struct sample_result *result, conv3d_math math);

#endif
