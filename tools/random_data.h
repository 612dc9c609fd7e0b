/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_data.h - reproducible numbers for checks and default weights
 *
 * Every value is a hash of (seed, position): the same on every machine, for any
 * number of threads, and a tensor can be drawn from the middle.  Only
 * random_fill_normal() uses libm, so only its last bits may differ between
 * machines; checksums must not be taken over it.
 */
#ifndef CONV3D_TOOLS_RANDOM_DATA_H
#define CONV3D_TOOLS_RANDOM_DATA_H

#include <stddef.h>
#include <stdint.h>

/* 64 well mixed bits that depend on the two numbers only. */
uint64_t random_bits(uint64_t seed, uint64_t index);

/* Uniform in [-1, 1), multiples of 2^-23. */
void random_fill_real(float *x, size_t n, uint64_t seed);

/* 0 with probability 1 - density, else uniform among the 2 * magnitude integers
 * -magnitude .. -1 and 1 .. magnitude.  magnitude >= 1. */
void random_fill_integers(float *x, size_t n, uint64_t seed, int magnitude, double density);

/* Normal(0, stddev). */
void random_fill_normal(float *x, size_t n, uint64_t seed, double stddev);

#endif
