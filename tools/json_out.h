/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_out.h - results for programs
 *
 * One JSON object on stdout.  Explains failures on stderr and returns exit codes.
 */
#ifndef CONV3D_TOOLS_JSON_OUT_H
#define CONV3D_TOOLS_JSON_OUT_H

#include "conv3d.h"
#include "seating.h"

/* EXIT_OK, or EXIT_USAGE when built without jansson. */
int json_out_check(void);

int json_out_plan(const conv3d_plan *plan);
int json_out_machine(const conv3d_machine *machine, const struct seating *seating);

#endif
