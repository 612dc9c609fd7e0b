/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer_table.c - the layers to measure: a file of them, or problems as text
 *
 * Every error names the line.  The gflop column is redundant, so it is a check
 * on the others.
 */
#include "layer_table.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exit_code.h"
#include "layer_class.h"

static const char header[] = "name,net,N,IC,T,H,W,OC,KT,KH,KW,ST,SH,SW,PT,PH,PW,DT,DH,DW,G,bias,"
                             "count,gflop";

enum {
    NAME, NET, ITEMS, IN_CHANNELS, INPUT, OUT_CHANNELS = INPUT + 3, KERNEL, STRIDE = KERNEL + 3,
    PADDING = STRIDE + 3, DILATION = PADDING + 3, GROUPS = DILATION + 3, BIAS, COUNT, GFLOP,
    COLUMNS
};

enum { LINE_CAPACITY = 1024 };

/* Where in which file, for the messages. */
struct place {
    const char *path;
    long line;
    char *message;
    size_t capacity;
};

#define WRONG(place, format, ...)                                                           \
    exit_fail((place)->message, (place)->capacity, EXIT_BAD_INPUT, "%s, line %ld: " format, \
              (place)->path, (place)->line, __VA_ARGS__)

/* ---- Sizes --------------------------------------------------------------------- */

size_t layer_elements(const int64_t shape[5])
{
    size_t count = 1;

    for (int i = 0; i < 5; i++)
        count *= (size_t)shape[i];
    return count;
}

void layer_weight_shape(const struct layer *layer, int64_t shape[5])
{
    const conv3d_params *const p = &layer->params;

    shape[0] = p->out_channels;
    shape[1] = p->in_channels / p->groups;
    memcpy(shape + 2, p->kernel_size, sizeof p->kernel_size);
}

static double product(const int64_t *extents, int count)
{
    double result = 1.0;

    for (int i = 0; i < count; i++)
        result *= (double)extents[i];
    return result;
}

double layer_flops(const struct layer *layer)
{
    int64_t weight[5];

    layer_weight_shape(layer, weight);
    return 2.0 * product(layer->output, 5) * product(weight + 1, 4);
}

double layer_bytes(const struct layer *layer)
{
    int64_t weight[5];

    layer_weight_shape(layer, weight);
    return 4.0 * (product(layer->input, 5) + product(weight, 5) + product(layer->output, 5));
}

/* ---- One line ------------------------------------------------------------------ */

/* Cuts the line at its commas, in place; returns how many fields it has. */
static int split(char *line, char *fields[COLUMNS])
{
    int count = 0;

    for (char *field = line; field != NULL; count++) {
        char *const comma = strchr(field, ',');

        if (comma != NULL)
            *comma = '\0';
        if (count < COLUMNS)
            fields[count] = field;
        field = comma != NULL ? comma + 1 : NULL;
    }
    return count;
}

/* The name of column `index`, from the header. */
static void column_name(int index, char name[16])
{
    const char *start = header;

    for (int i = 0; i < index; i++)
        start = strchr(start, ',') + 1;
    snprintf(name, 16, "%.*s", (int)strcspn(start, ","), start);
}

/* All columns from N to count are whole numbers. */
static int parse_numbers(char *fields[COLUMNS], int64_t numbers[COLUMNS],
                         const struct place *place)
{
    for (int i = ITEMS; i <= COUNT; i++) {
        char *end, name[16];

        errno = 0;
        numbers[i] = strtoll(fields[i], &end, 10);
        if (isdigit((unsigned char)fields[i][0]) && *end == '\0' && errno == 0)
            continue;
        column_name(i, name);
        return WRONG(place, "%s is '%s'; a whole number is needed", name, fields[i]);
    }
    if (numbers[BIAS] > 1)
        return WRONG(place, "bias is '%s'; 0 or 1 is needed", fields[BIAS]);
    if (numbers[COUNT] < 1 || numbers[ITEMS] < 1)
        return WRONG(place, "%s is 0", numbers[COUNT] < 1 ? "count" : "N");
    return EXIT_OK;
}

static int copy_name(const char *field, const char *column, char *to, size_t capacity,
                     const struct place *place)
{
    if (field[0] == '\0')
        return WRONG(place, "%s is empty", column);
    for (const char *c = field; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '"' || *c == 127)
            return WRONG(place, "%s has a quote or a control character", column);
    }
    if ((size_t)snprintf(to, capacity, "%s", field) >= capacity)
        return WRONG(place, "%s is longer than %zu characters", column, capacity - 1);
    return EXIT_OK;
}

/* Derives what follows from parameters and input, which it validates. */
static conv3d_status complete(struct layer *layer)
{
    layer->params.bias = 0;
    conv3d_problem_format(&layer->params, layer->input, layer->problem, sizeof layer->problem);
    return conv3d_output_shape(&layer->params, layer->input, layer->output);
}

static int check_gflop(const struct layer *layer, const char *field, const struct place *place)
{
    const double expected = 1e-9 * layer_flops(layer);
    char *end;

    if (field[0] == '\0')
        return EXIT_OK;
    const double gflop = strtod(field, &end);

    if (*end != '\0' || !(gflop > 0.0) || !isfinite(gflop))
        return WRONG(place, "gflop is '%s'; a number or nothing is needed", field);
    /* One percent, because tables are rounded; below a thousandth that is no check. */
    if (fabs(gflop - expected) > 0.01 * expected && fabs(gflop - expected) > 0.001)
        return WRONG(place, "gflop is %s, but the layer has %.6g", field, expected);
    return EXIT_OK;
}

static int parse_layer(char *line, struct layer *layer, const struct place *place)
{
    char *fields[COLUMNS];
    int64_t numbers[COLUMNS];
    const int count = split(line, fields);

    memset(layer, 0, sizeof *layer);
    if (count != COLUMNS)
        return WRONG(place, "%d columns; %d are needed", count, COLUMNS);
    int code = copy_name(fields[NAME], "name", layer->name, sizeof layer->name, place);
    if (code == EXIT_OK)
        code = copy_name(fields[NET], "net", layer->net, sizeof layer->net, place);
    if (code == EXIT_OK)
        code = parse_numbers(fields, numbers, place);
    if (code != EXIT_OK)
        return code;

    conv3d_params_init(&layer->params, numbers[IN_CHANNELS], numbers[OUT_CHANNELS], 1);
    memcpy(layer->params.kernel_size, numbers + KERNEL, sizeof layer->params.kernel_size);
    memcpy(layer->params.stride, numbers + STRIDE, sizeof layer->params.stride);
    memcpy(layer->params.padding_begin, numbers + PADDING, sizeof layer->params.padding_begin);
    memcpy(layer->params.padding_end, numbers + PADDING, sizeof layer->params.padding_end);
    memcpy(layer->params.dilation, numbers + DILATION, sizeof layer->params.dilation);
    layer->params.groups = numbers[GROUPS];
    memcpy(layer->input, numbers + ITEMS, sizeof layer->input);
    layer->count = numbers[COUNT];
    if (complete(layer) != CONV3D_OK)
        return WRONG(place, "%s", conv3d_last_error());
    return check_gflop(layer, fields[GFLOP], place);
}

/* ---- The table ----------------------------------------------------------------- */

static int append(struct layer_table *table, const struct layer *layer, char *message,
                  size_t capacity)
{
    struct layer *const layers =
        realloc(table->layers, (table->count + 1) * sizeof *table->layers);

    if (layers == NULL)
        return exit_fail(message, capacity, EXIT_MEMORY, "no memory for the table of layers");
    layers[table->count++] = *layer;
    table->layers = layers;
    return EXIT_OK;
}

/* One line without its end; *more is 0 at the end of the file. */
static int read_line(FILE *file, char line[LINE_CAPACITY], int *more, const struct place *place)
{
    *more = fgets(line, LINE_CAPACITY, file) != NULL;
    if (!*more)
        return EXIT_OK;
    const size_t length = strcspn(line, "\n");

    if (line[length] == '\0' && length + 1 == LINE_CAPACITY)
        return WRONG(place, "longer than %d characters", LINE_CAPACITY - 2);
    line[length] = '\0';
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return EXIT_OK;
}

static int read_lines(struct layer_table *table, FILE *file, struct place *place)
{
    char line[LINE_CAPACITY];
    const size_t before = table->count;
    struct layer layer;
    int more, code = read_line(file, line, &more, place);

    if (code == EXIT_OK && (!more || strcmp(line, header) != 0))
        return WRONG(place, "the columns must be %s", header);
    for (;;) {
        place->line++;
        code = code == EXIT_OK ? read_line(file, line, &more, place) : code;
        if (code != EXIT_OK || !more)
            break;
        code = parse_layer(line, &layer, place);
        if (code == EXIT_OK)
            code = append(table, &layer, place->message, place->capacity);
    }
    if (code == EXIT_OK && table->count == before && !ferror(file))
        return WRONG(place, "%s", "a layer is needed");
    return code;
}

int layer_table_read(struct layer_table *table, const char *path, char *message,
                     size_t capacity)
{
    struct place place = {path, 1, message, capacity};
    FILE *const file = fopen(path, "r");

    if (file == NULL)
        return exit_fail(message, capacity, EXIT_IO, "%s: %s", path, strerror(errno));
    errno = 0;
    int code = read_lines(table, file, &place);
    if (ferror(file))
        code = exit_fail(message, capacity, EXIT_IO, "%s: %s", path, strerror(errno));
    fclose(file);
    return code;
}

int layer_table_add_problem(struct layer_table *table, const char *text, char *message,
                            size_t capacity)
{
    struct layer layer = {.count = 1};

    if (conv3d_problem_parse(text, &layer.params, layer.input) != CONV3D_OK)
        return exit_fail(message, capacity, EXIT_USAGE, "--problem '%s': %s", text,
                         conv3d_last_error());
    if (layer.input[0] == 0)
        return exit_fail(message, capacity, EXIT_USAGE, "--problem '%s': an empty batch", text);
    if (complete(&layer) != CONV3D_OK)
        return exit_fail(message, capacity, EXIT_USAGE, "--problem '%s': %s", text,
                         conv3d_last_error());
    snprintf(layer.name, sizeof layer.name, "%s", layer.problem);
    return append(table, &layer, message, capacity);
}

static int contains(const char *name, const char *text)
{
    const size_t length = strlen(text);

    for (; *name != '\0'; name++) {
        if (strncasecmp(name, text, length) == 0)
            return 1;
    }
    return 0;
}

static int is_wanted(const struct layer *layer, const char *text)
{
    for (int i = 0; i < LAYER_CLASSES; i++) {
        if (strcasecmp(layer_class_name(i), text) == 0 && layer_class_has(i, layer))
            return 1;
    }
    return contains(layer->name, text);
}

void layer_table_filter(struct layer_table *table, const char *text)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (is_wanted(&table->layers[i], text))
            table->layers[kept++] = table->layers[i];
    }
    table->count = kept;
}

void layer_table_free(struct layer_table *table)
{
    free(table->layers);
    *table = (struct layer_table)LAYER_TABLE_EMPTY;
}
