/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tool.c - the tool's command line as the manual documents it: exit codes,
 * one clear line for every failure, and nothing left behind.  What it computes
 * is tested in test_run.c.
 */
#include "config.h"

#include "address_space.h"
#include "tool.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

TestSuite(tool, .init = tool_set_up, .fini = tool_tear_down);

#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})

/* The files that the command lines below name. */
static void make_inputs(void)
{
    char path[512];
    size_t bytes;
    tool_write_range("in_x.npy", 5, SHAPE(2, 3, 4, 4, 4));
    tool_write_range("in_x4.npy", 4, SHAPE(3, 4, 4, 4));
    tool_write_range("in_w.npy", 5, SHAPE(1, 3, 3, 3, 3));
    tool_write_range("in_w_two.npy", 5, SHAPE(1, 2, 3, 3, 3));
    tool_write_range("in_w_large.npy", 5, SHAPE(1, 3, 5, 3, 3));
    tool_write_range("in_w_rank.npy", 3, SHAPE(3, 3, 3));
    tool_write_range("in_b.npy", 1, SHAPE(1));
    tool_write_range("in_b_two.npy", 1, SHAPE(2));
    char *file = file_read(tool_path("in_x.npy", path), &bytes);
    file_write(tool_path("in_cut.npy", path), file, bytes - 1);
    file_write(tool_path("in_head.npy", path), file, 60);
    file_write(tool_path("in_empty.npy", path), file, 0);
    char *c = memchr(file, 'd', 64); /* of 'descr' */
    cr_assert(c != NULL);
    *c = '\n';
    file_write(tool_path("in_newline.npy", path), file, bytes);
    free(file);
    file_write(tool_path("in_text.npy", path), "not numbers\n", 12);
    file_write(tool_path("in_bad.nii", path), "not a brain\n", 12);
    tool_write_typed("in_i4.npy", "<i4", "(1, 1, 1, 1, 2)", "\1\0\0\0\2\0\0\0", 8);
    tool_write_typed("in_be.npy", ">f4", "(1, 1, 1, 1, 1)", "\0\0\0\0", 4);
}

static bool is_one_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return end != NULL && end > text && end[1] == '\0';
}

/* The right code, one line on stderr that mentions something, and no file. */
static void fails(int code, const char *arguments, const char *mention)
{
    const struct finished *f = tool_run(arguments);
    cr_expect(f->code == code, "%s: exit code %d, signal %d: %s", arguments, f->code, f->signal,
              f->err);
    cr_expect(is_one_line(f->err), "%s: \"%s\"", arguments, f->err);
    cr_expect(strstr(f->err, mention) != NULL, "%s: \"%s\" does not mention %s", arguments, f->err,
              mention);
    cr_expect_str_empty(f->out, "%s", arguments);
    cr_expect(tool_left_over() == 0, "%s left a file", arguments);
}

#define RUN "run --input @in_x.npy --weight @in_w.npy --output @y.npy"

Test(tool, misuse_exits_2)
{
    static const struct {
        const char *arguments, *mention;
    } cases[] = {
        {"", "command"},
        {"fly", "fly"},
        {"--frobnicate", "--frobnicate"},
        {RUN " --frobnicate", "--frobnicate"},
        {RUN " --frobnicate=3", "--frobnicate"},
        {RUN " -x", "-x"},
        {RUN " extra", "extra"},
        {RUN " --stride", "--stride"},
        {RUN " --stride 0", "--stride"},
        {RUN " --stride -1", "--stride"},
        {RUN " --stride 1,2", "1,2"},
        {RUN " --stride 1,2,3,4", "1,2,3,4"},
        {RUN " --stride 1,,1", "--stride"},
        {RUN " --stride 1x1x1", "--stride"},
        {RUN " --stride 1.5", "1.5"},
        {RUN " --stride 99999999999999999999", "--stride"},
        {RUN " --stride two", "two"},
        {RUN " --stride=", "--stride"},
        {RUN " --stride 1 --stride 1", "--stride"},
        {RUN " --padding -1", "--padding"},
        {RUN " --padding 1:", "--padding"},
        {RUN " --padding 1:2:3", "--padding"},
        {RUN " --dilation 0", "--dilation"},
        {RUN " --groups 0", "--groups"},
        {RUN " --groups 1,1,1", "--groups"},
        {RUN " --conv-mode flip", "flip"},
        {RUN " --math sloppy", "sloppy"},
        {RUN " --activation gelu", "gelu"},
        {RUN " --threads 0", "--threads"},
        {RUN " --threads 4097", "4097"},
        {RUN " --threads -2", "--threads"},
        {RUN " --algorithm nosuch", "nosuch"},
        {RUN " --memory-limit 0", "--memory-limit"},
        {RUN " --memory-limit -1", "--memory-limit"},
        {RUN " --memory-limit 1k", "1k"},
        {RUN " --memory-limit 64MB", "64MB"},
        {RUN " --memory-limit 1.5G", "1.5G"},
        {RUN " --memory-limit M", "--memory-limit"},
        {RUN " --memory-limit much", "much"},
        {RUN " --memory-limit 9000000000G", "9000000000G"},
        {RUN " --memory-limit 99999999999999999999", "--memory-limit"},
        {RUN " --memory-limit=", "--memory-limit"},
        {RUN " --out-channels 1", "--out-channels"},
        {RUN " --kernel-size 3", "--kernel-size"},
        {RUN " --seed 1", "--seed"},
        {RUN " --quiet=yes", "--quiet"},
        {"run --input @in_x.npy --weight @in_w.npy", "--output"},
        {"run --input @in_x.npy --weight @in_w.npy --output @y.txt", "y.txt"},
        {"run --weight @in_w.npy --output @y.npy", "--input"},
        {"run --input @in_x.npy --output @y.npy", "--weight"},
        {"run --input @in_x.npy --out-channels 1 --output @y.npy", "--kernel-size"},
        {"run --input @in_x.npy --kernel-size 1 --output @y.npy", "--out-channels"},
        {"run --input @in_x.npy --out-channels 0 --kernel-size 1 --output @y.npy",
         "--out-channels"},
        {"plan", "--input"},
        {"plan --problem nonsense", "nonsense"},
        {"plan --problem n1_ci1t1h1w1_co1_k1 --stride 2", "--stride"},
        {"verify --count 0", "--count"},
        {"verify --count ten", "ten"},
        {"verify --problem n1_ci1", "n1_ci1"},
        {"info extra", "extra"},
        {"info --bind nowhere", "nowhere"},
        {"info --threads 0", "--threads"},
        {"bench --bind nowhere", "nowhere"},
        {"info --problem nonsense", "nonsense"},
        {"plan --problem n1_ci1t1h1w1_co1_k1 --bind 3-1", "3-1"},
        {"help fly", "fly"},
    };
    make_inputs();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        fails(2, cases[i].arguments, cases[i].mention);
}

Test(tool, an_environment_nobody_understands_exits_2)
{
    make_inputs();
    setenv("CONV3D_ISA", "sse9", 1);
    fails(2, RUN, "sse9");
    fails(2, "info", "sse9");
    unsetenv("CONV3D_ISA");
    setenv("CONV3D_MATH", "sloppy", 1);
    fails(2, RUN, "sloppy");
    unsetenv("CONV3D_MATH");
    setenv("CONV3D_BIND", "sideways", 1);
    fails(2, RUN, "sideways");
    fails(2, "info", "sideways");
    unsetenv("CONV3D_BIND");
}

#define WITH(input, weight) "run --input @" input " --weight @" weight " --output @y.npy"

Test(tool, bad_input_exits_3)
{
    static const struct {
        const char *arguments, *mention;
    } cases[] = {
        {WITH("in_cut.npy", "in_w.npy"), "in_cut.npy"},
        {WITH("in_head.npy", "in_w.npy"), "in_head.npy"},
        {WITH("in_empty.npy", "in_w.npy"), "in_empty.npy"},
        {WITH("in_text.npy", "in_w.npy"), "in_text.npy"},
        {WITH("in_newline.npy", "in_w.npy"), "in_newline.npy"},
        {WITH("in_i4.npy", "in_w.npy"), "astype"},
        {WITH("in_be.npy", "in_w.npy"), "big-endian"},
        {WITH("in_x4.npy", "in_w.npy"), "(3, 4, 4, 4)"},
        {WITH("", "in_w.npy"), "directory"},
        {WITH("in_x.npy", "in_cut.npy"), "in_cut.npy"},
        {WITH("in_x.npy", "in_w_two.npy"), "2"},
        {WITH("in_x.npy", "in_w_rank.npy"), "(3, 3, 3)"},
        {WITH("in_x.npy", "in_w_large.npy"), "5"},
        {RUN " --dilation 2", "5"},
        {RUN " --groups 2", "2"},
        {RUN " --bias @in_b_two.npy", "2"},
        {RUN " --bias @in_x.npy", "(2, 3, 4, 4, 4)"},
        {RUN " --bias @in_cut.npy", "in_cut.npy"},
        {RUN " --padding 9223372036854775807", "9223372036854775807"},
        {RUN " --padding 0,0,9223372036854775807:1", "9223372036854775807"},
        {"run --input @in_x.npy --out-channels 9223372036854775807 --kernel-size 3 --output @y.npy",
         "9223372036854775807"},
        {"run --input @in_x.npy --out-channels 1 --kernel-size 5 --output @y.npy", "5"},
        {"run --input @in_x.npy --out-channels 5 --kernel-size 1 --groups 2 --output @y.npy", "2"},
    };
    make_inputs();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        fails(3, cases[i].arguments, cases[i].mention);
}

/* A layer whose weights alone take 442368 bytes. */
#define LAYER "--problem n1_ci64t8h56w56_co64_k3_p1"

Test(tool, a_memory_limit_that_is_too_small_exits_4)
{
    make_inputs();
    fails(4, "run --input @in_x.npy --out-channels 40 --kernel-size 3 --output @y.npy "
             "--memory-limit 1K", "1024");
    fails(4, "plan " LAYER " --memory-limit 1K", "1024");
    fails(4, "plan " LAYER " --memory-limit 432K", "442368");
    fails(4, "verify " LAYER " --memory-limit 1000", "1000");
}

Test(tool, a_memory_limit_that_is_large_enough_is_kept)
{
    static const char *const sizes[] = {"20000000", "20000K", "20M", "1G"};
    make_inputs();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char arguments[128];
        snprintf(arguments, sizeof arguments, "plan " LAYER " --memory-limit %s", sizes[i]);
        const struct finished *f = tool_run(arguments);
        cr_expect(f->code == 0, "%s: %s", arguments, f->err);
    }
    cr_expect(tool_run(RUN " --memory-limit 1M")->code == 0 && tool_has("y.npy"));
}

/* In one thread: an OpenMP runtime ends the process when it has no room for their stacks. */
Test(tool, tensors_beyond_the_address_space_exit_4)
{
    static const char *const arguments[] = {
        /* The weights, the packed weights, the output: 600 MB and more, twice for the second. */
        "run --input @in_x.npy --out-channels 100000000 --kernel-size 1 --output @y.npy",
        "plan --problem n1_ci16384t1h1w1_co10000_k1",
        "run --input @in_x.npy --out-channels 1 --kernel-size 1 --padding 300 --output @y.npy",
    };
    address_space_skip_if_sanitized();
    make_inputs();
    setenv("OMP_NUM_THREADS", "1", 1);
    address_space_limit(1000000000);
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        fails(4, arguments[i], "ulimit -v");
        fails(4, arguments[i], "bytes are needed");
    }
}

Test(tool, files_that_cannot_be_used_exit_5)
{
    make_inputs();
    fails(5, WITH("absent.npy", "in_w.npy"), "absent.npy");
    fails(5, WITH("in_x.npy", "absent.npy"), "absent.npy");
    fails(5, RUN " --bias @absent.npy", "absent.npy");
    fails(5, "run --input @in_x.npy --weight @in_w.npy --output @no/such/y.npy", "no/such");
    fails(5, "run --input @in_x.npy --weight @in_w.npy --output /proc/y.npy", "/proc/y.npy");
    fails(5, "run --input @in_x.npy --weight @in_w.npy --output /dev/full", "/dev/full");
    fails(5, "run --input @in_x.npy --weight @in_w.npy --output @", "");
}

Test(tool, a_preview_that_cannot_be_written_exits_5)
{
#ifndef HAVE_PNG
    cr_skip("the tool was built without PNG");
#endif
    make_inputs();
    fails(5, RUN " --preview @no/such/p.png", "no/such");
}

Test(tool, a_directory_without_permission_exits_5)
{
    char path[512];
    if (geteuid() == 0)
        cr_skip("root may write anywhere");
    make_inputs();
    cr_assert(chmod(tool_path("", path), 0500) == 0);
    const struct finished *f = tool_run(RUN);
    cr_assert(chmod(path, 0700) == 0);
    cr_expect(f->code == 5 && !tool_has("y.npy"));
}

/* What was there before a failure is there after it. */
Test(tool, failures_keep_the_older_output)
{
    static const char *const failing[] = {RUN " --dilation 2", RUN " --stride 0",
                                          WITH("absent.npy", "in_w.npy"),
                                          WITH("in_cut.npy", "in_w.npy")};
    char path[512];
    size_t bytes, after_bytes;
    make_inputs();
    cr_assert(tool_run(RUN)->code == 0 && tool_left_over() == 1);
    char *before = file_read(tool_path("y.npy", path), &bytes);
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        cr_expect(tool_run(failing[i])->code != 0);
        char *after = file_read(path, &after_bytes);
        cr_expect(after != NULL && after_bytes == bytes && memcmp(before, after, bytes) == 0);
        cr_expect(tool_left_over() == 1);
        free(after);
    }
    free(before);
}

/* An output that does not fit the disk, played by a limit on the size of files. */
Test(tool, a_full_disk_exits_5_and_leaves_nothing)
{
    make_inputs();
    char command[2048];
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct finished finished;
    const char *tool = getenv("CONV3D_TOOL");
    snprintf(command, sizeof command,
             "ulimit -f 1; exec %s run --input %s/in_x.npy --out-channels 40 --kernel-size 1 "
             "--output %s/y.npy",
             tool != NULL && *tool != '\0' ? tool : "./conv3d", tool_scratch.path,
             tool_scratch.path);
    process_run(&tool_scratch, argv, &finished);
    cr_expect(finished.code == 5, "%d (%d): %s", finished.code, finished.signal, finished.err);
    cr_expect(tool_left_over() == 0);
}

Test(tool, standard_output_that_cannot_be_written_exits_5)
{
    static const char *const commands[] = {"info", "--help", "--version", "run --help",
                                           "plan --problem n1_ci1t1h1w1_co1_k1",
                                           "verify --count 1"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char command[1024];
        struct finished finished;
        const char *tool = getenv("CONV3D_TOOL");
        snprintf(command, sizeof command, "exec %s %s >/dev/full",
                 tool != NULL && *tool != '\0' ? tool : "./conv3d", commands[i]);
        const char *const argv[] = {"/bin/sh", "-c", command, NULL};
        process_run(&tool_scratch, argv, &finished);
        cr_expect(finished.code == 5, "%s: %d: %s", commands[i], finished.code, finished.err);
        cr_expect(*finished.err != '\0');
    }
}

Test(tool, help_and_version_exit_0_on_standard_output)
{
    static const struct {
        const char *arguments, *mention;
    } cases[] = {
        {"--help", "Commands:"},     {"-h", "Commands:"},         {"help", "Commands:"},
        {"run --help", "--weight"},  {"plan --help", "--problem"}, {"info --help", "--json"},
        {"verify --help", "--seed"}, {"bench --help", "--peer"},  {"help run", "--weight"},
        {"help verify", "--seed"},   {"help bench", "--peer"},   {"--version", "conv3d "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct finished *f = tool_run(cases[i].arguments);
        cr_expect(f->code == 0 && strstr(f->out, cases[i].mention) != NULL, "%s: %d: %s",
                  cases[i].arguments, f->code, f->out);
        cr_expect_str_empty(f->err, "%s", cases[i].arguments);
    }
}

/* Every option in --help is in the manual, when the sources are at hand. */
Test(tool, the_manual_knows_every_option)
{
    const char *top = getenv("top_srcdir");
    char path[512];
    size_t bytes;
    snprintf(path, sizeof path, "%s/doc/conv3d.1", top != NULL ? top : ".");
    char *manual = file_read(path, &bytes);
    if (manual == NULL)
        cr_skip("no %s; set top_srcdir", path);
    static const char *const commands[] = {"run --help", "plan --help", "info --help",
                                           "verify --help", "bench --help"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const char *at = tool_run(commands[i])->out;
        while ((at = strstr(at, "\n  --")) != NULL) {
            char name[64];
            at += 5;
            snprintf(name, sizeof name, "Fl -%.*s", (int)strcspn(at, " \n"), at);
            name[4 + strcspn(name + 4, " ")] = '\0';
            cr_expect(strstr(manual, name) != NULL, "%s: not in the manual", name);
        }
    }
    free(manual);
}

/* ---- Signals ---------------------------------------------------------------- */

/* Waits until the tool has opened its output file, which it does before the
 * work, then sends the signal into the work. */
static void is_ended_by(int number)
{
    const struct timespec pause = {0, 5000000};
    int code, signal_number;
    const pid_t pid = tool_start("run --input @in_large.npy --out-channels 64 --kernel-size 7 "
                                 "--padding 3 --algorithm reference --output @y.npy --quiet");
    for (int i = 0; i < 2000 && tool_left_over() == 0; i++)
        nanosleep(&pause, NULL);
    const int during = tool_left_over();
    for (int i = 0; i < 20; i++)
        nanosleep(&pause, NULL);
    cr_assert(kill(pid, number) == 0);
    process_wait(pid, 30, &code, &signal_number);
    cr_expect(during == 1, "%d files during the work", during);
    cr_expect(!tool_has("y.npy"));
    if (number == SIGKILL)
        return; /* nobody can clean up after that; the final name is what counts */
    cr_expect(code == 75, "signal %d: exit code %d, signal %d", number, code, signal_number);
    cr_expect(tool_left_over() == 0, "signal %d left %d files", number, tool_left_over());
}

Test(tool, signals_exit_75_and_leave_nothing)
{
    tool_write_range("in_large.npy", 5, SHAPE(1, 8, 32, 64, 64));
    is_ended_by(SIGTERM);
    is_ended_by(SIGINT);
    is_ended_by(SIGHUP);
    is_ended_by(SIGKILL);
}
