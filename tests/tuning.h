/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tuning.h - tuning databases that say what a test wants, and plans that are to follow them.
 * Knows the library's internals, and nothing of Criterion: tests/race.c uses it as well.
 */
#ifndef CONV3D_TESTS_TUNING_H
#define CONV3D_TESTS_TUNING_H

#include "support.h"

#include "database/record.h"
#include "database/store.h"

/* What an entry is about: the problem of a workload, on this machine unless it is another. */
struct tuning_subject {
    const struct workload *workload;
    conv3d_math math;
    int threads;
    const char *machine; /* NULL = this one */
};

/* Puts an entry into a file.  They complain, and return false, when they cannot. */
bool tuning_put(const char *path, const char *key, const char *value);
bool tuning_put_algorithm(const char *path, const struct tuning_subject *subject,
                          const char *algorithm);
bool tuning_put_tile(const char *path, const struct tuning_subject *subject,
                     const char *algorithm, const char *tile, int team);
/* Takes the one of an algorithm away. */
bool tuning_remove_algorithm(const char *path, const struct tuning_subject *subject);

/* Threads make plans, and look at what they do, while entries are rewritten in the file that
 * CONV3D_TUNING names: plans follow one entry or the other, and the bits stay those of one of
 * them. */
bool tuning_survives_company(const char *path);

#endif /* CONV3D_TESTS_TUNING_H */
