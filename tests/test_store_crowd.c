/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_crowd.c - many processes that read and write one tuning database, some of which are
 * killed: nobody's entries are lost, and nobody ever reads a damaged file.
 */
#include "process.h"
#include "support.h"

#include "database/store.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 16, UPDATES = 25, SHARED = 3, READERS = 2, PATIENCE = 60 };

/* What all processes see. */
struct crowd {
    char path[512];
    int updates;                           /* of a writer */
    atomic_bool over;
    atomic_bool recorded[WRITERS][UPDATES]; /* an update has returned OK */
    atomic_int loads;                      /* of the readers */
};

struct addition {
    int writer, update;
};

static void own_key(const struct addition *addition, char key[64])
{
    snprintf(key, 64, "rate own-%d-%d @m", addition->writer, addition->update);
}

/* An entry of its own, and one that the others rewrite as well. */
static conv3d_status add(struct c3d_database *database, void *context)
{
    const struct addition *const addition = context;
    char key[64], value[64];
    own_key(addition, key);
    snprintf(value, sizeof value, "%d.%d", addition->writer, addition->update);
    const conv3d_status status = c3d_database_put(database, key, value);
    if (status != CONV3D_OK)
        return status;
    snprintf(key, sizeof key, "rate shared-%d @m", addition->update % SHARED);
    return c3d_database_put(database, key, value);
}

/* Ends with 0, or with the status of an update that failed. */
static int write_much(struct crowd *crowd, int writer)
{
    for (int i = 0; i < crowd->updates; i++) {
        struct addition addition = {writer, i};
        const conv3d_status status = c3d_store_update(crowd->path, add, &addition);
        if (status != CONV3D_OK) {
            complain("%s", conv3d_last_error());
            return (int)status;
        }
        crowd->recorded[writer][i] = true;
    }
    return 0;
}

/* Ends with 0, with 1 when something was wrong, with 2 when something was there no more. */
static int read_much(struct crowd *crowd)
{
    size_t most = 0;
    while (!crowd->over) {
        struct c3d_database database = {0};
        if (c3d_store_load(crowd->path, &database) != CONV3D_OK || database.damaged > 0)
            return 1;
        if (database.count < most)
            return 2;
        most = database.count;
        c3d_database_free(&database);
        crowd->loads++;
    }
    return 0;
}

static pid_t start(struct crowd *crowd, int writer)
{
    const pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0)
        _exit(writer >= 0 ? write_much(crowd, writer) : read_much(crowd));
    return pid;
}

static void expect_end(pid_t pid, bool killed, const char *what)
{
    int code, signal_number;
    process_wait(pid, PATIENCE, &code, &signal_number);
    cr_expect(code == 0 || (killed && signal_number == SIGKILL), "%s: exit %d, signal %d", what,
              code, signal_number);
}

/* Every recorded entry is there; what is there was written so. */
static void expect_all(const struct crowd *crowd)
{
    struct c3d_database database = {0};
    cr_assert(c3d_store_load(crowd->path, &database) == CONV3D_OK && database.damaged == 0, "%s",
              conv3d_last_error());
    size_t found = 0;
    for (int i = 0; i < WRITERS * crowd->updates; i++) {
        const struct addition addition = {i % WRITERS, i / WRITERS};
        char key[64], value[64];
        own_key(&addition, key);
        snprintf(value, sizeof value, "%d.%d", addition.writer, addition.update);
        const char *const got = c3d_database_find(&database, key);
        cr_expect(got != NULL || !crowd->recorded[addition.writer][addition.update],
                  "lost: %s", key);
        cr_expect(got == NULL || strcmp(got, value) == 0, "%s = %s", key, got);
        found += got != NULL;
    }
    for (size_t i = 0; i < database.count; i++) {
        int shared, writer, last;
        if (sscanf(database.entries[i].key, "rate shared-%d @m", &shared) != 1)
            continue;
        found++;
        cr_expect(sscanf(database.entries[i].value, "%d.%d", &writer, &last) == 2 &&
                  shared < SHARED && writer < WRITERS && last % SHARED == shared);
    }
    cr_expect(found == database.count, "%zu entries, %zu of them known", database.count, found);
    c3d_database_free(&database);
}

/* Kills writers, one after another, at any moment of their work. */
static void kill_some(const pid_t *writers, uint64_t seed)
{
    for (uint64_t i = 0; i < WRITERS / 2; i++) {
        const uint64_t bits = random_bits(seed, i);
        const struct timespec pause = {0, (long)(bits % 20000000)};
        nanosleep(&pause, NULL);
        kill(writers[bits / 20000000 % WRITERS], SIGKILL);
    }
}

static void gather(bool killing)
{
    struct scratch scratch;
    pid_t writers[WRITERS], readers[READERS];
    struct crowd *const crowd = mmap(NULL, sizeof *crowd, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(crowd != MAP_FAILED);
    scratch_make(&scratch);
    scratch_file(&scratch, "tuning", crowd->path);
    crowd->updates = (int)test_count(UPDATES);
    for (int i = 0; i < READERS; i++)
        readers[i] = start(crowd, -1);
    for (int i = 0; i < WRITERS; i++)
        writers[i] = start(crowd, i);
    if (killing)
        kill_some(writers, test_seed());
    for (int i = 0; i < WRITERS; i++)
        expect_end(writers[i], killing, "writer");
    crowd->over = true;
    for (int i = 0; i < READERS; i++)
        expect_end(readers[i], false, "reader");
    cr_expect(crowd->loads > 0);
    expect_all(crowd);
    /* The dead hold no lock, and leave at most what they were writing. */
    struct addition last = {0, 0};
    cr_expect(c3d_store_update(crowd->path, add, &last) == CONV3D_OK, "%s", conv3d_last_error());
    cr_expect(killing || scratch_count(&scratch, "tuning.lock") == 1);
    expect_all(crowd);
    scratch_remove(&scratch);
    munmap(crowd, sizeof *crowd);
}

Test(store_crowd, nothing_is_lost)
{
    gather(false);
}

Test(store_crowd, nothing_is_lost_when_some_are_killed)
{
    gather(true);
}

/* Puts a file at the path of the database and takes it away, again and again. */
static void come_and_go(const struct crowd *crowd, const char *file)
{
    while (!crowd->over) {
        (void)!link(file, crowd->path);
        unlink(crowd->path);
    }
}

/* Other writers make the database, or a user removes it, at any moment of an update.  Each update is
 * the first one of its process, which takes longest between one look at the file and the next. */
Test(store_crowd, database_that_comes_and_goes)
{
    enum { ROUNDS = 100 }; /* one in ten failed where a file just made was taken for a link */
    char file[512];
    struct scratch scratch;
    struct addition addition = {0, 0};
    struct crowd *const crowd = mmap(NULL, sizeof *crowd, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(crowd != MAP_FAILED);
    scratch_make(&scratch);
    scratch_file(&scratch, "tuning", crowd->path);
    cr_assert(c3d_store_update(scratch_file(&scratch, "other", file), add, &addition) == CONV3D_OK);
    const pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0) {
        come_and_go(crowd, file);
        _exit(0);
    }
    const int64_t rounds = test_count(ROUNDS);
    crowd->updates = 1;
    for (int64_t i = 0; i < rounds; i++)
        expect_end(start(crowd, 0), false, "writer");
    crowd->over = true;
    expect_end(pid, false, "who comes and goes");
    scratch_remove(&scratch);
    munmap(crowd, sizeof *crowd);
}
