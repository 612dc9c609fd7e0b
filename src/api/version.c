/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.c - the library's version, from the file VERSION by way of configure
 */
#include "config.h"

#include "conv3d.h"

const char *conv3d_version(void)
{
    return PACKAGE_VERSION;
}
