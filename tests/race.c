/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race.c - the checks that use threads, under a plain main(): Criterion cannot
 * run under a race detector.  "make check" runs it through host.sh, tools/check.sh under
 * ThreadSanitizer.  Exits 0 when all hold.
 *
 *     race          the checks
 *     race planted  a race, which the detector must find
 */
#include "bits_checks.h"
#include "tuning.h"

#include "platform/team.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void count_without_care(void *argument, int member, int members)
{
    volatile long *const sum = argument;
    (void)member, (void)members;
    for (int i = 0; i < 1000; i++)
        *sum = *sum + 1;
}

static int run_planted_race(void)
{
    long sum = 0;
    c3d_team_run(4, NULL, count_without_care, &sum);
    printf("counted to %ld\n", sum);
    return EXIT_SUCCESS;
}

/* Plans are made while the tuning database is rewritten. */
static bool plans_ignore_writers(void)
{
    char directory[] = "/tmp/conv3d-race-XXXXXX", path[64], lock[64];
    if (mkdtemp(directory) == NULL)
        return complain("cannot make a directory in /tmp");
    snprintf(path, sizeof path, "%s/tuning", directory);
    snprintf(lock, sizeof lock, "%s/tuning.lock", directory);
    setenv("CONV3D_TUNING", path, 1);
    const bool good = tuning_survives_company(path);
    unlink(path);
    unlink(lock);
    rmdir(directory);
    return good;
}

static int tell(const char *name, bool good)
{
    printf("%s: %s\n", good ? "passed" : "FAILED", name);
    return !good;
}

int main(int argc, char **argv)
{
    enum { SHAPES = 12 };
    static const struct {
        const char *name;
        bits_check *check;
    } checks[] = {
        {"threads do not matter", bits_ignore_threads},
        {"places do not matter", bits_ignore_places},
        {"tiles do not matter", bits_ignore_tiles},
        {"a plan serves several threads", bits_ignore_company},
    };
    int failed = 0;
    if (argc > 1 && strcmp(argv[1], "planted") == 0)
        return run_planted_race();
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        failed += tell(checks[i].name, bits_hold(checks[i].check, SHAPES));
    failed += tell("plans are made while the tuning database changes", plans_ignore_writers());
    return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
