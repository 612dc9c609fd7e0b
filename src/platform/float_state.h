/* SPDX-License-Identifier: Apache-2.0 */
/*
 * float_state.h - the same arithmetic in every thread
 *
 * Rounding mode, flushing of denormals and traps belong to a thread: a host program that has
 * changed them in one thread, or was linked with -ffast-math, would else get other bits from it
 * than from the threads beside it.
 */
#ifndef C3D_PLATFORM_FLOAT_STATE_H
#define C3D_PLATFORM_FLOAT_STATE_H

#include <fenv.h>

/* Round to nearest, keep denormals, no traps: IEEE 754's default.  Returns what was before,
 * exception flags included, for c3d_float_state_restore() in the same thread. */
static inline fenv_t c3d_float_state_default(void)
{
    fenv_t before;
    fegetenv(&before);
    fesetenv(FE_DFL_ENV);
    return before;
}

static inline void c3d_float_state_restore(const fenv_t *before)
{
    fesetenv(before);
}

#endif
