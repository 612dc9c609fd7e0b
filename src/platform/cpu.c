/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpu.c - raw detection of instruction sets
 *
 * CPUID alone is not enough on x86: a kernel or hypervisor that does not save
 * the wide registers clears their bits in XCR0, and using them is then an
 * illegal instruction.
 */
#include "platform/cpu.h"

#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>

enum {
    LEAF1_ECX_FMA = 1 << 12,
    LEAF1_ECX_OSXSAVE = 1 << 27,
    LEAF1_ECX_AVX = 1 << 28,
    LEAF7_EBX_AVX2 = 1 << 5,
    LEAF7_EBX_AVX512F = 1 << 16,
    LEAF7_EBX_AVX512DQ = 1 << 17,
    LEAF7_EBX_AVX512BW = 1 << 30,
    XCR0_SSE_AVX = 0x6,    /* XMM and upper YMM halves */
    XCR0_AVX512 = 0xe0     /* mask registers, upper ZMM halves, ZMM16-31 */
};
static const unsigned leaf7_ebx_avx512vl = 1u << 31; /* does not fit an enumerator */

static unsigned read_xcr0(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

bool c3d_cpu_supports(enum c3d_isa isa)
{
    unsigned eax, ebx, ecx, edx;
    if (isa == C3D_ISA_PORTABLE) {
        return true;
    }
    if (isa == C3D_ISA_NEON || !__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
        return false;
    }
    const unsigned need1 = LEAF1_ECX_FMA | LEAF1_ECX_OSXSAVE | LEAF1_ECX_AVX;
    if ((ecx & need1) != need1 || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
        return false;
    }
    const bool wide = isa == C3D_ISA_AVX512;
    const unsigned need7 = LEAF7_EBX_AVX2 | (wide ? LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512DQ |
                                                        LEAF7_EBX_AVX512BW | leaf7_ebx_avx512vl
                                                  : 0);
    const unsigned state = XCR0_SSE_AVX | (wide ? XCR0_AVX512 : 0);
    return (ebx & need7) == need7 && (read_xcr0() & state) == state;
}

/* AMD's leaf "performance optimization identifiers"; other makers have none of that number. */
int c3d_cpu_unit_bytes(void)
{
    enum { FP128 = 1 << 0, FP256 = 1 << 2, FP512 = 1 << 3 };
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(0x8000001au, &eax, &ebx, &ecx, &edx)) {
        return 0;
    }
    return eax & FP512 ? 64 : eax & FP256 ? 32 : eax & FP128 ? 16 : 0;
}

void c3d_cpu_name(char *name, size_t capacity)
{
    unsigned words[12] = {0};
    char text[sizeof words + 1];
    for (unsigned i = 0; i < 3; i++) {
        unsigned *const w = words + 4 * i;
        if (!__get_cpuid(0x80000002u + i, &w[0], &w[1], &w[2], &w[3])) {
            break;
        }
    }
    memcpy(text, words, sizeof words);
    text[sizeof words] = '\0';
    size_t start = strspn(text, " "), end = strlen(text);
    while (end > start && text[end - 1] == ' ') {
        text[--end] = '\0';
    }
    snprintf(name, capacity, "%s", text + start);
}

#else

bool c3d_cpu_supports(enum c3d_isa isa)
{
#if defined(__aarch64__)
    /* Advanced SIMD with FMA is part of the AArch64 baseline. */
    return isa == C3D_ISA_PORTABLE || isa == C3D_ISA_NEON;
#else
    return isa == C3D_ISA_PORTABLE;
#endif
}

int c3d_cpu_unit_bytes(void)
{
    return 0;
}

void c3d_cpu_name(char *name, size_t capacity)
{
    snprintf(name, capacity, "%s", "");
}

#endif

void c3d_cpu_finish_streams(void)
{
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
}
