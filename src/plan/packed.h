/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packed.h - the packed weights of a plan
 *
 * The one large thing that a plan allocates, and the place where a plan that the process
 * has no memory for is refused.  What is free decides nothing else: not the algorithm, not
 * the tile, not a bit.
 */
#ifndef C3D_PLAN_PACKED_H
#define C3D_PLAN_PACKED_H

#include "plan/plan.h"

/*
 * Allocates *packed for the plan's prepared algorithm, which packs weight and bias into it;
 * c3d_free() it after the last execution.  workspace_bytes and threads of the plan are known.
 * Errors: MEMORY, also when a call's workspace would be more than there is beside the
 * weights; *packed is NULL then.
 */
C3D_CHECKED conv3d_status c3d_packed_make(const struct conv3d_plan *plan, const float *weight,
                                          const float *bias, float **packed);

#endif
