/* SPDX-License-Identifier: Apache-2.0 */
/*
 * npy.c - read and write numpy's .npy files
 *
 * The element types and the bytes; npy_header.c has the grammar.  Files are read
 * rather than mapped, because a file that shrinks under a mapping is a SIGBUS.
 */
#include "npy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "big_memory.h"
#include "exit_code.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#  error "npy.c takes the little-endian elements of files as they are; add byte swaps"
#endif

enum { MAX_HEADER_BYTES = 65536, CHUNK_BYTES = 65536 };

/* ---- Element types --------------------------------------------------------- */

static float half_to_float(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t exponent = (half >> 10) & 31, mantissa = half & 1023;
    uint32_t bits;
    float value;

    if (exponent == 0) { /* zero or subnormal: a multiple of 2^-24, exact in float32 */
        value = (float)mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    bits = sign | (exponent == 31 ? UINT32_C(0x7f800000) : (exponent + 112) << 23) | mantissa << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Element i of an unaligned buffer. */
#define ELEMENT(type, bytes, i) \
    (*(const type *)memcpy(&(type){0}, (bytes) + (i) * sizeof(type), sizeof(type)))

static void convert_f8(const unsigned char *bytes, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)ELEMENT(double, bytes, i);
}

static void convert_f2(const unsigned char *bytes, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = half_to_float(ELEMENT(uint16_t, bytes, i));
}

static void convert_i1(const unsigned char *bytes, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)ELEMENT(int8_t, bytes, i);
}

static void convert_u1(const unsigned char *bytes, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)bytes[i];
}

static void convert_i2(const unsigned char *bytes, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)ELEMENT(int16_t, bytes, i);
}

static void convert_u2(const unsigned char *bytes, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)ELEMENT(uint16_t, bytes, i);
}

struct element_type {
    const char *code; /* descr without the byte order */
    const char *name;
    size_t bytes;
    int lossy;
    void (*convert)(const unsigned char *bytes, float *x, size_t n); /* NULL: read in place */
};

static const struct element_type element_types[] = {
    {"f4", "float32", 4, 0, NULL},       {"f8", "float64", 8, 1, convert_f8},
    {"f2", "float16", 2, 0, convert_f2}, {"i1", "int8", 1, 0, convert_i1},
    {"u1", "uint8", 1, 0, convert_u1},   {"i2", "int16", 2, 0, convert_i2},
    {"u2", "uint16", 2, 0, convert_u2},
};

static const struct element_type *find_type(const char *code)
{
    for (size_t i = 0; i < sizeof element_types / sizeof *element_types; i++) {
        if (strcmp(code, element_types[i].code) == 0)
            return &element_types[i];
    }
    return NULL;
}

/* Why a type is not read, and what to type instead. */
static int refuse_type(const char *path, const char *descr, char *message, size_t capacity)
{
    const char *reason = "elements of type", *change = ".astype('float32')";

    if (descr[0] == '[')
        return exit_fail(message, capacity, EXIT_BAD_INPUT,
                         "%s: structured elements; save one field: numpy.save('new.npy', "
                         "numpy.load('%s')['FIELD'].astype('float32'))",
                         path, path);
    if (descr[0] == '|' && descr[1] == 'O')
        return exit_fail(message, capacity, EXIT_BAD_INPUT,
                         "%s: Python objects, which only Python can read; save numbers: "
                         "numpy.save('new.npy', numpy.array(VALUES, dtype='float32'))",
                         path);
    if (descr[0] == '>')
        reason = "big-endian elements of type";
    else if (descr[0] != '\0' && descr[1] == 'c') {
        reason = "complex elements of type";
        change = ".real.astype('float32')";
    } else if (descr[0] == '\0' || descr[1] == '\0' || strchr("biuf", descr[1]) == NULL)
        return exit_fail(message, capacity, EXIT_BAD_INPUT,
                         "%s: elements of type '%s', which are not numbers", path, descr);
    return exit_fail(message, capacity, EXIT_BAD_INPUT,
                     "%s: %s '%s'; convert them: numpy.save('new.npy', numpy.load('%s')%s)", path,
                     reason, descr, path, change);
}

/* ---- Reading ----------------------------------------------------------------- */

/* A file being read: what is known of it so far. */
struct source {
    const char *path;
    int fd;
    int64_t file_bytes;
    struct npy_header header;
    const struct element_type *type;
    size_t elements;
    char *message;
    size_t capacity;
};

#define FAIL(source, code, ...) \
    exit_fail((source)->message, (source)->capacity, (code), __VA_ARGS__)

static int open_source(struct source *source)
{
    struct stat status;

    /* Without O_NONBLOCK the open of a pipe would wait for a writer. */
    source->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd < 0 || fstat(source->fd, &status) != 0)
        return FAIL(source, EXIT_IO, "%s: cannot open: %s", source->path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return FAIL(source, EXIT_BAD_INPUT, "%s: is %s, not a regular file", source->path,
                    S_ISDIR(status.st_mode) ? "a directory" : "a pipe or device");
    source->file_bytes = status.st_size;
    return EXIT_OK;
}

static int read_fully(struct source *source, void *buffer, size_t bytes)
{
    char *rest = buffer;

    while (bytes > 0) {
        const ssize_t got = read(source->fd, rest, bytes);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return FAIL(source, EXIT_IO, "%s: cannot read: %s", source->path, strerror(errno));
        if (got == 0)
            return FAIL(source, EXIT_BAD_INPUT, "%s: ends %zu bytes too early", source->path,
                        bytes);
        rest += got;
        bytes -= (size_t)got;
    }
    return EXIT_OK;
}

/* Magic, version and dictionary; *offset is where the elements start. */
static int read_header(struct source *source, int64_t *offset)
{
    unsigned char fixed[12] = {0};
    char text[MAX_HEADER_BYTES], problem[160];

    if (source->file_bytes < 10)
        return FAIL(source, EXIT_BAD_INPUT, "%s: not a .npy file (%lld bytes)", source->path,
                    (long long)source->file_bytes);
    int code = read_fully(source, fixed, 10);
    if (code != EXIT_OK)
        return code;
    if (memcmp(fixed, "\x93NUMPY", 6) != 0)
        return FAIL(source, EXIT_BAD_INPUT, "%s: not a .npy file (wrong first bytes)",
                    source->path);
    if (fixed[6] < 1 || fixed[6] > 3 || fixed[7] != 0)
        return FAIL(source, EXIT_BAD_INPUT, "%s: .npy format %d.%d; 1.0, 2.0 and 3.0 are read",
                    source->path, fixed[6], fixed[7]);

    size_t length = fixed[8] | (size_t)fixed[9] << 8;

    *offset = 10;
    if (fixed[6] > 1) { /* since version 2 the length has four bytes */
        *offset = 12;
        code = read_fully(source, fixed + 10, 2);
        if (code != EXIT_OK)
            return code;
        length |= (size_t)fixed[10] << 16 | (size_t)fixed[11] << 24;
    }
    if (length > MAX_HEADER_BYTES)
        return FAIL(source, EXIT_BAD_INPUT, "%s: header of %zu bytes; at most %d are read",
                    source->path, length, MAX_HEADER_BYTES);
    *offset += (int64_t)length;
    if (*offset > source->file_bytes)
        return FAIL(source, EXIT_BAD_INPUT, "%s: truncated: header of %zu bytes, file of %lld",
                    source->path, length, (long long)source->file_bytes);
    code = read_fully(source, text, length);
    if (code != EXIT_OK)
        return code;
    if (!npy_header_parse(text, length, &source->header, problem, sizeof problem))
        return FAIL(source, EXIT_BAD_INPUT, "%s: %s", source->path, problem);
    return EXIT_OK;
}

/* Element type, order, and the size of the file against the shape. */
static int check_header(struct source *source, int64_t offset)
{
    const struct npy_header *const header = &source->header;
    char shape[256];
    int64_t elements = 1, bytes;

    source->type = header->descr[0] != '\0' && strchr("<|=", header->descr[0]) != NULL
                       ? find_type(header->descr + 1)
                       : NULL;
    if (source->type == NULL)
        return refuse_type(source->path, header->descr, source->message, source->capacity);
    if (header->fortran_order)
        return FAIL(source, EXIT_BAD_INPUT,
                    "%s: Fortran order; rewrite it: numpy.save('new.npy', "
                    "numpy.ascontiguousarray(numpy.load('%s')))",
                    source->path, source->path);

    npy_shape_format(header->rank, header->shape, shape, sizeof shape);
    int overflow = 0, empty = 0;

    for (int i = 0; i < header->rank; i++) {
        empty |= header->shape[i] == 0;
        overflow |= __builtin_mul_overflow(elements, header->shape[i], &elements);
    }
    if (empty) /* a later zero does not excuse an overflow in C, but it does in the file */
        elements = overflow = 0;
    overflow |= __builtin_mul_overflow(elements, (int64_t)source->type->bytes, &bytes);
    if (overflow || (uint64_t)elements > SIZE_MAX / sizeof(float))
        return FAIL(source, EXIT_BAD_INPUT, "%s: shape %s overflows", source->path, shape);
    if (source->file_bytes - offset != bytes)
        return FAIL(source, EXIT_BAD_INPUT,
                    "%s: %s: shape %s of %s needs %lld bytes of elements, the file has %lld",
                    source->path, source->file_bytes - offset < bytes ? "truncated" : "too long",
                    shape, source->type->name, (long long)bytes,
                    (long long)(source->file_bytes - offset));
    source->elements = (size_t)elements;
    return EXIT_OK;
}

static int read_elements(struct source *source, float *data)
{
    const struct element_type *const type = source->type;
    unsigned char chunk[CHUNK_BYTES];
    int code = EXIT_OK;

    if (type->convert == NULL)
        return read_fully(source, data, source->elements * type->bytes);
    for (size_t done = 0; code == EXIT_OK && done < source->elements;) {
        const size_t room = sizeof chunk / type->bytes, left = source->elements - done;
        const size_t count = left < room ? left : room;

        code = read_fully(source, chunk, count * type->bytes);
        if (code == EXIT_OK)
            type->convert(chunk, data + done, count);
        done += count;
    }
    return code;
}

static int read_source(struct source *source, struct npy_array *array, int with_elements)
{
    int64_t offset = 0;
    char reason[BIG_MEMORY_REASON];
    int code = open_source(source);

    if (code == EXIT_OK)
        code = read_header(source, &offset);
    if (code == EXIT_OK)
        code = check_header(source, offset);
    if (code != EXIT_OK)
        return code;

    array->rank = source->header.rank;
    memcpy(array->shape, source->header.shape, sizeof array->shape);
    array->dtype = source->type->name;
    array->lossy = source->type->lossy;
    if (!with_elements)
        return EXIT_OK;
    array->data = big_memory_allocate(source->elements * sizeof(float), reason);
    if (array->data == NULL)
        return FAIL(source, EXIT_MEMORY, "%s: no memory for %zu elements: %s", source->path,
                    source->elements, reason);
    return read_elements(source, array->data);
}

static int read_path(const char *path, struct npy_array *array, int with_elements, char *message,
                     size_t capacity)
{
    struct source source = {.path = path, .fd = -1, .message = message, .capacity = capacity};

    memset(array, 0, sizeof *array);
    const int code = read_source(&source, array, with_elements);

    if (code != EXIT_OK)
        npy_array_free(array);
    if (source.fd >= 0)
        close(source.fd);
    return code;
}

int npy_read(const char *path, struct npy_array *array, char *message, size_t capacity)
{
    return read_path(path, array, 1, message, capacity);
}

int npy_probe(const char *path, struct npy_array *array, char *message, size_t capacity)
{
    return read_path(path, array, 0, message, capacity);
}

void npy_array_free(struct npy_array *array)
{
    free(array->data);
    memset(array, 0, sizeof *array);
}

/* ---- Writing ----------------------------------------------------------------- */

int npy_write_to(struct atomic_file *file, const float *data, int rank, const int64_t *shape,
                 char *message, size_t capacity)
{
    char preamble[NPY_PREAMBLE_CAPACITY];
    const size_t length = npy_preamble_format(rank, shape, preamble);
    int64_t bytes = sizeof(float), total;
    int overflow = 0;

    for (int i = 0; i < rank; i++)
        overflow |= __builtin_mul_overflow(bytes, shape[i], &bytes);
    if (overflow || __builtin_add_overflow(bytes, (int64_t)length, &total))
        return exit_fail(message, capacity, EXIT_BAD_INPUT, "%s: size overflows", file->target);

    int code = atomic_file_reserve(file, (off_t)total, message, capacity);
    if (code == EXIT_OK)
        code = atomic_file_write(file, preamble, length, message, capacity);
    if (code == EXIT_OK)
        code = atomic_file_write(file, data, (size_t)bytes, message, capacity);
    return code;
}

int npy_write(const char *path, const float *data, int rank, const int64_t *shape, char *message,
              size_t capacity)
{
    struct atomic_file file;
    int code = atomic_file_open(&file, path, message, capacity);

    if (code == EXIT_OK)
        code = npy_write_to(&file, data, rank, shape, message, capacity);
    if (code == EXIT_OK)
        return atomic_file_commit(&file, message, capacity);
    atomic_file_abandon(&file);
    return code;
}
