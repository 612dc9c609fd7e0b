/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race.c - the checks that use threads, under a plain main(): Criterion cannot
 * run under a race detector.  Not part of "make check"; "make tests/race" in a
 * build with --enable-sanitizer or the like builds it.  Exits 0 when all hold.
 */
#include "bits_checks.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    enum { SHAPES = 12 };
    static const struct {
        const char *name;
        bits_check *check;
    } checks[] = {
        {"threads do not matter", bits_ignore_threads},
        {"tiles do not matter", bits_ignore_tiles},
        {"a plan serves several threads", bits_ignore_company},
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const bool good = bits_hold(checks[i].check, SHAPES);
        printf("%s: %s\n", good ? "passed" : "FAILED", checks[i].name);
        failed += !good;
    }
    return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
