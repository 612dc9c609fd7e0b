/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.c - the only getenv() of the library
 */
#include "base/env.h"

#include <stdlib.h>

const char *c3d_env(const char *name)
{
    const char *const value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}
