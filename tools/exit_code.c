/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exit_code.c - a failure: its code, and the line that explains it
 *
 * Separate from report.c, because the readers and writers are linked into test
 * programs as well and must not print.
 */
#include "exit_code.h"

#include <stdarg.h>
#include <stdio.h>

int exit_fail(char *message, size_t capacity, enum exit_code code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, capacity, format, arguments);
    va_end(arguments);
    return code;
}
