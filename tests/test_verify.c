/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verify.c - does the checker notice?  conv3d verify and test_random.c rest
 * on verify_case.c, which here gets results that are wrong on purpose: the
 * linker's --wrap (see sources.mk) sends conv3d_plan_execute through this file.
 */
#include "support.h"

#include "../tools/random_data.h"
#include "../tools/random_problem.h"
#include "../tools/verify_case.h"

#include <criterion/criterion.h>
#include <math.h>

conv3d_status __real_conv3d_plan_execute(const conv3d_plan *plan, const float *input,
                                         float *output, void *workspace);
conv3d_status __wrap_conv3d_plan_execute(const conv3d_plan *plan, const float *input,
                                         float *output, void *workspace);

/* What is done to one output of every result. */
static enum damage { NONE, NOT_WRITTEN, OFF_BY_A_LOT, OFF_BY_ONE, SIGN, SWAPPED, INFINITE } damage;
/* Which output: a share of all of them. */
static double where;

static void harm(float *output, size_t count)
{
    size_t at = (size_t)(where * (double)(count - 1));
    for (size_t i = 0; damage == SIGN && output[at] == 0.0f && i < count; i++)
        at = (at + 1) % count; /* outputs that see only padding have no sign */
    const float other = output[(at + 1) % count];
    switch (damage) {
    case NONE: break;
    case NOT_WRITTEN: output[at] = NAN; break;
    case OFF_BY_A_LOT: output[at] += 1000.0f; break;
    case OFF_BY_ONE: output[at] += 1.0f; break;
    case SIGN: output[at] = -output[at]; break;
    case SWAPPED:
        output[(at + 1) % count] = output[at];
        output[at] = other;
        break;
    case INFINITE: output[at] = INFINITY; break;
    }
}

conv3d_status __wrap_conv3d_plan_execute(const conv3d_plan *plan, const float *input,
                                         float *output, void *workspace)
{
    const conv3d_status status = __real_conv3d_plan_execute(plan, input, output, workspace);
    conv3d_plan_info info = {.size = sizeof info};
    if (status == CONV3D_OK && conv3d_plan_query(plan, &info) == CONV3D_OK) {
        const size_t count = shape_count(info.output_shape, 5);
        if (count > 0)
            harm(output, count);
    }
    return status;
}

static struct verify_result verify(const struct problem *problem, enum verify_data data,
                                   conv3d_math math)
{
    struct verify_result result;
    const conv3d_options options = options_for(math);
    cr_assert(verify_case_run(&problem->params, problem->input, &options, data, 7, &result) ==
              CONV3D_OK, "%s", conv3d_last_error());
    return result;
}

static void is_noticed(enum damage kind, enum verify_data data, conv3d_math math)
{
    static const double places[] = {0.0, 0.37, 0.5, 1.0};
    for (uint64_t i = 0; i < 40; i++) {
        struct problem problem;
        char text[PROBLEM_TEXT_MAX];
        problem_draw(&problem, i, 100000);
        if (shape_count(problem.output, 5) < 2)
            continue;
        damage = NONE;
        cr_assert(verify_result_is_good(&(struct verify_result){.math = math}) &&
                  !verify_result_is_good(&(struct verify_result){.math = math, .mistrusted = 1}));
        const struct verify_result good = verify(&problem, data, math);
        cr_assert(verify_result_is_good(&good), "%s", problem_text(&problem, text));
        damage = kind;
        where = places[i % 4];
        const struct verify_result bad = verify(&problem, data, math);
        const bool harmless = kind == SWAPPED && bad.checksum == good.checksum; /* equals */
        cr_expect(harmless || !verify_result_is_good(&bad), "%s: damage %d at %g of the output",
                  problem_text(&problem, text), (int)kind, where);
        cr_expect(harmless || math == CONV3D_MATH_FAST || bad.mismatches >= 1);
        cr_expect(harmless || bad.checksum != good.checksum);
    }
}

Test(verify, notices_an_output_that_was_not_written)
{
    is_noticed(NOT_WRITTEN, VERIFY_INTEGER, CONV3D_MATH_STRICT);
    is_noticed(NOT_WRITTEN, VERIFY_REAL, CONV3D_MATH_STRICT);
    is_noticed(NOT_WRITTEN, VERIFY_REAL, CONV3D_MATH_FAST);
}

Test(verify, notices_an_integer_that_is_off_by_one)
{
    is_noticed(OFF_BY_ONE, VERIFY_INTEGER, CONV3D_MATH_STRICT);
}

Test(verify, notices_a_real_that_is_off_by_far)
{
    is_noticed(OFF_BY_A_LOT, VERIFY_REAL, CONV3D_MATH_STRICT);
    is_noticed(OFF_BY_A_LOT, VERIFY_REAL, CONV3D_MATH_FAST);
    is_noticed(INFINITE, VERIFY_REAL, CONV3D_MATH_STRICT);
    is_noticed(INFINITE, VERIFY_REAL, CONV3D_MATH_FAST);
}

Test(verify, notices_a_wrong_sign)
{
    is_noticed(SIGN, VERIFY_INTEGER, CONV3D_MATH_STRICT);
    is_noticed(SIGN, VERIFY_REAL, CONV3D_MATH_STRICT);
}

Test(verify, notices_two_outputs_that_changed_places)
{
    is_noticed(SWAPPED, VERIFY_INTEGER, CONV3D_MATH_STRICT);
    is_noticed(SWAPPED, VERIFY_REAL, CONV3D_MATH_STRICT);
}
