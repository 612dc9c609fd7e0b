/* SPDX-License-Identifier: Apache-2.0 */
/*
 * npy_header.h - the header of a .npy file as text
 *
 * A Python dictionary with exactly the keys descr, fortran_order and shape.  No
 * files here: the parser sees a buffer, so that a fuzzer can feed it.
 */
#ifndef CONV3D_TOOLS_NPY_HEADER_H
#define CONV3D_TOOLS_NPY_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* numpy allows 32; a convolution has at most six (grouped weights). */
enum { NPY_MAX_RANK = 8 };

struct npy_header {
    char descr[16];    /* e.g. "<f4"; "[" for a structured type */
    int fortran_order;
    int rank;
    int64_t shape[NPY_MAX_RANK];
};

/* Parses the dictionary (what follows the length field).  Returns 1, or 0 with
 * the reason in `problem`. */
int npy_header_parse(const char *text, size_t length, struct npy_header *header, char *problem,
                     size_t capacity);

/* Bytes before the elements of a file of this shape, a multiple of 64, so that
 * mapped elements are aligned for any vector. */
enum { NPY_PREAMBLE_CAPACITY = 512 };

/* Writes everything before the elements: magic, version 1.0, length, dictionary
 * for little-endian float32 in C order.  Returns its length. */
size_t npy_preamble_format(int rank, const int64_t *shape, char buffer[NPY_PREAMBLE_CAPACITY]);

/* Writes a shape the way Python does, "(2, 3)", "(2,)" or "()", truncated to
 * capacity; returns buffer. */
const char *npy_shape_format(int rank, const int64_t *shape, char *buffer, size_t capacity);

#endif
