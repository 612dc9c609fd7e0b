/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer_args.c - the options that say which layers
 */
#include "layer_args.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit_code.h"
#include "report.h"

#define AT(member) offsetof(struct layer_args, member)

static const char default_layers[] = CONV3D_DATADIR "/layers.csv";

const struct option_row layer_arg_rows[] = {
    {"layers", "FILE", OPTION_TEXT, AT(layers), 0, 0,
     "a CSV of layers; default, without --network and --problem:\n"
     CONV3D_DATADIR "/layers.csv"},
    {"network", "NAME", OPTION_TEXT, AT(network), 0, 0,
     "all convolutions of a network: c3d, nnunet, r2plus1d_18,\n"
     "r3d_18, slowfast_r50, unet3d, vnet, x3d_m"},
    {"problem", "TEXT", OPTION_LIST, AT(problems), 0, 0,
     "this layer (too), e.g. n1_ci64t8h56w56_co64_k3_p1\n"
     "(see PROBLEM TEXT in the manual); may be repeated"},
    {"filter", "TEXT", OPTION_TEXT, AT(filter), 0, 0,
     "only layers with this in their name, or of this class"},
    {.name = NULL},
};

/* "c3d, vnet": the tables that are installed, as far as the buffer holds them. */
static void list_networks(const char *directory, char *list, size_t capacity)
{
    static const char suffix[] = ".csv";
    struct dirent **entries;
    const int count = scandir(directory, &entries, NULL, alphasort);
    size_t used = 0;

    list[0] = '\0';
    for (int i = 0; i < count; i++) {
        const char *const name = entries[i]->d_name;
        const size_t length = strlen(name), stem = length - (sizeof suffix - 1);

        if (length >= sizeof suffix && strcmp(name + stem, suffix) == 0 &&
            used + stem + sizeof ", " <= capacity)
            used += (size_t)snprintf(list + used, capacity - used, "%s%.*s", used > 0 ? ", " : "",
                                     (int)stem, name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* Reads the table of a network that is installed. */
static int load_network(const char *name, struct layer_table *table, char *message,
                        size_t capacity)
{
    static const char directory[] = CONV3D_DATADIR "/networks";
    char path[4096], names[256];

    if (strchr(name, '/') != NULL || name[0] == '.' ||
        (size_t)snprintf(path, sizeof path, "%s/%s.csv", directory, name) >= sizeof path)
        return exit_fail(message, capacity, EXIT_USAGE, "--network '%.80s' is no name", name);
    if (access(path, F_OK) == 0)
        return layer_table_read(table, path, message, capacity);
    list_networks(directory, names, sizeof names);
    if (names[0] == '\0')
        return exit_fail(message, capacity, EXIT_USAGE,
                         "--network '%.80s': no table of a network is installed in %s", name,
                         directory);
    return exit_fail(message, capacity, EXIT_USAGE, "--network '%.80s' is none of %s", name, names);
}

int layer_args_load(const struct layer_args *args, struct layer_table *table)
{
    char message[REPORT_CAPACITY];
    const char *path = args->layers;
    int code = EXIT_OK;

    if (path == NULL && args->network == NULL && args->problems.count == 0)
        path = default_layers;
    if (path != NULL)
        code = layer_table_read(table, path, message, sizeof message);
    if (args->network != NULL && code == EXIT_OK)
        code = load_network(args->network, table, message, sizeof message);
    for (int i = 0; i < args->problems.count && code == EXIT_OK; i++)
        code = layer_table_add_problem(table, args->problems.texts[i], message, sizeof message);
    if (code != EXIT_OK) {
        report_error("%s", message);
        return code;
    }
    if (args->filter != NULL)
        layer_table_filter(table, args->filter);
    if (table->count == 0)
        return report_misuse("--filter '%s' leaves no layer", args->filter);
    return EXIT_OK;
}
