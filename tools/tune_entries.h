/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_entries.h - what conv3d tune does with the database apart from tuning
 *
 * All explain failures on stderr and return an exit_code.
 */
#ifndef CONV3D_TOOLS_TUNE_ENTRIES_H
#define CONV3D_TOOLS_TUNE_ENTRIES_H

#include <stdio.h>

/* Measures what the cost model goes by, records it, and prints it. */
int tune_entries_calibrate(int threads, FILE *file);

/* A table of the entries of this machine, or with `everywhere` of all. */
int tune_entries_list(int everywhere, FILE *file);

/* Copies the database to a path, with what is damaged left out; an older file is replaced. */
int tune_entries_export(const char *path);
int tune_entries_import(const char *path);

/* problem NULL = all. */
int tune_entries_forget(const char *problem, int everywhere);

#endif
