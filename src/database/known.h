/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.h - what the databases in effect say, as plans ask
 *
 * The files are read when they are first asked, and again when they have changed.  A file that
 * cannot be read, or is none, is as an empty one, with one line for who wants to know.
 */
#ifndef C3D_DATABASE_KNOWN_H
#define C3D_DATABASE_KNOWN_H

#include "database/record.h"

#include <limits.h>

/* Writes the value, and the path of the file that has it; that of the user before that of the
 * site.  False if neither has.  Any thread; also in a child of fork(). */
bool c3d_known_find(const char *key, char value[C3D_VALUE_BYTES], char path[PATH_MAX]);

#endif
