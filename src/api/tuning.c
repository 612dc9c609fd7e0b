/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tuning.c - the public calls about the tuning database
 */
#include "base/status.h"
#include "database/machine_key.h"
#include "database/record.h"
#include "database/store.h"
#include "kernel/select.h"
#include "plan/advice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An entry, its key taken apart. */
struct listed {
    const struct c3d_entry *entry;
    struct c3d_key_parts parts;
    char algorithm[C3D_ALGORITHM_NAME_BYTES]; /* of the key or of the value */
    conv3d_tile tile;
    double seconds, gain;
};

struct conv3d_tuning_list {
    struct c3d_database database;
    struct listed *listed;
    char machine[C3D_MACHINE_KEY_BYTES]; /* of this one */
};

size_t conv3d_tuning_file(char *buffer, size_t capacity)
{
    struct c3d_store_paths paths;
    c3d_store_locate(&paths);
    if (capacity > 0) {
        snprintf(buffer, capacity, "%s", paths.user);
    }
    return strlen(paths.user);
}

/* The path given, or the file that tuning writes. */
static conv3d_status choose_path(const char *path, char chosen[PATH_MAX])
{
    struct c3d_store_paths paths;
    c3d_store_locate(&paths);
    const int length = snprintf(chosen, PATH_MAX, "%s", path != NULL ? path : paths.user);
    if (length == 0) {
        return c3d_fail(CONV3D_ERR_IO, "there is no tuning database");
    }
    return length < PATH_MAX ? CONV3D_OK
                             : c3d_fail(CONV3D_ERR_IO, "a path of %d bytes is too long", length);
}

static conv3d_status this_machine(char machine[C3D_MACHINE_KEY_BYTES])
{
    const struct c3d_kernels *kernels;
    const conv3d_status status = c3d_kernels_select(&kernels);
    if (status == CONV3D_OK) {
        c3d_machine_key(kernels->name, C3D_KERNEL_SET, machine);
    }
    return status;
}

static void take_apart(const struct c3d_entry *entry, struct listed *listed)
{
    struct c3d_algorithm_record algorithm;
    struct c3d_tile_record tile;
    *listed = (struct listed){.entry = entry};
    c3d_key_parse(entry->key, &listed->parts);
    if (strcmp(listed->parts.kind, "algorithm") == 0 &&
        c3d_algorithm_parse(entry->value, &algorithm)) {
        memcpy(listed->algorithm, algorithm.algorithm, sizeof listed->algorithm);
        listed->gain = algorithm.gain;
    } else if (strcmp(listed->parts.kind, "tile") == 0 && c3d_tile_parse(entry->value, &tile)) {
        memcpy(listed->algorithm, listed->parts.algorithm, sizeof listed->algorithm);
        listed->tile = tile.tile;
        listed->seconds = tile.seconds;
        listed->gain = tile.gain;
    }
}

static conv3d_status read_list(const char *path, struct conv3d_tuning_list *list)
{
    char chosen[PATH_MAX];
    conv3d_status status;
    if ((status = choose_path(path, chosen)) != CONV3D_OK ||
        (status = this_machine(list->machine)) != CONV3D_OK ||
        (status = c3d_store_load(chosen, &list->database)) != CONV3D_OK) {
        return status;
    }
    list->listed = calloc(list->database.count + 1, sizeof *list->listed);
    if (list->listed == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the tuning database");
    }
    for (size_t i = 0; i < list->database.count; i++) {
        take_apart(&list->database.entries[i], &list->listed[i]);
    }
    return CONV3D_OK;
}

conv3d_status conv3d_tuning_read(const char *path, conv3d_tuning_list **list)
{
    if (list == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "list is NULL");
    }
    *list = NULL;
    struct conv3d_tuning_list *const made = calloc(1, sizeof *made);
    if (made == NULL) {
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the tuning database");
    }
    const conv3d_status status = read_list(path, made);
    if (status != CONV3D_OK) {
        conv3d_tuning_free(made);
        return status;
    }
    *list = made;
    return CONV3D_OK;
}

int conv3d_tuning_entry_at(const conv3d_tuning_list *list, size_t index,
                           conv3d_tuning_entry *entry)
{
    if (list == NULL || entry == NULL || entry->size != sizeof *entry ||
        index >= list->database.count) {
        return 0;
    }
    const struct listed *const listed = &list->listed[index];
    *entry = (conv3d_tuning_entry){
        .size = sizeof *entry,
        .key = listed->entry->key,
        .value = listed->entry->value,
        .kind = listed->parts.kind,
        .problem = listed->parts.problem,
        .machine = listed->parts.machine,
        .here = strcmp(listed->parts.machine, list->machine) == 0,
        .math = listed->parts.math,
        .threads = listed->parts.threads,
        .algorithm = listed->algorithm,
        .tile = listed->tile,
        .seconds = listed->seconds,
        .gain = listed->gain,
    };
    return 1;
}

size_t conv3d_tuning_damaged(const conv3d_tuning_list *list)
{
    return list != NULL ? list->database.damaged : 0;
}

void conv3d_tuning_free(conv3d_tuning_list *list)
{
    if (list != NULL) {
        c3d_database_free(&list->database);
        free(list->listed);
        free(list);
    }
}

static conv3d_status merge(struct c3d_database *database, void *context)
{
    const struct c3d_database *const from = context;
    conv3d_status status = CONV3D_OK;
    for (size_t i = 0; status == CONV3D_OK && i < from->count; i++) {
        status = c3d_database_put(database, from->entries[i].key, from->entries[i].value);
    }
    return status;
}

conv3d_status conv3d_tuning_import(const char *path, const char *from, size_t *count)
{
    char chosen[PATH_MAX];
    struct c3d_database added = {0};
    if (from == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "from is NULL");
    }
    if (access(from, F_OK) != 0) {
        return c3d_fail(CONV3D_ERR_IO, "%s: %s", from, strerror(errno));
    }
    conv3d_status status = choose_path(path, chosen);
    if (status == CONV3D_OK) {
        status = c3d_store_load(from, &added);
    }
    if (status == CONV3D_OK) {
        status = c3d_store_update(chosen, merge, &added);
    }
    if (status == CONV3D_OK && count != NULL) {
        *count = added.count;
    }
    c3d_database_free(&added);
    return status;
}

/* What to forget; counts it. */
struct forgotten {
    const char *problem; /* of one item, as entries name it; NULL = all */
    const char *machine; /* NULL = all */
    size_t count;
};

/* The problem of an entry, for one item; false if it has none. */
static bool item_of(const char *problem, char *text, size_t capacity)
{
    conv3d_params params;
    int64_t shape[5];
    if (conv3d_problem_parse(problem, &params, shape) != CONV3D_OK) {
        return false;
    }
    c3d_advice_problem(&params, shape, 1, text, capacity);
    return true;
}

static conv3d_status forget(struct c3d_database *database, void *context)
{
    struct forgotten *const what = context;
    for (size_t i = database->count; i-- > 0;) {
        struct c3d_key_parts parts;
        char item[C3D_KEY_BYTES];
        const bool known = c3d_key_parse(database->entries[i].key, &parts);
        const bool here = what->machine == NULL || strcmp(parts.machine, what->machine) == 0;
        const bool meant = what->problem == NULL ||
                           (known && item_of(parts.problem, item, sizeof item) &&
                            strcmp(item, what->problem) == 0);
        if (here && meant) {
            c3d_database_remove(database, i);
            what->count++;
        }
    }
    return CONV3D_OK;
}

conv3d_status conv3d_tuning_forget(const char *path, const char *problem, int everywhere,
                                   size_t *count)
{
    char chosen[PATH_MAX], machine[C3D_MACHINE_KEY_BYTES], item[C3D_KEY_BYTES];
    struct forgotten what = {.machine = everywhere ? NULL : machine};
    conv3d_status status;
    if ((status = choose_path(path, chosen)) != CONV3D_OK ||
        (status = this_machine(machine)) != CONV3D_OK) {
        return status;
    }
    if (problem != NULL) {
        conv3d_params params;
        int64_t shape[5];
        if ((status = conv3d_problem_parse(problem, &params, shape)) != CONV3D_OK) {
            return status;
        }
        c3d_advice_problem(&params, shape, 1, item, sizeof item);
        what.problem = item;
    }
    status = c3d_store_update(chosen, forget, &what);
    if (status == CONV3D_OK && count != NULL) {
        *count = what.count;
    }
    return status;
}
