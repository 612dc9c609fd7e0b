/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine_key.h - what a measurement holds for
 */
#ifndef C3D_DATABASE_MACHINE_KEY_H
#define C3D_DATABASE_MACHINE_KEY_H

#include <stddef.h>

enum { C3D_MACHINE_KEY_BYTES = 192 };

/*
 * One word that names processor, caches and number of processors of this machine, and the
 * kernels in use: "AMD-EPYC-9B14/avx512/32K/1024K/32768K/2/k1".  All processors count, not only
 * those that the process may use, since entries decide bits.
 */
void c3d_machine_key(const char *isa, int kernel_set, char key[C3D_MACHINE_KEY_BYTES]);

#endif
