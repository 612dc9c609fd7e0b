/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collapse.c - fewer, longer axes where the kernel does not couple them
 */
#include "plan/collapse.h"

static bool is_trivial(const struct c3d_problem *p, int axis)
{
    return p->kernel[axis] == 1 && p->stride[axis] == 1 && p->begin[axis] == 0 &&
           p->end[axis] == 0;
}

/* Moves everything on `outer` into the trivial axis after it. */
static void join(struct c3d_problem *p, int outer)
{
    p->in[outer + 1] *= p->in[outer];
    p->out[outer + 1] *= p->out[outer];
    p->in[outer] = p->out[outer] = 1;
    p->dilation[outer] = p->dilation[outer + 1] = 1; /* of a kernel of 1: no matter */
}

/* The kernel covers the whole volume, once. */
static bool is_product(const struct c3d_problem *p)
{
    for (int axis = T; axis <= W; axis++) {
        if (p->out[axis] != 1 || p->begin[axis] != 0 || p->end[axis] != 0 ||
            p->kernel[axis] != p->in[axis]) {
            return false;
        }
    }
    return !p->flip;
}

/* A product of matrices: every value of an item is a channel of its column. */
static void make_columns(struct c3d_problem *p)
{
    p->columns = true;
    p->in_channels *= c3d_volume(p->kernel);
    for (int axis = T; axis <= W; axis++) {
        p->in[axis] = p->out[axis] = p->kernel[axis] = 1;
        p->stride[axis] = p->dilation[axis] = 1;
    }
    p->in[W] = p->out[W] = p->items;
    p->items = 1;
}

struct c3d_problem c3d_collapse(const struct c3d_problem *problem)
{
    struct c3d_problem p = *problem;
    if (is_product(&p) && p.items > 0) {
        make_columns(&p);
        return p;
    }
    if (is_trivial(&p, T) && is_trivial(&p, H)) {
        join(&p, T);
    }
    if (is_trivial(&p, H) && is_trivial(&p, W)) {
        join(&p, H);
    }
    return p;
}
