/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - databases as files
 *
 * A file is only ever replaced as a whole, by rename(), so that who reads it needs no lock and
 * finds it as it was before or after; who writes holds a lock on a file beside it (".lock",
 * which stays) while it reads, changes and replaces, so that nobody's entries are lost.
 */
#ifndef C3D_DATABASE_STORE_H
#define C3D_DATABASE_STORE_H

#include "database/database.h"

#include <limits.h>

struct c3d_store_paths {
    char user[PATH_MAX]; /* where tuning writes, and plans look first; "" = nowhere */
    char site[PATH_MAX]; /* where plans look else; likewise */
};

/* CONV3D_TUNING alone, unless it is unset; "none" stands for no database at all.  Else
 * conv3d/tuning in XDG_CACHE_HOME or .cache of HOME, and that of the site. */
void c3d_store_locate(struct c3d_store_paths *paths);

/* Adds what a file holds; one that does not exist is empty.  Errors: IO, PARSE, MEMORY, each
 * with the path. */
C3D_CHECKED conv3d_status c3d_store_load(const char *path, struct c3d_database *database);

/*
 * Loads a file, lets `change` work on it, and replaces it unless that fails; makes its
 * directory if need be.  After an error the file is as it was, and nothing lies beside it but the
 * lock.  Waits for other writers, for ten seconds.
 * Errors: those of change; IO (also for "", which is nowhere), PARSE (it is no database: not ours to replace), MEMORY.
 */
typedef conv3d_status c3d_store_change(struct c3d_database *database, void *context);
C3D_CHECKED conv3d_status c3d_store_update(const char *path, c3d_store_change *change,
                                           void *context);

#endif
