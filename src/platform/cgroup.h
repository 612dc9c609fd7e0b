/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.h - what the control groups of this process leave it
 *
 * Containers and batch systems limit processor time by a quota that neither the affinity
 * mask nor OpenMP shows; more threads than it pays for are stopped for most of each period.
 */
#ifndef C3D_PLATFORM_CGROUP_H
#define C3D_PLATFORM_CGROUP_H

/*
 * Processors' worth of time that the quotas allow, such as 1.5: the least of the process's
 * group and those that hold it, in hierarchies of version 1 and 2.  0 = no limit, or none that
 * can be read.  root: "", or a directory whose proc and mount points stand for the system's.
 * Reads files at each call; thread-safe.
 */
double c3d_cgroup_cpus(const char *root);

#endif
