/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_walk.h - the control groups that hold this process, as directories
 *
 * Knows where they are, and nothing of what they limit.
 */
#ifndef C3D_PLATFORM_CGROUP_WALK_H
#define C3D_PLATFORM_CGROUP_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct c3d_cgroup_walk {
    char directory[PATH_MAX]; /* of the group, below the root */
    size_t top;               /* length of that of the topmost group in sight */
};

/*
 * Goes to the process's own group: in the hierarchy of a controller of version 1, such as
 * "cpu", or, with NULL, in that of version 2.  False if there is none.  root: "", or a
 * directory whose proc and mount points stand for the system's.
 */
bool c3d_cgroup_walk_begin(struct c3d_cgroup_walk *walk, const char *root,
                           const char *controller);

/* Goes on to the group that holds this one; false if none is in sight. */
bool c3d_cgroup_walk_up(struct c3d_cgroup_walk *walk);

#endif
