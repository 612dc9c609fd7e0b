/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads.h - how many threads a call gets that did not say
 */
#ifndef C3D_PLATFORM_THREADS_H
#define C3D_PLATFORM_THREADS_H

struct c3d_threads {
    int count;          /* at least 1 */
    const char *reason; /* what decided; static storage */
};

/*
 * OMP_NUM_THREADS, as OpenMP sees it; else SLURM_CPUS_PER_TASK; else the least of the
 * processors that this process may use, their cores, the whole processors of the control
 * group's quota and what the host program asked of OpenMP.  The machine is looked at once per
 * process, the environment each time.  Thread-safe.
 */
struct c3d_threads c3d_threads_default(void);

/* The quota of the control groups in processors, as at the first call; 0 = none. */
double c3d_threads_quota(void);

#endif
