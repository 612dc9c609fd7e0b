/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool.c - see tool.h.  Files that the tests make start with "in_", so that all
 * others are the tool's.
 */
#include "tool.h"

#include "../tools/npy.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 64, TEXT_MAX = 4096 };

struct scratch tool_scratch;

void tool_set_up(void)
{
    scratch_make(&tool_scratch);
}

void tool_tear_down(void)
{
    scratch_remove(&tool_scratch);
}

static const char *tool(void)
{
    static char path[PATH_MAX];
    const char *given = getenv("CONV3D_TOOL");
    if (*path == '\0') {
        given = given != NULL && *given != '\0' ? given : "./conv3d";
        cr_assert(realpath(given, path) != NULL && access(path, X_OK) == 0,
                  "there is no tool at %s; set CONV3D_TOOL", given);
    }
    return path;
}

/* Cuts arguments at spaces into argv, with '@' and '%' replaced. */
static void split(const char *arguments, char text[TEXT_MAX], const char *argv[MAX_ARGUMENTS])
{
    size_t used = 0;
    int count = 0;
    argv[count++] = tool();
    for (const char *c = arguments; *c != '\0';) {
        argv[count++] = text + used;
        for (; *c != '\0' && *c != ' '; c++) {
            if (*c == '@')
                used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s/", tool_scratch.path);
            else
                text[used++] = *c == '%' ? ' ' : *c;
            cr_assert(used + 300 < TEXT_MAX && count < MAX_ARGUMENTS);
        }
        text[used++] = '\0';
        c += *c == ' ';
    }
    argv[count] = NULL;
}

const struct finished *tool_run(const char *arguments)
{
    static struct finished finished;
    char text[TEXT_MAX];
    const char *argv[MAX_ARGUMENTS + 1];
    split(arguments, text, argv);
    process_run(&tool_scratch, argv, &finished);
    return &finished;
}

pid_t tool_start(const char *arguments)
{
    char text[TEXT_MAX], out[512], err[512];
    const char *argv[MAX_ARGUMENTS + 1];
    split(arguments, text, argv);
    return process_start(argv, tool_path("std.out", out), tool_path("std.err", err));
}

const char *tool_path(const char *name, char path[512])
{
    return scratch_file(&tool_scratch, name, path);
}

void tool_write_npy(const char *name, const float *data, int rank, const int64_t *shape)
{
    char path[512], message[512];
    cr_assert(npy_write(tool_path(name, path), data, rank, shape, message, sizeof message) == 0,
              "%s", message);
}

void tool_write_range(const char *name, int rank, const int64_t *shape)
{
    const size_t count = shape_count(shape, rank);
    float *data = allocate_floats(count);
    for (size_t i = 0; i < count; i++)
        data[i] = (float)i;
    tool_write_npy(name, data, rank, shape);
    free(data);
}

void tool_write_typed(const char *name, const char *descr, const char *shape, const void *data,
                      size_t bytes)
{
    char path[512], header[512];
    const int length = snprintf(header + 10, sizeof header - 10,
                                "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr,
                                shape);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)length;
    header[9] = 0;
    cr_assert(length < 128);
    char *file = allocate(10 + (size_t)length + bytes);
    memcpy(file, header, 10 + (size_t)length);
    memcpy(file + 10 + length, data, bytes);
    file_write(tool_path(name, path), file, 10 + (size_t)length + bytes);
    free(file);
}

bool tool_has(const char *name)
{
    char path[512];
    return file_exists(tool_path(name, path));
}

int tool_left_over(void)
{
    return scratch_count(&tool_scratch, "in_");
}
