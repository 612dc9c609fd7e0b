/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_roofline.h - tuned layers under the roofs of their machine, before and after
 */
#ifndef CONV3D_TOOLS_TUNE_ROOFLINE_H
#define CONV3D_TOOLS_TUNE_ROOFLINE_H

#include <stdio.h>

#include "tune_result.h"

/* An SVG element of the layers that have both times; nothing when there are none, or no roofs.
 * 0 and nothing when there is no memory. */
int tune_roofline_draw(const struct tune_run *run, FILE *file);

#endif
