/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding.h - one thread on one processor, for the time of a call
 *
 * Two implementations, one of which configure picks: binding_hwloc.c and binding_none.c.
 */
#ifndef C3D_PLATFORM_BINDING_H
#define C3D_PLATFORM_BINDING_H

#include <stdbool.h>

/* What a thread was bound to before. */
struct c3d_binding {
    void *before; /* NULL = nothing was changed */
};

/*
 * Binds the calling thread to a processor with the operating system's number.  Leaves it where it
 * is if the system refuses, which is warned about once (base/log.h); also, if free_only, a
 * thread that may not run on all the processors that the process had when it was first looked
 * at, because then somebody else has placed it.  Two system calls, microseconds.
 */
struct c3d_binding c3d_bind(int processor, bool free_only);

/* Lets the calling thread run where it could before c3d_bind(). */
void c3d_unbind(struct c3d_binding binding);

#endif
