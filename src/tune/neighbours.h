/* SPDX-License-Identifier: Apache-2.0 */
/*
 * neighbours.h - tiles that were best for like problems: where a search may begin
 */
#ifndef C3D_TUNE_NEIGHBOURS_H
#define C3D_TUNE_NEIGHBOURS_H

#include "database/record.h"

enum { C3D_NEIGHBOURS = 3 };

struct c3d_neighbour {
    double unlikeness; /* halvings of extents */
    conv3d_tile tile;
};

/* The likest problems first; returns how many the database has, for this algorithm and machine. */
size_t c3d_neighbours_find(const struct c3d_database *database, const char *machine,
                           const char *algorithm, const conv3d_params *params,
                           const int64_t input_shape[5],
                           struct c3d_neighbour neighbours[C3D_NEIGHBOURS]);

#endif
