/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isa_avx512.c - kernels for x86-64 with AVX-512
 *
 * Thirty-two registers: 14 x 2 accumulators, two vectors, two scalars.  The 28
 * FMAs of a step need 16 loads, so neither of the two load ports limits.
 */
#if !defined(__AVX512F__) || !defined(__AVX512VL__)
#  error "compile this file with -mavx512f -mavx512vl"
#endif

#define C3D_LANES 16
#define C3D_COUNT_1 14
#define C3D_COUNT_2 14
#define C3D_COUNT_3 8
#define C3D_COUNT_4 6
#define C3D_COUNT_6 4
#define C3D_COUNT_8 2
#define C3D_FEW_INSTRUCTIONS 1
#define C3D_CHANNELS_PER_ASK 1
#define C3D_COSTS 4.5, 1, 0.5, 0, 0, 0
#define C3D_PANEL_VECTORS 2
#define C3D_RAGGED_ROW 14
#define C3D_IN_PLACE_PRODUCTS 0
#define C3D_SWEEP_1 7
#define C3D_SWEEP_2 6
#define C3D_SWEEP_3 4
#define C3D_SWEEP_4 3
#define C3D_SWEEP_SUMS 12
#define C3D_SWEEP_BY_2_ONLY 0
#define C3D_SWEEP_FMA 1.2
#define C3D_TABLE c3d_kernels_avx512
#define C3D_TABLE_NAME "avx512"

#include "kernel/kernel_body.h"
