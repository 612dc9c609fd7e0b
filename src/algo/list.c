/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - the algorithms in order of preference, reference last
 */
#include "algo/algo.h"

#include <math.h>

const struct c3d_algorithm *const c3d_algorithms[] = {
    &c3d_winograd,
    &c3d_depthwise,
    &c3d_depthwise_packed,
    &c3d_rows,
    &c3d_direct,
    &c3d_reference,
    NULL,
};

/* A random walk of K rounding errors; 0.3 fits measurements of sequential
 * float32 sums of Gaussian data from K = 27 to 13824. */
double c3d_sequential_error(const struct c3d_request *request)
{
    return 0.3 * 0x1p-24 * sqrt((double)c3d_reduction(request->problem)) + 0x1p-25;
}
