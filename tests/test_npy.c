/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_npy.c - the tool's .npy reader and writer: against numpy itself, and
 * against files that lie.
 */
#include "process.h"
#include "support.h"

#include "../tools/exit_code.h"
#include "../tools/npy.h"
#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- Files that lie --------------------------------------------------------- */

static const float six[6] = {1.5f, -2.0f, 3.25f, 0.0f, 5.0f, 1e-30f};

/* A file of shape (2, 3), as bytes. */
static unsigned char *honest_bytes(const char *path, size_t *bytes)
{
    char message[512];
    cr_assert(npy_write(path, six, 2, (const int64_t[]){2, 3}, message, sizeof message) ==
              EXIT_OK);
    unsigned char *data = file_read(path, bytes);
    cr_assert(data != NULL && *bytes == 128 + sizeof six);
    return data;
}

/* Refused with a reason, or read as something that agrees with itself. */
static int read_liar(const char *path, struct npy_array *array)
{
    char message[512] = "";
    const int code = npy_read(path, array, message, sizeof message);
    if (code == EXIT_OK) {
        volatile float last = 0.0f;
        const size_t count = shape_count(array->shape, array->rank);
        for (size_t i = 0; i < count; i++)
            last = array->data[i]; /* an address sanitizer looks on */
        (void)last;
    } else {
        /* The message may quote the file; test_tool.c sees to the line that is printed. */
        cr_assert(code == EXIT_BAD_INPUT && array->data == NULL && *message != '\0',
                  "%d: %s", code, message);
    }
    return code;
}

Test(npy, every_truncation_is_refused)
{
    char path[512];
    size_t bytes;
    struct npy_array array;
    scratch_file(&scratch, "t.npy", path);
    unsigned char *data = honest_bytes(path, &bytes);
    for (size_t length = 0; length < bytes; length++) {
        file_write(path, data, length);
        cr_assert(read_liar(path, &array) == EXIT_BAD_INPUT, "%zu bytes", length);
    }
    data = realloc(data, bytes + 1);
    cr_assert(data != NULL);
    data[bytes] = 0;
    file_write(path, data, bytes + 1);
    cr_assert(read_liar(path, &array) == EXIT_BAD_INPUT, "one byte too many");
    free(data);
}

Test(npy, every_wrong_header_byte_is_refused_or_harmless)
{
    char path[512];
    size_t bytes;
    int harmless = 0;
    scratch_file(&scratch, "b.npy", path);
    unsigned char *data = honest_bytes(path, &bytes);
    const int fd = open(path, O_RDWR);
    cr_assert(fd >= 0);
    for (size_t at = 0; at < 128; at++)
        for (int value = 0; value < 256; value++) {
            struct npy_array array;
            const unsigned char byte = (unsigned char)value;
            cr_assert(pwrite(fd, &byte, 1, (off_t)at) == 1);
            if (read_liar(path, &array) == EXIT_OK) {
                cr_assert(array.rank == 2 && array.shape[0] == 2 && array.shape[1] == 3 &&
                          memcmp(array.data, six, sizeof six) == 0, "byte %zu = %d", at, value);
                harmless += byte != data[at];
                npy_array_free(&array);
            }
            cr_assert(pwrite(fd, &data[at], 1, (off_t)at) == 1);
        }
    close(fd);
    free(data);
    /* Some are: another space in the padding, '=' or '|' for '<'. */
    cr_expect(harmless > 0 && harmless < 1000, "%d", harmless);
}

Test(npy, garbled_headers_never_crash)
{
    static const char alphabet[] = "{}()[],:' \"\\0123456789<>|=fiucTrueFalsdshp\n\t-";
    char path[512];
    size_t bytes;
    int accepted = 0;
    scratch_file(&scratch, "g.npy", path);
    unsigned char *data = honest_bytes(path, &bytes);
    const uint64_t seed = test_seed();
    const int64_t count = test_count(30000);
    const int fd = open(path, O_RDWR);
    cr_assert(fd >= 0);
    for (int64_t i = 0; i < count; i++) {
        unsigned char garbled[128];
        struct npy_array array;
        memcpy(garbled, data, sizeof garbled);
        for (uint64_t edit = 0; edit < 1 + (uint64_t)i % 6; edit++) {
            const uint64_t bits = random_bits(seed, (uint64_t)i * 8 + edit);
            const size_t from = bits % 128, to = bits / 128 % 128;
            if (bits >> 62 == 0) /* move a piece of the header over another */
                memmove(garbled + to, data + from, (128 - (from > to ? from : to)) / 2);
            else if (bits >> 62 == 1)
                garbled[from] = (unsigned char)(bits >> 32);
            else
                garbled[10 + from % 70] = (unsigned char)alphabet[(bits >> 32) %
                                                                  (sizeof alphabet - 1)];
        }
        cr_assert(pwrite(fd, garbled, sizeof garbled, 0) == (ssize_t)sizeof garbled);
        if (read_liar(path, &array) == EXIT_OK) {
            accepted++;
            npy_array_free(&array);
        }
    }
    close(fd);
    free(data);
    cr_expect(count < 1000 || accepted > 0);
}

/* A header of any text and version, before 24 bytes of elements. */
static int read_header_text(int version, const char *text, struct npy_array *array)
{
    unsigned char file[4096] = "\x93NUMPY";
    char path[512];
    const size_t length = strlen(text);
    size_t at = 8;
    file[6] = (unsigned char)version;
    for (int i = 0; i < (version > 1 ? 4 : 2); i++)
        file[at++] = (unsigned char)(length >> 8 * i);
    memcpy(file + at, text, length);
    memcpy(file + at + length, six, sizeof six);
    file_write(scratch_file(&scratch, "h.npy", path), file, at + length + sizeof six);
    return read_liar(path, array);
}

Test(npy, headers_that_promise_too_much_are_refused)
{
    static const char *const texts[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551622,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6.0,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 6, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, }",
        "{'descr': '<f4', 'fortran_order': False, }",
        "{'descr': '<f4', 'shape': (6,), }",
        "{'fortran_order': False, 'shape': (6,), }",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1, }",
        "{'descr': '<f4', 'fortran_order': Perhaps, 'shape': (6,), }",
        "{'descr': '', 'fortran_order': False, 'shape': (6,), }",
        "{'descr': '<', 'fortran_order': False, 'shape': (6,), }",
        "{'descr': '<f400000000000000000000000000000', 'fortran_order': False, 'shape': (6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } __import__('os')",
        "{'descr': '<f4", "{", "", "}", "{'descr'", "{'descr':", "{}", "[]", "None", "(((((((((((",
    };
    struct npy_array array;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int version = 1; version <= 3; version++)
            cr_expect(read_header_text(version, texts[i], &array) == EXIT_BAD_INPUT, "%s",
                      texts[i]);
    for (int version = 0; version <= 255; version++) {
        const int code = read_header_text(
            version, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", &array);
        cr_expect((code == EXIT_OK) == (version >= 1 && version <= 3), "version %d", version);
        npy_array_free(&array);
    }
}

/* A length field that points past the end, and past any sensible header. */
Test(npy, header_lengths_that_lie_are_refused)
{
    static const uint32_t lengths[] = {0, 1, 117, 119, 143, 65535, 65536, 65537, 0x7fffffff,
                                       0x80000000, 0xffffffff};
    unsigned char file[64] = "\x93NUMPY\x02\x00";
    char path[512];
    struct npy_array array;
    scratch_file(&scratch, "l.npy", path);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int byte = 0; byte < 4; byte++)
            file[8 + byte] = (unsigned char)(lengths[i] >> 8 * byte);
        file_write(path, file, sizeof file);
        cr_expect(read_liar(path, &array) == EXIT_BAD_INPUT, "length %u", lengths[i]);
    }
}

/* ---- The file system -------------------------------------------------------- */

Test(npy, paths_that_are_no_files_are_refused)
{
    char path[512], message[512] = "";
    struct npy_array array;
    cr_expect(npy_read(scratch_file(&scratch, "absent.npy", path), &array, message,
                       sizeof message) == EXIT_IO && is_one_line(message));
    cr_expect(strstr(message, "absent.npy") != NULL, "%s", message);
    cr_expect(npy_read(scratch.path, &array, message, sizeof message) == EXIT_BAD_INPUT);
    cr_expect(npy_read("/dev/null", &array, message, sizeof message) == EXIT_BAD_INPUT);
    cr_expect(npy_read("/dev/zero", &array, message, sizeof message) == EXIT_BAD_INPUT);
    cr_assert(mkfifo(scratch_file(&scratch, "pipe.npy", path), 0600) == 0);
    cr_expect(npy_read(path, &array, message, sizeof message) == EXIT_BAD_INPUT);
    cr_expect(npy_read("", &array, message, sizeof message) == EXIT_IO);
}

static void write_fails(const char *path)
{
    char message[512] = "";
    cr_expect(npy_write(path, six, 2, (const int64_t[]){2, 3}, message, sizeof message) == EXIT_IO,
              "%s", path);
    cr_expect(is_one_line(message));
}

Test(npy, paths_that_cannot_be_written_are_refused)
{
    char path[512];
    write_fails("/dev/full");
    write_fails("/dev/null");
    write_fails("/proc/conv3d.npy");
    write_fails("");
    write_fails(scratch.path);
    write_fails(scratch_file(&scratch, "no/such/directory/x.npy", path));
    write_fails(scratch_file(&scratch, "trailing/", path));
    cr_expect(scratch_count(&scratch, "std.") == 0);
}

/* A full disk, played by a limit on the size of files: what was there before
 * stays, and nothing is left beside it. */
Test(npy, a_write_that_fails_half_way_leaves_nothing)
{
    char path[512], message[512] = "";
    size_t bytes;
    float *data = allocate_floats(100000);
    random_fill_real(data, 100000, 1);
    unsigned char *before = honest_bytes(scratch_file(&scratch, "x.npy", path), &bytes);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    cr_assert(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlim_t usual = limit.rlim_cur;
    limit.rlim_cur = 10000;
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    const int code = npy_write(path, data, 1, (const int64_t[]){100000}, message, sizeof message);
    limit.rlim_cur = usual;
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    cr_expect(code == EXIT_IO && is_one_line(message), "%d: %s", code, message);
    cr_expect(scratch_count(&scratch, "std.") == 1);
    size_t after_bytes;
    unsigned char *after = file_read(path, &after_bytes);
    cr_assert(after != NULL);
    cr_expect(after_bytes == bytes && memcmp(after, before, bytes) == 0);
    free(before);
    free(after);
    free(data);
}

/* An existing file is replaced, through a symbolic link as well. */
Test(npy, a_write_replaces_the_file_behind_a_link)
{
    char path[512], link_path[512], message[512] = "";
    size_t bytes;
    struct npy_array array;
    struct stat status;
    free(honest_bytes(scratch_file(&scratch, "x.npy", path), &bytes));
    cr_assert(symlink("x.npy", scratch_file(&scratch, "link.npy", link_path)) == 0);
    cr_assert(npy_write(link_path, six + 1, 1, (const int64_t[]){4}, message, sizeof message) ==
              EXIT_OK, "%s", message);
    cr_assert(lstat(link_path, &status) == 0 && S_ISLNK(status.st_mode));
    cr_assert(npy_read(path, &array, message, sizeof message) == EXIT_OK);
    cr_expect(array.rank == 1 && array.shape[0] == 4 &&
              memcmp(array.data, six + 1, 4 * sizeof(float)) == 0);
    npy_array_free(&array);
    cr_expect(scratch_count(&scratch, "std.") == 2);
}
