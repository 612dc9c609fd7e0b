/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database.h - what has been measured, as a set of lines of text
 *
 * A line is an entry: "KEY = VALUE #CHECKSUM".  The first word of a key says what it is about
 * (record.h); entries whose word this version does not know are kept.  A line that is
 * damaged is left out, and counted.
 */
#ifndef C3D_DATABASE_DATABASE_H
#define C3D_DATABASE_DATABASE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the longest key, and of the longest value, with the NUL. */
enum { C3D_KEY_BYTES = 512, C3D_VALUE_BYTES = 384 };

struct c3d_entry {
    char *key; /* behind it, in the same memory, the value */
    const char *value;
};

/* Sorted by key.  All zeros: empty. */
struct c3d_database {
    struct c3d_entry *entries;
    size_t count, capacity;
    size_t damaged; /* lines that were read and left out */
};

/*
 * Adds the entries of a text; one that is there already is replaced, by the last of equals.
 * Errors: PARSE (neither empty nor begun with the line that marks a database), MEMORY (some
 * may have been added).
 */
C3D_CHECKED conv3d_status c3d_database_read(struct c3d_database *database, const char *text,
                                            size_t length);

/* Adds an entry, or replaces its value.  Neither text may hold control characters or " = ",
 * nor exceed its limit; a key does not begin with '#' or end with " =".  Errors: MEMORY. */
C3D_CHECKED conv3d_status c3d_database_put(struct c3d_database *database, const char *key,
                                           const char *value);

/* The value of a key, valid until the next change; NULL if there is none. */
const char *c3d_database_find(const struct c3d_database *database, const char *key);

void c3d_database_remove(struct c3d_database *database, size_t index);

/* The whole as a text of *length bytes, which the caller frees with free(); NULL = no memory. */
char *c3d_database_write(const struct c3d_database *database, size_t *length);

/* Leaves it empty. */
void c3d_database_free(struct c3d_database *database);

#endif
