/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_json.c - a benchmark as one JSON object
 *
 * Everything that was measured, in seconds' thousandths and plain counts; what
 * --compare reads later.  Keys that have no value are left out.
 */
#include "config.h"

#include "bench_format.h"

#include "exit_code.h"
#include "json_out.h"
#include "report.h"

#ifdef HAVE_JANSSON

#include "json_value.h"

/* Sets key to value in object, and remembers a failure in the caller's `failures`:
 * jansson takes ownership, and passes NULL on. */
#define SET(object, key, value) (failures |= json_object_set_new(object, key, value))

/* An object whose setters have all succeeded, or NULL. */
static json_t *finish(json_t *object, int failures)
{
    if (failures == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *rates_object(const conv3d_rates *rates)
{
    return json_pack("{s:i, s:f, s:f}", "threads", rates->threads, "flops_per_second",
                     rates->flops_per_second, "bytes_per_second", rates->bytes_per_second);
}

static json_t *options_object(const struct bench *bench)
{
    json_t *const object = json_object();
    int failures = 0;

    SET(object, "seconds_per_layer", json_value_number(bench->seconds));
    SET(object, "threads", json_integer(bench->options.threads));
    if (bench->repeats > 0)
        SET(object, "repeats", json_integer(bench->repeats));
    if (bench->options.algorithm != NULL)
        SET(object, "algorithm", json_string(bench->options.algorithm));
    if (bench->options.bind != NULL)
        SET(object, "bind", json_string(bench->options.bind));
    return finish(object, failures);
}

static json_t *peer_object(const struct bench_row *row, enum peer_kind kind)
{
    const struct bench_peer *const peer = &row->peer[kind];
    json_t *const object = json_object();
    int failures = 0;

    if (peer->timing.repeats == 0) {
        SET(object, "reason", json_string(peer->reason));
        return finish(object, failures);
    }
    SET(object, "median_ms", json_value_number(1e3 * peer->timing.median));
    SET(object, "min_ms", json_value_number(1e3 * peer->timing.min));
    SET(object, "repeats", json_integer(peer->timing.repeats));
    SET(object, "ratio", json_value_number(bench_peer_ratio(row, kind)));
    SET(object, "way", json_string(peer->way));
    SET(object, "implementation", json_string(peer->implementation));
    return finish(object, failures);
}

/* What is known of a row that was timed. */
static int set_timing(json_t *object, const struct bench *bench, const struct bench_row *row)
{
    int failures = 0;

    SET(object, "algorithm", json_string(row->algorithm));
    SET(object, "isa", json_string(row->isa));
    SET(object, "math", json_string(bench_math_name(row->math)));
    SET(object, "threads", json_integer(row->threads));
    SET(object, "tile", json_value_tile(&row->tile));
    SET(object, "packed_bytes", json_value_bytes(row->packed_bytes));
    SET(object, "workspace_bytes", json_value_bytes(row->workspace_bytes));
    SET(object, "flops", json_value_number(row->flops));
    SET(object, "effective_flops", json_value_number(row->effective_flops));
    SET(object, "bytes", json_value_number(row->bytes));
    SET(object, "samples", json_integer(row->sample.samples));
    SET(object, "sample_worst_ratio", json_value_number(row->sample.worst_ratio));
    SET(object, "sample_relative_l2", json_value_number(row->sample.relative_l2));
    SET(object, "repeats", json_integer(row->timing.repeats));
    SET(object, "median_ms", json_value_number(1e3 * row->timing.median));
    SET(object, "min_ms", json_value_number(1e3 * row->timing.min));
    SET(object, "gflops", json_value_number(1e-9 * bench_speed(row)));
    SET(object, "effective_gflops", json_value_number(1e-9 * bench_effective_speed(row)));
    SET(object, "fma_share", json_value_number(bench_fma_share(bench, row)));
    SET(object, "memory_share", json_value_number(bench_memory_share(bench, row)));
    SET(object, "limit_share", json_value_number(bench_limit_share(bench, row)));
    SET(object, "bound", json_string(bench_is_compute_bound(bench, row) ? "fma" : "memory"));
    for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++)
        SET(object, bench_kind_name((enum peer_kind)kind),
            peer_object(row, (enum peer_kind)kind));
    if (row->old_median > 0.0) {
        SET(object, "old_median_ms", json_value_number(1e3 * row->old_median));
        SET(object, "old_ratio", json_value_number(bench_old_ratio(row)));
    }
    return failures;
}

static json_t *row_object(const struct bench *bench, const struct bench_row *row)
{
    json_t *const object = json_object();
    int failures = 0;

    SET(object, "name", json_string(row->layer->name));
    SET(object, "problem", json_string(row->layer->problem));
    if (row->layer->net[0] != '\0')
        SET(object, "net", json_string(row->layer->net));
    SET(object, "count", json_integer(row->layer->count));
    SET(object, "status", json_string(bench_status_name(row->status)));
    if (row->status == BENCH_OK)
        failures |= set_timing(object, bench, row);
    else
        SET(object, "reason", json_string(row->reason));
    return finish(object, failures);
}

static json_t *group_object(const struct bench *bench, const struct bench_group *group)
{
    json_t *const object = json_object();
    int failures = 0;

    SET(object, "name", json_string(group->name));
    SET(object, "layers", json_value_bytes(group->layers));
    SET(object, "limit_share", json_value_number(bench_mean_value(&group->limit)));
    for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++)
        SET(object, bench_kind_name((enum peer_kind)kind),
            json_pack("{s:I, s:f}", "layers", (json_int_t)group->peer[kind].count, "ratio",
                      bench_mean_value(&group->peer[kind])));
    return finish(object, failures);
}

static json_t *network_object(const struct bench *bench, const struct bench_network *network)
{
    json_t *const object = json_object();
    int failures = 0;

    SET(object, "name", json_string(network->name));
    SET(object, "layers", json_value_bytes(network->layers));
    SET(object, "ms", json_value_number(1e3 * network->seconds));
    for (int kind = 0; bench->peer != NULL && kind < PEER_KINDS; kind++)
        SET(object, bench_kind_name((enum peer_kind)kind),
            json_pack("{s:I, s:f, s:f}", "layers", (json_int_t)network->peer_layers[kind], "ms",
                      1e3 * network->peer_seconds[kind], "own_ms",
                      1e3 * network->own_seconds[kind]));
    return finish(object, failures);
}

static json_t *comparison_object(const struct bench *bench, const struct bench_mean *old,
                                 size_t slower)
{
    return json_pack("{s:s, s:I, s:f, s:I, s:f}",
                     bench->compares_untuned ? "with" : "file", bench->old_name, "layers",
                     (json_int_t)old->count, "ratio", bench_mean_value(old), "slower",
                     (json_int_t)slower, "tolerance", bench->tolerance);
}

/* The three lists. */
static int set_lists(json_t *object, const struct bench *bench,
                     const struct bench_summary *summary)
{
    json_t *const layers = json_array(), *const classes = json_array();
    json_t *const networks = json_array();
    int failures = 0;

    for (size_t i = 0; i < bench->count; i++)
        failures |= json_array_append_new(layers, row_object(bench, &bench->rows[i]));
    for (int i = 0; i < BENCH_GROUPS; i++) {
        if (summary->groups[i].layers > 0)
            failures |= json_array_append_new(classes, group_object(bench, &summary->groups[i]));
    }
    for (size_t i = 0; i < summary->network_count; i++)
        failures |= json_array_append_new(networks, network_object(bench, &summary->networks[i]));
    SET(object, "layers", layers);
    SET(object, "classes", classes);
    SET(object, "networks", networks);
    return failures;
}

static int end(const struct bench *bench, const struct bench_summary *summary, FILE *file)
{
    json_t *object = json_object();
    int failures = 0;

    SET(object, "version", json_string(conv3d_version()));
    SET(object, "date", json_string(bench->date));
    SET(object, "machine", json_value_machine(&bench->machine));
    SET(object, "rates", rates_object(&bench->rates));
    SET(object, "options", options_object(bench));
    if (bench->peer != NULL)
        SET(object, "peer", json_string(bench->peer->version()));
    if (bench->old_name != NULL)
        SET(object, "comparison", comparison_object(bench, &summary->old, summary->slower));
    failures |= set_lists(object, bench, summary);
    object = finish(object, failures);

    const int done = object != NULL && json_value_write(object, file);

    json_decref(object);
    if (done || ferror(file)) /* whoever owns the file says it */
        return EXIT_OK;
    report_error("no memory for the JSON text");
    return EXIT_MEMORY;
}

#else

static int end(const struct bench *bench, const struct bench_summary *summary, FILE *file)
{
    (void)bench;
    (void)summary;
    (void)file;
    return json_out_check();
}

#endif

static void begin(const struct bench *bench, FILE *file)
{
    (void)bench;
    (void)file;
}

/* Everything is written at the end. */
static void write_row(const struct bench *bench, const struct bench_row *row, FILE *file)
{
    (void)bench;
    (void)row;
    (void)file;
}

const struct bench_format bench_format_json = {begin, write_row, end};
