/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_space.h - RLIMIT_AS for the process of one test.  Needs Criterion: it asserts
 * and skips.
 */
#ifndef CONV3D_TESTS_ADDRESS_SPACE_H
#define CONV3D_TESTS_ADDRESS_SPACE_H

#include <stdint.h>

/* Skips the test where a sanitizer needs more address space than any limit leaves it. */
void address_space_skip_if_sanitized(void);

/* Sets the limit, as far as this process may; 0 = none. */
void address_space_limit(uint64_t bytes);

/* Sets it to what is mapped now and so much more. */
void address_space_leave(uint64_t bytes);

#endif /* CONV3D_TESTS_ADDRESS_SPACE_H */
