/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - lines on standard error for who asks for them with CONV3D_VERBOSE
 */
#ifndef C3D_BASE_LOG_H
#define C3D_BASE_LOG_H

#include <stdbool.h>

/* Whether CONV3D_VERBOSE is set, and not 0. */
bool c3d_log_wanted(void);

/* One line, to which it adds the end, if wanted. */
void c3d_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
