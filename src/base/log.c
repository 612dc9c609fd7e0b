/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - the only writer to standard error
 */
#include "base/log.h"

#include "base/env.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool c3d_log_wanted(void)
{
    const char *const verbose = c3d_env("CONV3D_VERBOSE");
    return verbose != NULL && strcmp(verbose, "0") != 0;
}

void c3d_log(const char *format, ...)
{
    if (c3d_log_wanted()) {
        char line[1024];
        va_list values;
        va_start(values, format);
        vsnprintf(line, sizeof line, format, values);
        va_end(values);
        fprintf(stderr, "%s\n", line);
    }
}
