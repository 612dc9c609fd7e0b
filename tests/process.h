/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - run a program and look at what it leaves: its output, its status,
 * its files.  For the suites that test the tool, and that ask numpy.  Knows
 * nothing of convolution.
 */
#ifndef CONV3D_TESTS_PROCESS_H
#define CONV3D_TESTS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct finished {
    int code;   /* exit code, or -1 when a signal ended it */
    int signal; /* that signal, or 0 */
    char out[65536], err[16384]; /* cut to size, NUL-terminated */
};

/* Where the test may write; removed with all in it by scratch_remove(). */
struct scratch {
    char path[256];
};

/* Starts a program; its standard output and error go to the files, its input is
 * empty.  argv ends with NULL. */
pid_t process_start(const char *const argv[], const char *out_path, const char *err_path);
/* Waits, at most for seconds (then kills it and reports code -1, SIGKILL). */
void process_wait(pid_t pid, int seconds, int *code, int *signal_number);
/* Both, with the output read back from the scratch directory. */
void process_run(const struct scratch *scratch, const char *const argv[],
                 struct finished *finished);

void scratch_make(struct scratch *scratch);
void scratch_remove(const struct scratch *scratch);
/* path = the scratch directory / name; returns path. */
const char *scratch_file(const struct scratch *scratch, const char *name, char path[512]);
/* Number of entries except those whose names start with "std.", the captured streams,
 * or with `except`; in one look at the directory, as it may be changing. */
int scratch_count(const struct scratch *scratch, const char *except);

bool file_exists(const char *path);
/* The whole file; *bytes its size; NULL if it cannot be read.  free() it. */
void *file_read(const char *path, size_t *bytes);
void file_write(const char *path, const void *data, size_t bytes);

/* A python3 that has numpy, or NULL: $PYTHON, the system's, the one on PATH. */
const char *python_with_numpy(void);

#endif /* CONV3D_TESTS_PROCESS_H */
