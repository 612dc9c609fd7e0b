/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology_hwloc.h - hwloc's own handle, for the other file that needs it, binding_hwloc.c
 */
#ifndef C3D_PLATFORM_TOPOLOGY_HWLOC_H
#define C3D_PLATFORM_TOPOLOGY_HWLOC_H

#include "platform/topology.h"

#include <hwloc.h>

/* This machine, only to be read, and the processors that the process might use when it was
 * discovered; NULL if hwloc could not load it. */
hwloc_topology_t c3d_hwloc_machine(hwloc_const_bitmap_t *allowed);

#endif
