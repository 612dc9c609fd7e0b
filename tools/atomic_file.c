/* SPDX-License-Identifier: Apache-2.0 */
/*
 * atomic_file.c - files that appear complete or not at all
 *
 * The temporary file lies beside the target, because rename() is atomic within
 * one file system only.  Its name is unpredictable and it is created with
 * O_EXCL, so that in a shared directory nobody can prepare a trap under it.
 */
#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit_code.h"

enum { MAX_OPEN = 4 };

/* What a signal handler must remove.  Static, because another thread may be in the
 * handler while this one closes the file: a name must never be freed under it. */
static struct slot {
    volatile sig_atomic_t used;
    char name[PATH_MAX];
} slots[MAX_OPEN];

/* Signals that end the program; they wait while a file exists that no slot names. */
static void hold_signals(sigset_t *before)
{
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &held, before);
}

static void release_signals(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static struct slot *find_free_slot(void)
{
    for (int i = 0; i < MAX_OPEN; i++) {
        if (!slots[i].used)
            return &slots[i];
    }
    return NULL;
}

static void forget_name(const char *name)
{
    for (int i = 0; i < MAX_OPEN; i++) {
        if (slots[i].name == name)
            slots[i].used = 0;
    }
}

void atomic_file_unlink_all(void)
{
    for (int i = 0; i < MAX_OPEN; i++) {
        if (slots[i].used)
            unlink(slots[i].name);
    }
}

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a directory";
    return S_ISFIFO(mode) ? "a pipe" : "a device or socket";
}

/* Sets target to where the name leads.  Renaming onto anything but a regular
 * file would replace it: nobody means that of /dev/null. */
static int resolve_target(struct atomic_file *file, const char *path, char *message,
                          size_t capacity)
{
    struct stat status;

    if (lstat(path, &status) != 0) {
        if (errno != ENOENT)
            return exit_fail(message, capacity, EXIT_IO, "%s: %s", path, strerror(errno));
        file->target = strdup(path);
    } else {
        if (stat(path, &status) != 0)
            return exit_fail(message, capacity, EXIT_IO, "%s: symbolic link to nowhere: %s", path,
                             strerror(errno));
        if (!S_ISREG(status.st_mode))
            return exit_fail(message, capacity, EXIT_IO,
                             "%s: is %s; only a regular file can be written", path,
                             kind_of(status.st_mode));
        file->target = realpath(path, NULL);
    }
    if (file->target == NULL)
        return exit_fail(message, capacity, errno == ENOMEM ? EXIT_MEMORY : EXIT_IO, "%s: %s",
                         path, strerror(errno));
    return EXIT_OK;
}

/* The length of the directory part of a path, its final slash included. */
static size_t directory_length(const char *path)
{
    const char *const slash = strrchr(path, '/');

    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static int create_temporary(struct atomic_file *file, char *message, size_t capacity)
{
    const int directory = (int)directory_length(file->target);
    struct slot *const slot = find_free_slot();
    uint64_t nonce;

    if (slot == NULL)
        return exit_fail(message, capacity, EXIT_IO, "%s: too many files are being written",
                         file->target);
    if (getrandom(&nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
        return exit_fail(message, capacity, EXIT_IO, "%s: no random name: %s", file->target,
                         strerror(errno));
    if ((size_t)snprintf(slot->name, sizeof slot->name, "%.*s.conv3d-%016" PRIx64 ".tmp",
                         directory, file->target, nonce) >= sizeof slot->name)
        return exit_fail(message, capacity, EXIT_IO, "%s: %s", file->target,
                         strerror(ENAMETOOLONG));
    file->fd = open(slot->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->fd < 0)
        return exit_fail(message, capacity, EXIT_IO, "%s: cannot write into its directory: %s",
                         file->target, strerror(errno));
    slot->used = 1;
    file->temporary = slot->name;
    return EXIT_OK;
}

int atomic_file_open(struct atomic_file *file, const char *path, char *message, size_t capacity)
{
    sigset_t before;

    *file = (struct atomic_file)ATOMIC_FILE_CLOSED;
    if (directory_length(path) == strlen(path))
        return exit_fail(message, capacity, EXIT_IO, "'%s' does not name a file", path);

    int code = resolve_target(file, path, message, capacity);
    if (code == EXIT_OK) {
        hold_signals(&before);
        code = create_temporary(file, message, capacity);
        release_signals(&before);
    }
    if (code != EXIT_OK)
        atomic_file_abandon(file);
    return code;
}

int atomic_file_reserve(struct atomic_file *file, off_t bytes, char *message, size_t capacity)
{
    const int error = bytes > 0 ? posix_fallocate(file->fd, 0, bytes) : 0;

    /* A file system that cannot reserve may well be able to write. */
    if (error == 0 || error == EOPNOTSUPP || error == EINVAL)
        return EXIT_OK;
    return exit_fail(message, capacity, EXIT_IO, "%s: cannot reserve %lld bytes: %s",
                     file->target, (long long)bytes, strerror(error));
}

int atomic_file_write(struct atomic_file *file, const void *data, size_t bytes, char *message,
                      size_t capacity)
{
    const char *rest = data;

    while (bytes > 0) {
        const ssize_t written = write(file->fd, rest, bytes < SSIZE_MAX ? bytes : SSIZE_MAX);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return exit_fail(message, capacity, EXIT_IO, "%s: cannot write: %s", file->target,
                             strerror(errno));
        rest += written;
        bytes -= (size_t)written;
    }
    return EXIT_OK;
}

/* Makes the new name last through a crash.  Best effort: the data itself is on
 * the disk, and some file systems refuse to flush a directory. */
static void flush_directory(const char *target)
{
    const size_t length = directory_length(target);
    char *const directory = length > 0 ? strndup(target, length) : strdup(".");
    const int fd = directory != NULL ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(directory);
}

int atomic_file_commit(struct atomic_file *file, char *message, size_t capacity)
{
    int code = EXIT_OK;

    if (fsync(file->fd) != 0)
        code = exit_fail(message, capacity, EXIT_IO, "%s: cannot flush to the disk: %s",
                         file->target, strerror(errno));
    else if (rename(file->temporary, file->target) != 0)
        code = exit_fail(message, capacity, EXIT_IO, "%s: cannot rename %s: %s", file->target,
                         file->temporary, strerror(errno));
    else
        flush_directory(file->target);
    atomic_file_abandon(file); /* after the rename there is no temporary file to remove */
    return code;
}

void atomic_file_abandon(struct atomic_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->temporary != NULL) {
        unlink(file->temporary);
        forget_name(file->temporary);
    }
    free(file->target);
    *file = (struct atomic_file)ATOMIC_FILE_CLOSED;
}
