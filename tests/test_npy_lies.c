/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_npy_lies.c - the .npy reader against files that lie, and reader and writer
 * against a file system that does not play along.  Each is refused with a
 * reason, or read as something that agrees with itself.
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

TestSuite(npy_lies, .init = set_up, .fini = tear_down);

/* One line and no more. */
static bool is_one_line(const char *message)
{
    return *message != '\0' && strchr(message, '\n') == NULL;
}

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

Test(npy_lies, every_truncation_is_refused)
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

Test(npy_lies, every_wrong_header_byte_is_refused_or_harmless)
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

Test(npy_lies, garbled_headers_never_crash)
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

Test(npy_lies, headers_that_promise_too_much_are_refused)
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
Test(npy_lies, header_lengths_that_lie_are_refused)
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

Test(npy_lies, paths_that_are_no_files_are_refused)
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

Test(npy_lies, paths_that_cannot_be_written_are_refused)
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
Test(npy_lies, a_write_that_fails_half_way_leaves_nothing)
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
Test(npy_lies, a_write_replaces_the_file_behind_a_link)
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
