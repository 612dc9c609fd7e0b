/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - see store.h
 */
#include "config.h" /* _GNU_SOURCE, for flock() and realpath() */

#include "database/store.h"

#include "base/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Far more than every layer of every network in every size. */
static const off_t most_bytes = (off_t)64 << 20;

/* How long to wait for another writer, who needs some milliseconds. */
enum { LOCK_TRIES = 1000, LOCK_NANOSECONDS = 10000000 };

static bool join(char path[PATH_MAX], const char *directory, const char *rest)
{
    return (size_t)snprintf(path, PATH_MAX, "%s%s", directory, rest) < PATH_MAX;
}

void c3d_store_locate(struct c3d_store_paths *paths)
{
    const char *const tuning = c3d_env("CONV3D_TUNING");
    const char *const cache = c3d_env("XDG_CACHE_HOME");
    const char *const home = c3d_env("HOME");
    paths->user[0] = paths->site[0] = '\0';
    if (tuning != NULL) {
        if (strcmp(tuning, "none") != 0 && !join(paths->user, tuning, "")) {
            paths->user[0] = '\0';
        }
        return;
    }
    /* The XDG base directory specification: relative paths are to be ignored. */
    const bool cached = cache != NULL && cache[0] == '/';
    if ((!cached || !join(paths->user, cache, "/conv3d/tuning")) &&
        (home == NULL || home[0] != '/' || !join(paths->user, home, "/.cache/conv3d/tuning"))) {
        paths->user[0] = '\0';
    }
    join(paths->site, C3D_SYSCONFDIR, "/conv3d/tuning");
}

static conv3d_status fail(const char *path, const char *what)
{
    return c3d_fail(CONV3D_ERR_IO, "%s: %s: %s", path, what, strerror(errno));
}

static conv3d_status fail_long(const char *path)
{
    errno = ENAMETOOLONG;
    return fail(path, "cannot write");
}

/* All of a file; also one that grows or shrinks meanwhile, as far as it was when opened. */
static conv3d_status read_file(const char *path, int fd, char **text, size_t *length)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return fail(path, "cannot read");
    }
    if (!S_ISREG(status.st_mode) || status.st_size > most_bytes) {
        return c3d_fail(CONV3D_ERR_IO, "%s: is no regular file of at most 64 MiB", path);
    }
    *text = malloc((size_t)status.st_size + 1);
    if (*text == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the tuning database");
    }
    *length = 0;
    while (*length < (size_t)status.st_size) {
        const ssize_t bytes = read(fd, *text + *length, (size_t)status.st_size - *length);
        if (bytes < 0 && errno == EINTR) {
            continue;
        }
        if (bytes < 0) {
            free(*text);
            return fail(path, "cannot read");
        }
        if (bytes == 0) {
            break;
        }
        *length += (size_t)bytes;
    }
    return CONV3D_OK;
}

conv3d_status c3d_store_load(const char *path, struct c3d_database *database)
{
    char *text = NULL;
    size_t length = 0;
    /* Nobody's pipe is waited for. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? CONV3D_OK : fail(path, "cannot open");
    }
    conv3d_status status = read_file(path, fd, &text, &length);
    close(fd);
    if (status != CONV3D_OK) {
        return status;
    }
    status = c3d_database_read(database, text, length);
    free(text);
    return status == CONV3D_ERR_PARSE
               ? c3d_fail(status, "%s: is no tuning database of format 1", path)
               : status;
}

/* Makes the directories that lead to a file. */
static conv3d_status make_directories(const char *path)
{
    char directory[PATH_MAX];
    if (!join(directory, path, "")) {
        return fail_long(path);
    }
    for (char *slash = directory + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdir(directory, 0777) != 0 && errno != EEXIST && access(directory, F_OK) != 0) {
            return fail(directory, "cannot make this directory");
        }
        *slash = '/';
    }
    return CONV3D_OK;
}

/* A link to a database stays one. */
static conv3d_status find_target(const char *path, char target[PATH_MAX])
{
    struct stat status;
    if (realpath(path, target) != NULL) {
        return CONV3D_OK;
    }
    /* A file may be there by now: somebody else has just made it. */
    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
        return c3d_fail(CONV3D_ERR_IO, "%s: is a link that leads nowhere", path);
    }
    return join(target, path, "") ? CONV3D_OK : fail_long(path);
}

static conv3d_status take_lock(const char *path, int *lock)
{
    char name[PATH_MAX];
    static const struct timespec pause = {0, LOCK_NANOSECONDS};
    if (!join(name, path, ".lock")) {
        return fail_long(path);
    }
    *lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (*lock < 0) {
        return fail(name, "cannot open");
    }
    for (int i = 0; i < LOCK_TRIES; i++) {
        /* Where a file system has no locks, entries of writers at the same time may get lost. */
        if (flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno == ENOLCK || errno == ENOSYS ||
            errno == EOPNOTSUPP) {
            return CONV3D_OK;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            break;
        }
        nanosleep(&pause, NULL);
    }
    close(*lock);
    return fail(name, "cannot lock");
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        const ssize_t bytes = write(fd, text, length);
        if (bytes < 0 && errno != EINTR) {
            return false;
        }
        text += bytes > 0 ? bytes : 0;
        length -= bytes > 0 ? (size_t)bytes : 0;
    }
    return fsync(fd) == 0;
}

static conv3d_status replace(const char *path, const char *text, size_t length)
{
    char name[PATH_MAX];
    struct stat before;
    if (length > (size_t)most_bytes) {
        return c3d_fail(CONV3D_ERR_IO, "%s: would exceed 64 MiB", path);
    }
    if (!join(name, path, ".new")) {
        return fail_long(path);
    }
    /* Always the same name: only who holds the lock writes, and what somebody who was killed left
     * is written over. */
    const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) {
        return fail(name, "cannot write");
    }
    const bool kept = stat(path, &before) != 0 || fchmod(fd, before.st_mode & 0777) == 0;
    const bool written = kept && write_all(fd, text, length);
    const int error = errno;
    const bool closed = close(fd) == 0;
    if (!written || !closed || rename(name, path) != 0) {
        errno = !written ? error : errno;
        const conv3d_status status = fail(path, "cannot write");
        unlink(name);
        return status;
    }
    return CONV3D_OK;
}

/* With the lock held. */
static conv3d_status update(const char *path, c3d_store_change *change, void *context)
{
    struct c3d_database database = {0};
    conv3d_status status = c3d_store_load(path, &database);
    if (status == CONV3D_OK) {
        status = change(&database, context);
    }
    if (status == CONV3D_OK) {
        size_t length;
        char *const text = c3d_database_write(&database, &length);
        status = text != NULL ? replace(path, text, length)
                              : c3d_fail(CONV3D_ERR_MEMORY, "no memory for the tuning database");
        free(text);
    }
    c3d_database_free(&database);
    return status;
}

conv3d_status c3d_store_update(const char *path, c3d_store_change *change, void *context)
{
    char target[PATH_MAX];
    int lock = -1;
    conv3d_status status;
    if (path[0] == '\0') {
        return c3d_fail(CONV3D_ERR_IO, "no tuning database is in effect");
    }
    if ((status = make_directories(path)) != CONV3D_OK ||
        (status = find_target(path, target)) != CONV3D_OK ||
        (status = take_lock(target, &lock)) != CONV3D_OK) {
        return status;
    }
    status = update(target, change, context);
    /* Not only closed: a child that was forked meanwhile has it open as well. */
    flock(lock, LOCK_UN);
    close(lock);
    return status;
}
