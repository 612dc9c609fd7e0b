/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what the tool tells a person
 *
 * Messages go to stderr, one line each, and start with "conv3d run: " or the
 * like; stdout belongs to results.  Nobody else prints to stderr, except the
 * progress bar.
 */
#ifndef CONV3D_TOOLS_REPORT_H
#define CONV3D_TOOLS_REPORT_H

#include <stddef.h>

#include "conv3d.h"

/* Room for the line that a file reader or writer explains a failure with. */
enum { REPORT_CAPACITY = 1024 };

/* Names the command in messages from now on; NULL is before a command is known. */
void report_set_command(const char *name);

/* Silences report_note(). */
void report_set_quiet(int quiet);

void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The cursor stands behind a progress bar, which the next message must overwrite. */
void report_bar_drawn(void);

/* Something worth knowing that is not an error. */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An error of the command line, with a hint at --help; returns EXIT_USAGE. */
int report_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The library's last error, as a line; returns the exit code for the status. */
int report_status(conv3d_status status);

/* Flushes stdout; returns EXIT_IO with a message if anything written there was
 * lost, else `code`. */
int report_finish_output(int code);

#endif
