/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool.h - runs the conv3d tool in a scratch directory, for the suites that
 * test it from outside.  Needs Criterion: it skips and asserts.
 */
#ifndef CONV3D_TESTS_TOOL_H
#define CONV3D_TESTS_TOOL_H

#include "process.h"
#include "support.h"

/* The scratch directory of the running test. */
extern struct scratch tool_scratch;

/* For TestSuite(.init, .fini). */
void tool_set_up(void);
void tool_tear_down(void);

/* Runs $CONV3D_TOOL, by default ./conv3d, with these arguments, separated by
 * spaces; "@" stands for the scratch directory and a slash, "%" for a space.
 * The result lives until the next call. */
const struct finished *tool_run(const char *arguments);
/* Starts it without waiting. */
pid_t tool_start(const char *arguments);

const char *tool_path(const char *name, char path[512]);
void tool_write_npy(const char *name, const float *data, int rank, const int64_t *shape);
/* 0, 1, 2, ... of this shape. */
void tool_write_range(const char *name, int rank, const int64_t *shape);
/* A file of any element type from raw elements. */
void tool_write_typed(const char *name, const char *descr, const char *shape, const void *data,
                      size_t bytes);
bool tool_has(const char *name);
/* Files besides those of the test, temporary ones included. */
int tool_left_over(void);

#endif /* CONV3D_TESTS_TOOL_H */
