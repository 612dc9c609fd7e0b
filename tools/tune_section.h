/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_section.h - one tuned layer in a page
 */
#ifndef CONV3D_TOOLS_TUNE_SECTION_H
#define CONV3D_TOOLS_TUNE_SECTION_H

#include <stdio.h>

#include "tune_result.h"

/* What was recorded, the tiles of its algorithm, all algorithms, the best trials; with the id
 * "layer-" and the number.  Write errors show in the stream. */
void tune_section(const struct tune_result *result, size_t number, FILE *stream);

#endif
