/* SPDX-License-Identifier: Apache-2.0 */
/*
 * support.h - what every suite shares: problems with their data, running them,
 * and comparing results with a report.  It knows nothing of Criterion, so that
 * the same checks can run under a plain main() where Criterion cannot (race
 * detectors).  Checks return true or complain on stderr and return false.
 */
#ifndef CONV3D_TESTS_SUPPORT_H
#define CONV3D_TESTS_SUPPORT_H

#include "conv3d.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBLEM_TEXT_MAX = 512, ISA_LEVELS_MAX = 4, ALGORITHMS_MAX = 16 };

/* A problem and the shape of its output. */
struct problem {
    conv3d_params params;
    int64_t input[5];
    int64_t output[5];
};

/* A problem with its data.  bias is NULL when the problem has none. */
struct workload {
    struct problem problem;
    size_t input_count, weight_count, bias_count, output_count;
    float *input, *weight, *bias;
};

/* Prints one line to stderr and returns false. */
bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The seed of this run: CONV3D_TEST_SEED, or a fixed default.  The first call
 * prints it. */
uint64_t test_seed(void);

/* How many random cases: CONV3D_TEST_COUNT caps usual, for slow instruments. */
int64_t test_count(int64_t usual);

bool problem_from_text(struct problem *problem, const char *text);
bool problem_from_params(struct problem *problem, const conv3d_params *params,
                         const int64_t input_shape[5]);
/* A random valid problem of at most max_outputs outputs and never an empty
 * batch; the same for the same seed. */
void problem_draw(struct problem *problem, uint64_t seed, int64_t max_outputs);
/* Tiles of all kinds, small ones and left to the plan: i is any number from 0 on. */
conv3d_tile tile_number(int64_t i);
const char *problem_text(const struct problem *problem, char buffer[PROBLEM_TEXT_MAX]);

size_t shape_count(const int64_t *shape, int rank);
int64_t problem_taps(const struct problem *problem);

/* Fills input, weight and bias with reals in [-1, 1).  Aborts the test program
 * when memory runs out: no check could say anything sensible then. */
void workload_make(struct workload *workload, const struct problem *problem, uint64_t seed);
void workload_free(struct workload *workload);
conv3d_tensor workload_weight(const struct workload *workload);
conv3d_tensor workload_bias(const struct workload *workload);
conv3d_status workload_plan(const struct workload *workload, const conv3d_options *options,
                            conv3d_plan **plan);
/* Create, execute, destroy; complains unless all is CONV3D_OK.  The output is
 * poisoned first. */
bool workload_run(const struct workload *workload, const conv3d_options *options,
                  float *output);

/* The float32 algorithms that accept the problem under these options, whichever
 * would be chosen: everything but the reference.  Names have static storage. */
size_t workload_algorithms(const struct workload *workload, const conv3d_options *options,
                           const char *names[ALGORITHMS_MAX]);

/* options with everything default except the math mode. */
conv3d_options options_for(conv3d_math math);
conv3d_options options_strict(int threads);

void *allocate(size_t bytes);
float *allocate_floats(size_t count);

/* A signalling NaN: any arithmetic on it, and any element left unwritten, shows. */
void poison(void *data, size_t bytes);
bool is_poisoned(const void *data, size_t bytes);
bool has_poison(const float *data, size_t count);

/* Bit for bit; complains with the first difference, the problem and label. */
bool same_bits(const struct workload *workload, const float *expected, const float *got,
               const char *label);
/* The same, but any NaN equals any NaN. */
bool same_or_nan(const struct workload *workload, const float *expected, const float *got,
                 const char *label);

/* The ISA levels this machine and build can run, weakest first; the levels it
 * cannot are named once on stderr. */
size_t isa_levels(const char *names[ISA_LEVELS_MAX]);
/* Caps the ISA of the plans to come; NULL goes back to what the environment said
 * when the program started. */
void isa_set(const char *name);

#endif /* CONV3D_TESTS_SUPPORT_H */
