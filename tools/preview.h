/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preview.h - a picture of a convolution
 *
 * The middle T, H and W slice (from top to bottom) of the input's first channel
 * and of up to eight output channels (from left to right), first item only.
 */
#ifndef CONV3D_TOOLS_PREVIEW_H
#define CONV3D_TOOLS_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "atomic_file.h"
#include "volume.h"

/* EXIT_OK, or EXIT_USAGE with a message when built without libpng. */
int preview_check(char *message, size_t capacity);

/* Writes the PNG into an open file, which is not committed.  Neither batch may
 * be empty.  Returns an exit_code. */
int preview_write(struct atomic_file *file, const struct volume *input, const float *output,
                  const int64_t output_shape[5], char *message, size_t capacity);

#endif
