/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_space.c - see address_space.h
 */
#include "address_space.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#if !defined(__has_feature)
#  define __has_feature(name) 0
#endif

void address_space_skip_if_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    cr_skip("a sanitizer maps more than any limit");
#endif
}

void address_space_limit(uint64_t bytes)
{
    struct rlimit limit;
    cr_assert(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = bytes > 0 ? bytes : limit.rlim_max;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_cur > limit.rlim_max)
        cr_skip("a limit of %ju bytes is set already", (uintmax_t)limit.rlim_max);
    cr_assert(setrlimit(RLIMIT_AS, &limit) == 0);
}

void address_space_leave(uint64_t bytes)
{
    FILE *file = fopen("/proc/self/statm", "r");
    uint64_t pages = 0;
    if (file == NULL || fscanf(file, "%" SCNu64, &pages) != 1)
        cr_skip("no /proc/self/statm");
    fclose(file);
    address_space_limit(pages * (uint64_t)sysconf(_SC_PAGESIZE) + bytes);
}
