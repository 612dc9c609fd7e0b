/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_file.h - a stream that becomes a file at once, or standard output
 *
 * The text is collected in memory and written as atomic_file.h does.  Explains
 * failures on stderr and returns exit codes.
 */
#ifndef CONV3D_TOOLS_TEXT_FILE_H
#define CONV3D_TOOLS_TEXT_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "atomic_file.h"

struct text_file {
    FILE *stream; /* NULL = closed */
    char *text;
    size_t bytes;
    struct atomic_file file;
};

/* What a closed file looks like. */
#define TEXT_FILE_CLOSED {NULL, NULL, 0, ATOMIC_FILE_CLOSED}

/* For a path the temporary file is made at once, so that an unwritable place shows
 * early; NULL is standard output, where nothing is collected. */
int text_file_open(struct text_file *file, const char *path);

/* The file appears under its name.  For standard output nothing happens here. */
int text_file_commit(struct text_file *file);

/* Forgets what was not committed; a closed file is left alone. */
void text_file_abandon(struct text_file *file);

#endif
