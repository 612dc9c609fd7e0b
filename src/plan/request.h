/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - what a plan asks of its algorithms: wishes, caches and limits
 */
#ifndef C3D_PLAN_REQUEST_H
#define C3D_PLAN_REQUEST_H

#include "algo/algo.h"

/* Bytes between the scratch of two threads, which nobody touches.  The hardware asks ahead, in strides of
 * planes and channels, for what lies behind the buffers of one, and takes lines from the other, who is writing
 * them: 0.61 to 1.0 of the time with a gap, and 512 KiB are too few for 400 KiB of scratch (doc/threads.md). */
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
