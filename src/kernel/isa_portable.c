/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isa_portable.c - kernels for any processor
 *
 * Four lanes are what baseline x86-64 and AArch64 have.  Without an FMA
 * instruction every multiply-add is a dozen operations (vec.h): right, not
 * fast; eight accumulators keep it busy.
 */
#define C3D_LANES 4
#define C3D_COUNT_1 4
#define C3D_COUNT_2 4
#define C3D_COUNT_3 2
#define C3D_COUNT_4 2
#define C3D_COUNT_6 1
#define C3D_COUNT_8 1
#define C3D_FEW_INSTRUCTIONS 0
#define C3D_CHANNELS_PER_ASK 1
#define C3D_COSTS 8, 1, 1, 0, 0, 0
#define C3D_PANEL_VECTORS 2
#define C3D_RAGGED_ROW 4
#define C3D_IN_PLACE_PRODUCTS 0
#define C3D_TABLE c3d_kernels_portable
#define C3D_TABLE_NAME "portable"

#include "kernel/kernel_body.h"
