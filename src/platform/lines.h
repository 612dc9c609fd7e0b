/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - a text file read line by line
 *
 * For the files in which a system describes itself; they may be absent.
 */
#ifndef C3D_PLATFORM_LINES_H
#define C3D_PLATFORM_LINES_H

#include <stddef.h>
#include <stdio.h>

struct c3d_lines {
    FILE *file; /* NULL = it cannot be read */
    char *line;
    size_t size;
};

/* root: "", or a directory that stands for the system's root. */
struct c3d_lines c3d_lines_open(const char *root, const char *path);

/* A line of any length without its end, valid until the next; NULL after the last. */
char *c3d_lines_next(struct c3d_lines *lines);
void c3d_lines_close(struct c3d_lines *lines);

#endif
