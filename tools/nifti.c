/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nifti.c - read NIfTI volumes (.nii, .nii.gz)
 *
 * The NIfTI library reads the header.  The voxels are read here, in pieces:
 * the library's own loader would hold the file's type and float32 in memory at
 * once, trusts the header's size, and turns NaN into 0.
 */
#include "config.h"

#include "nifti.h"

#include "big_memory.h"
#include "exit_code.h"

#ifdef HAVE_NIFTI

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <nifti2_io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "npy_header.h"

enum { CHUNK_BYTES = 1 << 16 };

/* A file being read. */
struct source {
    const char *path;
    nifti_image *image;
    znzFile file;
    int64_t file_bytes;
    int64_t spatial; /* voxels of one (T, H, W) volume */
    int64_t voxels_read;
    int scaled;
    char *message;
    size_t capacity;
};

#define FAIL(source, code, ...) \
    exit_fail((source)->message, (source)->capacity, (code), __VA_ARGS__)

/* Neither library says why it failed; all that is left is a trace in errno, which
 * must be 0 beforehand. */
static enum exit_code code_of_errno(void)
{
    if (errno == ENOMEM)
        return EXIT_MEMORY;
    return errno == EIO ? EXIT_IO : EXIT_BAD_INPUT;
}

/* The library prints some errors whatever its debug level; ours say it better.
 * No other thread runs while a file is opened. */
static nifti_image *read_header_silently(const char *path)
{
    fflush(stderr);
    const int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (saved >= 0 && null >= 0)
        dup2(null, STDERR_FILENO);
    nifti_set_debug_level(0);
    nifti_image *const image = nifti_image_read(path, 0);
    const int error = errno;

    fflush(stderr);
    if (saved >= 0 && null >= 0)
        dup2(saved, STDERR_FILENO);
    if (null >= 0)
        close(null);
    if (saved >= 0)
        close(saved);
    errno = error;
    return image;
}

/* A regular file that starts like NIfTI-1 or NIfTI-2 in one piece.  The library
 * would also take Analyze headers, halves of pairs and a kind of XML. */
static int check_file(struct source *source)
{
    char start[348] = {0};
    struct stat status;

    if (stat(source->path, &status) != 0 || access(source->path, R_OK) != 0)
        return FAIL(source, EXIT_IO, "%s: cannot open: %s", source->path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return FAIL(source, EXIT_BAD_INPUT, "%s: is %s, not a regular file", source->path,
                    S_ISDIR(status.st_mode) ? "a directory" : "a pipe or device");
    source->file_bytes = status.st_size;
    source->file = znzopen(source->path, "rb", volume_name_ends(source->path, ".gz"));
    if (znz_isnull(source->file))
        return FAIL(source, errno == ENOMEM ? EXIT_MEMORY : EXIT_IO, "%s: cannot open: %s",
                    source->path, strerror(errno));
    errno = 0;
    if (znzread(start, 1, sizeof start, source->file) != sizeof start)
        return FAIL(source, code_of_errno(), "%s: not a NIfTI file: damaged or too short",
                    source->path);
    if (memcmp(start + 344, "n+1", 4) != 0 && memcmp(start + 4, "n+2", 4) != 0)
        return FAIL(source, EXIT_BAD_INPUT,
                    "%s: not a NIfTI file in one piece (no \"n+1\" in its header)", source->path);
    return EXIT_OK;
}

static int is_readable_type(int type)
{
    static const int readable[] = {
        NIFTI_TYPE_UINT8,  NIFTI_TYPE_INT8,  NIFTI_TYPE_UINT16, NIFTI_TYPE_INT16,
        NIFTI_TYPE_UINT32, NIFTI_TYPE_INT32, NIFTI_TYPE_UINT64, NIFTI_TYPE_INT64,
        NIFTI_TYPE_FLOAT32, NIFTI_TYPE_FLOAT64,
    };

    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        if (readable[i] == type)
            return 1;
    }
    return 0;
}

/* The shape, and its bytes against the size of the file. */
static int check_shape(struct source *source, struct volume *volume)
{
    /* The most that deflate can shrink anything is 1032 to 1. */
    enum { MAX_DEFLATE = 1032 };
    const nifti_image *const image = source->image;
    const int64_t shape[7] = {image->nt, image->nu, image->nz, image->ny, image->nx,
                              image->nv, image->nw};
    const int is_compressed = volume_name_ends(source->path, ".gz");
    int64_t extents[7], bytes = image->nbyper, needed;
    int overflow = 0;
    char text[256];

    for (int i = 0; i < 7; i++) {
        extents[i] = shape[i] > 0 ? shape[i] : 1; /* axes beyond dim[0] are 0 at times */
        overflow |= __builtin_mul_overflow(bytes, extents[i], &bytes);
    }
    overflow |= __builtin_add_overflow(bytes, image->iname_offset, &needed);
    memcpy(volume->shape, extents, sizeof volume->shape);
    npy_shape_format(5, volume->shape, text, sizeof text);
    if (extents[5] > 1 || extents[6] > 1)
        return FAIL(source, EXIT_BAD_INPUT,
                    "%s: %lld x %lld volumes along axes 6 and 7; at most five axes are read",
                    source->path, (long long)extents[5], (long long)extents[6]);
    if (overflow || image->iname_offset < 0 || bytes / image->nbyper > INT64_MAX / 8)
        return FAIL(source, EXIT_BAD_INPUT, "%s: shape %s overflows", source->path, text);
    if (is_compressed ? needed / MAX_DEFLATE > source->file_bytes : needed > source->file_bytes)
        return FAIL(source, EXIT_BAD_INPUT,
                    "%s: truncated: shape %s of %s needs %lld bytes, the file has %lld%s",
                    source->path, text, volume->stored_as, (long long)needed,
                    (long long)source->file_bytes,
                    is_compressed ? " compressed" : "");
    source->spatial = extents[2] * extents[3] * extents[4];
    return EXIT_OK;
}

/* The type's name as numpy spells it. */
static void name_type(int type, char *name, size_t capacity)
{
    snprintf(name, capacity, "%s", nifti_datatype_string(type));
    for (; *name != '\0'; name++)
        *name = (char)tolower((unsigned char)*name);
}

/* How the stored numbers become voxels. */
static int check_type(struct source *source, struct volume *volume)
{
    const nifti_image *const image = source->image;
    const int type = image->datatype;
    char name[24];

    name_type(type, name, sizeof name);
    if (!is_readable_type(type))
        return FAIL(source, EXIT_BAD_INPUT,
                    "%s: voxels of type %s; integers, float32 and float64 are read", source->path,
                    name);
    source->scaled =
        image->scl_slope != 0.0 && (image->scl_slope != 1.0 || image->scl_inter != 0.0);
    volume->lossy = type == NIFTI_TYPE_FLOAT64 || image->nbyper >= 8 ||
                    type == NIFTI_TYPE_INT32 || type == NIFTI_TYPE_UINT32 || source->scaled;
    if (source->scaled)
        snprintf(volume->stored_as, sizeof volume->stored_as, "%s x %g + %g", name,
                 image->scl_slope, image->scl_inter);
    else
        snprintf(volume->stored_as, sizeof volume->stored_as, "%s", name);
    return EXIT_OK;
}

/* Which way the axes point in the body; scanners usually mean right, front, up. */
static void find_orientation(const nifti_image *image, struct volume *volume)
{
    int x = NIFTI_L2R, y = NIFTI_P2A, z = NIFTI_I2S;

    if (image->sform_code > 0)
        nifti_dmat44_to_orientation(image->sto_xyz, &x, &y, &z);
    else if (image->qform_code > 0)
        nifti_dmat44_to_orientation(image->qto_xyz, &x, &y, &z);
    volume->t_points_up = z == NIFTI_I2S || z == NIFTI_P2A;
    volume->h_points_up = y == NIFTI_I2S || y == NIFTI_P2A;
}

/* One stored number of any type. */
union number {
    unsigned char bytes[8];
    uint8_t u8;
    int8_t i8;
    uint16_t u16;
    int16_t i16;
    uint32_t u32;
    int32_t i32;
    uint64_t u64;
    int64_t i64;
    float f32;
    double f64;
};

static double value_of(const union number *number, int type)
{
    switch (type) {
    case NIFTI_TYPE_UINT8:
        return number->u8;
    case NIFTI_TYPE_INT8:
        return number->i8;
    case NIFTI_TYPE_UINT16:
        return number->u16;
    case NIFTI_TYPE_INT16:
        return number->i16;
    case NIFTI_TYPE_UINT32:
        return number->u32;
    case NIFTI_TYPE_INT32:
        return number->i32;
    case NIFTI_TYPE_UINT64:
        return (double)number->u64;
    case NIFTI_TYPE_INT64:
        return (double)number->i64;
    case NIFTI_TYPE_FLOAT32:
        return (double)number->f32;
    default: /* is_readable_type() leaves this one */
        return number->f64;
    }
}

static void convert(const struct source *source, const unsigned char *bytes, float *x,
                    size_t count)
{
    const nifti_image *const image = source->image;
    const size_t size = (size_t)image->nbyper;

    for (size_t i = 0; i < count; i++) {
        union number number;

        memcpy(number.bytes, bytes + i * size, size);
        const double value = value_of(&number, image->datatype);

        x[i] = (float)(source->scaled ? value * image->scl_slope + image->scl_inter : value);
    }
}

/* The next `count` stored numbers, as float32. */
static int read_numbers(struct source *source, float *x, size_t count)
{
    const nifti_image *const image = source->image;
    const size_t size = (size_t)image->nbyper, room = CHUNK_BYTES / size;
    unsigned char chunk[CHUNK_BYTES];

    while (count > 0) {
        const size_t now = count < room ? count : room;

        errno = 0;
        if (znzread(chunk, 1, now * size, source->file) != now * size)
            return FAIL(source, code_of_errno(),
                        "%s: truncated or damaged after %lld of %lld voxels", source->path,
                        (long long)source->voxels_read, (long long)image->nvox);
        if (image->swapsize > 1 && image->byteorder != nifti_short_order())
            nifti_swap_Nbytes((int64_t)now, image->swapsize, chunk);
        convert(source, chunk, x, now);
        x += now;
        count -= now;
        source->voxels_read += (int64_t)now;
    }
    return EXIT_OK;
}

static int read_voxels(struct source *source, struct volume *volume)
{
    const int64_t items = volume->shape[0], channels = volume->shape[1];
    char more, reason[BIG_MEMORY_REASON];

    volume->data =
        big_memory_allocate((size_t)(items * channels * source->spatial) * sizeof(float), reason);
    if (volume->data == NULL)
        return FAIL(source, EXIT_MEMORY, "%s: no memory for %lld voxels: %s", source->path,
                    (long long)(items * channels * source->spatial), reason);
    if (znzseek(source->file, (znz_off_t)source->image->iname_offset, SEEK_SET) < 0)
        return FAIL(source, EXIT_BAD_INPUT, "%s: truncated or damaged: no voxels", source->path);

    /* In the file the channel (axis 5) is outermost, here the item (axis 4) is. */
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t n = 0; n < items; n++) {
            float *const to = volume->data + (n * channels + c) * source->spatial;
            const int code = read_numbers(source, to, (size_t)source->spatial);

            if (code != EXIT_OK)
                return code;
        }
    }
    /* Reading on checks the size, and makes zlib check its checksum. */
    const size_t got = znzread(&more, 1, 1, source->file);

    if (got == 1)
        return FAIL(source, EXIT_BAD_INPUT, "%s: too long: data after the %lld voxels",
                    source->path, (long long)source->image->nvox);
    if (got != 0)
        return FAIL(source, EXIT_BAD_INPUT, "%s: damaged: the checksum is wrong", source->path);
    return EXIT_OK;
}

static int read_source(struct source *source, enum volume_extent extent, struct volume *volume)
{
    int code = check_file(source);

    if (code != EXIT_OK)
        return code;
    errno = 0;
    source->image = read_header_silently(source->path);
    if (source->image == NULL || source->image->nbyper <= 0)
        return FAIL(source, code_of_errno(), "%s: the NIfTI header cannot be read",
                    source->path);
    code = check_type(source, volume);
    if (code == EXIT_OK)
        code = check_shape(source, volume);
    if (code == EXIT_OK)
        find_orientation(source->image, volume);
    if (code == EXIT_OK && extent == VOLUME_ELEMENTS)
        code = read_voxels(source, volume);
    return code;
}

int nifti_read(const char *path, enum volume_extent extent, struct volume *volume, char *message,
               size_t capacity)
{
    struct source source = {.path = path, .message = message, .capacity = capacity};
    const int code = read_source(&source, extent, volume);

    if (code != EXIT_OK)
        volume_free(volume);
    if (!znz_isnull(source.file))
        znzclose(source.file);
    if (source.image != NULL)
        nifti_image_free(source.image);
    return code;
}

#else

int nifti_read(const char *path, enum volume_extent extent, struct volume *volume, char *message,
               size_t capacity)
{
    (void)extent;
    (void)volume;
    return exit_fail(message, capacity, EXIT_USAGE,
                     "%s: this conv3d cannot read NIfTI; configure it --with-nifti "
                     "(Debian: libnifti2-dev)",
                     path);
}

#endif
