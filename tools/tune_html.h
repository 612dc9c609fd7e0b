/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_html.h - a run of the tuner as a page
 */
#ifndef CONV3D_TOOLS_TUNE_HTML_H
#define CONV3D_TOOLS_TUNE_HTML_H

#include <stdio.h>

#include "tune_result.h"

/* One file that needs nothing else.  The same run gives the same bytes.  Write errors show in
 * the stream. */
void tune_html(const struct tune_run *run, FILE *stream);

#endif
