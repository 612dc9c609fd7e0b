/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bench_output.c - what conv3d bench prints, in each format, against figures
 * counted by hand.
 */
#include "bench_tool.h"

#include "../tools/layer_class.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(bench_output, .init = tool_set_up, .fini = tool_tear_down);

Test(bench_output, csv_has_its_promised_columns)
{
    static const char promised[] = "name,algorithm,threads,median_ms,min_ms,gflops,";
    char buffer[512];
    bench_write_layers(HEADER DENSE DEPTHWISE OTHER);
    const char *out = bench_succeeds(BENCH " --format csv --threads 2")->out;
    cr_expect(strncmp(out, promised, strlen(promised)) == 0, "%s", out);
    cr_expect(count_char(out, '\n', strlen(out)) == 4);
    const int commas = count_char(out, ',', strcspn(out, "\n"));
    const char *line = out;
    for (int i = 0; i < 4; i++, line += strcspn(line, "\n") + 1)
        cr_expect(count_char(line, ',', strcspn(line, "\n")) == commas, "%s", line);
    cr_expect_str_eq(csv_field(out, 1, 0, buffer), "net:dense");
    cr_expect_str_eq(csv_field(out, 3, 0, buffer), "other:patch");
    for (int i = 1; i < 4; i++) {
        const double median = csv_number(out, i, 3), min = csv_number(out, i, 4);
        cr_expect(median >= min && min > 0.0, "%s", out);
        cr_expect(csv_number(out, i, csv_column(out, "repeats")) == 2.0);
        cr_expect_str_eq(csv_field(out, i, csv_column(out, "status"), buffer), "ok");
        cr_expect(csv_number(out, i, 2) >= 1.0);
    }
    /* 2 * 6*3*4*5 outputs * 4*27 taps: nominal, so padding counts. */
    const double flops = 2.0 * 360 * 108;
    const double nominal = csv_number(out, 1, 5) * csv_number(out, 1, 3) * 1e6;
    cr_expect(fabs(nominal / flops - 1.0) < 1e-3, "%s", out);
    /* Of three taps along an axis of n, 3n - 2 are inside. */
    const double effective = 2.0 * 6 * 4 * (3 * 3 - 2) * (3 * 4 - 2) * (3 * 5 - 2);
    const double speed = csv_number(out, 1, csv_column(out, "effective_gflops"));
    cr_expect(fabs(speed * csv_number(out, 1, 3) * 1e6 / effective - 1.0) < 1e-3, "%s", out);
    cr_expect_str_eq(csv_field(out, 1, csv_column(out, "problem"), buffer),
                     "n1_ci4t3h4w5_co6_k3_p1");
}

Test(bench_output, filter_takes_names_and_classes)
{
    static const struct {
        const char *filter, *first;
        int lines;
    } cases[] = {
        {"DENSE", "net:dense", 1}, {"net:", "net:dense", 2},
        {"kernel%=%stride", "other:patch", 1}, {"depthwise%kx1x1%or%k>=5", "net:dw", 1},
        {"all", "net:dense", 3},
    };
    char arguments[512], buffer[512];
    bench_write_layers(HEADER DENSE DEPTHWISE OTHER);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(arguments, sizeof arguments, BENCH " --format csv --filter %s", cases[i].filter);
        const char *out = bench_succeeds(arguments)->out;
        cr_expect(count_char(out, '\n', strlen(out)) == cases[i].lines + 1, "%s: %s", arguments,
                  out);
        cr_expect_str_eq(csv_field(out, 1, 0, buffer), cases[i].first);
    }
}

static bool names_class(const char *const classes[6], const char *name)
{
    for (int i = 0; i < 6 && classes[i] != NULL; i++) {
        if (strcmp(classes[i], name) == 0)
            return true;
    }
    return false;
}

Test(bench_output, layers_belong_to_their_classes)
{
    static const struct {
        const char *problem;
        const char *classes[6]; /* besides "all" */
    } cases[] = {
        {"n1_ci32t3h3w3_co32_k3_p1", {"3x3x3 s1 C>=32"}},
        {"n1_ci16t3h3w3_co32_k3_p1", {NULL}},
        {"n1_ci32t3h3w3_co32_k3_p1_s2", {"strided"}},
        {"n1_ci32t5h5w5_co32_k3_d2", {"dilated"}},
        {"n1_ci32t3h3w3_co32_k1_d2", {"1x1x1"}},
        {"n1_ci32t3h3w3_co8_k1_s2", {"1x1x1", "C_out per group <= 8", "strided"}},
        {"n1_ci32t3h3w3_co32_k3_p1_g32", {"depthwise 3x3x3"}},
        {"n1_ci32t5h3w3_co64_k5x1x1_g32", {"depthwise kx1x1 or k>=5"}},
        {"n1_ci32t3h7w3_co32_k3x7x3_g32", {"depthwise kx1x1 or k>=5"}},
        {"n1_ci32t3h3w3_co32_k3_g4", {"C_out per group <= 8", "grouped"}},
        {"n1_ci32t3h3w3_co64_k3_g4", {"grouped"}},
        {"n1_ci4t3h3w3_co64_k3_s2_p1", {"stem C_in <= 4"}},
        {"n1_ci3t4h4w4_co64_k2x4x4_s2x4x4", {"stem C_in <= 4", "kernel = stride"}},
        {"n1_ci8t5h5w5_co16_k5", {"5x5x5"}},
        {"n1_ci8t5h5w5_co16_k1x3x3", {"1x3x3"}},
        {"n1_ci8t5h5w5_co16_k3x1x1", {"3x1x1"}},
    };
    struct layer_table table = LAYER_TABLE_EMPTY;
    char message[200];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(layer_table_add_problem(&table, cases[i].problem, message, sizeof message) == 0,
                  "%s", message);
        for (int class = 0; class < LAYER_CLASSES; class++) {
            const char *const name = layer_class_name(class);
            cr_expect(layer_class_has(class, &table.layers[i]) ==
                          (class == 0 || names_class(cases[i].classes, name)),
                      "%s: %s", cases[i].problem, name);
        }
    }
    layer_table_free(&table);
}

/* A mean for each class that has a layer, for all, and for one kind of bound. */
Test(bench_output, means_are_those_of_the_classes)
{
    const char *const out =
        bench_succeeds("bench --quiet --repeats 1 --problem n1_ci32t3h3w3_co8_k1_s2")->out;
    const char *start = strstr(out, "geometric means");
    cr_assert(start != NULL, "%s", out);
    const char *const end = strstr(start, "\nworst");
    cr_assert(end != NULL, "%s", out);
    static const char *const lines[] = {"\nall ", "\n1x1x1 ", "\nC_out per group <= 8 ",
                                        "\nstrided "};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *const line = strstr(start, lines[i]);
        cr_expect(line != NULL && line < end, "%s: %s", lines[i], out);
    }
    cr_expect(count_char(start, '\n', (size_t)(end - start)) == 5, "%s", out);
}

Test(bench_output, networks_are_weighted_by_count)
{
    char name[64];
    double milliseconds = 0.0;
    int layers = 0;
    bench_write_layers(HEADER DENSE DEPTHWISE);
    const char *out = bench_succeeds(BENCH)->out;
    const char *networks = strstr(out, "\nnetworks ");
    cr_assert(networks != NULL, "%s", out);
    networks = strchr(networks + 1, '\n');
    cr_assert(sscanf(networks, "%63s %d %lf", name, &layers, &milliseconds) == 3);
    cr_expect_str_eq(name, "net");
    cr_expect(layers == 2);
    /* dense counts twice; its time is printed to a microsecond. */
    double dense = 0.0, depthwise = 0.0;
    sscanf(strstr(out, "\nnet:dense"), "%*s %*s %*s %*s %lf", &dense);
    sscanf(strstr(out, "\nnet:dw"), "%*s %*s %*s %*s %lf", &depthwise);
    cr_expect(fabs(2.0 * dense + depthwise - milliseconds) < 0.004, "%s", out);
}

static const char check_json[] =
    "import json, sys\n"
    "j = json.load(open(sys.argv[1]))\n"
    "assert j['machine']['isa'] and j['rates']['flops_per_second'] > 0, j\n"
    "assert j['rates']['bytes_per_second'] > 0 and j['version'] and j['date'].endswith('Z')\n"
    "a, b, c = j['layers']\n"
    "assert [l['name'] for l in j['layers']] == ['net:dense', 'net:dw', 'other:patch']\n"
    "for l in j['layers']:\n"
    "    assert l['status'] == 'ok' and l['median_ms'] >= l['min_ms'] > 0\n"
    "    assert l['repeats'] == 2 and l['samples'] >= 256 and l['workspace_bytes'] >= 0\n"
    "    assert l['algorithm'] and l['isa'] and l['math'] == 'strict' and l['tile']['w'] > 0\n"
    "    assert l['effective_flops'] <= l['flops'] and l['sample_worst_ratio'] <= 1\n"
    "    f = l['effective_gflops'] * 1e9 / j['rates']['flops_per_second']\n"
    "    m = l['bytes'] / l['median_ms'] * 1e3 / j['rates']['bytes_per_second']\n"
    "    assert abs(l['limit_share'] / max(f, m) - 1) < 1e-9, l\n"
    "assert a['bytes'] == 4 * (4 * 60 + 6 * 4 * 27 + 6 * 60)\n"
    "assert c['bytes'] == 4 * (2 * 3 * 64 + 8 * 3 * 8 + 2 * 8 * 8)\n"
    "n = {n['name']: n for n in j['networks']}\n"
    "assert abs(n['net']['ms'] - 2 * a['median_ms'] - b['median_ms']) < 1e-9\n"
    "assert j['classes'][0]['name'] == 'all' and j['classes'][0]['layers'] == 3\n";

Test(bench_output, json_is_valid_and_complete)
{
    static struct finished finished;
    char json[512], script[512];
    const char *python = python_with_numpy();
    bench_write_layers(HEADER DENSE DEPTHWISE OTHER);
    const struct finished *f =
        tool_run(BENCH " --math strict --format json --output @out.json");
    if (f->code == 2 && strstr(f->err, "jansson") != NULL)
        cr_skip("the tool was built without jansson");
    cr_assert(f->code == 0, "%s", f->err);
    cr_expect(tool_left_over() == 1);
    if (python == NULL)
        cr_skip("no python3 with numpy (Debian: python3-numpy)");
    file_write(tool_path("in_check.py", script), check_json, sizeof check_json - 1);
    const char *const argv[] = {python, script, tool_path("out.json", json), NULL};
    process_run(&tool_scratch, argv, &finished);
    cr_expect(finished.code == 0, "%s", finished.err);
}

Test(bench_output, output_goes_to_the_file)
{
    bench_write_layers(HEADER DENSE);
    cr_expect_str_empty(bench_succeeds(BENCH " --format csv --output @out.csv")->out);
    char path[512], buffer[512];
    size_t bytes;
    char *file = file_read(tool_path("out.csv", path), &bytes);
    cr_assert(file != NULL);
    cr_expect_str_eq(csv_field(file, 1, 0, buffer), "net:dense");
    free(file);
}
