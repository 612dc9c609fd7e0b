/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caches.h - sizes of caches as the C library knows them
 */
#ifndef C3D_PLATFORM_CACHES_H
#define C3D_PLATFORM_CACHES_H

#include <stddef.h>

/*
 * The caches of one core, and the last one.  0 = absent or unknown.  glibc before 2.37 takes for
 * the last one of an AMD processor all that its package has, up to 16 caches.
 */
struct c3d_caches {
    size_t l1d_bytes, l2_bytes, l3_bytes;
};

struct c3d_caches c3d_sysconf_caches(void);

#endif
