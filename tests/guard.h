/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - buffers between two pages that nobody may touch, so that one byte
 * too far, read or written, ends the test.  A page is larger than most
 * overruns' distance on one side only, hence two placements: against the upper
 * guard and against the lower.  The rest of the mapped pages is poisoned and
 * checked, which catches what stays inside a page.
 */
#ifndef CONV3D_TESTS_GUARD_H
#define CONV3D_TESTS_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum guard_side {
    GUARD_HIGH, /* the last byte touches the upper guard page */
    GUARD_LOW   /* the first byte touches the lower guard page */
};

struct guarded {
    void *data;
    size_t bytes;
    unsigned char *map; /* the lower guard page */
    size_t map_bytes;
};

/* Maps and poisons; the caller fills data. */
void guarded_make(struct guarded *guarded, size_t bytes, enum guard_side side);
/* Copies bytes of source in and makes the whole buffer read-only. */
void guarded_make_constant(struct guarded *guarded, const void *source, size_t bytes,
                           enum guard_side side);
/* False if anything was written between data and the farther guard page. */
bool guarded_intact(const struct guarded *guarded);
void guarded_free(struct guarded *guarded);

#endif /* CONV3D_TESTS_GUARD_H */
