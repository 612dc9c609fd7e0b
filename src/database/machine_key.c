/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine_key.c - see machine_key.h
 */
#include "config.h" /* _GNU_SOURCE, for _SC_NPROCESSORS_CONF */

#include "database/machine_key.h"

#include "platform/cpu.h"
#include "platform/topology.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* A name that may be part of a word: what is neither letter, digit nor point becomes one
 * hyphen. */
static void join_words(char *name)
{
    char *to = name;
    bool pending = false;
    for (const char *from = name; *from != '\0'; from++) {
        const char c = *from;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '.') {
            if (pending && to > name) {
                *to++ = '-';
            }
            pending = false;
            *to++ = c;
        } else {
            pending = true;
        }
    }
    *to = '\0';
}

void c3d_machine_key(const char *isa, int kernel_set, char key[C3D_MACHINE_KEY_BYTES])
{
    const struct c3d_topology *const topology = c3d_topology_get();
    char name[64];
    c3d_cpu_name(name, sizeof name);
    join_words(name);
    snprintf(key, C3D_MACHINE_KEY_BYTES, "%s/%s/%zuK/%zuK/%zuK/%ld/k%d",
             name[0] != '\0' ? name : "unknown", isa, topology->l1d_bytes >> 10,
             topology->l2_bytes >> 10, topology->l3_bytes >> 10, sysconf(_SC_NPROCESSORS_CONF),
             kernel_set);
}
