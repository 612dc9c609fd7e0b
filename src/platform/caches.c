/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caches.c - sysconf(), which glibc answers from CPUID
 */
#include "platform/caches.h"

#include <unistd.h>

#ifdef _SC_LEVEL1_DCACHE_SIZE
static size_t sysconf_bytes(int name)
{
    const long value = sysconf(name);
    return value > 0 ? (size_t)value : 0;
}
#endif

struct c3d_caches c3d_sysconf_caches(void)
{
    struct c3d_caches caches = {0};
#ifdef _SC_LEVEL1_DCACHE_SIZE
    caches.l1d_bytes = sysconf_bytes(_SC_LEVEL1_DCACHE_SIZE);
    caches.l2_bytes = sysconf_bytes(_SC_LEVEL2_CACHE_SIZE);
    caches.l3_bytes = sysconf_bytes(_SC_LEVEL3_CACHE_SIZE);
#endif
    return caches;
}
