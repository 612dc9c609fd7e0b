/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placement.h - which processors suit a team
 */
#ifndef C3D_PLATFORM_PLACEMENT_H
#define C3D_PLATFORM_PLACEMENT_H

#include "platform/topology.h"

/*
 * Chooses processors for `threads` threads, as indices of topology->list: each core once before
 * any twice, the fastest first; then as few packages, nodes and caches as hold them, or, to
 * spread them, as many.  Thread 0, 1, ... sit in the order of the list, so that neighbours, who
 * share input, share caches.  False if there are more threads than processors, none are known,
 * or memory is short.  Pure.
 */
bool c3d_placement_pick(const struct c3d_topology *topology, bool spread, int threads,
                        int *picked);

#endif
