/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - status names and the thread's last error line
 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local struct c3d_failure last;

conv3d_status c3d_fail(conv3d_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(last.line, sizeof last.line, format, args);
    va_end(args);
    /* Texts may quote the user's bytes; the promise is one line. */
    for (char *c = last.line; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\r') {
            *c = ' ';
        }
    }
    return status;
}

struct c3d_failure c3d_failure_save(void)
{
    return last;
}

void c3d_failure_restore(const struct c3d_failure *failure)
{
    last = *failure;
}

const char *conv3d_last_error(void)
{
    return last.line;
}

const char *conv3d_status_string(conv3d_status status)
{
    static const char *const names[] = {
        [CONV3D_OK] = "CONV3D_OK",
        [CONV3D_ERR_NULL] = "CONV3D_ERR_NULL",
        [CONV3D_ERR_ARGUMENT] = "CONV3D_ERR_ARGUMENT",
        [CONV3D_ERR_SHAPE] = "CONV3D_ERR_SHAPE",
        [CONV3D_ERR_OVERFLOW] = "CONV3D_ERR_OVERFLOW",
        [CONV3D_ERR_MEMORY] = "CONV3D_ERR_MEMORY",
        [CONV3D_ERR_LIMIT] = "CONV3D_ERR_LIMIT",
        [CONV3D_ERR_UNSUPPORTED] = "CONV3D_ERR_UNSUPPORTED",
        [CONV3D_ERR_ENVIRONMENT] = "CONV3D_ERR_ENVIRONMENT",
        [CONV3D_ERR_PARSE] = "CONV3D_ERR_PARSE",
        [CONV3D_ERR_IO] = "CONV3D_ERR_IO",
    };
    const size_t index = (size_t)status;
    return index < sizeof names / sizeof *names ? names[index] : "unknown status";
}
