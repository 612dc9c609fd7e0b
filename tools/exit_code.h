/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exit_code.h - the tool's exit codes
 *
 * Also what the file readers and writers return, so that a failure keeps its
 * meaning on the way to main().  The numbers are documented in conv3d(1) and
 * must not change.
 */
#ifndef CONV3D_TOOLS_EXIT_CODE_H
#define CONV3D_TOOLS_EXIT_CODE_H

#include <stddef.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_MISMATCH = 1,    /* a wrong result was found, or a slower one than allowed */
    EXIT_USAGE = 2,       /* the command line or the environment is wrong */
    EXIT_BAD_INPUT = 3,   /* a file's contents are wrong, or contradict the rest */
    EXIT_MEMORY = 4,
    EXIT_IO = 5,          /* the system refused to open, read or write */
    EXIT_INTERRUPTED = 75 /* SIGINT, SIGTERM or SIGHUP; nothing was left behind */
};

/* Writes the formatted line to `message`, truncated to capacity, and returns
 * `code`: so that a failure is one statement. */
int exit_fail(char *message, size_t capacity, enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
