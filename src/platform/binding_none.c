/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding_none.c - no thread is bound, in builds without hwloc
 */
#include "platform/binding.h"

#include <stddef.h>

struct c3d_binding c3d_bind(int processor, bool free_only)
{
    (void)processor, (void)free_only;
    return (struct c3d_binding){NULL};
}

void c3d_unbind(struct c3d_binding binding)
{
    (void)binding;
}
