/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tune_tool.c - conv3d tune from outside: what it prints, writes, refuses, and leaves when it
 * is interrupted.
 */
#include "markup.h"
#include "tool.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void set_up(void)
{
    char path[512];
    tool_set_up();
    setenv("CONV3D_TUNING", tool_path("tuning", path), 1);
}

TestSuite(tune_tool, .init = set_up, .fini = tool_tear_down);

#define SMALL "n1_ci8t2h6w6_co8_k3_p1"
#define OTHER "n1_ci4t2h8w8_co8_k1"

static void exits(const char *arguments, int code)
{
    const struct finished *const f = tool_run(arguments);
    cr_expect(f->code == code, "%s: exit %d\n%s", arguments, f->code, f->err);
}

Test(tune_tool, tunes_lists_moves_and_forgets)
{
    const struct finished *f =
        tool_run("tune --problem " SMALL " --problem " OTHER " --time-limit 20 --math strict");
    cr_assert(f->code == 0, "%s", f->err);
    cr_expect(strstr(f->out, SMALL) != NULL && strstr(f->out, OTHER) != NULL, "%s", f->out);
    cr_assert(tool_has("tuning"));
    f = tool_run("tune --list");
    cr_expect(f->code == 0 && markup_count(f->out, SMALL) == 2 && markup_count(f->out, OTHER) == 2,
              "%s%s", f->out, f->err);
    exits("tune --export @copy", 0);
    exits("tune --database @third --import @copy --quiet", 0);
    f = tool_run("tune --database @third --list");
    cr_expect(markup_count(f->out, SMALL) == 2, "%s", f->out);
    exits("tune --database @third --forget --problem " SMALL, 0);
    f = tool_run("tune --database @third --list");
    cr_expect(markup_count(f->out, SMALL) == 0 && markup_count(f->out, OTHER) == 2, "%s", f->out);
    exits("tune --database @third --forget --everywhere", 0);
    f = tool_run("tune --database @third --list --everywhere");
    cr_expect(markup_count(f->out, OTHER) == 0, "%s", f->out);
    f = tool_run("tune --list");
    cr_expect(markup_count(f->out, OTHER) == 2, "%s", f->out);
}

Test(tune_tool, refuses)
{
    char path[512];
    file_write(tool_path("in_junk", path), "no database\n", 12);
    exits("tune --import @in_junk", 3);
    exits("tune --import @nowhere", 5);
    exits("tune --list --forget", 2);
    exits("tune --list --calibrate", 2);
    exits("tune --export @a --import @b", 2);
    exits("tune --database  --list", 2);
    exits("tune --forget --problem nonsense", 2);
    exits("tune --problem " SMALL " --time-limit -1", 2);
    /* A file where a directory is needed keeps root out as well. */
    exits("tune --problem " SMALL " --database @in_junk/tuning", 5);
    exits("tune --problem " SMALL " --database none", 5);
    cr_expect(tool_left_over() == 0);
}

Test(tune_tool, writes_a_page_and_nothing_else_when_quiet)
{
    char path[512];
    size_t bytes;
    const struct finished *const f = tool_run("tune --problem " SMALL " --time-limit 5 "
                                              "--report @page.html --quiet");
    cr_assert(f->code == 0, "%s", f->err);
    cr_expect_str_empty(f->err);
    char *const page = file_read(tool_path("page.html", path), &bytes);
    cr_assert(page != NULL);
    char *const text = realloc(page, bytes + 1);
    text[bytes] = '\0';
    cr_expect(markup_is_well_formed(text) && markup_links_lead_somewhere(text));
    free(text);
}

/* Waits until the database holds more than so many bytes. */
static void wait_for_database(size_t least)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    char path[512];
    size_t bytes = 0;
    for (int i = 0; i < 6000 && bytes <= least; i++) {
        nanosleep(&pause, NULL);
        free(file_exists(tool_path("tuning", path)) ? file_read(path, &bytes) : NULL);
    }
    cr_assert(bytes > least, "the database has %zu bytes", bytes);
}

Test(tune_tool, interrupted_it_keeps_what_it_found)
{
    int code, number;
    const pid_t pid = tool_start("tune --problem " SMALL " --problem "
                                 "n1_ci64t16h56w56_co64_k3_p1 --time-limit 600 --math strict");
    /* The small one is recorded when the file has more than its first line. */
    wait_for_database(99);
    cr_assert(kill(pid, SIGINT) == 0);
    process_wait(pid, 60, &code, &number);
    cr_expect(code == 75, "exit %d, signal %d", code, number);
    const struct finished *const f = tool_run("tune --list");
    cr_expect(f->code == 0 && markup_count(f->out, SMALL) == 2, "%s%s", f->out, f->err);
    cr_expect(strstr(f->err, "damaged") == NULL, "%s", f->err);
}

/* A call of this problem takes seconds, a measurement at least one call: the second signal comes
 * before the first can be heeded.  With less time a slow build would not begin it. */
Test(tune_tool, interrupted_twice_it_ends_at_once)
{
    int code, number;
    const pid_t pid = tool_start("tune --problem n1_ci128t32h112w112_co128_k3_p1 "
                                 "--time-limit 1000000 --math strict --threads 1");
    wait_for_database(0);
    cr_assert(kill(pid, SIGINT) == 0);
    usleep(200000);
    cr_assert(kill(pid, SIGINT) == 0);
    process_wait(pid, 2, &code, &number);
    cr_expect(code == 75, "exit %d, signal %d", code, number);
    const struct finished *const f = tool_run("tune --list");
    cr_expect(f->code == 0 && strstr(f->err, "damaged") == NULL, "%s%s", f->out, f->err);
    cr_expect(tool_left_over() <= 2, "the database and its lock, and nothing half-written");
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A tenth more for what comes before and after, and, since the tests run on busy machines too, as
 * many seconds as one call of the problem takes there. */
Test(tune_tool, ends_when_its_time_is_over)
{
    const double start = seconds();
    exits("tune --problem n1_ci32t8h28w28_co32_k3_p1 --problem " SMALL " --time-limit 3 --quiet", 0);
    cr_expect(seconds() - start < 3 * 1.1 + 2, "3 seconds took %.1f", seconds() - start);
}

/* 355 GFLOP, and a second: not even what is expected could be computed. */
Test(tune_tool, begins_no_layer_that_it_cannot_finish)
{
    const double start = seconds();
    const struct finished *const f =
        tool_run("tune --problem n1_ci128t32h112w112_co128_k3_p1 --time-limit 1 --quiet");
    cr_expect(f->code == 0 && strstr(f->out, " stopped ") != NULL, "%s%s", f->out, f->err);
    cr_expect(seconds() - start < 3, "one second took %.1f", seconds() - start);
}

/* However short the time: what is known takes none. */
Test(tune_tool, knows_what_it_knows)
{
    const char *const problem = "n1_ci16t4h14w14_co16_k3_p1";
    char arguments[256];
    snprintf(arguments, sizeof arguments, "tune --problem %s --time-limit 30 --quiet", problem);
    const struct finished *f = tool_run(arguments);
    cr_assert(f->code == 0 && strstr(f->out, " stopped ") == NULL, "%s%s", f->out, f->err);
    f = tool_run(arguments);
    cr_expect(f->code == 0 && strstr(f->out, " known ") != NULL, "%s%s", f->out, f->err);
    snprintf(arguments, sizeof arguments, "tune --problem %s --time-limit 0.0001 --quiet --again",
             problem);
    f = tool_run(arguments);
    cr_expect(f->code == 0 && strstr(f->out, " stopped ") != NULL, "%s%s", f->out, f->err);
}

/* What is not a terminal gets a line every ten seconds, and no carriage returns. */
Test(tune_tool, tells_how_far_it_is)
{
    if (getenv("CONV3D_TEST_COUNT") != NULL)
        cr_skip_test("takes a quarter of a minute; CONV3D_TEST_COUNT asks for less");
    const struct finished *const f = tool_run("tune --problem n1_ci64t8h28w28_co64_k3_p1 "
                                              "--time-limit 24 --exhaustive --math strict");
    cr_expect(f->code == 0, "%s", f->err);
    cr_expect(strstr(f->err, "tuning, ") != NULL && strstr(f->err, "1 of 1") != NULL, "%s", f->err);
    cr_expect(strchr(f->err, '\r') == NULL && strchr(f->err, '\033') == NULL, "%s", f->err);
}
