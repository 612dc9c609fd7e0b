/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - how a failure is reported
 *
 * A function that fails returns c3d_fail(code, "what, with the numbers"), which
 * records the line for conv3d_last_error() and hands the code back.
 */
#ifndef C3D_BASE_STATUS_H
#define C3D_BASE_STATUS_H

#include "base/attr.h"
#include "conv3d.h"

/* Records the message for the calling thread and returns status.  Allocates
 * nothing; lines longer than 511 bytes are cut. */
conv3d_status c3d_fail(conv3d_status status, const char *format, ...) C3D_PRINTF(2, 3);

/* What conv3d_last_error() says, to say it again after something went wrong that is no failure
 * of the caller's. */
struct c3d_failure {
    char line[512];
};
struct c3d_failure c3d_failure_save(void);
void c3d_failure_restore(const struct c3d_failure *failure);

#endif
