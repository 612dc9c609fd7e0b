/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_table.h - what tuning brought, as a table for a person
 */
#ifndef CONV3D_TOOLS_TUNE_TABLE_H
#define CONV3D_TOOLS_TUNE_TABLE_H

#include <stdio.h>

#include "tune_result.h"

/* Write errors show in the stream. */
void tune_table(const struct tune_run *run, FILE *file);

#endif
