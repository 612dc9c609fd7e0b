/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_run.c - what the tool computes: conv3d run against the oracle, whatever
 * the options, the files and the threads.
 */
#include "oracle.h"
#include "tool.h"

#include "../tools/npy.h"
#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run, .init = tool_set_up, .fini = tool_tear_down);

#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})

static void read_output(const char *name, struct npy_array *array)
{
    char path[512], message[512] = "";
    cr_assert(npy_read(tool_path(name, path), array, message, sizeof message) == 0, "%s",
              message);
}

/* Succeeds, prints this shape and nothing else on standard output. */
static void prints(const char *arguments, const char *expected)
{
    const struct finished *f = tool_run(arguments);
    cr_assert(f->code == 0, "%s: %d: %s", arguments, f->code, f->err);
    cr_expect_str_eq(f->out, expected, "%s", arguments);
}

static void write_workload(const struct workload *w, int weight_rank, int bias_rank)
{
    const conv3d_params *p = &w->problem.params;
    const int64_t *k = p->kernel_size, each = p->in_channels / p->groups;
    const int64_t five[5] = {p->out_channels, each, k[0], k[1], k[2]};
    const int64_t six[6] = {p->groups, p->out_channels / p->groups, each, k[0], k[1], k[2]};
    tool_write_npy("in_x.npy", w->input, 5, w->problem.input);
    tool_write_npy("in_w.npy", w->weight, weight_rank, weight_rank == 6 ? six : five);
    if (w->bias != NULL)
        tool_write_npy("in_b.npy", w->bias, bias_rank,
                       bias_rank == 5 ? SHAPE(1, p->out_channels, 1, 1, 1)
                                      : SHAPE(p->out_channels));
}

/* ---- The seed example -------------------------------------------------------- */

Test(run, seed_example_has_its_shape_and_values)
{
    struct problem problem;
    struct workload w;
    struct npy_array y;
    cr_assert(problem_from_text(&problem, "n2_ci3t4h4w4_co1_k3"));
    workload_make(&w, &problem, 42);
    for (size_t i = 0; i < w.input_count; i++)
        w.input[i] = (float)i;
    write_workload(&w, 5, 1);
    prints("run --input @in_x.npy --weight @in_w.npy --output @y.npy", "(2, 1, 2, 2, 2)\n");
    read_output("y.npy", &y);
    cr_assert(y.rank == 5);
    cr_expect_arr_eq(y.shape, problem.output, sizeof problem.output);
    cr_expect(within_bound(&w, y.data, "seed example"));
    cr_expect_str_eq(y.dtype, "float32");
    npy_array_free(&y);
    cr_expect(tool_left_over() == 1);
    workload_free(&w);
}

static const char against_numpy[] =
    "import sys, os, numpy as np\n"
    "os.chdir(sys.argv[1])\n"
    "x = np.load('in_x.npy').astype('f8'); w = np.load('in_w.npy').astype('f8')\n"
    "y = np.load('y.npy', mmap_mode='r')\n"
    "v = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3, 4))\n"
    "e = np.einsum('ncthwijk,ocijk->nothw', v, w)\n"
    "m = np.einsum('ncthwijk,ocijk->nothw', abs(v), abs(w))\n"
    "assert y.shape == e.shape == (2, 1, 2, 2, 2) and y.dtype == np.float32\n"
    "assert (abs(y - e) <= (4 * 81 ** .5 + 8) * 2. ** -24 * m).all()\n";

Test(run, seed_example_agrees_with_numpy)
{
    static struct finished finished;
    char path[512];
    const char *python = python_with_numpy();
    if (python == NULL)
        cr_skip("no python3 with numpy (Debian: python3-numpy)");
    tool_write_range("in_x.npy", 5, SHAPE(2, 3, 4, 4, 4));
    float weight[81];
    random_fill_normal(weight, 81, 3, 0.1);
    tool_write_npy("in_w.npy", weight, 5, SHAPE(1, 3, 3, 3, 3));
    prints("run --input @in_x.npy --weight @in_w.npy --output @y.npy", "(2, 1, 2, 2, 2)\n");
    file_write(tool_path("in_check.py", path), against_numpy, sizeof against_numpy - 1);
    const char *const argv[] = {python, path, tool_scratch.path, NULL};
    process_run(&tool_scratch, argv, &finished);
    cr_expect(finished.code == 0, "%s", finished.err);
}

/* ---- Options ------------------------------------------------------------------ */

/* One problem as text, and as options. */
static const struct {
    const char *text, *options;
    int weight_rank, bias_rank;
} variants[] = {
    {"n1_ci3t5h6w7_co4_k3", "", 5, 1},
    {"n1_ci3t5h6w7_co4_k3_s2", "--stride 2", 5, 1},
    {"n1_ci3t5h6w7_co4_k3_s1x2x3", "--stride 1,2,3", 5, 1},
    {"n2_ci3t5h6w7_co4_k3_p1_b", "--padding 1 --bias @in_b.npy", 5, 1},
    {"n2_ci3t5h6w7_co4_k3_p2:0x1x0:3_b", "--padding 2:0,1,0:3 --bias @in_b.npy", 5, 5},
    {"n1_ci3t5h6w7_co4_k3x2x1_d2x1x1", "--dilation 2,1,1", 5, 1},
    {"n1_ci3t7h7w7_co4_k3_d3", "--dilation=3", 5, 1},
    {"n1_ci6t5h6w7_co4_k3_g2", "--groups 2", 5, 1},
    {"n1_ci6t5h6w7_co4_k3_g2_b", "--groups 2 --bias @in_b.npy", 6, 1},
    {"n1_ci6t5h6w7_co12_k3_p1_g6", "--groups 6 --padding 1", 6, 1},
    {"n1_ci3t5h6w7_co4_k3x2x1_flip", "--conv-mode convolution", 5, 1},
    {"n1_ci3t5h6w7_co4_k3x2x1", "--conv-mode cross_correlation", 5, 1},
    {"n3_ci2t1h1w9_co17_k1x1x4_s1x1x2_p0x0x1_d1x1x2_b",
     "--stri 1,1,2 --padd 0,0,1 --dil 1,1,2 --bias @in_b.npy", 5, 1},
};

static void variant_is_the_chain(size_t i, const char *more, conv3d_activation activation)
{
    struct problem problem;
    struct workload w;
    struct npy_array y;
    char command[1024], shape[128];
    cr_assert(problem_from_text(&problem, variants[i].text));
    workload_make(&w, &problem, i);
    write_workload(&w, variants[i].weight_rank, variants[i].bias_rank);
    snprintf(command, sizeof command,
             "run --input @in_x.npy --weight @in_w.npy --output @y.npy --math strict%s%s%s",
             *variants[i].options != '\0' ? " " : "", variants[i].options, more);
    const int64_t *out = problem.output;
    snprintf(shape, sizeof shape, "(%lld, %lld, %lld, %lld, %lld)\n", (long long)out[0],
             (long long)out[1], (long long)out[2], (long long)out[3], (long long)out[4]);
    prints(command, shape);
    read_output("y.npy", &y);
    float *expected = allocate_floats(w.output_count);
    oracle_strict(&w, activation, expected);
    cr_assert(y.rank == 5 && memcmp(y.shape, out, 5 * sizeof *out) == 0);
    cr_expect(same_bits(&w, expected, y.data, command));
    free(expected);
    npy_array_free(&y);
    workload_free(&w);
}

Test(run, every_option_reaches_the_library)
{
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        variant_is_the_chain(i, "", CONV3D_ACTIVATION_NONE);
    variant_is_the_chain(3, " --activation relu", CONV3D_ACTIVATION_RELU);
    variant_is_the_chain(3, " --activation none --threads 3", CONV3D_ACTIVATION_NONE);
    variant_is_the_chain(3, " --algorithm direct --quiet", CONV3D_ACTIVATION_NONE);
}

Test(run, bits_do_not_depend_on_threads_or_isa)
{
    const char *levels[ISA_LEVELS_MAX];
    const size_t level_count = isa_levels(levels);
    for (int threads = 1; threads <= 16; threads++) {
        char text[16];
        snprintf(text, sizeof text, "%d", threads);
        setenv("OMP_NUM_THREADS", text, 1);
        isa_set(levels[(size_t)threads % level_count]);
        variant_is_the_chain(4, "", CONV3D_ACTIVATION_NONE);
    }
    /* Fast math: one ISA, any number of threads. */
    size_t bytes, first_bytes = 0;
    char path[512], *first = NULL;
    isa_set(NULL);
    tool_write_range("in_big.npy", 5, SHAPE(2, 8, 9, 20, 21));
    for (int threads = 1; threads <= 16; threads++) {
        char text[16];
        snprintf(text, sizeof text, "%d", threads);
        setenv("OMP_NUM_THREADS", text, 1);
        prints("run --input @in_big.npy --out-channels 24 --kernel-size 3 --padding 1 "
               "--output @z.npy", "(2, 24, 9, 20, 21)\n");
        char *file = file_read(tool_path("z.npy", path), &bytes);
        cr_assert(file != NULL);
        if (first == NULL) {
            first = file;
            first_bytes = bytes;
            continue;
        }
        cr_expect(bytes == first_bytes && memcmp(file, first, bytes) == 0, "%d threads", threads);
        free(file);
    }
    free(first);
}

/* A one in an empty volume reads the weights back: mean 0, variance 1/(27 C). */
Test(run, default_weights_are_seeded_and_normal)
{
    enum { C_IN = 8, C_OUT = 64, TAPS = 27, WEIGHTS = C_IN * C_OUT * TAPS };
    static float input[C_IN * C_IN];
    struct npy_array y, again, other;
    for (int c = 0; c < C_IN; c++)
        input[c * C_IN + c] = 1.0f; /* item c: channel c is 1 */
    tool_write_npy("in_x.npy", input, 5, SHAPE(C_IN, C_IN, 1, 1, 1));
#define RANDOM "run --input @in_x.npy --out-channels 64 --kernel-size 3 --padding 2"
    prints(RANDOM " --output @y.npy", "(8, 64, 3, 3, 3)\n");
    prints(RANDOM " --output @again.npy --seed 0", "(8, 64, 3, 3, 3)\n");
    prints(RANDOM " --output @other.npy --seed 1", "(8, 64, 3, 3, 3)\n");
    read_output("y.npy", &y);
    read_output("again.npy", &again);
    read_output("other.npy", &other);
    double sum = 0.0, squares = 0.0;
    int equal = 0;
    for (int i = 0; i < WEIGHTS; i++) {
        sum += (double)y.data[i];
        squares += (double)y.data[i] * (double)y.data[i];
        equal += y.data[i] == other.data[i];
    }
    const double deviation = sqrt(1.0 / (TAPS * C_IN));
    cr_expect(memcmp(y.data, again.data, WEIGHTS * sizeof(float)) == 0, "not seeded");
    cr_expect(equal < WEIGHTS / 100, "another seed, the same weights");
    /* 13,824 samples: five standard errors of mean and of deviation. */
    cr_expect(fabs(sum / WEIGHTS) < 5.0 * deviation / sqrt(WEIGHTS));
    cr_expect(fabs(sqrt(squares / WEIGHTS) / deviation - 1.0) < 5.0 / sqrt(2.0 * WEIGHTS));
    npy_array_free(&y);
    npy_array_free(&again);
    npy_array_free(&other);
}

Test(run, an_empty_batch_gives_an_empty_output)
{
    struct npy_array y;
    tool_write_range("in_x.npy", 5, SHAPE(0, 3, 4, 4, 4));
    prints("run --input @in_x.npy --out-channels 1 --kernel-size 3 --output @y.npy",
           "(0, 1, 2, 2, 2)\n");
    read_output("y.npy", &y);
    cr_expect(y.rank == 5 && y.shape[0] == 0 && y.shape[4] == 2);
    npy_array_free(&y);
}

/* ---- Files --------------------------------------------------------------------- */

static const char identity[] = "run --input @in_x.npy --weight @in_one.npy --output @y.npy";

static void write_identity(void)
{
    tool_write_npy("in_one.npy", (const float[]){1.0f}, 5, SHAPE(1, 1, 1, 1, 1));
}

Test(run, converted_elements_are_noted)
{
    static const double doubles[4] = {1.5, -2.25, 1e300, 3.0};
    static const int16_t integers[4] = {1, -2, 32767, -32768};
    struct npy_array y;
    write_identity();
    tool_write_typed("in_x.npy", "<f8", "(1, 1, 1, 2, 2)", doubles, sizeof doubles);
    const struct finished *f = tool_run(identity);
    cr_expect(f->code == 0 && strstr(f->err, "float64") != NULL, "%s", f->err);
    read_output("y.npy", &y);
    cr_expect(y.data[1] == -2.25f && y.data[2] == INFINITY && y.data[3] == 3.0f);
    npy_array_free(&y);
    tool_write_typed("in_x.npy", "<i2", "(1, 1, 1, 2, 2)", integers, sizeof integers);
    f = tool_run(identity);
    cr_expect(f->code == 0 && strstr(f->err, "int16") != NULL, "%s", f->err);
    read_output("y.npy", &y);
    cr_expect(y.data[0] == 1.0f && y.data[2] == 32767.0f && y.data[3] == -32768.0f);
    npy_array_free(&y);
    char quiet[256];
    snprintf(quiet, sizeof quiet, "%s --quiet", identity);
    f = tool_run(quiet);
    cr_expect(f->code == 0);
    cr_expect_str_empty(f->err);
}

Test(run, input_and_output_may_be_one_file)
{
    struct npy_array y;
    write_identity();
    tool_write_range("in_x.npy", 5, SHAPE(1, 1, 2, 3, 4));
    prints("run --input @in_x.npy --weight @in_one.npy --output @in_x.npy", "(1, 1, 2, 3, 4)\n");
    read_output("in_x.npy", &y);
    cr_expect(y.data[23] == 23.0f);
    npy_array_free(&y);
}

Test(run, paths_may_hold_spaces)
{
    write_identity();
    tool_write_range("in_a volume.npy", 5, SHAPE(1, 1, 2, 3, 4));
    prints("run --input @in_a%volume.npy --weight @in_one.npy --output @my%output.npy",
           "(1, 1, 2, 3, 4)\n");
    cr_expect(tool_has("my output.npy"));
}

/* A NIfTI-1 volume of 4 x 3 x 2 int16 voxels with slope and intercept. */
static size_t make_nifti(unsigned char file[512])
{
    const int32_t header_bytes = 348;
    const int16_t dimensions[8] = {3, 4, 3, 2, 1, 1, 1, 1}, type = 4, bits = 16;
    const float spacing[8] = {1, 1, 1, 1, 1, 1, 1, 1}, offset = 352, slope = 0.5f,
                intercept = -3.0f;
    memset(file, 0, 512);
    memcpy(file, &header_bytes, 4);
    memcpy(file + 40, dimensions, sizeof dimensions);
    memcpy(file + 70, &type, 2);
    memcpy(file + 72, &bits, 2);
    memcpy(file + 76, spacing, sizeof spacing);
    memcpy(file + 108, &offset, 4);
    memcpy(file + 112, &slope, 4);
    memcpy(file + 116, &intercept, 4);
    memcpy(file + 344, "n+1", 4);
    for (int16_t i = 0; i < 24; i++)
        memcpy(file + 352 + 2 * i, &i, 2);
    return 352 + 48;
}

static void nifti_is_read(const char *arguments)
{
    struct npy_array y;
    const struct finished *f = tool_run(arguments);
    if (f->code == 2 && strstr(f->err, "nifti") != NULL)
        cr_skip("the tool was built without NIfTI: %s", f->err);
    cr_assert(f->code == 0, "%s", f->err);
    cr_expect_str_eq(f->out, "(1, 1, 2, 3, 4)\n");
    read_output("y.npy", &y);
    for (int i = 0; i < 24; i++) /* x is W and varies fastest in both */
        cr_expect(y.data[i] == 0.5f * (float)i - 3.0f, "voxel %d is %g", i, (double)y.data[i]);
    npy_array_free(&y);
}

Test(run, nifti_is_scaled_and_x_is_w)
{
    unsigned char file[512];
    char path[512], zipped[512];
    const size_t bytes = make_nifti(file);
    write_identity();
    file_write(tool_path("in_v.nii", path), file, bytes);
    nifti_is_read("run --input @in_v.nii --weight @in_one.npy --output @y.npy");
    const char *const gzip[] = {"gzip", "-k", path, NULL};
    struct finished finished;
    process_run(&tool_scratch, gzip, &finished);
    if (finished.code != 0)
        cr_skip("no gzip");
    nifti_is_read("run --input @in_v.nii.gz --weight @in_one.npy --output @y.npy");
    unlink(tool_path("y.npy", zipped));
    for (size_t cut = 0; cut < bytes; cut += cut < 340 ? 57 : 1) {
        file_write(path, file, cut);
        const struct finished *f =
            tool_run("run --input @in_v.nii --weight @in_one.npy --output @y.npy");
        cr_expect(f->code == 3, "cut to %zu bytes: %d: %s", cut, f->code, f->err);
        cr_expect(tool_left_over() == 0);
    }
}

Test(run, preview_is_a_png)
{
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    char path[512];
    size_t bytes;
    tool_write_range("in_x.npy", 5, SHAPE(1, 2, 5, 9, 17));
    const struct finished *f = tool_run("run --input @in_x.npy --out-channels 3 --kernel-size 3 "
                                        "--output @y.npy --preview @p.png");
    if (f->code == 2 && strstr(f->err, "png") != NULL)
        cr_skip("the tool was built without PNG: %s", f->err);
    cr_assert(f->code == 0, "%s", f->err);
    unsigned char *png = file_read(tool_path("p.png", path), &bytes);
    cr_assert(png != NULL && bytes > 100);
    cr_expect(memcmp(png, signature, sizeof signature) == 0);
    cr_expect(memcmp(png + bytes - 8, "IEND", 4) == 0, "not complete");
    cr_expect(png[18] + png[19] > 0 && png[22] + png[23] > 0, "no pixels");
    cr_expect(tool_left_over() == 2);
    free(png);
    f = tool_run("run --input @in_x.npy --out-channels 3 --kernel-size 3 --output @z.npy "
                 "--preview @p.jpg");
    cr_expect(f->code == 2 && !tool_has("z.npy") && !tool_has("p.jpg"));
}
