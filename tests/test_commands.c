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

/* Two sockets of four cores with two threads each, described by hand. */
#define TWO_SOCKETS "pack:2 [numa] l3:1 l2:4(size=1MB) core:1 pu:2"

Test(commands, info_maps_threads_to_processors)
{
    setenv("HWLOC_SYNTHETIC", TWO_SOCKETS, 1);
    setenv("OMP_SCHEDULE", "static", 1);
    const struct finished *f = tool_run("info --threads 4 --bind spread");
    cr_assert(f->code == 0, "%s", f->err);
    if (strstr(f->out, "sysconf") != NULL)
        cr_skip("built without hwloc");
    cr_expect(strstr(f->out, "16 (0-15)") != NULL, "%s", f->out);
    cr_expect(strstr(f->out, "threads 0-3 on processors 0,2,8,10") != NULL, "%s", f->out);
    cr_expect(strstr(f->out, "OMP_SCHEDULE=static") != NULL, "%s", f->out);
    f = tool_run("info --threads 2 --bind 9,3");
    cr_expect(strstr(f->out, "on processors 9,3") != NULL, "%s", f->out);
    f = tool_run("info --threads 3 --bind 9,3");
    cr_expect(f->code == 0 && strstr(f->out, "not bound") != NULL, "%s", f->out);
    f = tool_run("info --threads 8 --problem n1_ci64t8h56w56_co64_k3_p1 --bind compact");
    cr_expect(strstr(f->out, "0,2,4,6,8,10,12,14") != NULL, "%s", f->out);
}

Test(commands, info_and_plan_tell_programs_who_sits_where)
{
    static const char program[] =
        "import sys, json\n"
        "m, p = (json.load(open(name)) for name in sys.argv[1:])\n"
        "assert m['threads'] == len(m['map']) == 4, m\n"
        "assert m['map'] == [0, 2, 8, 10] and m['binding'] == 'spread', m\n"
        "assert [q['number'] for q in m['processors_list']] == list(range(16)), m\n"
        "assert m['packages'] == m['numa_nodes'] == 2, m\n"
        "assert m['environment']['OMP_SCHEDULE'] == 'static', m\n"
        "s = p['shares']\n"
        "assert len(s) == p['threads'] and s[0]['task_begin'] == 0, p\n"
        "assert s[-1]['task_end'] == p['tasks'], p\n"
        "assert all(a['task_end'] == b['task_begin'] for a, b in zip(s, s[1:])), p\n"
        "assert abs(sum(q['work'] for q in s) - 1) < 1e-9, p\n"
        "assert abs(max(q['work'] for q in s) * len(s) - p['imbalance']) < 1e-9, p\n"
        "assert [q['processor'] for q in s] == [None] * len(s), p\n";
    static struct finished finished;
    char machine[512], plan[512], program_path[512];
    const char *python = python_with_numpy();
    if (python == NULL)
        cr_skip("no python3");
    file_write(tool_path("in_check.py", program_path), program, sizeof program - 1);
    setenv("HWLOC_SYNTHETIC", TWO_SOCKETS, 1);
    setenv("OMP_SCHEDULE", "static", 1);
    const struct finished *f = tool_run("info --json --threads 4 --bind spread");
    if (f->code == 2 && strstr(f->err, "jansson") != NULL)
        cr_skip("the tool was built without JSON: %s", f->err);
    if (strstr(f->out, "sysconf") != NULL)
        cr_skip("built without hwloc");
    file_write(tool_path("in_m.json", machine), f->out, strlen(f->out));
    f = tool_run("plan --json --problem n1_ci64t8h56w56_co64_k3_p1 --threads 3 --bind none");
    cr_assert(f->code == 0, "%s", f->err);
    file_write(tool_path("in_p.json", plan), f->out, strlen(f->out));
    const char *const argv[] = {python, program_path, machine, plan, NULL};
    process_run(&tool_scratch, argv, &finished);
    cr_expect(finished.code == 0, "%s", finished.err);
}

/* Well-formed, the same bytes for the same machine, and every processor and thread in it. */
Test(commands, info_draws)
{
    static const char program[] =
        "import sys, xml.etree.ElementTree as tree\n"
        "a, b = (open(name).read() for name in sys.argv[1:])\n"
        "assert a == b\n"
        "texts = [e.text for e in tree.fromstring(a).iter() if e.tag.endswith('text')]\n"
        "assert all(str(i) in texts for i in range(16)), texts\n"
        "assert 'package 1' in texts and 'L3 1' in texts, texts\n"
        "assert any('winograd' in t for t in texts), texts\n";
    static struct finished finished;
    char first[512], second[512], program_path[512];
    const char *python = python_with_numpy();
    setenv("HWLOC_SYNTHETIC", TWO_SOCKETS, 1);
    for (int i = 0; i < 2; i++) {
        const struct finished *f =
            tool_run(i ? "info --threads 8 --bind compact --svg @b.svg --problem "
                         "n1_ci64t8h56w56_co64_k3_p1 --math fast"
                       : "info --threads 8 --bind compact --svg @a.svg --problem "
                         "n1_ci64t8h56w56_co64_k3_p1 --math fast");
        cr_assert(f->code == 0, "%s", f->err);
        if (strstr(f->out, "sysconf") != NULL)
            cr_skip("built without hwloc");
    }
    const struct finished *f = tool_run("info --threads 2 --bind 3,3 --svg @shared.svg");
    size_t bytes;
    char *shared = file_read(tool_path("shared.svg", first), &bytes);
    cr_assert(f->code == 0 && shared != NULL, "%s", f->err);
    cr_expect(memmem(shared, bytes, ">0+<", 4) != NULL, "two threads on processor 3");
    free(shared);
    f = tool_run("info --svg @nowhere/a.svg");
    cr_expect(f->code == 5 && strstr(f->err, "nowhere") != NULL, "%s", f->err);
    if (python == NULL)
        cr_skip("no python3");
    file_write(tool_path("in_check.py", program_path), program, sizeof program - 1);
    const char *const argv[] = {python, program_path, tool_path("a.svg", first),
                                tool_path("b.svg", second), NULL};
    process_run(&tool_scratch, argv, &finished);
    cr_expect(finished.code == 0, "%s", finished.err);
}

/* Four times as many threads as it has work for, and bytes that are no text. */
Test(commands, info_is_consistent_and_fits_in_lines)
{
    static const char program[] =
        "import sys, json\n"
        "m = json.load(open(sys.argv[1]))\n"
        "assert m['threads'] == len(m['map']) == 1, m\n"
        "assert m['threads_reason'] == '--problem', m\n"
        "assert m['isa_reason'] in ('best', 'CONV3D_ISA'), m\n"
        "assert m['processors_allowed'], m\n"
        "assert m['environment']['OMP_ODD'] == 'a??b', m\n";
    static struct finished finished;
    char path[512], program_path[512];
    const char *python = python_with_numpy();
    setenv("OMP_ODD", "a\xff\nb", 1);
    const struct finished *f = tool_run("info --threads 4 --problem n1_ci1t1h1w1_co1_k1");
    cr_expect(f->code == 0 && strstr(f->out, "OMP_ODD=a??b\n") != NULL, "%s%s", f->out, f->err);
    cr_expect(strstr(f->out, " 1 (--problem)\n") != NULL, "%s", f->out);
    f = tool_run("info --json --threads 4 --problem n1_ci1t1h1w1_co1_k1");
    if (f->code == 2 && strstr(f->err, "jansson") != NULL)
        cr_skip("the tool was built without JSON: %s", f->err);
    cr_assert(f->code == 0, "%s", f->err);
    if (python == NULL)
        cr_skip("no python3");
    file_write(tool_path("in_m.json", path), f->out, strlen(f->out));
    file_write(tool_path("in_check.py", program_path), program, sizeof program - 1);
    const char *const argv[] = {python, program_path, path, NULL};
    process_run(&tool_scratch, argv, &finished);
    cr_expect(finished.code == 0, "%s", finished.err);
}

/* 128 threads that the system places: each has its number, each task its tile, and all of it lies
 * on the page, where the estimate of the widths of texts is that of wide fonts. */
Test(commands, info_draws_many_threads)
{
    static const char program[] =
        "import sys, xml.etree.ElementTree as tree\n"
        "page, tasks = tree.parse(sys.argv[1]).getroot(), int(sys.argv[2])\n"
        "of = lambda tag: [e for e in page.iter() if e.tag.endswith(tag)]\n"
        "texts, rects = of('text'), of('rect')\n"
        "words = [e.text for e in texts]\n"
        "assert 'threads, anywhere' in words, words\n"
        "assert all(str(i) in words for i in range(256)), words\n"
        "assert all('Left out' not in w for w in words), words\n"
        "assert any(w.startswith('n1 c') for w in words), words\n"
        "tiles = [e for e in rects if e.get('class') in ('tile', 'thin')]\n"
        "assert len(tiles) == tasks + 128, (len(tiles), tasks)\n"
        "width, height = (float(page.get(k)) for k in ('width', 'height'))\n"
        "for e in rects:\n"
        "    x, y, w, h = (float(e.get(k, 0)) for k in ('x', 'y', 'width', 'height'))\n"
        "    assert 0 <= x <= x + w <= width and 0 <= y <= y + h <= height, e.attrib\n"
        "for e in texts:\n"
        "    half = {'title': 11.0, 'number': 3.2}.get(e.get('class'), 6.4) * len(e.text)\n"
        "    assert float(e.get('x')) + half <= width, e.text\n"
        "    assert float(e.get('y')) <= height, e.text\n";
    static struct finished finished;
    char drawing[512], program_path[512], tasks[32];
    const char *python = python_with_numpy();
    setenv("HWLOC_SYNTHETIC", "pack:2 [numa] l3:8 core:8 pu:2", 1);
#define MANY "--threads 128 --math strict --problem n2_ci128t16h112w112_co32_k3_p1"
    const struct finished *f = tool_run("info --svg @a.svg --bind none " MANY);
    cr_assert(f->code == 0, "%s", f->err);
    if (strstr(f->out, "sysconf") != NULL)
        cr_skip("built without hwloc");
    if (python == NULL)
        cr_skip("no python3");
    f = tool_run("plan " MANY);
    const char *at = strstr(f->out, "tasks: ");
    cr_assert(at != NULL && sscanf(at, "tasks: %31[0-9]", tasks) == 1, "%s", f->out);
    file_write(tool_path("in_check.py", program_path), program, sizeof program - 1);
    const char *const argv[] = {python, program_path, tool_path("a.svg", drawing), tasks, NULL};
    process_run(&tool_scratch, argv, &finished);
    cr_expect(finished.code == 0, "%s", finished.err);
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
