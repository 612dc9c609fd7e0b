/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isa_avx2.c - kernels for x86-64 with AVX2 and FMA
 *
 * Sixteen registers: 4 x 3 accumulators, three vectors, one scalar.  Twelve
 * accumulators cover the FMA latency (4 cycles x 2 per cycle).  Seven loads per
 * step; the 6 x 2 tile needs eight and is 4% slower (Zen 4, from L1).
 *
 * What many rows and collisions cost: from 39 problems for which rows takes 0.57 to 1.48 of the
 * time of direct (Zen 1).  The slower of both was chosen for a loss of 2.9% in the mean, now 0.8%.
 * What a call costs: from depthwise 3x1x1, whose planes of 14x14 are four calls with 75 FMAs in all
 * and took 1130 cycles where 710 had been expected.
 */
#if !defined(__AVX2__) || !defined(__FMA__)
#  error "compile this file with -mavx2 -mfma"
#endif

#define C3D_LANES 8
#define C3D_COUNT_1 12
#define C3D_COUNT_2 6
#define C3D_COUNT_3 4
#define C3D_COUNT_4 2
#define C3D_COUNT_6 1
#define C3D_COUNT_8 1
#define C3D_FEW_INSTRUCTIONS 1
#define C3D_COSTS 6, 1.3, 1.3, 100, 1.5, 15
#define C3D_PANEL_VECTORS 3
#define C3D_RAGGED_ROW 20
#define C3D_TABLE c3d_kernels_avx2
#define C3D_TABLE_NAME "avx2"

#include "kernel/kernel_body.h"
