/* SPDX-License-Identifier: Apache-2.0 */
/*
 * npy.h - read and write numpy's .npy files
 *
 * Every function returns an exit_code (EXIT_OK is 0) and on failure writes one
 * line, naming the file, to `message`.  Files are taken as hostile: nothing is
 * allocated before the header agrees with the file's size.
 */
#ifndef CONV3D_TOOLS_NPY_H
#define CONV3D_TOOLS_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "atomic_file.h"
#include "npy_header.h"

struct npy_array {
    float *data;        /* row-major; malloc'd, never NULL after npy_read() */
    int rank;           /* 0 for a scalar */
    int64_t shape[NPY_MAX_RANK];
    const char *dtype;  /* numpy's name of the element type in the file, "float32" for one
                           that was not converted; static storage */
    int lossy;          /* that type holds values that float32 rounds */
};

/* Reads and converts a file.  EXIT_BAD_INPUT: not a regular file, malformed,
 * truncated, trailing bytes, an element type or order that is refused. */
int npy_read(const char *path, struct npy_array *array, char *message, size_t capacity);

/* The same checks, without reading the elements: data is NULL. */
int npy_probe(const char *path, struct npy_array *array, char *message, size_t capacity);

/* Frees the elements; a zeroed array is allowed. */
void npy_array_free(struct npy_array *array);

/* Writes float32 elements in C order, atomically: see atomic_file.h. */
int npy_write(const char *path, const float *data, int rank, const int64_t *shape,
              char *message, size_t capacity);

/* The same into an open file, which is not committed. */
int npy_write_to(struct atomic_file *file, const float *data, int rank, const int64_t *shape,
                 char *message, size_t capacity);

#endif
