/* SPDX-License-Identifier: Apache-2.0 */
/*
 * algo.h - what an algorithm is
 *
 * One file per algorithm defines one const struct c3d_algorithm; list.c holds
 * them in order of preference.  An algorithm is prepared once per plan, where
 * it may decide and fail, and then given the memory for its weights, which it
 * packs; after that run_task() only computes, on whichever thread, and its tasks
 * are independent of each other.
 */
#ifndef C3D_ALGO_ALGO_H
#define C3D_ALGO_ALGO_H

#include "algo/problem.h"
#include "base/num.h"
#include "base/status.h"
#include "kernel/kernel.h"

/* What the cost model knows of a machine: how many times as long something takes, compared with
 * FMAs, as where the model's constants were measured; all 1 there. */
struct c3d_rates {
    double l3, memory; /* reading a vector from there */
    double transform;  /* a stage of Winograd's, for a vector that it writes */
};

/* Everything that a preparation may depend on.  What changes bits must not
 * depend on items, threads or caches (promise 1). */
struct c3d_request {
    const struct c3d_problem *problem;
    const struct c3d_kernels *kernels;
    const float *weight; /* (groups, out_channels, in_channels, kt, kh, kw) of the group */
    const float *bias;   /* groups * out_channels, or NULL */
    bool finite_weights; /* every weight is: padding may be multiplied by zero */
    bool wild_weights;   /* not for transforms; see wild.h */
    bool relu;
    bool fast; /* math: sums may be transformed */
    int transform[3]; /* outputs of a tile of a transformed algorithm along T, H, W */
    bool stream; /* input and output exceed the caches: write past them */
    int threads;
    conv3d_tile tile;          /* wishes; 0 = choose */
    size_t l1_bytes, l2_bytes; /* data caches of one core; 0 = unknown */
    size_t l3_bytes;           /* that cores share; 0 = unknown */
    bool split_vectors;        /* the core computes a vector in parts: more bytes for an FMA */
    struct c3d_rates rates;
    size_t scratch_limit;      /* bytes per thread */
    size_t memory_limit;       /* 0 = none; bounds packed weights and all threads' scratch */
};

/* Half-open. */
struct c3d_range {
    int64_t begin, end;
};

static inline int64_t c3d_extent(struct c3d_range range)
{
    return range.end - range.begin;
}

static inline struct c3d_range c3d_intersection(struct c3d_range a, struct c3d_range b)
{
    const int64_t begin = c3d_max(a.begin, b.begin);
    return (struct c3d_range){begin, c3d_max(begin, c3d_min(a.end, b.end))};
}

static inline bool c3d_same_range(struct c3d_range a, struct c3d_range b)
{
    return a.begin == b.begin && a.end == b.end;
}

/* One piece of work: it alone writes this box of the output. */
struct c3d_task {
    int64_t item, group;
    struct c3d_range channels; /* output channels of the group */
    struct c3d_range out[3];
};

/* Where the input of the task's item and group starts. */
static inline const float *c3d_task_input(const struct c3d_problem *problem,
                                          const struct c3d_task *task, const float *input)
{
    return input + (task->item * problem->groups + task->group) * problem->in_channels *
                       c3d_channel_step(problem, problem->in);
}

/* A prepared algorithm.  Each algorithm's own struct starts with this one. */
struct c3d_prepared {
    const struct c3d_algorithm *algorithm;
    conv3d_tile tile;     /* the extents of a task; all entries set */
    size_t scratch_bytes; /* that one thread needs, on a C3D_ALIGNMENT boundary */
    size_t packed_bytes;  /* that its weights and bias take */
};

/* Members of a tile, beside its extents along T, H and W, that wishes may be for. */
enum { C3D_HEEDS_OC = 1, C3D_HEEDS_IC = 2, C3D_HEEDS_PANEL = 4 };

struct c3d_algorithm {
    const char *name;
    unsigned heeds;    /* which of them it heeds */
    bool by_name_only; /* never chosen unasked */
    /* Of a transformed algorithm, else NULL: steps `outs` from all zeros through the
     * transforms that the problem allows; false after the last.  Each makes a request of its
     * own; the one with zeros asks for any. */
    bool (*next_transform)(const struct c3d_problem *problem, int outs[3]);
    /* NULL when the algorithm accepts the request, else why not.  Pure. */
    const char *(*refusal)(const struct c3d_request *request);
    /* Time in vector FMAs of one core, for a request of one item, one thread and no wishes;
     * infinite when the limits leave it no memory. */
    double (*estimate)(const struct c3d_request *request);
    /* Relative L2 error to expect against float64. */
    double (*error)(const struct c3d_request *request);
    /* Decides all that there is to decide, so that what the plan will take is known while
     * it has taken next to nothing.  Errors: MEMORY, LIMIT, OVERFLOW.  *prepared is released
     * with destroy(). */
    C3D_CHECKED conv3d_status (*prepare)(const struct c3d_request *request,
                                         struct c3d_prepared **prepared);
    /* Packs the request's weight and bias, which may be NULL, into packed_bytes of memory
     * on a C3D_ALIGNMENT boundary. */
    void (*pack)(const struct c3d_prepared *prepared, const float *weight, const float *bias,
                 float *packed);
    /* Has run_task() read what was packed there, for this plan or for another with the same
     * transform and tile.panel.  It must outlive prepared. */
    void (*attach)(struct c3d_prepared *prepared, const float *packed);
    void (*destroy)(struct c3d_prepared *prepared);
    /* Computes task; next is what the same thread will compute after it, so that its
     * input can be asked for in time, or NULL.  scratch: scratch_bytes, aligned,
     * private to the calling thread. */
    void (*run_task)(const struct c3d_prepared *prepared, const struct c3d_task *task,
                     const struct c3d_task *next, const float *input, float *output,
                     void *scratch);
};

/* The error of every sum that is one chain in float32. */
double c3d_sequential_error(const struct c3d_request *request);

extern const struct c3d_algorithm c3d_winograd;
extern const struct c3d_algorithm c3d_depthwise;
extern const struct c3d_algorithm c3d_depthwise_packed;
extern const struct c3d_algorithm c3d_rows;
extern const struct c3d_algorithm c3d_direct;
extern const struct c3d_algorithm c3d_reference;

/* All algorithms, best first, ended by NULL. */
extern const struct c3d_algorithm *const c3d_algorithms[];

#endif
