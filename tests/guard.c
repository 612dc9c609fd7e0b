/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - see guard.h.  Plain mmap and mprotect; knows nothing of convolution.
 */
#include "guard.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void guarded_make(struct guarded *guarded, size_t bytes, enum guard_side side)
{
    const size_t page = page_bytes();
    /* One page at least, so that an empty buffer has two neighbours as well. */
    const size_t inside = (bytes + page - 1) / page * page + (bytes == 0 ? page : 0);
    guarded->bytes = bytes;
    guarded->map_bytes = inside + 2 * page;
    guarded->map = mmap(NULL, guarded->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guarded->map == MAP_FAILED ||
        mprotect(guarded->map + page, inside, PROT_READ | PROT_WRITE) != 0) {
        perror("guard pages");
        abort();
    }
    unsigned char *first = guarded->map + page;
    guarded->data = side == GUARD_LOW ? first : first + inside - bytes;
    poison(first, (size_t)((unsigned char *)guarded->data - first));
    poison(guarded->data, bytes);
    unsigned char *after = (unsigned char *)guarded->data + bytes;
    poison(after, (size_t)(first + inside - after));
}

void guarded_make_constant(struct guarded *guarded, const void *source, size_t bytes,
                           enum guard_side side)
{
    guarded_make(guarded, bytes, side);
    memcpy(guarded->data, source, bytes);
    const size_t page = page_bytes();
    if (mprotect(guarded->map + page, guarded->map_bytes - 2 * page, PROT_READ) != 0) {
        perror("guard pages");
        abort();
    }
}

bool guarded_intact(const struct guarded *guarded)
{
    const size_t page = page_bytes();
    const unsigned char *first = guarded->map + page;
    const unsigned char *end = guarded->map + guarded->map_bytes - page;
    const unsigned char *data = guarded->data;
    return is_poisoned(first, (size_t)(data - first)) &&
           is_poisoned(data + guarded->bytes, (size_t)(end - data) - guarded->bytes);
}

void guarded_free(struct guarded *guarded)
{
    munmap(guarded->map, guarded->map_bytes);
}
