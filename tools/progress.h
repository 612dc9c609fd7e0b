/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - signs of life from work that takes longer than a second
 *
 * On a terminal a bar, redrawn ten times a second; elsewhere a line every ten
 * seconds.  A thread of its own draws, so that the work need not be cut.
 */
#ifndef CONV3D_TOOLS_PROGRESS_H
#define CONV3D_TOOLS_PROGRESS_H

#include <stdint.h>

struct progress;

/* Work of `total` equal steps begins; with fewer than two only time can be shown.
 * Returns NULL when quiet, or when there is no thread to be had: both are fine. */
struct progress *progress_start(const char *label, int64_t total, int quiet);

/* So many steps are done.  NULL is allowed here and below. */
void progress_set(struct progress *progress, int64_t done);

/* What stands behind the bar from now on, one line. */
void progress_say(struct progress *progress, const char *news);

/* Wipes the bar; the thread has ended when this returns. */
void progress_finish(struct progress *progress);

#endif
