/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nifti.h - read NIfTI volumes (.nii, .nii.gz)
 *
 * Axes: x is W, y is H, z is T, the fourth (time) is N, the fifth is C.
 */
#ifndef CONV3D_TOOLS_NIFTI_H
#define CONV3D_TOOLS_NIFTI_H

#include <stddef.h>

#include "volume.h"

/* As volume_read(); EXIT_USAGE when built without NIfTI. */
int nifti_read(const char *path, enum volume_extent extent, struct volume *volume,
               char *message, size_t capacity);

#endif
