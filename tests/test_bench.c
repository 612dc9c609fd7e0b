/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bench.c - conv3d bench from outside: what it refuses, --compare, --svg and
 * --peer.  What it prints is tested in test_bench_output.c, how a layer is measured
 * in test_bench_layer.c.  No test depends on how fast the machine is.
 */
#include "bench_tool.h"
#include "tuning.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

TestSuite(bench, .init = tool_set_up, .fini = tool_tear_down);

/* The right code, one line on stderr that mentions something, nothing else. */
static void fails(int code, const char *arguments, const char *mention)
{
    const struct finished *f = tool_run(arguments);
    const char *end = strchr(f->err, '\n');
    cr_expect(f->code == code, "%s: exit code %d, signal %d: %s", arguments, f->code, f->signal,
              f->err);
    cr_expect(end != NULL && end[1] == '\0', "%s: \"%s\"", arguments, f->err);
    cr_expect(strstr(f->err, mention) != NULL, "%s: \"%s\" does not mention %s", arguments, f->err,
              mention);
    cr_expect_str_empty(f->out, "%s", arguments);
    cr_expect(tool_left_over() == 0, "%s left a file", arguments);
}

/* ---- What is refused -------------------------------------------------------- */

Test(bench, misuse_exits_2)
{
    static const struct {
        const char *arguments, *mention;
    } cases[] = {
        {BENCH " --format xml", "xml"},
        {BENCH " --time fast", "fast"},
        {BENCH " --time -1", "-1"},
        {BENCH " --time 1e3", "1e3"},
        {BENCH " --time .5", ".5"},
        {BENCH " --time 1.", "1."},
        {BENCH " --time 3601", "3601"},
        {BENCH " --tolerance 10%", "tolerance"},
        {BENCH " --repeats 2", "twice"},
        {"bench --repeats 0", "--repeats"},
        {BENCH " --peer mkl", "mkl"},
        {BENCH " --filter nosuchlayer", "nosuchlayer"},
        {BENCH " --threads 0", "--threads"},
        {"bench --problem nonsense", "nonsense"},
        {"bench --problem n0_ci1t1h1w1_co1_k1", "empty"},
        {"bench --problem n1_ci1t1h1w1_co1_k2", "n1_ci1t1h1w1_co1_k2"},
        {"bench --problem n1_ci1t1h1w1_co1_k1 --problem", "--problem"},
        {"bench --network ../layers", "../layers"},
        {"bench --network nosuchnetwork", "nosuchnetwork"},
        {"bench extra", "extra"},
        {BENCH " --untuned --compare @in_old.json", "--untuned"},
    };
    bench_write_layers(HEADER DENSE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        fails(2, cases[i].arguments, cases[i].mention);
}

Test(bench, a_bad_table_exits_3_and_names_the_line)
{
    static const struct {
        const char *text, *mention;
    } cases[] = {
        {"", "line 1"},
        {"name,net\n", "line 1"},
        {HEADER, "line 2"},
        {HEADER "\n", "line 2"},
        {HEADER DENSE "net:short,net,1,4\n", "line 3"},
        {HEADER "x,y,1,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,2,0.000078,9\n", "25 columns"},
        {HEADER DENSE "x,y,1,4,3,four,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,2,\n", "line 3: H"},
        {HEADER "x,y,1,4,3,4,5,6,3,3,3,1,-1,1,1,1,1,1,1,1,1,1,2,\n", "SH"},
        {HEADER "x,y,1,4,3,4,5,6,3,3,3,1,0,1,1,1,1,1,1,1,1,1,2,\n", "line 2"},
        {HEADER "x,y,1,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,3,1,2,\n", "groups"},
        {HEADER "x,y,1,4,3,4,5,6,9,3,3,1,1,1,1,1,1,1,1,1,1,1,2,\n", "line 2"},
        {HEADER "x,y,1,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,2,2,\n", "bias"},
        {HEADER "x,y,1,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,0,\n", "count"},
        {HEADER "x,y,0,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,1,\n", "N is 0"},
        {HEADER ",y,1,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,2,\n", "name"},
        {HEADER "\"x\",y,1,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,2,\n", "quote"},
        {HEADER "x,y,1,64,9,9,9,64,3,3,3,1,1,1,1,1,1,1,1,1,1,1,2,0.2\n", "gflop"},
        {HEADER "x,y,1,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,2,much\n", "much"},
        {HEADER "x,y,99999999999999999999,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,2,\n", "N"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench_write_layers(cases[i].text);
        fails(3, BENCH, cases[i].mention);
    }
}

Test(bench, files_that_cannot_be_used_exit_5)
{
    bench_write_layers(HEADER DENSE);
    fails(5, "bench --layers @absent.csv", "absent.csv");
    fails(5, BENCH " --svg @no/such/r.svg", "no/such");
    fails(5, BENCH " --output @no/such/r.csv", "no/such");
}

/* ---- Comparing -------------------------------------------------------------- */

/* out.json with every "median_ms" of ours replaced by this text, as in_old.json. */
static void write_old(const char *median)
{
    char path[512];
    size_t bytes, used = 0;
    char *json = file_read(tool_path("out.json", path), &bytes);
    cr_assert(json != NULL);
    char *edited = allocate(bytes + 4096);
    static const char key[] = "\"median_ms\": ";
    for (const char *at = json; *at != '\0';) {
        if (strncmp(at, key, strlen(key)) == 0) {
            used += (size_t)sprintf(edited + used, "%s%s", key, median);
            at += strlen(key);
            at += strcspn(at, ",\n");
        } else {
            edited[used++] = *at++;
        }
    }
    file_write(tool_path("in_old.json", path), edited, used);
    unlink(tool_path("out.json", path));
    free(edited);
    free(json);
}

static bool make_old(const char *median)
{
    bench_write_layers(HEADER DENSE DEPTHWISE);
    const struct finished *f = tool_run(BENCH " --format json --output @out.json");
    if (f->code == 2 && strstr(f->err, "jansson") != NULL)
        return false;
    cr_assert(f->code == 0, "%s", f->err);
    write_old(median);
    return true;
}

Test(bench, compare_tells_slower_from_faster)
{
    if (!make_old("100000.0")) /* a hundred seconds */
        cr_skip("the tool was built without jansson");
    const struct finished *f = tool_run(BENCH " --compare @in_old.json");
    cr_expect(f->code == 0, "%s", f->err);
    cr_expect(strstr(f->out, "0 slower") != NULL, "%s", f->out);

    cr_assert(make_old("1e-9"));
    f = tool_run(BENCH " --compare @in_old.json");
    cr_expect(f->code == 1, "%d: %s", f->code, f->err);
    cr_expect(strstr(f->err, "slower: net:dense") != NULL, "%s", f->err);
    cr_expect(strstr(f->err, "slower: net:dw") != NULL, "%s", f->err);
    cr_expect(strstr(f->out, "2 slower by more than 10%") != NULL, "%s", f->out);
}

Test(bench, compare_reads_its_own_json_and_obeys_the_tolerance)
{
    char buffer[512];
    if (!make_old("0.0001")) /* the truth is far above 100 ns, but below 1000% of it never */
        cr_skip("the tool was built without jansson");
    const struct finished *f =
        tool_run(BENCH " --compare @in_old.json --tolerance 0.5 --format csv");
    cr_expect(f->code == 1, "%d: %s", f->code, f->err);
    cr_expect(fabs(csv_number(f->out, 1, csv_column(f->out, "old_ms")) - 1e-4) < 1e-9);
    const double ratio = csv_number(f->out, 1, csv_column(f->out, "old_ratio"));
    cr_expect(fabs(ratio * csv_number(f->out, 1, 3) / 1e-4 - 1.0) < 1e-2, "%s", f->out);
    cr_expect_str_eq(csv_field(f->out, 2, csv_column(f->out, "status"), buffer), "ok");
}

Test(bench, compare_refuses_what_it_cannot_use)
{
    char path[512];
    if (!make_old("1.0"))
        cr_skip("the tool was built without jansson");
    fails(3, "bench --quiet --repeats 1 --problem n1_ci1t1h1w1_co1_k1 --compare @in_old.json",
          "none of these layers");
    fails(5, BENCH " --compare @absent.json", "absent.json");
    static const char nameless[] = "{\"machine\": {\"isa\": \"avx2\"}, "
                                   "\"rates\": {\"threads\": 2}, \"layers\": [{}]}";
    static const char *const texts[] = {"", "{", "[]", "{\"layers\": []}", nameless};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        file_write(tool_path("in_bad.json", path), texts[i], strlen(texts[i]));
        fails(3, BENCH " --compare @in_bad.json", "in_bad.json");
    }
}

/* ---- The untuned plans -------------------------------------------------------- */

/* With tiles of one voxel for every thread that is asked for, a task computes 27 times what it
 * keeps; the planner would never do that. */
Test(bench, untuned_plans_are_measured_beside)
{
    struct problem problem;
    struct workload work;
    char path[512], field[512];
    const char *const run = "bench --repeats 5 --quiet --threads 1 --math strict --untuned "
                            "--problem n1_ci32t8h16w16_co32_k3_p1 --format csv";
    cr_assert(problem_from_text(&problem, "n1_ci32t8h16w16_co32_k3_p1"));
    workload_make(&work, &problem, 1);
    const struct tuning_subject subject = {&work, CONV3D_MATH_STRICT, 1, NULL};
    setenv("CONV3D_TUNING", tool_path("tuning", path), 1);
    cr_assert(tuning_put_algorithm(path, &subject, "direct") &&
              tuning_put_tile(path, &subject, "direct", "t1h1w1oc16ic1", 1));
    workload_free(&work);
    const struct finished *f = tool_run(run);
    cr_expect(f->code == 1, "%d: %s", f->code, f->err);
    cr_expect(strstr(f->err, "ms, untuned ") != NULL, "%s", f->err);
    cr_expect_str_eq(csv_field(f->out, 1, 1, field), "direct");
    cr_expect(strncmp(csv_field(f->out, 1, csv_column(f->out, "tile"), field), "t1h1w1", 6) == 0,
              "%s", field);
    cr_expect(csv_number(f->out, 1, csv_column(f->out, "old_ratio")) < 0.9, "%s", f->out);
    setenv("CONV3D_TUNING", "none", 1); /* and so they are the same */
    char lenient[512];
    snprintf(lenient, sizeof lenient, "%s --tolerance 1000", run);
    f = tool_run(lenient);
    cr_expect(f->code == 0, "%d: %s", f->code, f->err);
    cr_expect(csv_number(f->out, 1, csv_column(f->out, "old_ms")) > 0);
}

/* ---- The drawing, the peer -------------------------------------------------- */

Test(bench, svg_has_a_mark_per_layer)
{
    char path[512];
    size_t bytes;
    int marks = 0;
    bench_write_layers(HEADER DENSE "net:a&<b>,net,1,4,3,4,5,6,1,1,1,1,1,1,0,0,0,1,1,1,1,1,2,\n");
    bench_succeeds(BENCH " --svg @r.svg");
    cr_expect(tool_left_over() == 1);
    char *svg = file_read(tool_path("r.svg", path), &bytes);
    cr_assert(svg != NULL);
    cr_expect(strncmp(svg, "<svg ", 5) == 0 && strcmp(svg + bytes - 7, "</svg>\n") == 0);
    for (const char *at = svg; (at = strstr(at, "<title>")) != NULL; at++)
        marks++;
    cr_expect(marks == 2, "%d marks", marks);
    cr_expect(strstr(svg, "net:a&amp;&lt;b&gt;: ") != NULL);
    cr_expect(strstr(svg, "nan") == NULL && strstr(svg, "inf") == NULL);
    free(svg);
}

/* oneDNN when it is there, and one clear line when it is not. */
Test(bench, peer_is_timed_or_clearly_absent)
{
    char buffer[512];
    bench_write_layers(HEADER DENSE DEPTHWISE);
    const struct finished *f = tool_run(BENCH " --peer onednn --format csv");
    if (f->code == 2) {
        fails(2, BENCH " --peer onednn", "--with-onednn");
        cr_skip("the tool was built without oneDNN");
    }
    cr_assert(f->code == 0, "%d: %s", f->code, f->err);
    for (int i = 1; i < 3; i++) {
        const double own = csv_number(f->out, i, 3);
        const double best = csv_number(f->out, i, csv_column(f->out, "best_ms"));
        const double plain = csv_number(f->out, i, csv_column(f->out, "plain_ms"));
        cr_expect(best > 0.0 && plain > 0.0, "%s", f->out);
        cr_expect(fabs(csv_number(f->out, i, csv_column(f->out, "best_ratio")) * own / best - 1.0) <
                  1e-2, "%s", f->out);
        csv_field(f->out, i, csv_column(f->out, "best_implementation"), buffer);
        cr_expect_str_not_empty(buffer);
    }
    fails(2, BENCH " --peer onednn --activation relu", "--activation");
}

Test(bench, what_the_peer_cannot_do_is_skipped_with_a_reason)
{
    const struct finished *f =
        tool_run("bench --repeats 1 --peer onednn --problem n1_ci4t3h4w5_co6_k3_flip");
    if (f->code == 2)
        cr_skip("the tool was built without oneDNN");
    cr_expect(f->code == 0, "%d: %s", f->code, f->err);
    cr_expect(strstr(f->err, "no best time of onednn: any: it flips no kernels") != NULL, "%s",
              f->err);
}

Test(bench, an_algorithm_that_accepts_nothing_exits_2)
{
    bench_write_layers(HEADER DENSE);
    const struct finished *f = tool_run(BENCH " --algorithm nosuch --output @out.csv");
    cr_expect(f->code == 2, "%d: %s", f->code, f->err);
    cr_expect(strstr(f->err, "no algorithm is called") != NULL, "%s", f->err);
}

/* The second layer, large enough to take its two seconds, is being measured when the signal comes,
 * and the third is not begun. */
Test(bench, interrupted_it_reports_what_it_has)
{
    static const char large[] =
        "net:large,net,1,32,8,56,56,32,3,3,3,1,1,1,1,1,1,1,1,1,1,1,1,\n";
    const struct timespec pause = {.tv_nsec = 10000000};
    char path[512], name[512];
    int code, number, lines = 0;
    size_t bytes = 0;
    char table[1024];
    snprintf(table, sizeof table, HEADER DENSE "%s" OTHER, large);
    bench_write_layers(table);
    const pid_t pid = tool_start("bench --layers @in_layers.csv --time 2 --format csv");
    for (int i = 0; i < 6000 && lines < 2; i++) {
        nanosleep(&pause, NULL);
        char *const out = file_read(tool_path("std.out", path), &bytes);
        lines = count_char(out, '\n', bytes);
        free(out);
    }
    cr_assert(lines == 2, "%d lines", lines);
    cr_assert(kill(pid, SIGINT) == 0);
    process_wait(pid, 60, &code, &number);
    cr_expect(code == 75, "exit %d, signal %d", code, number);
    char *const out = file_read(tool_path("std.out", path), &bytes);
    char *const err = file_read(tool_path("std.err", path), &bytes);
    cr_expect(count_char(out, '\n', strlen(out)) == 3, "%s", out);
    cr_expect_str_eq(csv_field(out, 2, 0, name), "net:large");
    cr_expect(strstr(err, "interrupted after 2 of 3 layers") != NULL, "%s", err);
    free(out);
    free(err);
}
