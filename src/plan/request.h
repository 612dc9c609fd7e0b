/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - what a plan asks of its algorithms: wishes, caches and limits
 */
#ifndef C3D_PLAN_REQUEST_H
#define C3D_PLAN_REQUEST_H

#include "algo/algo.h"

/*
 * Bytes between the scratch of two threads.  The hardware asks ahead in strides for what lies behind a thread's
 * buffers, some 30 strides of a plane or channel, and takes lines from the thread that is writing there: two
 * Zen 5 cores then had no more of depthwise from packed planes than one.  Time with a gap against none:
 *
 *     KiB                                       64    128   512   1024  2048
 *     depthwise packed, 20 KiB of scratch each  0.56  0.56  0.56  0.56  0.56
 *     240 KiB each                              0.89  0.79  0.66  0.65  0.65
 *     430 KiB each                              0.98  0.96  0.81  0.62  0.61
 *     2x2x2 patches (direct)                    0.92  0.92  0.92  0.92  0.91
 *     1x1x1 with stride 2                       0.96  0.96  0.93  0.94  0.95
 *
 * Nobody touches it: it takes addresses, not memory.
 */
enum { C3D_SCRATCH_GAP = 1 << 20 };

/* Sets wishes for a tile, and with them how results are written. */
void c3d_request_tile(struct c3d_request *request, const conv3d_tile *tile);

/* Sets the caches that each of the request's threads has. */
void c3d_request_caches(struct c3d_request *request);

/* Sets the scratch limit such that packed weights and all threads' scratch stay under
 * the request's limit of memory.  Errors: LIMIT. */
C3D_CHECKED conv3d_status c3d_request_limit(struct c3d_request *request);

/* What the choice of an algorithm goes by, since nothing else may change bits: the same for one
 * item, which it writes to *item, one thread, and no wishes.  Errors: LIMIT. */
C3D_CHECKED conv3d_status c3d_request_of_item(const struct c3d_request *request,
                                              struct c3d_problem *item,
                                              struct c3d_request *one);

/* Sets what is the plan's to decide of a tile, not the algorithm's. */
void c3d_request_complete(const struct c3d_request *request, struct c3d_prepared *prepared);

#endif
