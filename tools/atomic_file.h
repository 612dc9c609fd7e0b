/* SPDX-License-Identifier: Apache-2.0 */
/*
 * atomic_file.h - files that appear complete or not at all
 *
 * The bytes go to a temporary file in the target's directory, which takes the
 * target's name only after everything has reached the disk.  Functions return
 * an exit_code and write one line to `message` on failure.  Not for use by
 * several threads at once.
 */
#ifndef CONV3D_TOOLS_ATOMIC_FILE_H
#define CONV3D_TOOLS_ATOMIC_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct atomic_file {
    int fd;          /* -1 when not open */
    char *target;    /* with symbolic links resolved */
    const char *temporary;
};

/* What a closed file looks like; atomic_file_abandon() accepts it. */
#define ATOMIC_FILE_CLOSED {-1, NULL, NULL}

/* Creates the temporary file, which proves that the directory is writable.  A
 * target that exists must be a regular file, possibly behind symbolic links. */
int atomic_file_open(struct atomic_file *file, const char *path, char *message,
                     size_t capacity);

/* Takes the disk space for `bytes` now, so that a full disk shows early. */
int atomic_file_reserve(struct atomic_file *file, off_t bytes, char *message, size_t capacity);

int atomic_file_write(struct atomic_file *file, const void *data, size_t bytes, char *message,
                      size_t capacity);

/* Flushes to the disk and renames; the file is closed either way, and the
 * temporary file is gone. */
int atomic_file_commit(struct atomic_file *file, char *message, size_t capacity);

/* Closes and removes the temporary file; a closed file is left alone. */
void atomic_file_abandon(struct atomic_file *file);

/* Removes the temporary files of all open files.  For signal handlers: calls
 * nothing but unlink(). */
void atomic_file_unlink_all(void);

#endif
