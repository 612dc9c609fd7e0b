/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice.h - which algorithm a plan uses, with which transform, and why not another
 */
#ifndef C3D_PLAN_CHOICE_H
#define C3D_PLAN_CHOICE_H

#include "algo/algo.h"

/* Every algorithm, one of them with every transform of five extents along three axes. */
enum { C3D_MAX_CANDIDATES = 5 * 5 * 5 + 8 };

struct c3d_candidate {
    const struct c3d_algorithm *algorithm;
    char name[24];     /* "direct", "winograd:4x4x4" */
    int transform[3];
    int place;         /* in the order of preference */
    bool refused;      /* the algorithm, whatever the transform */
    bool eligible;     /* not refused, and not passed over for another's name */
    bool preferred;
    double estimate;   /* in vector FMAs of one core; 0 = none was made */
    double error;      /* relative L2 error to expect; 0 likewise */
    char verdict[96];
};

/* The winner comes first, the preferred one if it is eligible; then the others that were estimated, fastest first. */
struct c3d_choice {
    int count;
    struct c3d_candidate candidates[C3D_MAX_CANDIDATES];
};

/*
 * Judges all candidates by a request of one item, one thread and no wishes for tiles, since
 * neither batch nor threads may change bits.  wish: NULL, or the name of an algorithm or of a
 * candidate, which must accept the request.  preferred: the name of a candidate that wins if it can
 * be had, or "".  Errors: UNSUPPORTED.
 */
C3D_CHECKED conv3d_status c3d_choose(const struct c3d_request *request, const char *wish,
                                     const char *preferred, struct c3d_choice *choice);

/* The candidate of that name, if it is eligible; or NULL. */
const struct c3d_candidate *c3d_choice_find(const struct c3d_choice *choice, const char *name);

/* True if the name is of an algorithm that must be asked for by name. */
bool c3d_only_by_name(const char *name);

#endif
