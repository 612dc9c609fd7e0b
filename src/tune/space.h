/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space.h - the ways in which a plan could compute its problem
 *
 * Every way is one that the planner itself would make, were it asked for it by name and
 * tile: what is not legal is not there, and what comes to the same tile is there once.
 */
#ifndef C3D_TUNE_SPACE_H
#define C3D_TUNE_SPACE_H

#include "database/record.h"
#include "plan/plan.h"
#include "tune/search.h"

struct c3d_way {
    char algorithm[C3D_ALGORITHM_NAME_BYTES]; /* with its transform */
    conv3d_tile tile;
    int team; /* threads */
};

struct c3d_space {
    struct c3d_way *ways;
    struct c3d_point *points; /* what the search sees of them */
    size_t count, base;       /* the untuned way is one of them */
};

/* The candidates of an untuned plan that the cost model does not think much slower, each with
 * the model's tile.  Errors: MEMORY. */
C3D_CHECKED conv3d_status c3d_space_of_algorithms(const struct conv3d_plan *untuned,
                                                  struct c3d_space *space);

/* The tiles of one of the candidates; fewer threads than the plan's only with any_team.  Errors:
 * MEMORY. */
C3D_CHECKED conv3d_status c3d_space_of_tiles(const struct conv3d_plan *untuned,
                                             const char *algorithm, bool any_team,
                                             struct c3d_space *space);

/* The way that comes nearest to a tile, such as one of another problem. */
size_t c3d_space_nearest(const struct c3d_space *space, const conv3d_tile *tile);

void c3d_space_free(struct c3d_space *space);

#endif
