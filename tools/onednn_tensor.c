/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onednn_tensor.c - oneDNN's tensors and the copies between their layouts
 *
 * Knows nothing of convolution.
 */
#include "config.h"

#ifdef HAVE_ONEDNN

#include "onednn_tensor.h"

#include <stdint.h>
#include <stdlib.h>

#include "big_memory.h"

dnnl_engine_t onednn_engine;
dnnl_stream_t onednn_stream;

dnnl_status_t onednn_tensor_create(struct onednn_tensor *tensor, onednn_layout layout,
                                   const void *bytes)
{
    void *handle = (void *)(uintptr_t)bytes; /* inputs, too, are taken without const */
    char reason[BIG_MEMORY_REASON];          /* oneDNN has a status for it, and no words */

    if (handle == NULL)
        handle = tensor->bytes =
            big_memory_allocate(dnnl_memory_desc_get_size(layout), reason);
    if (handle == NULL)
        return dnnl_out_of_memory;
    return dnnl_memory_create(&tensor->memory, layout, onednn_engine, handle);
}

dnnl_status_t onednn_tensor_create_plain(struct onednn_tensor *tensor, int axes,
                                         const int64_t *shape, dnnl_format_tag_t tag,
                                         const void *bytes)
{
    struct onednn_own_layout layout;
    dnnl_status_t status = onednn_layout_create(&layout, axes, shape, tag);

    if (status != dnnl_success)
        return status;
    status = onednn_tensor_create(tensor, onednn_layout_of(&layout), bytes);
    onednn_layout_destroy(&layout);
    return status;
}

void onednn_tensor_destroy(struct onednn_tensor *tensor)
{
    dnnl_memory_destroy(tensor->memory);
    free(tensor->bytes);
    *tensor = (struct onednn_tensor){NULL, NULL};
}

dnnl_status_t onednn_reorder_create(const struct onednn_tensor *from,
                                    const struct onednn_tensor *to, dnnl_primitive_t *reorder)
{
    dnnl_primitive_desc_t description = NULL;
    onednn_layout from_layout = NULL, to_layout = NULL;
    dnnl_status_t status = dnnl_memory_get_memory_desc(from->memory, &from_layout);

    if (status == dnnl_success)
        status = dnnl_memory_get_memory_desc(to->memory, &to_layout);
    if (status == dnnl_success)
        status = dnnl_reorder_primitive_desc_create(&description, from_layout, onednn_engine,
                                                    to_layout, onednn_engine, NULL);
    if (status == dnnl_success)
        status = dnnl_primitive_create(reorder, description);
    dnnl_primitive_desc_destroy(description);
    return status;
}

dnnl_status_t onednn_reorder_execute(dnnl_primitive_t reorder, const struct onednn_tensor *from,
                                     const struct onednn_tensor *to)
{
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from->memory},
                                         {DNNL_ARG_TO, to->memory}};

    return dnnl_primitive_execute(reorder, onednn_stream, 2, arguments);
}

dnnl_status_t onednn_tensor_copy(const struct onednn_tensor *from,
                                 const struct onednn_tensor *to)
{
    dnnl_primitive_t reorder = NULL;
    dnnl_status_t status = onednn_reorder_create(from, to, &reorder);

    if (status == dnnl_success)
        status = onednn_reorder_execute(reorder, from, to);
    if (status == dnnl_success)
        status = dnnl_stream_wait(onednn_stream);
    dnnl_primitive_destroy(reorder);
    return status;
}

#endif
