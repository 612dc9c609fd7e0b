/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - see settings.h
 */
#include "settings.h"

#include <stdio.h>
#include <string.h>

extern char **environ; /* POSIX declares it nowhere */

static int is_ours(const char *entry)
{
    static const char *const beginnings[] = {"OMP_", "GOMP_", "KMP_", "CONV3D_",
                                             "SLURM_CPUS_PER_TASK="};

    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (strncmp(entry, beginnings[i], strlen(beginnings[i])) == 0)
            return 1;
    }
    return 0;
}

static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

int settings_next(size_t *at, struct setting *setting)
{
    for (; environ[*at] != NULL; ++*at) {
        const char *const entry = environ[*at];
        const char *const equals = strchr(entry, '=');

        if (equals != NULL && is_ours(entry)) {
            snprintf(setting->name, sizeof setting->name, "%.*s", (int)(equals - entry), entry);
            snprintf(setting->value, sizeof setting->value, "%s", equals + 1);
            make_printable(setting->name);
            make_printable(setting->value);
            ++*at;
            return 1;
        }
    }
    return 0;
}
