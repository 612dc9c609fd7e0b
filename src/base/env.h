/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.h - the only reader of environment variables
 */
#ifndef C3D_BASE_ENV_H
#define C3D_BASE_ENV_H

/* The value of a variable, or NULL when it is unset or empty: batch systems
 * often export empty variables to mean "default". */
const char *c3d_env(const char *name);

#endif
