/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attr.h - compiler attributes, spelled once
 *
 * Separate so that the ISA-specific files can use it without seeing any other
 * project header.  Must not declare functions.
 */
#ifndef C3D_BASE_ATTR_H
#define C3D_BASE_ATTR_H

#define C3D_ALWAYS_INLINE inline __attribute__((always_inline))
/* For kernels with many variants: inlined into one function, their compile time
 * grows with the square of its size. */
#define C3D_NEVER_INLINE __attribute__((noinline))
#define C3D_CHECKED __attribute__((warn_unused_result))
#define C3D_PRINTF(format_index, first_arg) \
    __attribute__((format(printf, format_index, first_arg)))

/* Full unrolling of a loop with a constant bound, so that an array of vectors
 * indexed by the loop variable becomes registers.  32 exceeds every register
 * tile. */
#if defined(__clang__)
#  define C3D_UNROLL _Pragma("clang loop unroll(full)")
#else
#  define C3D_UNROLL _Pragma("GCC unroll 32")
#endif

/* Makes the compiler forget what it knows of a pointer or an integer, and of memory: what is
 * computed from them afterwards is computed there, not before a loop. */
#define C3D_OPAQUE(value) __asm__ volatile("" : "+r"(value) : : "memory")

#endif
