/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_npy.c - the tool's .npy reader and writer against numpy itself.  Files
 * that lie are in test_npy_lies.c.
 */
#include "process.h"
#include "support.h"

#include "../tools/exit_code.h"
#include "../tools/npy.h"
#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scratch scratch;

static void set_up(void)
{
    scratch_make(&scratch);
}

static void tear_down(void)
{
    scratch_remove(&scratch);
}

TestSuite(npy, .init = set_up, .fini = tear_down);

/* Runs a Python program in the scratch directory; skips the test without numpy. */
static void run_python(const char *program)
{
    static struct finished finished;
    char path[512];
    const char *python = python_with_numpy();
    if (python == NULL)
        cr_skip("no python3 with numpy (Debian: python3-numpy)");
    file_write(scratch_file(&scratch, "program.py", path), program, strlen(program));
    const char *const argv[] = {python, path, scratch.path, NULL};
    process_run(&scratch, argv, &finished);
    cr_assert(finished.code == 0, "%s", finished.err);
}

/* One line and no more. */
static bool is_one_line(const char *message)
{
    return *message != '\0' && strchr(message, '\n') == NULL;
}

/* ---- Files that numpy wrote ------------------------------------------------- */

/* Writes NAME.npy and, if it is to be read, NAME.raw with the same numbers as
 * float32; one line per file in `list`: name, read or refused, dtype, shape. */
static const char make_files[] =
    "import sys, os, warnings, numpy as np\n"
    "from numpy.lib import format\n"
    "warnings.simplefilter('ignore')\n"
    "os.chdir(sys.argv[1])\n"
    "rng = np.random.default_rng(1)\n"
    "list = open('list', 'w')\n"
    "count = 0\n"
    "def put(a, verdict, version=None):\n"
    "    global count\n"
    "    name = 'f%d' % count\n"
    "    count += 1\n"
    "    with open(name + '.npy', 'wb') as f:\n"
    "        format.write_array(f, a, version=version)\n"
    "    if verdict == 'read':\n"
    "        np.ascontiguousarray(a).astype('<f4').tofile(name + '.raw')\n"
    "    print(name, verdict, a.dtype.name.replace(' ', ''), a.ndim, *a.shape, file=list)\n"
    "shapes = [(), (0,), (1,), (5,), (2, 3), (2, 3, 4, 4, 4), (3, 2, 1, 2, 3, 2), (0, 3, 4),\n"
    "          (3, 0), (1,) * 8, (20000,)]\n"
    "for version in (1, 0), (2, 0), (3, 0):\n"
    "    for dtype in 'f4', 'f8', 'f2', 'i1', 'u1', 'i2', 'u2':\n"
    "        for shape in shapes:\n"
    "            a = np.asarray(rng.normal(0, 50, shape)).astype('f8')\n"
    "            a = np.abs(a) if dtype[0] == 'u' else np.clip(a, -128, 127)\n"
    "            put(a.astype(dtype), 'read', version)\n"
    "special = np.array([0., -0., np.inf, -np.inf, np.nan, 1e-45, 1e-40, 3.4e38, -1.5])\n"
    "put(special.astype('f4'), 'read')\n"
    "put(np.concatenate([special, [1e300, -1e300, 1e-300, 1 + 2**-24, 1 + 3 * 2**-24]]), 'read')\n"
    "put(np.arange(65536, dtype='u2').view('f2'), 'read')\n"
    "put(np.arange(65536, dtype='u2'), 'read')\n"
    "put(np.arange(65536, dtype='u2').view('i2'), 'read')\n"
    "put(np.arange(256, dtype='u1'), 'read')\n"
    "put(np.arange(256, dtype='u1').view('i1'), 'read')\n"
    "for dtype in ('i4', 'u4', 'i8', 'u8', 'b1', 'c8', 'c16', 'f16', '>f4', '>f8', '>i2', 'S5',\n"
    "              'U3', 'M8[s]', 'm8[s]', 'V4'):\n"
    "    put(np.zeros((2, 3), dtype), 'refused')\n"
    "put(np.zeros((2, 3), [('x', 'f4'), ('y', 'f4')]), 'refused')\n"
    "put(np.zeros((2, 3), [('f', 'f4')]), 'refused')\n"
    "put(np.array([1, 'a', None], dtype=object), 'refused')\n"
    "put(np.zeros((2, 3), 'f4', order='F'), 'refused')\n"
    "put(np.zeros((2, 3, 4), 'f8', order='F'), 'refused')\n"
    "put(np.zeros((1,) * 9, 'f4'), 'refused')\n";

struct listed {
    char name[16], verdict[16], dtype[32];
    int rank;
    int64_t shape[16];
};

static bool read_listed(FILE *list, struct listed *entry)
{
    if (fscanf(list, "%15s %15s %31s %d", entry->name, entry->verdict, entry->dtype,
               &entry->rank) != 4)
        return false;
    for (int i = 0; i < entry->rank; i++) {
        long long extent;
        cr_assert(i < 16 && fscanf(list, "%lld", &extent) == 1);
        entry->shape[i] = extent;
    }
    return true;
}

/* NaN for NaN, otherwise bit for bit. */
static bool same_numbers(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(a[i] != a[i] && b[i] != b[i]))
            return complain("element %zu is %a, expected %a", i, (double)b[i], (double)a[i]);
    return true;
}

static void listed_file_reads(const struct listed *entry)
{
    char path[512], name[32], message[512] = "";
    struct npy_array array, probe;
    size_t bytes;
    snprintf(name, sizeof name, "%s.npy", entry->name);
    scratch_file(&scratch, name, path);
    cr_assert(npy_read(path, &array, message, sizeof message) == EXIT_OK, "%s %s: %s",
              entry->name, entry->dtype, message);
    cr_assert(npy_probe(path, &probe, message, sizeof message) == EXIT_OK && probe.data == NULL);
    snprintf(name, sizeof name, "%s.raw", entry->name);
    float *expected = file_read(scratch_file(&scratch, name, path), &bytes);
    cr_assert(expected != NULL && array.data != NULL);
    cr_expect(array.rank == entry->rank && probe.rank == entry->rank);
    for (int i = 0; i < entry->rank; i++)
        cr_expect(array.shape[i] == entry->shape[i] && probe.shape[i] == entry->shape[i]);
    cr_expect(bytes == shape_count(array.shape, array.rank) * sizeof(float));
    cr_expect(same_numbers(expected, array.data, bytes / sizeof(float)), "%s %s", entry->name,
              entry->dtype);
    cr_expect_str_eq(array.dtype, entry->dtype);
    cr_expect(array.lossy == (strcmp(entry->dtype, "float64") == 0));
    free(expected);
    npy_array_free(&array);
}

static void listed_file_is_refused(const struct listed *entry)
{
    char path[512], name[32], message[512] = "";
    struct npy_array array;
    snprintf(name, sizeof name, "%s.npy", entry->name);
    scratch_file(&scratch, name, path);
    cr_expect(npy_read(path, &array, message, sizeof message) == EXIT_BAD_INPUT, "%s %s",
              entry->name, entry->dtype);
    cr_expect(array.data == NULL && is_one_line(message));
    cr_expect(strstr(message, name) != NULL, "\"%s\" does not name the file", message);
}

Test(npy, reads_what_numpy_writes_and_refuses_what_it_cannot)
{
    char path[512];
    struct listed entry;
    int read = 0, refused = 0;
    run_python(make_files);
    FILE *list = fopen(scratch_file(&scratch, "list", path), "r");
    cr_assert(list != NULL);
    while (read_listed(list, &entry)) {
        if (strcmp(entry.verdict, "read") == 0) {
            listed_file_reads(&entry);
            read++;
        } else {
            listed_file_is_refused(&entry);
            refused++;
        }
    }
    fclose(list);
    cr_expect(read == 3 * 7 * 11 + 7 && refused == 22, "%d read, %d refused", read, refused);
}

/* ---- Files that numpy reads ------------------------------------------------- */

static const char check_files[] =
    "import sys, os, numpy as np\n"
    "os.chdir(sys.argv[1])\n"
    "for line in open('list'):\n"
    "    name, *shape = line.split()\n"
    "    shape = tuple(int(x) for x in shape)\n"
    "    a = np.load(name + '.npy') if 0 in shape or not shape "
    "else np.load(name + '.npy', mmap_mode='r')\n"
    "    raw = np.fromfile(name + '.raw', '<f4')\n"
    "    assert a.dtype == np.dtype('<f4') and a.shape == shape, (name, a.shape, a.dtype)\n"
    "    assert a.flags['C_CONTIGUOUS'] and a.tobytes() == raw.tobytes(), name\n"
    "    size = os.path.getsize(name + '.npy')\n"
    "    assert (size - raw.nbytes) % 64 == 0, 'elements of %s are not aligned' % name\n";

Test(npy, numpy_maps_what_it_writes)
{
    static const struct {
        int rank;
        int64_t shape[8];
    } shapes[] = {{0, {0}}, {1, {7}}, {1, {0}}, {2, {3, 5}}, {5, {2, 1, 2, 2, 2}},
                  {5, {1, 8, 20, 30, 40}}, {6, {2, 3, 1, 2, 3, 4}}, {8, {1, 2, 1, 2, 1, 2, 1, 2}},
                  {5, {0, 1, 2, 2, 2}}, {4, {1000000, 1, 1, 1}}};
    char path[512], name[32], message[512] = "";
    FILE *list = fopen(scratch_file(&scratch, "list", path), "w");
    cr_assert(list != NULL);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t count = shape_count(shapes[i].shape, shapes[i].rank);
        float *data = allocate_floats(count);
        struct npy_array array;
        random_fill_real(data, count, i);
        fprintf(list, "w%zu", i);
        for (int axis = 0; axis < shapes[i].rank; axis++)
            fprintf(list, " %lld", (long long)shapes[i].shape[axis]);
        fputc('\n', list);
        snprintf(name, sizeof name, "w%zu.raw", i);
        file_write(scratch_file(&scratch, name, path), data, count * sizeof *data);
        snprintf(name, sizeof name, "w%zu.npy", i);
        scratch_file(&scratch, name, path);
        cr_assert(npy_write(path, data, shapes[i].rank, shapes[i].shape, message,
                            sizeof message) == EXIT_OK, "%s", message);
        cr_assert(npy_read(path, &array, message, sizeof message) == EXIT_OK, "%s", message);
        cr_expect(array.rank == shapes[i].rank);
        cr_expect(same_numbers(data, array.data, count));
        npy_array_free(&array);
        free(data);
    }
    fclose(list);
    run_python(check_files);
}
