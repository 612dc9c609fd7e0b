/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - how fast a core does what plans are made of, while others do the same
 */
#ifndef C3D_TUNE_PROBE_H
#define C3D_TUNE_PROBE_H

#include "base/status.h"
#include "kernel/kernel.h"

struct c3d_probe {
    double fma;             /* vector FMAs per second, of a core */
    double l2, l3, memory;  /* time to read a vector from there, in vector FMAs */
    double transform;       /* time of a transform for each vector that it writes, likewise */
    double unrest;          /* the slowest round's FMAs over the fastest one's: 1 = undisturbed */
};

/* Measures for about three seconds with `threads` threads.  Errors: MEMORY. */
C3D_CHECKED conv3d_status c3d_probe_machine(const struct c3d_kernels *kernels, int threads,
                                            struct c3d_probe *probe);

/* Operations per second that the calling thread's core does at most: measures for some
 * milliseconds. */
double c3d_probe_peak(const struct c3d_kernels *kernels);

#endif
