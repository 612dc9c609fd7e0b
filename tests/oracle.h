/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle.h - what a convolution is, said once more and independently of the
 * library: the list of taps of one output, in the order of the strict sum.
 * Everything else here follows from that list.  It must not call the library.
 */
#ifndef CONV3D_TESTS_ORACLE_H
#define CONV3D_TESTS_ORACLE_H

#include "support.h"

/* One product of a sum: offsets into the input and the weights. */
struct tap {
    size_t input, weight;
};

/* Room for the taps of one output; free() it. */
struct tap *oracle_taps_make(const struct problem *problem);

/* Writes the taps of output number `at` that do not fall on padding, in the
 * order c, kt, kh, kw of the correlation (a flipped kernel is flipped first);
 * returns how many. */
size_t oracle_taps(const struct problem *problem, size_t at, struct tap *taps);

/* The output channel that output number `at` belongs to. */
size_t oracle_channel(const struct problem *problem, size_t at);

/* The bits that strict math promises: one FMA per tap, starting at +0, then the
 * bias; a zero result is +0. */
void oracle_strict(const struct workload *workload, conv3d_activation activation,
                   float *output);
/* One of them; taps comes from oracle_taps_make(). */
float oracle_strict_one(const struct workload *workload, conv3d_activation activation, size_t at,
                        struct tap *taps);

/* Relative error in L2; NaN if any output is. */
double relative_l2(const double *exact, const float *got, size_t count);

/* Float64 sums, and the sums of the magnitudes that the error bound is made of. */
void oracle_double(const struct workload *workload, double *output, double *magnitude);

/* Promise 2: |got - exact| <= (4 sqrt(K) + 8) * 2^-24 * magnitude, everywhere. */
bool within_bound(const struct workload *workload, const float *got, const char *label);

/* seen[at] = 1 where output number `at` has the input element, or the weight,
 * of that offset among its taps. */
void oracle_sees_input(const struct problem *problem, size_t input, unsigned char *seen);
void oracle_sees_weight(const struct problem *problem, size_t weight, unsigned char *seen);

#endif /* CONV3D_TESTS_ORACLE_H */
