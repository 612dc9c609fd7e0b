/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select.h - the single place that decides which kernels are used
 */
#ifndef C3D_KERNEL_SELECT_H
#define C3D_KERNEL_SELECT_H

#include "base/status.h"
#include "kernel/kernel.h"

/* The best table this build and processor have. */
const struct c3d_kernels *c3d_kernels_best(void);

/* The best table not above CONV3D_ISA; the environment is read at each call.
 * Errors: ENVIRONMENT when the variable names no ISA of this architecture. */
C3D_CHECKED conv3d_status c3d_kernels_select(const struct c3d_kernels **kernels);

#endif
