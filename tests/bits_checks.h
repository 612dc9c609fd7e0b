/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bits_checks.h - promise 1 and 2: nothing but the data, the parameters, the
 * math mode and (in fast math) the ISA may change a bit of the output.  Free of
 * Criterion: tests/race.c runs the same checks under a race detector.
 */
#ifndef CONV3D_TESTS_BITS_CHECKS_H
#define CONV3D_TESTS_BITS_CHECKS_H

#include "support.h"

/* A workload, how to run it, and the bits it must give: as it comes, and by name.  Those
 * of the chain that strict math promises; but by a transform, and in fast math as it
 * comes, those of one thread. */
struct subject {
    const struct workload *workload;
    const char *isa;
    conv3d_options options;
    const float *expected, *chain, *transformed;
};

typedef bool bits_check(const struct subject *subject);

bits_check bits_are_the_chain;      /* by every algorithm that accepts the problem */
bits_check bits_ignore_threads;     /* 1, 2, 3, 5, 8, 16 */
bits_check bits_ignore_places;      /* where threads are bound, and whether */
bits_check bits_ignore_tiles;       /* odd, tiny and huge */
bits_check bits_ignore_batch;       /* each item of a longer batch, at every position */
bits_check bits_ignore_alignment;   /* every buffer at 0, 4, .. 60 from a cache line */
bits_check bits_ignore_workspace;   /* whose it is, and what it holds */
bits_check bits_ignore_memory;      /* memory_limit_bytes down to what is refused */
bits_check bits_ignore_company;     /* several threads execute one plan, and make others */

/* The shapes that the checks run over: corners, then random ones of test_seed(). */
int bits_shapes(void);
bool bits_shape(int index, struct problem *problem);

/* Runs check over all shapes (at most `limit` of them) x ISA levels x math modes. */
bool bits_hold(bits_check *check, int limit);

#endif /* CONV3D_TESTS_BITS_CHECKS_H */
