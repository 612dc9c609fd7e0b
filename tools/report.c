/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - what the tool tells a person
 *
 * One place, so that every message has the same form and stays one line whatever
 * a file name holds.
 */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exit_code.h"

static const char *command;
static int is_quiet;
static _Atomic int is_bar_drawn; /* set by the thread of the progress bar */

void report_set_command(const char *name)
{
    command = name;
}

void report_set_quiet(int quiet)
{
    is_quiet = quiet;
}

void report_bar_drawn(void)
{
    is_bar_drawn = 1;
}

/* "conv3d run: " and the formatted text; a newline in a file name is shown as '?'. */
static void print_line(const char *format, va_list arguments, const char *suffix)
{
    char text[2 * REPORT_CAPACITY];

    vsnprintf(text, sizeof text, format, arguments);
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    }
    fprintf(stderr, "%sconv3d%s%s: %s%s\n", is_bar_drawn ? "\r\033[K" : "", command ? " " : "",
            command ? command : "", text, suffix);
    is_bar_drawn = 0;
}

void report_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(format, arguments, "");
    va_end(arguments);
}

void report_note(const char *format, ...)
{
    va_list arguments;

    if (is_quiet)
        return;
    va_start(arguments, format);
    print_line(format, arguments, "");
    va_end(arguments);
}

int report_misuse(const char *format, ...)
{
    char hint[64];
    va_list arguments;

    snprintf(hint, sizeof hint, ". Try 'conv3d%s%s --help'", command ? " " : "",
             command ? command : "");
    va_start(arguments, format);
    print_line(format, arguments, hint);
    va_end(arguments);
    return EXIT_USAGE;
}

/* Shapes come from files, so contradictions among them are bad input; the rest
 * was typed. */
static int exit_code_of(conv3d_status status)
{
    switch (status) {
    case CONV3D_OK:
        return EXIT_OK;
    case CONV3D_ERR_SHAPE:
    case CONV3D_ERR_OVERFLOW:
        return EXIT_BAD_INPUT;
    case CONV3D_ERR_MEMORY:
    case CONV3D_ERR_LIMIT:
        return EXIT_MEMORY;
    case CONV3D_ERR_IO:
        return EXIT_IO;
    case CONV3D_ERR_NULL:
    case CONV3D_ERR_ARGUMENT:
    case CONV3D_ERR_UNSUPPORTED:
    case CONV3D_ERR_ENVIRONMENT:
    case CONV3D_ERR_PARSE:
        break;
    }
    return EXIT_USAGE;
}

int report_status(conv3d_status status)
{
    const char *const detail = conv3d_last_error();

    if (status != CONV3D_OK)
        report_error("%s", detail[0] != '\0' ? detail : conv3d_status_string(status));
    return exit_code_of(status);
}

int report_finish_output(int code)
{
    const int lost = ferror(stdout);

    if (fflush(stdout) == 0 && !lost)
        return code;
    report_error("cannot write to standard output: %s",
                 errno != 0 ? strerror(errno) : "an earlier write failed");
    return EXIT_IO;
}
