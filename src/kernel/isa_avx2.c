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
 *
 * Above how many products packing pays: packed against in place, time of rows on one core, 3x1x1 of 24,
 * 48, 60, 72, 96, 192, 288 products with an element 1.17, 1.05, 0.97, 0.93, 0.89, 0.82, 0.79; 1x1x1 of
 * 8, 32, 54, 72, 108, 216, 256, 432 1.21, 1.01, 0.99, 1.00, 0.97, 0.93, 0.91, 0.85.  With 32 from 128
 * channels that collide 0.95.  It is the same where all vectors start on lines in place (Zen 1).
 *
 * Depthwise in place against packed planes, on two Zen 5 cores: 3x3x3 with stride 2 to 7x7, 10x10, 14x14,
 * 16x16, 24x24, 56x56 0.65, 0.82, 0.89, 0.84, 1.03, 1.19 of the time, which C3D_SWEEP_FMA makes of it; with
 * stride 1 at 7x7 to 128x128 0.99 to 1.37, 5x5x5 1.12, 7x7x7 1.16: not here.
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
#define C3D_CHANNELS_PER_ASK 4
#define C3D_COSTS 6, 1.3, 1.3, 100, 1.5, 15
#define C3D_PANEL_VECTORS 3
#define C3D_RAGGED_ROW 20
#define C3D_IN_PLACE_PRODUCTS 48
#define C3D_SWEEP_1 6
#define C3D_SWEEP_2 3
#define C3D_SWEEP_3 2
#define C3D_SWEEP_4 0
#define C3D_SWEEP_SUMS 6
#define C3D_SWEEP_BY_2_ONLY 1
#define C3D_SWEEP_FMA 3.6
#define C3D_TABLE c3d_kernels_avx2
#define C3D_TABLE_NAME "avx2"

#include "kernel/kernel_body.h"
