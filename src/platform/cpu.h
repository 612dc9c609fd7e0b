/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpu.h - what instruction sets this processor and its operating system allow
 *
 * "Can", not "should": which kernels are used is decided in kernel/select.c.
 */
#ifndef C3D_PLATFORM_CPU_H
#define C3D_PLATFORM_CPU_H

#include <stdbool.h>
#include <stddef.h>

/* In order of preference, least first, within one architecture. */
enum c3d_isa { C3D_ISA_PORTABLE, C3D_ISA_NEON, C3D_ISA_AVX2, C3D_ISA_AVX512, C3D_ISA_COUNT };

/* True if code compiled for isa may run here: the instructions exist and the
 * operating system saves their registers.  Cheap (a few CPUID). */
bool c3d_cpu_supports(enum c3d_isa isa);

/* Orders what this thread has streamed past the caches before all it stores later.
 * Once per thread and call: a fence after each short run of stores costs more than
 * streaming gains (depthwise 3x3x3: 0.36 of the speed). */
void c3d_cpu_finish_streams(void);

/* Bytes of a vector that the processor's units take at a time; 0 if unknown.  An instruction on
 * more is split: AVX2 on Zen 1 computes, and reads the caches, at half the rate. */
int c3d_cpu_unit_bytes(void);

/* The processor's model name, NUL-terminated, "" if unknown. */
void c3d_cpu_name(char *name, size_t capacity);

#endif
