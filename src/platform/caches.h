/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caches.h - sizes of caches as the C library knows them
 */
#ifndef C3D_PLATFORM_CACHES_H
#define C3D_PLATFORM_CACHES_H

#include <stddef.h>

/*
 * The caches of one core, and the last one.  0 = absent or unknown.  The last one may be the sum of
 * all that a package has, which is what CPUID 0x80000006 tells of AMD's: 508 MiB of a Zen 5 server
 * (glibc 2.36, in a virtual machine that hides the newer leaf 0x8000001d).
 */
struct c3d_caches {
    size_t l1d_bytes, l2_bytes, l3_bytes;
};

struct c3d_caches c3d_sysconf_caches(void);

#endif
