/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isa_neon.c - kernels for AArch64
 *
 * Thirty-two registers: 12 x 2 accumulators, two vectors, and scalars in the
 * rest.  Untuned: written for parity, measured only under emulation.
 */
#if !defined(__ARM_NEON)
#  error "compile this file for a target with Advanced SIMD"
#endif

#define C3D_LANES 4
#define C3D_COUNT_1 12
#define C3D_COUNT_2 12
#define C3D_COUNT_3 8
#define C3D_COUNT_4 6
#define C3D_COUNT_6 4
#define C3D_COUNT_8 2
#define C3D_FEW_INSTRUCTIONS 0
#define C3D_CHANNELS_PER_ASK 1
#define C3D_COSTS 8, 1, 1, 0, 0, 0
#define C3D_PANEL_VECTORS 2
#define C3D_RAGGED_ROW 12
#define C3D_IN_PLACE_PRODUCTS 0
#define C3D_TABLE c3d_kernels_neon
#define C3D_TABLE_NAME "neon"

#include "kernel/kernel_body.h"
