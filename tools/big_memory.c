/* SPDX-License-Identifier: Apache-2.0 */
/*
 * big_memory.c - memory for whole tensors, refused rather than overcommitted
 *
 * Linux tells what is available; elsewhere the system's own refusal must do.
 */
#include "big_memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { CACHE_LINE = 64, PAGE = 4096 };

/* What can be had without swapping; SIZE_MAX if unknown. */
static size_t available_bytes(void)
{
    FILE *const file = fopen("/proc/meminfo", "r");
    char line[128];
    unsigned long long kib;
    size_t bytes = SIZE_MAX;

    if (file == NULL)
        return SIZE_MAX;
    while (bytes == SIZE_MAX && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1 && kib < SIZE_MAX / 1024)
            bytes = (size_t)kib * 1024;
    }
    fclose(file);
    return bytes;
}

void *big_memory_allocate(size_t bytes)
{
    if (bytes >= available_bytes())
        return NULL;
    const size_t lines = bytes / CACHE_LINE + 1; /* one more, so that 0 bytes are something */
    char *const memory = aligned_alloc(CACHE_LINE, lines * CACHE_LINE);

    /* Untouched pages would count as available for the next request. */
    for (size_t i = 0; memory != NULL && i < bytes; i += PAGE)
        memory[i] = 0;
    return memory;
}
