/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store.c - tuning databases as files: where they are, what cannot be read or written, and
 * many processes that write one, some of which are killed.
 */
#include "process.h"
#include "support.h"

#include "database/store.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 8 }; /* seconds: less than an update waits for the lock */

static void set(const char *name, const char *value)
{
    cr_assert((value != NULL ? setenv(name, value, 1) : unsetenv(name)) == 0);
}

/* What store.h and the XDG specification say, said once more. */
static const char *expected_user(const char *tuning, const char *cache, const char *home)
{
    if (tuning != NULL && *tuning != '\0')
        return strcmp(tuning, "none") == 0 ? "" : tuning;
    if (cache != NULL && *cache == '/')
        return "/c/conv3d/tuning";
    return home != NULL && *home == '/' ? "/h/.cache/conv3d/tuning" : "";
}

Test(store, files_are_where_the_environment_says)
{
    static const char *const tunings[] = {NULL, "", "none", "/t/file", "file", "./none"};
    static const char *const caches[] = {NULL, "", "c", "/c"};
    static const char *const homes[] = {NULL, "", "h", "/h"};
    for (int i = 0; i < 6 * 4 * 4; i++) {
        const char *const tuning = tunings[i % 6];
        const char *const cache = caches[i / 6 % 4], *const home = homes[i / 24];
        const bool alone = tuning != NULL && *tuning != '\0';
        struct c3d_store_paths paths;
        set("CONV3D_TUNING", tuning);
        set("XDG_CACHE_HOME", cache);
        set("HOME", home);
        c3d_store_locate(&paths);
        cr_expect_str_eq(paths.user, expected_user(tuning, cache, home));
        const char *const site = strstr(paths.site, "/conv3d/tuning");
        cr_expect(alone ? paths.site[0] == '\0' : site != NULL && strlen(site) == 14, "%s",
                  paths.site);
    }
}

Test(store, paths_that_are_too_long_are_nowhere)
{
    static char longest[PATH_MAX + 1];
    struct c3d_store_paths paths;
    memset(longest, '/', PATH_MAX);
    set("CONV3D_TUNING", longest);
    c3d_store_locate(&paths);
    cr_expect(paths.user[0] == '\0' && paths.site[0] == '\0');
    longest[PATH_MAX - 8] = '\0';
    set("CONV3D_TUNING", NULL);
    set("XDG_CACHE_HOME", longest);
    set("HOME", "/h");
    c3d_store_locate(&paths);
    cr_expect_str_eq(paths.user, "/h/.cache/conv3d/tuning");
    set("HOME", longest);
    c3d_store_locate(&paths);
    cr_expect_str_eq(paths.user, "");
}

/* A change that puts an entry. */
struct entry {
    const char *key, *value;
};

static conv3d_status put(struct c3d_database *database, void *context)
{
    const struct entry *const entry = context;
    return c3d_database_put(database, entry->key, entry->value);
}

static conv3d_status update(const char *path, const char *key, const char *value)
{
    struct entry entry = {key, value};
    return c3d_store_update(path, put, &entry);
}

static size_t expect_loads(const char *path)
{
    struct c3d_database database = {0};
    cr_assert(c3d_store_load(path, &database) == CONV3D_OK, "%s", conv3d_last_error());
    cr_assert(database.damaged == 0);
    const size_t count = database.count;
    c3d_database_free(&database);
    return count;
}

/* The error names the file and the status. */
static void expect_refused(conv3d_status got, conv3d_status wanted, const char *name)
{
    cr_expect(got == wanted, "%s: %s", name, conv3d_status_string(got));
    cr_expect(strstr(conv3d_last_error(), name) != NULL, "%s", conv3d_last_error());
}

static void expect_no_load(const char *path, conv3d_status wanted, const char *name)
{
    struct c3d_database database = {0};
    expect_refused(c3d_store_load(path, &database), wanted, name);
    cr_expect(database.count == 0);
    c3d_database_free(&database);
}

Test(store, what_is_no_file_is_not_read, .timeout = PATIENCE)
{
    struct scratch scratch;
    char path[512], below[540];
    scratch_make(&scratch);
    cr_expect(expect_loads(scratch_file(&scratch, "absent", path)) == 0);
    cr_expect(expect_loads(scratch_file(&scratch, "absent/tuning", path)) == 0);
    expect_no_load(scratch.path, CONV3D_ERR_IO, "no regular file");
    cr_assert(mkfifo(scratch_file(&scratch, "pipe", path), 0600) == 0);
    expect_no_load(path, CONV3D_ERR_IO, "pipe");
    expect_refused(update(path, "rate a @m", "1"), CONV3D_ERR_IO, "pipe");
    file_write(scratch_file(&scratch, "empty", path), "", 0);
    cr_expect(expect_loads(path) == 0);
    snprintf(below, sizeof below, "%s/tuning", path);
    cr_expect(expect_loads(below) == 0, "a file is no directory: nothing is there");
    cr_assert(symlink("circle", scratch_file(&scratch, "circle", path)) == 0);
    expect_no_load(path, CONV3D_ERR_IO, "circle");
    file_write(scratch_file(&scratch, "foreign", path), "a = b\n", 6);
    expect_no_load(path, CONV3D_ERR_PARSE, "foreign");
    /* Larger than anything that tuning writes; it takes no room. */
    file_write(scratch_file(&scratch, "huge", path), "", 0);
    cr_assert(truncate(path, (off_t)1 << 40) == 0);
    expect_no_load(path, CONV3D_ERR_IO, "64 MiB");
    scratch_remove(&scratch);
}

Test(store, directories_are_made)
{
    struct scratch scratch;
    char path[512];
    struct stat status;
    scratch_make(&scratch);
    scratch_file(&scratch, "a/b/c/tuning", path);
    cr_assert(update(path, "rate a @m", "1") == CONV3D_OK, "%s", conv3d_last_error());
    cr_assert(update(path, "rate b @m", "1") == CONV3D_OK);
    cr_expect(expect_loads(path) == 2);
    cr_assert(stat(path, &status) == 0);
    cr_expect((status.st_mode & 0777) == 0644, "others may read a site's database");
    cr_assert(chmod(path, 0640) == 0 && update(path, "rate c @m", "1") == CONV3D_OK);
    cr_assert(stat(path, &status) == 0);
    cr_expect((status.st_mode & 0777) == 0640, "its mode is kept");
    cr_assert(chdir(scratch.path) == 0);
    cr_expect(update("tuning", "rate a @m", "1") == CONV3D_OK && expect_loads("tuning") == 1);
    cr_expect(update("", "rate a @m", "1") == CONV3D_ERR_IO && !file_exists(".lock"));
    scratch_remove(&scratch);
}

Test(store, links_stay_links)
{
    struct scratch scratch;
    char path[512], target[512];
    struct stat status;
    scratch_make(&scratch);
    scratch_file(&scratch, "elsewhere/tuning", target);
    cr_assert(update(target, "rate a @m", "1") == CONV3D_OK);
    cr_assert(symlink("elsewhere/tuning", scratch_file(&scratch, "link", path)) == 0);
    cr_assert(update(path, "rate b @m", "1") == CONV3D_OK);
    cr_expect(lstat(path, &status) == 0 && S_ISLNK(status.st_mode));
    cr_expect(expect_loads(path) == 2 && expect_loads(target) == 2);
    cr_assert(symlink("nowhere/tuning", scratch_file(&scratch, "dangling", path)) == 0);
    expect_refused(update(path, "rate a @m", "1"), CONV3D_ERR_IO, "dangling");
    cr_expect(lstat(path, &status) == 0 && S_ISLNK(status.st_mode));
    scratch_remove(&scratch);
}

/* ---- Updates that fail ---------------------------------------------------------- */

/* A file in the directory "sub" of the scratch directory, as it is before. */
struct victim {
    struct scratch scratch, sub;
    char path[512];
    char *bytes;
    size_t length;
};

static void victim_make(struct victim *victim, const char *foreign)
{
    scratch_make(&victim->scratch);
    snprintf(victim->sub.path, sizeof victim->sub.path, "%.200s/sub", victim->scratch.path);
    scratch_file(&victim->sub, "tuning", victim->path);
    cr_assert(mkdir(victim->sub.path, 0755) == 0);
    for (int i = 0; foreign == NULL && i < 20; i++) {
        char key[32];
        snprintf(key, sizeof key, "rate %d @m", i);
        cr_assert(update(victim->path, key, "1.000000") == CONV3D_OK);
    }
    if (foreign != NULL)
        file_write(victim->path, foreign, strlen(foreign));
    victim->bytes = file_read(victim->path, &victim->length);
    cr_assert(victim->bytes != NULL);
}

/* Bit for bit what it was, with nothing beside it but the lock. */
static void expect_unharmed(struct victim *victim)
{
    size_t length;
    char *const bytes = file_read(victim->path, &length);
    cr_assert(bytes != NULL && length == victim->length &&
              memcmp(bytes, victim->bytes, length) == 0);
    cr_expect(scratch_count(&victim->sub, "tuning.lock") == 1);
    free(bytes);
    free(victim->bytes);
    scratch_remove(&victim->scratch);
}

/* Runs try_update() in a child, which ends with the status it returns. */
static void expect_in_child(conv3d_status (*try_update)(const char *path), const char *path,
                            conv3d_status wanted)
{
    int code, signal_number;
    const pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0)
        _exit((int)try_update(path));
    process_wait(pid, 2 * PATIENCE, &code, &signal_number);
    cr_expect(code == (int)wanted && signal_number == 0, "ended with %d, signal %d", code,
              signal_number);
}

static conv3d_status update_on_full_disk(const char *path)
{
    const struct rlimit limit = {100, 100};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return (conv3d_status)99;
    const conv3d_status status = update(path, "rate more @m", "1");
    return strstr(conv3d_last_error(), strerror(EFBIG)) != NULL ? status : (conv3d_status)98;
}

Test(store, full_disk_leaves_the_file_as_it_was)
{
    struct victim victim;
    victim_make(&victim, NULL);
    expect_in_child(update_on_full_disk, victim.path, CONV3D_ERR_IO);
    expect_unharmed(&victim);
}

/* As somebody whom modes of files concern. */
static bool become_mortal(void)
{
    return geteuid() != 0 || setresuid(65534, 65534, 65534) == 0;
}

static conv3d_status update_as_mortal(const char *path)
{
    return become_mortal() ? update(path, "rate more @m", "1") : (conv3d_status)97;
}

static conv3d_status load_as_mortal(const char *path)
{
    struct c3d_database database = {0};
    return become_mortal() ? c3d_store_load(path, &database) : (conv3d_status)97;
}

Test(store, read_only_directory_leaves_the_file_as_it_was)
{
    struct victim victim;
    victim_make(&victim, NULL);
    cr_assert(chmod(victim.scratch.path, 0755) == 0 && chmod(victim.sub.path, 0555) == 0);
    expect_in_child(load_as_mortal, victim.path, CONV3D_OK);
    expect_in_child(update_as_mortal, victim.path, CONV3D_ERR_IO);
    cr_assert(chmod(victim.sub.path, 0755) == 0 && chmod(victim.path, 0) == 0);
    expect_in_child(load_as_mortal, victim.path, CONV3D_ERR_IO);
    expect_in_child(update_as_mortal, victim.path, CONV3D_ERR_IO);
    cr_assert(chmod(victim.path, 0644) == 0);
    expect_unharmed(&victim);
}

Test(store, places_that_cannot_be_written)
{
    struct victim victim;
    char below[540];
    victim_make(&victim, NULL);
    snprintf(below, sizeof below, "%s/tuning", victim.path);
    expect_refused(update(below, "rate a @m", "1"), CONV3D_ERR_IO, strerror(ENOTDIR));
    snprintf(below, sizeof below, "%s/deeper/tuning", victim.path);
    expect_refused(update(below, "rate a @m", "1"), CONV3D_ERR_IO, strerror(ENOTDIR));
    expect_refused(update("/proc/conv3d/tuning", "rate a @m", "1"), CONV3D_ERR_IO, "/proc/conv3d");
    expect_refused(update(victim.sub.path, "rate a @m", "1"), CONV3D_ERR_IO, "no regular file");
    expect_unharmed(&victim);
}

static conv3d_status change_mind(struct c3d_database *database, void *context)
{
    (void)context;
    const conv3d_status status = c3d_database_put(database, "rate 1 @m", "2");
    return status == CONV3D_OK ? CONV3D_ERR_UNSUPPORTED : status;
}

Test(store, failed_change_leaves_the_file_as_it_was)
{
    struct victim victim;
    victim_make(&victim, NULL);
    cr_expect(c3d_store_update(victim.path, change_mind, NULL) == CONV3D_ERR_UNSUPPORTED);
    expect_unharmed(&victim);
}

Test(store, foreign_files_are_not_replaced)
{
    static const char *const foreign[] = {
        "a = b\n", "# conv3d tuning database, format 2\nrate a @m = 1 #00000000\n", " ",
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct victim victim;
        victim_make(&victim, foreign[i]);
        expect_refused(update(victim.path, "rate a @m", "1"), CONV3D_ERR_PARSE, "tuning");
        expect_unharmed(&victim);
    }
}

/* As many of the longest entries as do not fit. */
static conv3d_status put_too_much(struct c3d_database *database, void *context)
{
    const int count = *(const int *)context;
    static char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
    snprintf(value, sizeof value, "%0*d", C3D_VALUE_BYTES - 1, 0);
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, "rate %0*d", C3D_KEY_BYTES - 6, i);
        const conv3d_status status = c3d_database_put(database, key, value);
        if (status != CONV3D_OK)
            return status;
    }
    return CONV3D_OK;
}

Test(store, no_file_is_written_that_would_not_be_read)
{
    struct victim victim;
    int count = (64 << 20) / (C3D_KEY_BYTES + C3D_VALUE_BYTES + 12) + 1;
    victim_make(&victim, NULL);
    expect_refused(c3d_store_update(victim.path, put_too_much, &count), CONV3D_ERR_IO, "64 MiB");
    expect_unharmed(&victim);
}

static pid_t lingering;

static conv3d_status fork_meanwhile(struct c3d_database *database, void *context)
{
    (void)context;
    lingering = fork();
    if (lingering == 0) {
        alarm(4 * PATIENCE); /* whatever becomes of the test */
        for (;;)
            pause();
    }
    return c3d_database_put(database, "rate a @m", "1");
}

/* A host program's child, forked while a thread records something, lives on. */
Test(store, lock_does_not_outlive_an_update, .timeout = PATIENCE)
{
    struct scratch scratch;
    char path[512];
    scratch_make(&scratch);
    scratch_file(&scratch, "tuning", path);
    cr_assert(c3d_store_update(path, fork_meanwhile, NULL) == CONV3D_OK && lingering > 0);
    cr_expect(update(path, "rate b @m", "1") == CONV3D_OK, "%s", conv3d_last_error());
    kill(lingering, SIGKILL);
    waitpid(lingering, NULL, 0);
    scratch_remove(&scratch);
}
