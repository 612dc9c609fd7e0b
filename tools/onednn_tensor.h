/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onednn_tensor.h - oneDNN's tensors and the copies between their layouts
 *
 * All memory comes from big_memory.h, so that a layer that does not fit is refused
 * instead of killing the process.
 */
#ifndef CONV3D_TOOLS_ONEDNN_TENSOR_H
#define CONV3D_TOOLS_ONEDNN_TENSOR_H

#include "onednn_compat.h"

/* A memory object, and its bytes if they are not the caller's.  Zeroed = absent. */
struct onednn_tensor {
    dnnl_memory_t memory;
    void *bytes;
};

/* Where everything runs. */
extern dnnl_engine_t onednn_engine;
extern dnnl_stream_t onednn_stream;

/* Around bytes of the caller's, or around new ones if those are NULL. */
dnnl_status_t onednn_tensor_create(struct onednn_tensor *tensor, onednn_layout layout,
                                   const void *bytes);
dnnl_status_t onednn_tensor_create_plain(struct onednn_tensor *tensor, int axes,
                                         const int64_t *shape, dnnl_format_tag_t tag,
                                         const void *bytes);
void onednn_tensor_destroy(struct onednn_tensor *tensor);

/* A copy that will be made often, and one time of it. */
dnnl_status_t onednn_reorder_create(const struct onednn_tensor *from,
                                    const struct onednn_tensor *to, dnnl_primitive_t *reorder);
dnnl_status_t onednn_reorder_execute(dnnl_primitive_t reorder, const struct onednn_tensor *from,
                                     const struct onednn_tensor *to);

/* A copy that is made once. */
dnnl_status_t onednn_tensor_copy(const struct onednn_tensor *from,
                                 const struct onednn_tensor *to);

#endif
