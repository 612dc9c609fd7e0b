/* SPDX-License-Identifier: Apache-2.0 */
/*
 * volume.c - the input of a convolution, from a file of any format
 *
 * Decides the format and insists on five axes; the readers do the rest.
 */
#include "volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exit_code.h"
#include "nifti.h"
#include "npy.h"

int volume_name_ends(const char *path, const char *suffix)
{
    const size_t length = strlen(path), tail = strlen(suffix);

    return length > tail && strcasecmp(path + length - tail, suffix) == 0;
}

/* Fewer axes could mean several things; the caller decides, in one line of Python. */
static int refuse_rank(const char *path, const struct npy_array *array, char *message,
                       size_t capacity)
{
    static const char *const fix[] = {[3] = "[None, None]", [4] = "[None]"};
    char shape[256];

    npy_shape_format(array->rank, array->shape, shape, sizeof shape);
    if (array->rank != 3 && array->rank != 4)
        return exit_fail(message, capacity, EXIT_BAD_INPUT,
                         "%s: shape %s has %d axes; (N, C, T, H, W) are needed", path, shape,
                         array->rank);
    return exit_fail(message, capacity, EXIT_BAD_INPUT,
                     "%s: shape %s has %d axes; (N, C, T, H, W) are needed; if these are %s: "
                     "numpy.save('new.npy', numpy.load('%s')%s)",
                     path, shape, array->rank, array->rank == 3 ? "(T, H, W)" : "(C, T, H, W)",
                     path, fix[array->rank]);
}

static int read_npy(const char *path, enum volume_extent extent, struct volume *volume,
                    char *message, size_t capacity)
{
    struct npy_array array;
    int code = extent == VOLUME_ELEMENTS ? npy_read(path, &array, message, capacity)
                                         : npy_probe(path, &array, message, capacity);

    if (code == EXIT_OK && array.rank != 5)
        code = refuse_rank(path, &array, message, capacity);
    if (code != EXIT_OK) {
        npy_array_free(&array);
        return code;
    }
    volume->data = array.data;
    memcpy(volume->shape, array.shape, sizeof volume->shape);
    snprintf(volume->stored_as, sizeof volume->stored_as, "%s", array.dtype);
    volume->lossy = array.lossy;
    return EXIT_OK;
}

int volume_read(const char *path, enum volume_extent extent, struct volume *volume, char *message,
                size_t capacity)
{
    memset(volume, 0, sizeof *volume);
    if (volume_name_ends(path, ".nii") || volume_name_ends(path, ".nii.gz"))
        return nifti_read(path, extent, volume, message, capacity);
    return read_npy(path, extent, volume, message, capacity);
}

void volume_free(struct volume *volume)
{
    free(volume->data);
    memset(volume, 0, sizeof *volume);
}
