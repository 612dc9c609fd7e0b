/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_problem.c - random convolution descriptors for checks
 *
 * Everything is drawn over its whole range first; then numbers picked at random
 * are halved until the problem fits the budget.  So every single number reaches
 * its extremes, in problems small enough that thousands of them can be checked.
 */
#include "random_problem.h"

#include "random_data.h"

enum { MAX_CHANNELS = 70, MAX_EXTENT = 40, MAX_KERNEL = 7 };

/* Draws from a stream of its own, far from the streams that fill tensors. */
struct dice {
    uint64_t seed;
    uint64_t throws;
};

/* The problem in independent numbers: channels are groups x channels per group. */
struct draft {
    int64_t batch, groups, in_per_group, out_per_group;
    int64_t extent[3], kernel[3], stride[3], dilation[3], begin[3], end[3];
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t throw_between(struct dice *dice, int64_t low, int64_t high)
{
    const uint64_t choices = (uint64_t)(high - low) + 1;

    return low + (int64_t)(random_bits(dice->seed, dice->throws++) % choices);
}

static int one_in(struct dice *dice, int64_t n)
{
    return throw_between(dice, 1, n) == 1;
}

static int64_t dilated_kernel(const struct draft *draft, int axis)
{
    return draft->dilation[axis] * (draft->kernel[axis] - 1) + 1;
}

static int64_t output_extent(const struct draft *draft, int axis)
{
    const int64_t padded = draft->extent[axis] + draft->begin[axis] + draft->end[axis];

    return (padded - dilated_kernel(draft, axis)) / draft->stride[axis] + 1;
}

/* Restores validity after a number shrank: padding within the dilated kernel,
 * and an extent that the dilated kernel fits into. */
static void settle(struct draft *draft)
{
    for (int axis = 0; axis < 3; axis++) {
        const int64_t span = dilated_kernel(draft, axis);

        draft->begin[axis] = smaller(draft->begin[axis], span);
        draft->end[axis] = smaller(draft->end[axis], span);
        if (draft->extent[axis] + draft->begin[axis] + draft->end[axis] < span)
            draft->extent[axis] = span - draft->begin[axis] - draft->end[axis];
    }
}

static int64_t multiply_adds(const struct draft *draft)
{
    int64_t product = draft->groups * draft->in_per_group * draft->out_per_group;

    if (draft->batch > 1) /* an empty batch is as large as one item: it has weights, too */
        product *= draft->batch;
    for (int axis = 0; axis < 3; axis++)
        product *= draft->kernel[axis] * output_extent(draft, axis);
    return product;
}

/* Outputs along one axis that have at least one tap inside the input. */
static int64_t seeing_outputs(const struct draft *draft, int axis)
{
    int64_t seeing = 0;

    for (int64_t out = 0; out < output_extent(draft, axis); out++) {
        int sees = 0;

        for (int64_t k = 0; k < draft->kernel[axis]; k++) {
            const int64_t at =
                out * draft->stride[axis] - draft->begin[axis] + k * draft->dilation[axis];

            sees |= at >= 0 && at < draft->extent[axis];
        }
        seeing += sees;
    }
    return seeing;
}

static int is_mostly_padding(const struct draft *draft)
{
    double share = 1.0;

    for (int axis = 0; axis < 3; axis++)
        share *= (double)seeing_outputs(draft, axis) / (double)output_extent(draft, axis);
    return share < 0.6;
}

static void draw_channels(struct dice *dice, struct draft *draft)
{
    const int64_t kind = throw_between(dice, 0, 9);

    if (kind < 5) { /* dense */
        draft->groups = 1;
        draft->in_per_group = throw_between(dice, 1, MAX_CHANNELS);
        draft->out_per_group = throw_between(dice, 1, MAX_CHANNELS);
    } else if (kind < 7) { /* depthwise, with a multiplier */
        draft->groups = throw_between(dice, 1, MAX_CHANNELS);
        draft->in_per_group = 1;
        draft->out_per_group = throw_between(dice, 1, smaller(4, MAX_CHANNELS / draft->groups));
    } else { /* groups of unrelated widths on both sides */
        draft->groups = throw_between(dice, 2, 9);
        draft->in_per_group = throw_between(dice, 1, MAX_CHANNELS / draft->groups);
        draft->out_per_group = throw_between(dice, 1, MAX_CHANNELS / draft->groups);
    }
}

static void draw_axis(struct dice *dice, struct draft *draft, int axis)
{
    draft->extent[axis] = throw_between(dice, 1, MAX_EXTENT);
    draft->kernel[axis] = one_in(dice, 3) ? 3 : throw_between(dice, 1, MAX_KERNEL);
    draft->stride[axis] = one_in(dice, 2) ? 1 : throw_between(dice, 1, 4);
    draft->dilation[axis] = one_in(dice, 2) ? 1 : throw_between(dice, 1, 4);

    const int64_t span = dilated_kernel(draft, axis);

    draft->begin[axis] = one_in(dice, 3) ? 0 : throw_between(dice, 0, span);
    draft->end[axis] = one_in(dice, 3) ? throw_between(dice, 0, span) : draft->begin[axis];
}

/* Halves one of the numbers that set the cost.  Kernels are spared mostly: else
 * hardly one with more than one tap on every axis would be left. */
static void halve_one(struct dice *dice, struct draft *draft)
{
    int64_t *const knobs[] = {
        &draft->batch,     &draft->groups,    &draft->in_per_group, &draft->out_per_group,
        &draft->extent[0], &draft->extent[1], &draft->extent[2],
    };
    int64_t *const knob = one_in(dice, 12) ? &draft->kernel[throw_between(dice, 0, 2)]
                                           : knobs[throw_between(dice, 0, 6)];

    if (*knob > 1)
        *knob /= 2;
    settle(draft);
}

static void shrink(struct dice *dice, struct draft *draft, int64_t budget)
{
    while (is_mostly_padding(draft)) {
        const int64_t axis = throw_between(dice, 0, 2);

        draft->begin[axis] /= 2;
        draft->end[axis] /= 2;
        settle(draft);
    }
    while (multiply_adds(draft) > budget)
        halve_one(dice, draft);
}

void random_problem_draw(uint64_t seed, conv3d_params *params, int64_t input_shape[5])
{
    struct dice dice = {random_bits(seed, UINT64_C(0x70726f626c656d)), 0};
    struct draft draft;

    draft.batch = one_in(&dice, 64) ? 0 : throw_between(&dice, 1, 5);
    draw_channels(&dice, &draft);
    for (int axis = 0; axis < 3; axis++)
        draw_axis(&dice, &draft, axis);
    settle(&draft);

    /* Fitting the budget can make padding dominate again and the other way
     * round; both only ever shrink paddings or knobs, so this ends. */
    const int64_t budget = one_in(&dice, 64) ? 4000000 : 400000;

    do {
        shrink(&dice, &draft, budget);
    } while (is_mostly_padding(&draft));

    conv3d_params_init(params, draft.groups * draft.in_per_group,
                       draft.groups * draft.out_per_group, 1);
    params->groups = draft.groups;
    params->bias = one_in(&dice, 2);
    params->conv_mode = one_in(&dice, 4) ? CONV3D_CONVOLUTION : CONV3D_CROSS_CORRELATION;
    input_shape[0] = draft.batch;
    input_shape[1] = params->in_channels;
    for (int axis = 0; axis < 3; axis++) {
        params->kernel_size[axis] = draft.kernel[axis];
        params->stride[axis] = draft.stride[axis];
        params->dilation[axis] = draft.dilation[axis];
        params->padding_begin[axis] = draft.begin[axis];
        params->padding_end[axis] = draft.end[axis];
        input_shape[2 + axis] = draft.extent[axis];
    }
}
