/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shares.c - see shares.h
 *
 * Relaxed atomics suffice: a task's data are the call's, which all members see from
 * the start, and its results are published by the end of the team.
 */
#include "plan/shares.h"

#include "base/mem.h"
#include "base/num.h"

static uint64_t pack(uint64_t next, uint64_t end)
{
    return next << 32 | end;
}

static uint64_t next_of(uint64_t share)
{
    return share >> 32;
}

static uint64_t end_of(uint64_t share)
{
    return share & UINT32_MAX;
}

static uint64_t left_of(uint64_t share)
{
    return end_of(share) - next_of(share);
}

static _Atomic uint64_t *share_of(struct c3d_shares *shares, int member)
{
    return &shares->left[member * shares->apart];
}

void c3d_shares_init(struct c3d_shares *shares, int members)
{
    const int64_t two_lines = 2 * C3D_ALIGNMENT / sizeof *shares->left;
    shares->apart = (int)c3d_min(two_lines, C3D_MAX_THREADS / members);
    for (int i = 0; i < members; i++) {
        atomic_init(share_of(shares, i), 0);
    }
}

void c3d_shares_open(struct c3d_shares *shares, int member, int64_t begin, int64_t end)
{
    atomic_store_explicit(share_of(shares, member), pack((uint64_t)begin, (uint64_t)end),
                          memory_order_relaxed);
}

/* The front of his own share. */
static bool take_own(_Atomic uint64_t *share, int64_t *task)
{
    uint64_t seen = atomic_load_explicit(share, memory_order_relaxed);
    while (left_of(seen) > 0) {
        const uint64_t rest = pack(next_of(seen) + 1, end_of(seen));
        if (atomic_compare_exchange_weak_explicit(share, &seen, rest, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            *task = (int64_t)next_of(seen);
            return true;
        }
    }
    return false;
}

static int largest(struct c3d_shares *shares, int members)
{
    uint64_t most = 0;
    int found = -1;
    for (int i = 0; i < members; i++) {
        const uint64_t left = left_of(atomic_load_explicit(share_of(shares, i), memory_order_relaxed));
        if (left > most) {
            most = left;
            found = i;
        }
    }
    return found;
}

bool c3d_shares_take(struct c3d_shares *shares, int member, int members, int64_t *task)
{
    if (take_own(share_of(shares, member), task)) {
        return true;
    }
    for (int victim; (victim = largest(shares, members)) >= 0;) {
        uint64_t seen = atomic_load_explicit(share_of(shares, victim), memory_order_relaxed);
        if (left_of(seen) > 0 &&
            atomic_compare_exchange_strong_explicit(
                share_of(shares, victim), &seen, pack(next_of(seen), end_of(seen) - 1),
                memory_order_relaxed, memory_order_relaxed)) {
            *task = (int64_t)end_of(seen) - 1;
            return true;
        }
    }
    return false;
}

int64_t c3d_shares_peek(struct c3d_shares *shares, int member)
{
    const uint64_t seen = atomic_load_explicit(share_of(shares, member), memory_order_relaxed);
    return left_of(seen) > 0 ? (int64_t)next_of(seen) : -1;
}
