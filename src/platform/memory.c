/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - see memory.h
 */
#include "platform/memory.h"

#include "platform/cgroup.h"
#include "platform/lines.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* UINT64_MAX if unknown, as below. */
static uint64_t machine(const char *root)
{
    struct c3d_lines lines = c3d_lines_open(root, "/proc/meminfo");
    uint64_t kib, bytes = UINT64_MAX;
    for (const char *line; bytes == UINT64_MAX && (line = c3d_lines_next(&lines)) != NULL;) {
        if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1 && kib < UINT64_MAX / 1024) {
            bytes = kib * 1024;
        }
    }
    c3d_lines_close(&lines);
    return bytes;
}

/* What the process has mapped, touched or not; 0 if unknown. */
static uint64_t mapped(const char *root)
{
    struct c3d_lines lines = c3d_lines_open(root, "/proc/self/statm");
    const char *const line = c3d_lines_next(&lines);
    uint64_t pages;
    const bool known = line != NULL && sscanf(line, "%" SCNu64, &pages) == 1;
    c3d_lines_close(&lines);
    return known ? pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static uint64_t address_space(const char *root)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return UINT64_MAX;
    }
    const uint64_t used = mapped(root);
    return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

static void bound(struct c3d_memory *memory, uint64_t most, const char *reason)
{
    if (most < memory->available) {
        *memory = (struct c3d_memory){most, reason};
    }
}

struct c3d_memory c3d_memory_available(const char *root)
{
    struct c3d_memory memory = {UINT64_MAX, "unknown"};
    bound(&memory, machine(root), "memory of the machine");
    bound(&memory, c3d_cgroup_memory(root), "control group");
    bound(&memory, address_space(root), "address space limit (ulimit -v)");
    return memory;
}
