/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.c - see known.h
 */
#include "database/known.h"

#include "base/log.h"
#include "database/store.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A file as it was when it was read. */
static struct source {
    char path[PATH_MAX];
    bool present;
    struct stat stamp;
    struct c3d_database database;
} user, site;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void lock(void)
{
    pthread_mutex_lock(&mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

/* A child must not find the lock taken by a thread that it does not have. */
static void watch_forks(void)
{
    pthread_atfork(lock, unlock, unlock);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           same_time(&a->st_mtim, &b->st_mtim) && same_time(&a->st_ctim, &b->st_ctim);
}

/* What goes wrong here is not the caller's failure. */
static void load(struct source *source)
{
    const struct c3d_failure before = c3d_failure_save();
    if (c3d_store_load(source->path, &source->database) != CONV3D_OK) {
        c3d_database_free(&source->database); /* of what was read before memory ran out */
        c3d_log("conv3d,v1,tuning,ignored,%s", conv3d_last_error());
    } else if (source->database.damaged > 0) {
        c3d_log("conv3d,v1,tuning,%zu damaged lines ignored,%s", source->database.damaged,
                source->path);
    }
    c3d_failure_restore(&before);
}

/* Reads the file if it is another than the last one, or has changed. */
static void refresh(struct source *source, const char *path)
{
    struct stat now;
    const bool present = path[0] != '\0' && stat(path, &now) == 0;
    if (strcmp(source->path, path) == 0 && source->present == present &&
        (!present || same_file(&source->stamp, &now))) {
        return;
    }
    c3d_database_free(&source->database);
    snprintf(source->path, sizeof source->path, "%s", path);
    source->present = present;
    if (present) {
        source->stamp = now;
        load(source);
    }
}

static bool find(struct source *source, const char *key, char value[C3D_VALUE_BYTES],
                 char path[PATH_MAX])
{
    const char *const found = c3d_database_find(&source->database, key);
    if (found == NULL) {
        return false;
    }
    snprintf(value, C3D_VALUE_BYTES, "%s", found);
    memcpy(path, source->path, sizeof source->path);
    return true;
}

bool c3d_known_find(const char *key, char value[C3D_VALUE_BYTES], char path[PATH_MAX])
{
    struct c3d_store_paths paths;
    pthread_once(&once, watch_forks);
    c3d_store_locate(&paths);
    lock();
    refresh(&user, paths.user);
    refresh(&site, paths.site);
    const bool found = find(&user, key, value, path) || find(&site, key, value, path);
    unlock();
    return found;
}

/* When the library is unloaded, or the program ends, perhaps while a thread still asks. */
__attribute__((destructor)) static void forget(void)
{
    lock();
    c3d_database_free(&user.database);
    c3d_database_free(&site.database);
    user.path[0] = site.path[0] = '\0';
    unlock();
}
