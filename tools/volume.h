/* SPDX-License-Identifier: Apache-2.0 */
/*
 * volume.h - the input of a convolution, from a file of any format
 *
 * The formats meet here and nowhere else: .npy and NIfTI become the same five
 * axes.  Returns exit codes; on failure one line in `message`.
 */
#ifndef CONV3D_TOOLS_VOLUME_H
#define CONV3D_TOOLS_VOLUME_H

#include <stddef.h>
#include <stdint.h>

struct volume {
    float *data;        /* malloc'd; NULL when only the header was read */
    int64_t shape[5];   /* N, C, T, H, W */
    char stored_as[64]; /* the element type in the file, "float32" if not converted */
    int lossy;          /* converting it may have rounded */
    int t_points_up;    /* growing T, or H, goes towards the top of the body: */
    int h_points_up;    /* a picture must show it that way; 0 for .npy */
};

enum volume_extent { VOLUME_HEADER, VOLUME_ELEMENTS };

/* The format is told by the name: .nii and .nii.gz are NIfTI, all else is .npy. */
int volume_read(const char *path, enum volume_extent extent, struct volume *volume,
                char *message, size_t capacity);

/* A zeroed volume is allowed. */
void volume_free(struct volume *volume);

/* Whether the name ends in the suffix, upper or lower case. */
int volume_name_ends(const char *path, const char *suffix);

#endif
