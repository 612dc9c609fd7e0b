/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_peer.h - the peer's best foot: which of its ways is timed
 */
#ifndef CONV3D_TOOLS_BENCH_PEER_H
#define CONV3D_TOOLS_BENCH_PEER_H

#include "bench.h"

/* A layer for the peer, and its chosen ways. */
struct bench_peer_layer {
    const struct layer *layer;
    const float *input, *weight;
    const float *expected; /* our output, which has been checked */
    struct peer_run *runs[PEER_KINDS]; /* NULL = none works */
};

/* Of each kind takes the way that is fastest in a short trial, and whose output
 * agrees with ours.  Fills the descriptions in `peers`, and the reason where no way
 * works, which is noted on stderr as well. */
void bench_peer_prepare(const struct peer *peer, struct bench_peer_layer *layer,
                        struct bench_peer peers[PEER_KINDS]);

void bench_peer_release(const struct peer *peer, struct bench_peer_layer *layer);

#endif
