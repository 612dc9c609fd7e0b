/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - the algorithms in order of preference, reference last
 */
#include "algo/algo.h"

const struct c3d_algorithm *const c3d_algorithms[] = {
    &c3d_direct,
    &c3d_reference,
    NULL,
};
