/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_map.h - how fast the tiles of an algorithm are, as a drawing
 */
#ifndef CONV3D_TOOLS_TUNE_MAP_H
#define CONV3D_TOOLS_TUNE_MAP_H

#include <stdio.h>

#include "tune_result.h"

/* The algorithm that was recorded: a heat map over the lengths of its tiles along T and H, or
 * bars over W where these have one length each; always the best over all else.  An SVG element;
 * 0 and nothing when there is no memory. */
int tune_map_draw(const struct tune_result *result, FILE *file);

#endif
