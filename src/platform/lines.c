/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.c - see lines.h
 */
#include "config.h" /* _GNU_SOURCE, for getline() */

#include "platform/lines.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct c3d_lines c3d_lines_open(const char *root, const char *path)
{
    char name[PATH_MAX];
    struct c3d_lines lines = {0};
    if (snprintf(name, sizeof name, "%s%s", root, path) < (int)sizeof name) {
        lines.file = fopen(name, "re");
    }
    return lines;
}

char *c3d_lines_next(struct c3d_lines *lines)
{
    if (lines->file == NULL || getline(&lines->line, &lines->size, lines->file) < 0) {
        return NULL;
    }
    lines->line[strcspn(lines->line, "\n")] = '\0';
    return lines->line;
}

void c3d_lines_close(struct c3d_lines *lines)
{
    if (lines->file != NULL) {
        fclose(lines->file);
    }
    free(lines->line);
}
