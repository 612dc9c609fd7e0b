/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select.c - from processor features to a table of kernels
 *
 * Compiled with baseline flags.
 */
#include "config.h"

#include "kernel/select.h"

#include "base/env.h"
#include "platform/cpu.h"

#include <string.h>

/* The ISAs of this architecture, best first.  A level without a table was left
 * out of the build and still is a legal cap. */
static const struct level {
    enum c3d_isa isa;
    const char *name;
    const struct c3d_kernels *kernels;
} levels[] = {
#if defined(__x86_64__)
    {C3D_ISA_AVX512, "avx512",
#  ifdef C3D_HAVE_AVX512
     &c3d_kernels_avx512
#  else
     NULL
#  endif
    },
    {C3D_ISA_AVX2, "avx2",
#  ifdef C3D_HAVE_AVX2
     &c3d_kernels_avx2
#  else
     NULL
#  endif
    },
#elif defined(__aarch64__)
    {C3D_ISA_NEON, "neon",
#  ifdef C3D_HAVE_NEON
     &c3d_kernels_neon
#  else
     NULL
#  endif
    },
#endif
    {C3D_ISA_PORTABLE, "portable", &c3d_kernels_portable},
};
enum { level_count = sizeof levels / sizeof *levels };

static const struct c3d_kernels *best_from(int first)
{
    for (int i = first; i < level_count - 1; i++) {
        if (levels[i].kernels != NULL && c3d_cpu_supports(levels[i].isa)) {
            return levels[i].kernels;
        }
    }
    return levels[level_count - 1].kernels;
}

const struct c3d_kernels *c3d_kernels_best(void)
{
    return best_from(0);
}

conv3d_status c3d_kernels_select(const struct c3d_kernels **kernels)
{
    const char *const cap = c3d_env("CONV3D_ISA");
    if (cap == NULL) {
        *kernels = best_from(0);
        return CONV3D_OK;
    }
    for (int i = 0; i < level_count; i++) {
        if (strcmp(cap, levels[i].name) == 0) {
            *kernels = best_from(i);
            return CONV3D_OK;
        }
    }
    return c3d_fail(CONV3D_ERR_ENVIRONMENT,
                    "CONV3D_ISA is \"%s\"; this build knows%s portable", cap,
#if defined(__x86_64__)
                    " avx512, avx2,"
#elif defined(__aarch64__)
                    " neon,"
#else
                    ""
#endif
    );
}
