/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_onednn.c - oneDNN as a peer
 *
 * Everything that a user can do beforehand is done beforehand: primitives made,
 * weights reordered, scratchpad allocated.
 */
#include "config.h"

#include "peer_onednn.h"

#ifdef HAVE_ONEDNN

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit_code.h"
#include "onednn_tensor.h"

struct peer_run {
    struct onednn_tensor src, weights, dst, scratchpad; /* of the convolution */
    struct onednn_tensor plain_src, plain_dst;          /* of the reorders */
    dnnl_primitive_t reorder_in, convolution, reorder_out; /* NULL where there is none */
    char implementation[96];
};

/* How a way lays out its tensors. */
struct recipe {
    dnnl_format_tag_t tag;
    int reorders; /* within the run: from plain, and back to it */
};

static const struct recipe recipes[] = {
    {dnnl_format_tag_any, 0}, {dnnl_ndhwc, 0}, {dnnl_ncdhw, 0},
    {dnnl_format_tag_any, 1}, {dnnl_ndhwc, 1},
};

static const struct peer_way ways[] = {
    {PEER_BEST, "any"},          {PEER_BEST, "ndhwc"},          {PEER_PLAIN, "ncdhw"},
    {PEER_PLAIN, "reorder any"}, {PEER_PLAIN, "reorder ndhwc"},
};

_Static_assert(sizeof ways / sizeof *ways == sizeof recipes / sizeof *recipes,
               "one recipe per way");

/* Above this a reference implementation takes minutes. */
static const double reference_flops = 2e9;

/* ---- The library --------------------------------------------------------------- */

static const char *status_text(dnnl_status_t status)
{
    switch (status) {
    case dnnl_out_of_memory:
        return "out of memory";
    case dnnl_invalid_arguments:
        return "invalid arguments";
    case dnnl_unimplemented:
        return "not implemented";
    default:
        return "it failed";
    }
}

static int open_library(const char *isa, int threads, char *reason, size_t capacity)
{
    dnnl_status_t status = dnnl_success;

    if (strcmp(isa, "avx2") == 0)
        status = dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
    else if (strcmp(isa, "portable") == 0)
        status = dnnl_set_max_cpu_isa(dnnl_cpu_isa_sse41);
    omp_set_num_threads(threads);
    if (status == dnnl_success)
        status = dnnl_engine_create(&onednn_engine, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = dnnl_stream_create(&onednn_stream, onednn_engine, dnnl_stream_default_flags);
    if (status != dnnl_success)
        snprintf(reason, capacity, "%s", status_text(status));
    return status != dnnl_success;
}

static void close_library(void)
{
    dnnl_stream_destroy(onednn_stream);
    dnnl_engine_destroy(onednn_engine);
    onednn_stream = NULL;
    onednn_engine = NULL;
}

static const char *library_version(void)
{
    static char text[48];
    const dnnl_version_t *const version = dnnl_version();

    snprintf(text, sizeof text, "oneDNN %d.%d.%d", version->major, version->minor,
             version->patch);
    return text;
}

/* ---- Preparing a run ----------------------------------------------------------- */

/* The weights as the user has them: grouped ones have an axis of their own. */
static int weight_shape(const struct layer *layer, dnnl_dims_t shape)
{
    const conv3d_params *const p = &layer->params;
    const int grouped = p->groups > 1;

    shape[0] = p->groups;
    shape[grouped] = p->out_channels / p->groups;
    shape[grouped + 1] = p->in_channels / p->groups;
    memcpy(shape + grouped + 2, p->kernel_size, sizeof p->kernel_size);
    return 5 + grouped;
}

static void take_geometry(const struct layer *layer, struct onednn_geometry *g)
{
    const conv3d_params *const p = &layer->params;

    for (int i = 0; i < 3; i++) {
        g->strides[i] = p->stride[i];
        g->dilation[i] = p->dilation[i] - 1;
        g->padding_begin[i] = p->padding_begin[i];
        /* Not p->padding_end: oneDNN wants exactly what the output needs. */
        g->padding_end[i] = (layer->output[2 + i] - 1) * p->stride[i] +
                            p->dilation[i] * (p->kernel_size[i] - 1) + 1 - layer->input[2 + i] -
                            p->padding_begin[i];
    }
}

/* Input and output laid out as the tag says; the weights always as oneDNN likes. */
static dnnl_status_t describe_convolution(const struct layer *layer, dnnl_format_tag_t tag,
                                          dnnl_primitive_desc_t *description)
{
    struct onednn_own_layout layouts[3];
    struct onednn_geometry geometry;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_dims_t shape;
    const int axes = weight_shape(layer, shape);

    memset(layouts, 0, sizeof layouts);
    take_geometry(layer, &geometry);
    dnnl_status_t status = onednn_layout_create(&layouts[0], 5, layer->input, tag);
    if (status == dnnl_success)
        status = onednn_layout_create(&layouts[1], axes, shape, dnnl_format_tag_any);
    if (status == dnnl_success)
        status = onednn_layout_create(&layouts[2], 5, layer->output, tag);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_create(&attributes);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success)
        status = onednn_convolution_describe(
            description, onednn_engine, onednn_layout_of(&layouts[0]),
            onednn_layout_of(&layouts[1]), onednn_layout_of(&layouts[2]), &geometry, attributes);
    dnnl_primitive_attr_destroy(attributes);
    for (int i = 0; i < 3; i++)
        onednn_layout_destroy(&layouts[i]);
    return status;
}

/* The tensors that the convolution itself reads and writes. */
static dnnl_status_t create_tensors(struct peer_run *run, dnnl_primitive_desc_t description,
                                    const float *plain_input)
{
    const struct {
        struct onednn_tensor *tensor;
        dnnl_query_t layout;
        const float *bytes;
    } wanted[] = {
        {&run->src, dnnl_query_src_md, plain_input},
        {&run->weights, dnnl_query_weights_md, NULL},
        {&run->dst, dnnl_query_dst_md, NULL},
        {&run->scratchpad, dnnl_query_scratchpad_md, NULL},
    };
    dnnl_status_t status = dnnl_success;

    for (size_t i = 0; i < sizeof wanted / sizeof *wanted && status == dnnl_success; i++)
        status = onednn_tensor_create(
            wanted[i].tensor, dnnl_primitive_desc_query_md(description, wanted[i].layout, 0),
            wanted[i].bytes);
    return status;
}

static dnnl_status_t pack_weights(struct peer_run *run, const struct layer *layer,
                                  const float *weight)
{
    struct onednn_tensor plain = {NULL, NULL};
    dnnl_dims_t shape;
    const int axes = weight_shape(layer, shape);
    dnnl_status_t status = onednn_tensor_create_plain(
        &plain, axes, shape, axes == 6 ? dnnl_goidhw : dnnl_oidhw, weight);

    if (status == dnnl_success)
        status = onednn_tensor_copy(&plain, &run->weights);
    onednn_tensor_destroy(&plain);
    return status;
}

static dnnl_status_t create_reorders(struct peer_run *run, const struct layer *layer)
{
    dnnl_status_t status =
        onednn_tensor_create_plain(&run->plain_dst, 5, layer->output, dnnl_ncdhw, NULL);

    if (status == dnnl_success)
        status = onednn_reorder_create(&run->plain_src, &run->src, &run->reorder_in);
    if (status == dnnl_success)
        status = onednn_reorder_create(&run->dst, &run->plain_dst, &run->reorder_out);
    return status;
}

static dnnl_status_t fill_run(struct peer_run *run, const struct layer *layer,
                              const struct recipe *recipe, dnnl_primitive_desc_t description,
                              const float *input, const float *weight)
{
    const int is_plain = recipe->tag == dnnl_ncdhw;
    dnnl_status_t status = create_tensors(run, description, is_plain ? input : NULL);

    if (status == dnnl_success)
        status = pack_weights(run, layer, weight);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&run->convolution, description);
    if (status != dnnl_success || is_plain)
        return status;
    status = onednn_tensor_create_plain(&run->plain_src, 5, layer->input, dnnl_ncdhw, input);
    if (status == dnnl_success)
        status = onednn_tensor_copy(&run->plain_src, &run->src);
    if (status == dnnl_success && recipe->reorders)
        status = create_reorders(run, layer);
    return status;
}

static void destroy_run(struct peer_run *run)
{
    if (run == NULL)
        return;
    dnnl_primitive_destroy(run->reorder_in);
    dnnl_primitive_destroy(run->convolution);
    dnnl_primitive_destroy(run->reorder_out);
    onednn_tensor_destroy(&run->src);
    onednn_tensor_destroy(&run->weights);
    onednn_tensor_destroy(&run->dst);
    onednn_tensor_destroy(&run->scratchpad);
    onednn_tensor_destroy(&run->plain_src);
    onednn_tensor_destroy(&run->plain_dst);
    free(run);
}

/* Why this layer is not even tried; NULL if it is. */
static const char *objection(const struct layer *layer, const char *implementation)
{
    if (layer->params.conv_mode != CONV3D_CROSS_CORRELATION)
        return "it flips no kernels";
    if (strncmp(implementation, "ref", 3) == 0 && layer_flops(layer) > reference_flops)
        return "there is only its reference implementation, which would take minutes";
    return NULL;
}

static struct peer_run *prepare_run(int way, const struct layer *layer, const float *input,
                                    const float *weight, char *reason, size_t capacity)
{
    struct peer_run *run = calloc(1, sizeof *run);
    dnnl_primitive_desc_t description = NULL;
    const char *implementation = "", *obstacle = NULL;
    dnnl_status_t status = run == NULL ? dnnl_out_of_memory : dnnl_success;

    if (status == dnnl_success)
        status = describe_convolution(layer, recipes[way].tag, &description);
    if (status == dnnl_success) {
        dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &implementation);
        snprintf(run->implementation, sizeof run->implementation, "%s", implementation);
        obstacle = objection(layer, implementation);
    }
    if (status == dnnl_success && obstacle == NULL)
        status = fill_run(run, layer, &recipes[way], description, input, weight);
    if (status != dnnl_success)
        obstacle = status_text(status);
    dnnl_primitive_desc_destroy(description);
    if (obstacle != NULL) {
        snprintf(reason, capacity, "%s", obstacle);
        destroy_run(run);
        run = NULL;
    }
    return run;
}

/* ---- Running ------------------------------------------------------------------- */

static int execute_run(void *context)
{
    const struct peer_run *const run = context;
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, run->src.memory},
                                         {DNNL_ARG_WEIGHTS, run->weights.memory},
                                         {DNNL_ARG_DST, run->dst.memory},
                                         {DNNL_ARG_SCRATCHPAD, run->scratchpad.memory}};
    dnnl_status_t status = dnnl_success;

    if (run->reorder_in != NULL)
        status = onednn_reorder_execute(run->reorder_in, &run->plain_src, &run->src);
    if (status == dnnl_success)
        status = dnnl_primitive_execute(run->convolution, onednn_stream, 4, arguments);
    if (status == dnnl_success && run->reorder_out != NULL)
        status = onednn_reorder_execute(run->reorder_out, &run->dst, &run->plain_dst);
    if (status == dnnl_success)
        status = dnnl_stream_wait(onednn_stream);
    return status == dnnl_success ? EXIT_OK : EXIT_MEMORY;
}

static const char *run_implementation(const struct peer_run *run)
{
    return run->implementation;
}

static int read_output(struct peer_run *run, const struct layer *layer, float *output)
{
    const struct onednn_tensor *const from =
        run->reorder_out != NULL ? &run->plain_dst : &run->dst;
    struct onednn_tensor plain = {NULL, NULL};
    dnnl_status_t status =
        onednn_tensor_create_plain(&plain, 5, layer->output, dnnl_ncdhw, output);

    if (status == dnnl_success)
        status = onednn_tensor_copy(from, &plain);
    onednn_tensor_destroy(&plain);
    return status == dnnl_success;
}

const struct peer peer_onednn = {
    .name = "onednn",
    .ways = ways,
    .way_count = sizeof ways / sizeof *ways,
    .open = open_library,
    .close = close_library,
    .version = library_version,
    .prepare = prepare_run,
    .run = execute_run,
    .implementation = run_implementation,
    .read_output = read_output,
    .destroy = destroy_run,
};

#endif
