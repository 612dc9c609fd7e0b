/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer_class.c - kinds of layers whose speed is judged together
 *
 * Each is a predicate over the parameters of the convolution; the size of the
 * volume plays no part.  Stems and patches have classes of their own and do not
 * count as strided layers.
 */
#include "layer_class.h"

enum { WIDE = 32, NARROW = 8, STEM = 4, LARGE_KERNEL = 5 };

static int are_all(const int64_t axes[3], int64_t value)
{
    return axes[0] == value && axes[1] == value && axes[2] == value;
}

static int is_kernel(const conv3d_params *p, int64_t kt, int64_t kh, int64_t kw)
{
    return p->kernel_size[0] == kt && p->kernel_size[1] == kh && p->kernel_size[2] == kw;
}

static int is_dense(const conv3d_params *p)
{
    return p->groups == 1;
}

static int is_depthwise(const conv3d_params *p)
{
    return p->groups > 1 && p->groups == p->in_channels;
}

static int is_any(const conv3d_params *p)
{
    (void)p;
    return 1;
}

static int is_wide_cube(const conv3d_params *p)
{
    return is_dense(p) && is_kernel(p, 3, 3, 3) && are_all(p->stride, 1) &&
           are_all(p->dilation, 1) && p->in_channels >= WIDE && p->out_channels >= WIDE;
}

static int is_pointwise(const conv3d_params *p)
{
    return is_kernel(p, 1, 1, 1);
}

static int is_depthwise_cube(const conv3d_params *p)
{
    return is_depthwise(p) && is_kernel(p, 3, 3, 3);
}

static int is_depthwise_long(const conv3d_params *p)
{
    const int64_t *const k = p->kernel_size;
    const int is_along_t = k[0] > 1 && k[1] == 1 && k[2] == 1;

    return is_depthwise(p) && (is_along_t || k[0] >= LARGE_KERNEL || k[1] >= LARGE_KERNEL ||
                               k[2] >= LARGE_KERNEL);
}

static int is_narrow(const conv3d_params *p)
{
    return !is_depthwise(p) && p->out_channels / p->groups <= NARROW;
}

static int is_stem(const conv3d_params *p)
{
    return is_dense(p) && p->in_channels <= STEM;
}

static int is_patch(const conv3d_params *p)
{
    for (int i = 0; i < 3; i++) {
        if (p->kernel_size[i] != p->stride[i] || p->padding_begin[i] != 0 ||
            p->padding_end[i] != 0)
            return 0;
    }
    return !are_all(p->kernel_size, 1);
}

static int is_strided(const conv3d_params *p)
{
    return is_dense(p) && !are_all(p->stride, 1) && !is_patch(p) && !is_stem(p);
}

static int is_grouped(const conv3d_params *p)
{
    return p->groups > 1 && !is_depthwise(p);
}

static int is_dilated(const conv3d_params *p)
{
    for (int i = 0; i < 3; i++) {
        if (p->dilation[i] > 1 && p->kernel_size[i] > 1)
            return 1;
    }
    return 0;
}

static int is_large_cube(const conv3d_params *p)
{
    return is_dense(p) && is_kernel(p, 5, 5, 5);
}

static int is_plane(const conv3d_params *p)
{
    return is_dense(p) && is_kernel(p, 1, 3, 3);
}

static int is_column(const conv3d_params *p)
{
    return is_dense(p) && is_kernel(p, 3, 1, 1);
}

static const struct {
    const char *name;
    int (*has)(const conv3d_params *params);
} classes[] = {
    {"all", is_any},
    {"3x3x3 s1 C>=32", is_wide_cube},
    {"1x1x1", is_pointwise},
    {"depthwise 3x3x3", is_depthwise_cube},
    {"depthwise kx1x1 or k>=5", is_depthwise_long},
    {"C_out per group <= 8", is_narrow},
    {"stem C_in <= 4", is_stem},
    {"kernel = stride", is_patch},
    {"strided", is_strided},
    {"grouped", is_grouped},
    {"dilated", is_dilated},
    {"5x5x5", is_large_cube},
    {"1x3x3", is_plane},
    {"3x1x1", is_column},
};

_Static_assert(sizeof classes / sizeof *classes == LAYER_CLASSES, "one row per class");

const char *layer_class_name(int index)
{
    return classes[index].name;
}

int layer_class_has(int index, const struct layer *layer)
{
    return classes[index].has(&layer->params);
}
