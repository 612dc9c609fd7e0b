/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onednn_compat.h - what oneDNN 2.x and 3.x say differently
 *
 * 2.x has memory descriptors by value and an operation descriptor for every
 * primitive; 3.x has opaque ones and makes primitive descriptors at once.  For
 * the oneDNN peer only, which is written against the names below.
 */
#ifndef CONV3D_TOOLS_ONEDNN_COMPAT_H
#define CONV3D_TOOLS_ONEDNN_COMPAT_H

#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>
#include <string.h>

/* A convolution without bias.  dilation counts the gaps: 0 is dense. */
struct onednn_geometry {
    dnnl_dims_t strides, dilation, padding_begin, padding_end;
};

#if DNNL_VERSION_MAJOR >= 3

typedef const_dnnl_memory_desc_t onednn_layout; /* owned by whoever it came from */

struct onednn_own_layout {
    dnnl_memory_desc_t layout;
};

static inline onednn_layout onednn_layout_of(const struct onednn_own_layout *own)
{
    return own->layout;
}

static inline dnnl_status_t onednn_layout_create(struct onednn_own_layout *own, int axes,
                                                 const int64_t *shape, dnnl_format_tag_t tag)
{
    dnnl_dims_t extents = {0};

    memcpy(extents, shape, (size_t)axes * sizeof *shape);
    return dnnl_memory_desc_create_with_tag(&own->layout, axes, extents, dnnl_f32, tag);
}

static inline void onednn_layout_destroy(struct onednn_own_layout *own)
{
    dnnl_memory_desc_destroy(own->layout);
}

static inline dnnl_status_t onednn_convolution_describe(
    dnnl_primitive_desc_t *description, dnnl_engine_t engine, onednn_layout src,
    onednn_layout weights, onednn_layout dst, const struct onednn_geometry *g,
    dnnl_primitive_attr_t attributes)
{
    return dnnl_convolution_forward_primitive_desc_create(
        description, engine, dnnl_forward_inference, dnnl_convolution_direct, src, weights, NULL,
        dst, g->strides, g->dilation, g->padding_begin, g->padding_end, attributes);
}

#else

typedef const dnnl_memory_desc_t *onednn_layout;

struct onednn_own_layout {
    dnnl_memory_desc_t layout;
};

static inline onednn_layout onednn_layout_of(const struct onednn_own_layout *own)
{
    return &own->layout;
}

static inline dnnl_status_t onednn_layout_create(struct onednn_own_layout *own, int axes,
                                                 const int64_t *shape, dnnl_format_tag_t tag)
{
    dnnl_dims_t extents = {0};

    memcpy(extents, shape, (size_t)axes * sizeof *shape);
    return dnnl_memory_desc_init_by_tag(&own->layout, axes, extents, dnnl_f32, tag);
}

static inline void onednn_layout_destroy(struct onednn_own_layout *own)
{
    (void)own;
}

static inline dnnl_status_t onednn_convolution_describe(
    dnnl_primitive_desc_t *description, dnnl_engine_t engine, onednn_layout src,
    onednn_layout weights, onednn_layout dst, const struct onednn_geometry *g,
    dnnl_primitive_attr_t attributes)
{
    dnnl_convolution_desc_t operation;
    const dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, src, weights, NULL, dst,
        g->strides, g->dilation, g->padding_begin, g->padding_end);

    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(description, &operation, attributes, engine, NULL);
}

#endif

#endif
