/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.c - see cgroup.h
 *
 * The files are those of the kernel's admin-guide/cgroup-v2 and cgroup-v1/memory.
 */
#include "platform/cgroup.h"

#include "platform/cgroup_walk.h"
#include "platform/lines.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct c3d_lines open_file(const char *root, const char *directory, const char *file)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/%s", directory, file) < (int)sizeof path
               ? c3d_lines_open(root, path)
               : (struct c3d_lines){0};
}

/* ---- Processors ------------------------------------------------------------ */

/* The first number of a file, and perhaps a second; returns how many. */
static int read_numbers(const char *root, const char *directory, const char *file,
                        double numbers[2])
{
    struct c3d_lines lines = open_file(root, directory, file);
    const char *const line = c3d_lines_next(&lines);
    const int count = line != NULL ? sscanf(line, "%lf %lf", &numbers[0], &numbers[1]) : 0;
    c3d_lines_close(&lines);
    return count > 0 ? count : 0;
}

/* The quota of one group, in processors; 0 = none: "max", or -1. */
static double group_cpus(const char *root, const char *directory, const char *controller)
{
    double quota[2] = {0, 0}, period[2] = {0, 0};
    if (controller == NULL) {
        if (read_numbers(root, directory, "cpu.max", quota) != 2) {
            return 0;
        }
        period[0] = quota[1];
    } else if (read_numbers(root, directory, "cpu.cfs_quota_us", quota) != 1 ||
               read_numbers(root, directory, "cpu.cfs_period_us", period) != 1) {
        return 0;
    }
    return quota[0] > 0 && period[0] > 0 ? quota[0] / period[0] : 0;
}

static double hierarchy_cpus(const char *root, const char *controller)
{
    struct c3d_cgroup_walk walk;
    double least = 0;
    bool more = c3d_cgroup_walk_begin(&walk, root, controller);
    for (; more; more = c3d_cgroup_walk_up(&walk)) {
        const double cpus = group_cpus(root, walk.directory, controller);
        least = cpus > 0 && (least == 0 || cpus < least) ? cpus : least;
    }
    return least;
}

double c3d_cgroup_cpus(const char *root)
{
    const double first = hierarchy_cpus(root, "cpu"), second = hierarchy_cpus(root, NULL);
    return first > 0 && (second == 0 || first < second) ? first : second;
}

/* ---- Memory ---------------------------------------------------------------- */

/* The number after `key` in a file, or, with "", that of its first line; `otherwise` where
 * there is none: "max". */
static uint64_t read_bytes(const char *root, const char *directory, const char *file,
                           const char *key, uint64_t otherwise)
{
    struct c3d_lines lines = open_file(root, directory, file);
    const size_t length = strlen(key);
    const char *line = c3d_lines_next(&lines);
    while (line != NULL && strncmp(line, key, length) != 0) {
        line = c3d_lines_next(&lines);
    }
    uint64_t bytes;
    const bool found = line != NULL && sscanf(line + length, "%" SCNu64, &bytes) == 1;
    c3d_lines_close(&lines);
    return found ? bytes : otherwise;
}

/* What one group has left. */
static uint64_t group_memory(const char *root, const char *directory, const char *controller)
{
    /* Version 1 without a limit says the greatest 63-bit number of whole pages. */
    static const uint64_t unlimited = (uint64_t)1 << 62;
    const bool second = controller == NULL;
    const uint64_t limit = read_bytes(
        root, directory, second ? "memory.max" : "memory.limit_in_bytes", "", UINT64_MAX);
    if (limit >= unlimited) {
        return UINT64_MAX;
    }
    const uint64_t usage = read_bytes(
        root, directory, second ? "memory.current" : "memory.usage_in_bytes", "", 0);
    const uint64_t cache = read_bytes(root, directory, "memory.stat",
                                      second ? "inactive_file " : "total_inactive_file ", 0);
    const uint64_t used = usage > cache ? usage - cache : 0;
    return limit > used ? limit - used : 0;
}

static uint64_t hierarchy_memory(const char *root, const char *controller)
{
    struct c3d_cgroup_walk walk;
    uint64_t least = UINT64_MAX;
    bool more = c3d_cgroup_walk_begin(&walk, root, controller);
    for (; more; more = c3d_cgroup_walk_up(&walk)) {
        const uint64_t left = group_memory(root, walk.directory, controller);
        least = left < least ? left : least;
    }
    return least;
}

uint64_t c3d_cgroup_memory(const char *root)
{
    const uint64_t first = hierarchy_memory(root, "memory");
    const uint64_t second = hierarchy_memory(root, NULL);
    return first < second ? first : second;
}
