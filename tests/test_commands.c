/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_commands.c - what conv3d plan, info and verify print, for people and for
 * programs.
 */
#include "tool.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(commands, .init = tool_set_up, .fini = tool_tear_down);

#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})

Test(commands, plan_tells_what_would_run_and_writes_nothing)
{
    const struct finished *f = tool_run("plan --problem n1_ci64t8h56w56_co64_k3_p1");
    cr_expect(f->code == 0 && strstr(f->out, "algorithm: ") != NULL, "%s%s", f->out, f->err);
    cr_expect(strstr(f->out, "n1_ci64t8h56w56_co64_k3_p1") != NULL);
    cr_expect(strstr(f->out, "(1, 64, 8, 56, 56)") != NULL);
    tool_write_range("in_x.npy", 5, SHAPE(2, 3, 4, 4, 4));
    tool_write_range("in_w.npy", 5, SHAPE(1, 3, 3, 3, 3));
    f = tool_run("plan --input @in_x.npy --weight @in_w.npy --output @y.npy --padding 1");
    cr_expect(f->code == 0 && strstr(f->out, "(2, 1, 4, 4, 4)") != NULL, "%s%s", f->out, f->err);
    cr_expect(tool_left_over() == 0);
}

Test(commands, json_is_json)
{
    static const char program[] =
        "import sys, json\n"
        "d = json.load(open(sys.argv[1]))\n"
        "missing = [k for k in sys.argv[2:] if k not in d]\n"
        "assert not missing, missing\n";
    char path[512], program_path[512];
    const char *python = python_with_numpy();
    if (python == NULL)
        cr_skip("no python3");
    file_write(tool_path("in_check.py", program_path), program, sizeof program - 1);
    for (int i = 0; i < 2; i++) {
        static struct finished finished;
        const struct finished *f =
            tool_run(i ? "plan --json --problem n1_ci64t8h56w56_co64_k3_p1" : "info --json");
        if (f->code == 2 && strstr(f->err, "jansson") != NULL)
            cr_skip("the tool was built without JSON: %s", f->err);
        cr_assert(f->code == 0, "%s", f->err);
        file_write(tool_path("in_j.json", path), f->out, strlen(f->out));
        const char *const argv[] = {python, program_path, path, "isa", "threads",
                                    i ? "algorithm" : NULL, "workspace_bytes", "expected_error",
                                    "candidates", NULL};
        process_run(&tool_scratch, argv, &finished);
        cr_expect(finished.code == 0, "%s", finished.err);
    }
}

Test(commands, info_shows_threads_and_isa)
{
    setenv("OMP_NUM_THREADS", "3", 1);
    setenv("CONV3D_ISA", "portable", 1);
    const struct finished *f = tool_run("info");
    cr_expect(f->code == 0 && strstr(f->out, "portable") != NULL, "%s", f->out);
}

/* The last line of a text, without its newline. */
static const char *last_line(const char *text, char line[256])
{
    size_t end = strlen(text), start;
    while (end > 0 && text[end - 1] == '\n')
        end--;
    for (start = end; start > 0 && text[start - 1] != '\n'; start--)
        continue;
    snprintf(line, 256, "%.*s", (int)(end - start), text + start);
    return line;
}

Test(commands, verify_passes_with_one_checksum_for_all_threads_and_isas)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    char checksum[256] = "", line[256];
    for (int i = 0; i < 6; i++) {
        char threads[16];
        snprintf(threads, sizeof threads, "%d", 1 + 2 * i);
        setenv("OMP_NUM_THREADS", threads, 1);
        isa_set(levels[(size_t)i % level_count]);
        const struct finished *f = tool_run("verify --count 60 --seed 7 --math strict");
        cr_assert(f->code == 0, "%s", f->err);
        cr_expect_str_eq(last_line(f->out, line), "60 passed, 0 failed");
        const char *at = strstr(f->out, "checksum");
        cr_assert(at != NULL);
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        if (*checksum == '\0')
            snprintf(checksum, sizeof checksum, "%s", line);
        cr_expect_str_eq(line, checksum);
    }
    const struct finished *f = tool_run("verify --problem n2_ci3t4h4w4_co1_k3 --quiet");
    cr_expect(f->code == 0);
    cr_expect_str_eq(last_line(f->out, line), "1 passed, 0 failed");
}
