/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_old.c - an earlier benchmark, to compare with
 *
 * Reads no more of the file than is needed, so that files of other versions keep
 * working; but that much must be there.
 */
#include "config.h"

#include "bench_old.h"

#include <stdlib.h>
#include <string.h>

#include "exit_code.h"

double bench_old_median(const struct bench_old *old, const struct layer *layer)
{
    for (size_t i = 0; i < old->count; i++) {
        if (strcmp(old->layers[i].name, layer->name) == 0 &&
            strcmp(old->layers[i].problem, layer->problem) == 0)
            return old->layers[i].median;
    }
    return 0.0;
}

void bench_old_free(struct bench_old *old)
{
    free(old->layers);
    *old = (struct bench_old)BENCH_OLD_EMPTY;
}

#ifdef HAVE_JANSSON

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

/* Whether the entry is understood; it is appended if it was timed. */
static int take_layer(json_t *entry, struct bench_old *old)
{
    const char *name, *problem, *status;
    double median = 0.0;

    if (json_unpack(entry, "{s:s, s:s, s:s, s?F}", "name", &name, "problem", &problem, "status",
                    &status, "median_ms", &median) != 0)
        return 0;
    if (strcmp(status, "ok") != 0)
        return 1;
    if (!(median > 0.0))
        return 0;
    struct bench_old_layer *const layer = &old->layers[old->count++];

    snprintf(layer->name, sizeof layer->name, "%s", name);
    snprintf(layer->problem, sizeof layer->problem, "%s", problem);
    layer->median = 1e-3 * median;
    return 1;
}

static int take_file(json_t *root, struct bench_old *old, const char *path, char *message,
                     size_t capacity)
{
    const char *isa;
    json_t *layers;

    if (json_unpack(root, "{s:{s:s}, s:{s:i}, s:o}", "machine", "isa", &isa, "rates", "threads",
                    &old->threads, "layers", &layers) != 0 || !json_is_array(layers))
        return exit_fail(message, capacity, EXIT_BAD_INPUT,
                         "%s: not from conv3d bench --format json", path);
    snprintf(old->isa, sizeof old->isa, "%s", isa);
    old->layers = calloc(json_array_size(layers) + 1, sizeof *old->layers);
    if (old->layers == NULL)
        return exit_fail(message, capacity, EXIT_MEMORY, "%s: no memory for its layers", path);
    for (size_t i = 0; i < json_array_size(layers); i++) {
        if (!take_layer(json_array_get(layers, i), old))
            return exit_fail(message, capacity, EXIT_BAD_INPUT,
                             "%s: layer %zu lacks name, problem, status or median_ms", path, i);
    }
    return EXIT_OK;
}

int bench_old_read(struct bench_old *old, const char *path, char *message, size_t capacity)
{
    json_error_t error;
    FILE *const file = fopen(path, "r");

    if (file == NULL)
        return exit_fail(message, capacity, EXIT_IO, "%s: %s", path, strerror(errno));
    errno = 0;
    json_t *const root = json_loadf(file, 0, &error);
    const int failed = ferror(file), why = errno;

    fclose(file);
    int code = EXIT_OK;
    if (failed)
        code = exit_fail(message, capacity, EXIT_IO, "%s: %s", path, strerror(why));
    else if (root == NULL)
        code = exit_fail(message, capacity, EXIT_BAD_INPUT, "%s, line %d: %s", path, error.line,
                         error.text);
    else
        code = take_file(root, old, path, message, capacity);
    json_decref(root);
    return code;
}

#else

int bench_old_read(struct bench_old *old, const char *path, char *message, size_t capacity)
{
    (void)old;
    return exit_fail(message, capacity, EXIT_USAGE,
                     "%s: this conv3d cannot read JSON; configure it --with-jansson "
                     "(Debian: libjansson-dev)", path);
}

#endif
