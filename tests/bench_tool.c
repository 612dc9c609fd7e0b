/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tool.c - see bench_tool.h.
 */
#include "bench_tool.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_write_layers(const char *text)
{
    char path[512];
    file_write(tool_path("in_layers.csv", path), text, strlen(text));
}

const struct finished *bench_succeeds(const char *arguments)
{
    const struct finished *f = tool_run(arguments);
    cr_assert(f->code == 0, "%s: exit code %d, signal %d: %s", arguments, f->code, f->signal,
              f->err);
    return f;
}

const char *csv_field(const char *text, int line, int column, char buffer[512])
{
    for (; line > 0; line--) {
        text = strchr(text, '\n');
        cr_assert(text != NULL);
        text++;
    }
    for (; column > 0; column--) {
        text += strcspn(text, ",\n");
        cr_assert(*text == ',');
        text++;
    }
    snprintf(buffer, 512, "%.*s", (int)strcspn(text, ",\n"), text);
    return buffer;
}

double csv_number(const char *text, int line, int column)
{
    char buffer[512];
    return atof(csv_field(text, line, column, buffer));
}

int csv_column(const char *text, const char *name)
{
    char buffer[512];
    int column = 0;
    while (strcmp(csv_field(text, 0, column, buffer), name) != 0)
        column++;
    return column;
}

int count_char(const char *text, char c, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < length && text[i] != '\0'; i++)
        count += text[i] == c;
    return count;
}
