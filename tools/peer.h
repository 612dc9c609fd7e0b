/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h - another library that computes the same, to compare with
 *
 * A peer is a struct of functions, so that all of them are timed by the same code.
 * It offers several ways to compute a layer; it chooses nothing and times nothing.
 */
#ifndef CONV3D_TOOLS_PEER_H
#define CONV3D_TOOLS_PEER_H

#include <stddef.h>

#include "layer_table.h"

enum peer_kind {
    PEER_BEST,  /* tensors in the layout the peer prefers, reordered beforehand */
    PEER_PLAIN, /* (N, C, T, H, W) in and out, as conv3d */
    PEER_KINDS
};

struct peer_way {
    enum peer_kind kind;
    const char *name;
};

/* A layer that is ready to run in one way. */
struct peer_run;

struct peer {
    const char *name; /* as in --peer */
    const struct peer_way *ways;
    int way_count;

    /* Before all others: at most this instruction set, as the library calls it, and
     * so many threads.  Returns 0, or fills the reason. */
    int (*open)(const char *isa, int threads, char *reason, size_t capacity);
    void (*close)(void);
    /* With its version.  Static storage. */
    const char *(*version)(void);

    /* Weights packed, and for PEER_BEST the input too; the plain input must live as
     * long as the run.  NULL, and the reason, when the peer cannot. */
    struct peer_run *(*prepare)(int way, const struct layer *layer, const float *input,
                                const float *weight, char *reason, size_t capacity);
    /* Computes once; an exit_code. */
    int (*run)(void *run);
    /* The peer's name for the code that runs; lives as long as the run. */
    const char *(*implementation)(const struct peer_run *run);
    /* The computed output as (N, C, T, H, W); 0 on failure. */
    int (*read_output)(struct peer_run *run, const struct layer *layer, float *output);
    void (*destroy)(struct peer_run *run); /* NULL is allowed */
};

/* The words of --peer. */
#define PEER_NAMES "onednn"

/* The peer of that word, by its index.  NULL when this build lacks it: says so on
 * stderr. */
const struct peer *peer_find(int index);

#endif
