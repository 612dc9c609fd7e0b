/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execution_args.c - the options that say how to compute, not what
 *
 * The words of the choices are in the order of the library's enumerators.
 */
#include "execution_args.h"

#include <stddef.h>
#include <stdint.h>

#define AT(member) offsetof(struct execution_args, member)

const struct option_row execution_arg_rows[] = {
    {"threads", "N", OPTION_NUMBER, AT(threads), 1, 4096,
     "threads to use; default OMP_NUM_THREADS, else\nSLURM_CPUS_PER_TASK, else the cores allowed,\n"
     "or the control group's CPU quota if that is less"},
    {"math", "fast|strict", OPTION_CHOICE, AT(math), 0, 0,
     "strict: the same bits on every machine; fast: may round\n"
     "differently per instruction set; default CONV3D_MATH, else fast"},
    {"algorithm", "NAME", OPTION_TEXT, AT(algorithm), 0, 0,
     "use this one; 'conv3d plan' lists them; default: the best"},
    {"activation", "none|relu", OPTION_CHOICE, AT(activation), 0, 0,
     "applied to every output; default none"},
    {"memory-limit", "SIZE", OPTION_SIZE, AT(memory_limit), 1, PTRDIFF_MAX,
     "bytes that packed weights and workspace may take, as in\n"
     "64M (K, M, G: powers of 1024): fewer threads and smaller\n"
     "tiles, or an error; default: no limit"},
    {"bind", "HOW", OPTION_TEXT, AT(bind), 0, 0,
     "where threads run: auto, none, compact, spread, or the\n"
     "processor of each, as in 0-3,8; default CONV3D_BIND, else auto"},
    {.name = NULL},
};

_Static_assert(CONV3D_MATH_FAST == 1 && CONV3D_MATH_STRICT == 2, "order of the words of --math");
_Static_assert(CONV3D_ACTIVATION_NONE == 0 && CONV3D_ACTIVATION_RELU == 1,
               "order of the words of --activation");

conv3d_options execution_args_options(const struct execution_args *args)
{
    conv3d_options options;

    conv3d_options_init(&options);
    options.threads = (int)args->threads;
    options.math = (conv3d_math)(args->math + 1);
    options.algorithm = args->algorithm;
    options.activation = (conv3d_activation)args->activation;
    options.memory_limit_bytes = (size_t)args->memory_limit;
    options.bind = args->bind;
    return options;
}
