/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - writing text into a caller's buffer, and reading numbers from one
 */
#ifndef C3D_BASE_TEXT_H
#define C3D_BASE_TEXT_H

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing text that keeps counting past its capacity, as snprintf does. */
struct c3d_writer {
    char *buffer;
    size_t capacity, length;
};

/* Starts with an empty text. */
struct c3d_writer c3d_write_to(char *buffer, size_t capacity);
void c3d_write(struct c3d_writer *writer, const char *format, ...) C3D_PRINTF(2, 3);

/* A number >= 0 and below 2^52 with so many digits behind the point, which is one in every
 * locale: printf's is that of the host program. */
void c3d_write_decimal(struct c3d_writer *writer, double value, int digits);

/* Reads what c3d_write_decimal() writes, or a whole number; as c3d_read_number(). */
bool c3d_read_decimal(const char **text, double *value);

/* Reads one whole number without sign, and advances *text; false if there is none, or it
 * does not fit. */
bool c3d_read_number(const char **text, int64_t *value);

/* The same after a key, or neither. */
bool c3d_read_keyed(const char **text, const char *key, int64_t *value);

/* Advances *text past a word with which it begins; false if it does not. */
bool c3d_read_word(const char **text, const char *word);

#endif
