/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seating.h - which processor each thread would get
 */
#ifndef CONV3D_TOOLS_SEATING_H
#define CONV3D_TOOLS_SEATING_H

#include <stddef.h>

#include "conv3d.h"

struct seating {
    int threads;
    int *processors;    /* the operating system's number for each thread; -1 = anywhere */
    const char *reason;
};

#define SEATING_EMPTY {0, NULL, NULL}

/* Asks the library for a machine without a plan, or for a plan.  Return an exit_code, and
 * explain failures on stderr.  Free with seating_free(). */
int seating_of_machine(struct seating *seating, int threads, const char *bind);
int seating_of_plan(struct seating *seating, const conv3d_plan *plan);
void seating_free(struct seating *seating);

/* Whether threads are bound. */
int seating_is_fixed(const struct seating *seating);

/* Room for any list of the processors that a process may use. */
enum { SEATING_ALLOWED = 1 << 16 };

/* Writes them, ascending, as "0-3,8", or "unknown". */
void seating_allowed(char *text, size_t capacity);

/* Enough for a list of the processors of as many threads as there may be. */
enum { SEATING_LIST_CAPACITY = 4096 * 8 };

/* Writes numbers as "0-3,8", and a NUL, cut off with "..." if they do not fit. */
void seating_list(const int *numbers, int count, char *text, size_t capacity);

#endif
