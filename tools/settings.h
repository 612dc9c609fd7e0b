/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - the variables of the environment that say how threads run
 */
#ifndef CONV3D_TOOLS_SETTINGS_H
#define CONV3D_TOOLS_SETTINGS_H

#include <stddef.h>

/* Cut to size; bytes that are not printable ASCII are shown as '?', so that they fit in a line
 * and in JSON. */
struct setting {
    char name[128], value[512];
};

/* Steps through those that are set: OMP_*, GOMP_*, KMP_*, CONV3D_* and SLURM_CPUS_PER_TASK.  *at
 * is 0 before the first; returns 0 after the last. */
int settings_next(size_t *at, struct setting *setting);

#endif
