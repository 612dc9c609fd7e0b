/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interrupt.h - Ctrl-C as a request, for commands that have something to keep
 */
#ifndef CONV3D_TOOLS_INTERRUPT_H
#define CONV3D_TOOLS_INTERRUPT_H

/* From now on the first SIGINT, SIGTERM or SIGHUP is only noted; the next one does what it did
 * before.  Signals that are ignored stay so. */
void interrupt_defer(void);

/* Whether one came. */
int interrupt_came(void);

#endif
