/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packed.h - the packed weights of a plan, one copy or one for each node of memory
 *
 * The one large thing that a plan allocates, and the place where a plan that the process
 * has no memory for is refused.  What is free decides nothing else: not the algorithm, not
 * the tile, not a bit.
 */
#ifndef C3D_PLAN_PACKED_H
#define C3D_PLAN_PACKED_H

#include "algo/algo.h"

struct conv3d_plan;

struct c3d_packed {
    int count;
    struct c3d_packed_copy {
        struct c3d_prepared *prepared; /* the plan's own in the first copy */
        float *memory; /* NULL = a donor's */
        int node;
    } *copies;
    int *of_thread; /* which copy; NULL = the first for all */
};

/*
 * Packs the request's weight and bias as the plan's prepared algorithm wants it; everything else
 * about the plan is known.  Where threads sit on several nodes, and the weights exceed the L3 of
 * one, each node has a copy, written by a thread there, because memory lies where it is first
 * written.  Smaller ones are read from far away once per call, and from L3 afterwards.
 * donor: NULL, or a plan of the same weights that outlives this one, whose single copy serves
 * both if it is laid out alike.
 *
 * Release with c3d_packed_release(), also after an error, and after the last execution.
 * Errors: MEMORY, also when a call's workspace would be more than there is beside the weights.
 */
C3D_CHECKED conv3d_status c3d_packed_make(const struct conv3d_plan *plan,
                                          const struct c3d_request *request,
                                          const struct conv3d_plan *donor,
                                          struct c3d_packed *packed);
void c3d_packed_release(struct c3d_packed *packed);

/* The prepared algorithm that one of the plan's threads runs. */
static inline const struct c3d_prepared *c3d_packed_for(const struct c3d_packed *packed,
                                                        int thread)
{
    return packed->copies[packed->of_thread != NULL ? packed->of_thread[thread] : 0].prepared;
}

#endif
