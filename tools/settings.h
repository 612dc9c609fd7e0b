/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - the variables of the environment that say how threads run
 */
#ifndef CONV3D_TOOLS_SETTINGS_H
#define CONV3D_TOOLS_SETTINGS_H

#include <stddef.h>

/* Steps through those that are set: OMP_*, GOMP_*, KMP_*, CONV3D_* and SLURM_CPUS_PER_TASK.  *at
 * is 0 before the first; returns 0 after the last.  The name is `length` bytes long. */
int settings_next(size_t *at, const char **name, int *length, const char **value);

#endif
