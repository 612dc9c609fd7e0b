/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.h - what the control groups of this process leave it
 *
 * Containers and batch systems limit processor time by a quota that neither the affinity
 * mask nor OpenMP shows; more threads than it pays for are stopped for most of each period.
 * Memory beyond their limit is not refused when it is asked for: the process is killed when
 * it touches it.
 *
 * Both look at the process's group and those that hold it, in hierarchies of version 1 and 2.
 * root: "", or a directory whose proc and mount points stand for the system's.  Both read
 * files at each call; thread-safe.
 */
#ifndef C3D_PLATFORM_CGROUP_H
#define C3D_PLATFORM_CGROUP_H

#include <stdint.h>

/* Processors' worth of time that the quotas allow, such as 1.5: the least of them.  0 = no
 * limit, or none that can be read. */
double c3d_cgroup_cpus(const char *root);

/* Bytes that the group with the least left can still be given: its limit less what it uses,
 * not counting the page cache that the kernel would rather drop than refuse memory.
 * UINT64_MAX = no limit, or none that can be read. */
uint64_t c3d_cgroup_memory(const char *root);

#endif
