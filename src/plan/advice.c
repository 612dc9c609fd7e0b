/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advice.c - see advice.h
 */
#include "plan/advice.h"

#include "database/known.h"

#include <math.h>
#include <string.h>

size_t c3d_advice_problem(const conv3d_params *params, const int64_t input_shape[5], int64_t items,
                          char *text, size_t capacity)
{
    conv3d_params plain = *params;
    const int64_t shape[5] = {items, input_shape[1], input_shape[2], input_shape[3],
                              input_shape[4]};
    plain.bias = 0;
    plain.conv_mode = CONV3D_CROSS_CORRELATION;
    return conv3d_problem_format(&plain, shape, text, capacity);
}

struct c3d_advisee c3d_advisee_of(const conv3d_params *params, const int64_t input_shape[5],
                                  const struct c3d_kernels *kernels, conv3d_math math,
                                  int threads)
{
    struct c3d_advisee advisee = {.math = math, .threads = threads};
    c3d_machine_key(kernels->name, C3D_KERNEL_SET, advisee.machine);
    c3d_advice_problem(params, input_shape, 1, advisee.item, sizeof advisee.item);
    if (c3d_advice_problem(params, input_shape, input_shape[0], advisee.problem,
                           sizeof advisee.problem) >= sizeof advisee.problem) {
        advisee.item[0] = advisee.problem[0] = '\0';
    }
    return advisee;
}

struct c3d_subject c3d_advisee_item(const struct c3d_advisee *advisee)
{
    return (struct c3d_subject){
        .problem = advisee->item, .machine = advisee->machine, .math = advisee->math};
}

struct c3d_subject c3d_advisee_tile(const struct c3d_advisee *advisee, const char *algorithm)
{
    return (struct c3d_subject){
        .problem = advisee->problem,
        .machine = advisee->machine,
        .math = advisee->math,
        .threads = advisee->threads,
        .algorithm = algorithm,
    };
}

bool c3d_advice_algorithm(const struct c3d_advisee *advisee, struct c3d_algorithm_record *record,
                          char path[PATH_MAX])
{
    const struct c3d_subject subject = c3d_advisee_item(advisee);
    char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
    c3d_algorithm_key(&subject, key);
    return advisee->problem[0] != '\0' && c3d_known_find(key, value, path) &&
           c3d_algorithm_parse(value, record);
}

bool c3d_advice_tile(const struct c3d_advisee *advisee, const char *algorithm,
                     struct c3d_tile_record *record, char path[PATH_MAX])
{
    const struct c3d_subject subject = c3d_advisee_tile(advisee, algorithm);
    char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
    c3d_tile_key(&subject, key);
    return advisee->problem[0] != '\0' && c3d_known_find(key, value, path) &&
           c3d_tile_parse(value, record) && record->team <= advisee->threads;
}

/* One rate that was recorded, over that of the machine where the model's constants were measured,
 * in the same unit; within what a machine can be. */
static double ask_for_rate(const char *name, const char *machine, double there)
{
    static const double most = 64;
    char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES], path[PATH_MAX];
    double rate;
    c3d_rate_key(name, machine, key);
    if (!c3d_known_find(key, value, path) || !c3d_rate_parse(value, &rate)) {
        return 1;
    }
    return fmin(fmax(rate / there, 1 / most), most);
}

struct c3d_rates c3d_advice_rates(const struct c3d_kernels *kernels)
{
    /* Two threads of a Zen 4 core each, 32 MiB of L3; vector FMAs.  With 8 and 16 lanes. */
    static const double l3 = 3.3, memory = 14, transform = 4.3;
    char machine[C3D_MACHINE_KEY_BYTES];
    c3d_machine_key(kernels->name, C3D_KERNEL_SET, machine);
    return (struct c3d_rates){
        .l3 = ask_for_rate("l3", machine, l3),
        .memory = ask_for_rate("memory", machine, memory),
        .transform = ask_for_rate("transform", machine, transform),
    };
}
