/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding.h - what tuning a problem found, on its way to the database and back
 */
#ifndef C3D_TUNE_FINDING_H
#define C3D_TUNE_FINDING_H

#include "plan/advice.h"
#include "tune/space.h"

struct c3d_finding {
    struct c3d_way best;
    double gain;    /* time of a call of the untuned way over that of the best */
    double seconds; /* of a call of the best */
    /* Found by a search that was not stopped before anything could be said. */
    bool algorithm_settled, tile_settled;
};

/* Puts what is settled into the database at path, of a problem that can be named.  An algorithm
 * that has been recorded, perhaps by somebody else meanwhile, stays unless `again`: it decides bits.
 * Errors: those of c3d_store_update(). */
C3D_CHECKED conv3d_status c3d_finding_record(const struct c3d_finding *finding,
                                             const struct c3d_advisee *advisee, bool again,
                                             const char *path);

/* Sets the algorithm that the database has, or the tile for the algorithm that is set; false if it
 * has none. */
bool c3d_finding_recall_algorithm(struct c3d_finding *finding, const struct c3d_database *known,
                                  const struct c3d_advisee *advisee);
bool c3d_finding_recall_tile(struct c3d_finding *finding, const struct c3d_database *known,
                             const struct c3d_advisee *advisee);

#endif
