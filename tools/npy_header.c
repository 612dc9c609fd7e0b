/* SPDX-License-Identifier: Apache-2.0 */
/*
 * npy_header.c - the header of a .npy file as text
 *
 * A strict parser of the small part of Python that numpy writes: one dictionary
 * with three known keys.  Whatever else appears is refused by name, because a
 * header that surprises is a file that is not what it seems.
 */
#include "npy_header.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct parser {
    const char *at, *end;
    char *problem;
    size_t capacity;
};

/* Keeps the first problem; returns 0, which every rule returns on failure. */
static int refuse(struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(struct parser *parser, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(parser->problem, parser->capacity, format, arguments);
    va_end(arguments);
    return 0;
}

static void skip_spaces(struct parser *parser)
{
    while (parser->at < parser->end && *parser->at == ' ')
        parser->at++;
}

/* Spaces, then this character if it comes next. */
static int accept(struct parser *parser, char character)
{
    skip_spaces(parser);
    if (parser->at == parser->end || *parser->at != character)
        return 0;
    parser->at++;
    return 1;
}

/* How much of the text from `start` on a message shows; it has no final zero. */
static int excerpt(const struct parser *parser, const char *start)
{
    return parser->end - start < 20 ? (int)(parser->end - start) : 20;
}

static int expect(struct parser *parser, char character)
{
    if (accept(parser, character))
        return 1;
    if (parser->at == parser->end || *parser->at == '\n')
        return refuse(parser, "header ends where '%c' should be", character);
    return refuse(parser, "'%c' expected in the header before '%.*s'", character,
                  excerpt(parser, parser->at), parser->at);
}

/* A string without escapes, in either kind of quotes. */
static int parse_string(struct parser *parser, char *text, size_t capacity)
{
    const char quote = accept(parser, '\'') ? '\'' : '"';

    if (quote == '"' && !accept(parser, '"'))
        return refuse(parser, "string expected in the header");

    const char *const start = parser->at;

    while (parser->at < parser->end && *parser->at != quote && *parser->at != '\\')
        parser->at++;

    const size_t length = (size_t)(parser->at - start);

    if (parser->at == parser->end || *parser->at != quote)
        return refuse(parser, "string without an end in the header");
    if (length >= capacity)
        return refuse(parser, "string '%.*s...' is too long", (int)capacity - 1, start);
    memcpy(text, start, length);
    text[length] = '\0';
    parser->at++;
    return 1;
}

static int accept_word(struct parser *parser, const char *word)
{
    const size_t length = strlen(word);

    skip_spaces(parser);
    if ((size_t)(parser->end - parser->at) < length || memcmp(parser->at, word, length) != 0)
        return 0;
    parser->at += length;
    return 1;
}

static int parse_extent(struct parser *parser, int64_t *extent)
{
    const char *const start = parser->at;

    *extent = 0;
    while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9') {
        if (__builtin_mul_overflow(*extent, 10, extent) ||
            __builtin_add_overflow(*extent, *parser->at - '0', extent))
            return refuse(parser, "shape entry %.*s... does not fit in 63 bits",
                          excerpt(parser, start), start);
        parser->at++;
    }
    if (parser->at == start)
        return refuse(parser, "shape entry '%.*s' is not a number >= 0", excerpt(parser, start),
                      start);
    return 1;
}

/* A tuple: () or (2,) or (2, 3) or (2, 3,), but not (2) and not (2,,). */
static int parse_shape(struct parser *parser, struct npy_header *header)
{
    int comma = 1;

    header->rank = 0;
    if (!expect(parser, '('))
        return 0;
    while (!accept(parser, ')')) {
        if (!comma)
            return expect(parser, ',');
        if (header->rank == NPY_MAX_RANK)
            return refuse(parser, "shape has more than %d axes", NPY_MAX_RANK);
        if (!parse_extent(parser, &header->shape[header->rank]))
            return 0;
        header->rank++;
        comma = accept(parser, ',');
    }
    if (header->rank == 1 && !comma)
        return refuse(parser, "shape is not a tuple");
    return 1;
}

static int parse_descr(struct parser *parser, struct npy_header *header)
{
    skip_spaces(parser);
    if (parser->at < parser->end && *parser->at == '[') {
        /* A structured type: named for the refusal, and the rest not looked at. */
        strcpy(header->descr, "[");
        return 1;
    }
    return parse_string(parser, header->descr, sizeof header->descr);
}

static int parse_order(struct parser *parser, struct npy_header *header)
{
    header->fortran_order = accept_word(parser, "True");
    if (!header->fortran_order && !accept_word(parser, "False"))
        return refuse(parser, "fortran_order is neither True nor False");
    return 1;
}

int npy_header_parse(const char *text, size_t length, struct npy_header *header, char *problem,
                     size_t capacity)
{
    static const struct {
        const char *key;
        int (*parse)(struct parser *, struct npy_header *);
    } fields[] = {
        {"descr", parse_descr}, {"fortran_order", parse_order}, {"shape", parse_shape}};
    struct parser parser = {text, text + length, problem, capacity};
    int seen[3] = {0};

    memset(header, 0, sizeof *header);
    if (memchr(text, '\0', length) != NULL)
        return refuse(&parser, "header holds a zero byte");
    if (!expect(&parser, '{'))
        return 0;
    while (!accept(&parser, '}')) {
        char key[16];
        size_t i = 0;

        if (!parse_string(&parser, key, sizeof key) || !expect(&parser, ':'))
            return 0;
        while (i < 3 && strcmp(key, fields[i].key) != 0)
            i++;
        if (i == 3)
            return refuse(&parser, "unknown key '%s' in the header", key);
        if (seen[i]++)
            return refuse(&parser, "key '%s' twice in the header", key);
        if (!fields[i].parse(&parser, header))
            return 0;
        if (strcmp(header->descr, "[") == 0)
            return 1;
        if (!accept(&parser, ',')) {
            if (!expect(&parser, '}'))
                return 0;
            break;
        }
    }
    for (size_t i = 0; i < 3; i++) {
        if (!seen[i])
            return refuse(&parser, "key '%s' missing in the header", fields[i].key);
    }
    skip_spaces(&parser);
    if (parser.at < parser.end && *parser.at == '\n')
        parser.at++;
    if (parser.at != parser.end)
        return refuse(&parser, "text after the header's dictionary");
    return 1;
}

const char *npy_shape_format(int rank, const int64_t *shape, char *buffer, size_t capacity)
{
    size_t used = 0;

    for (int i = 0; i < rank && used < capacity; i++)
        used += (size_t)snprintf(buffer + used, capacity - used, "%s%" PRId64, i ? ", " : "(",
                                 shape[i]);
    if (used < capacity)
        snprintf(buffer + used, capacity - used, rank == 0 ? "()" : rank == 1 ? ",)" : ")");
    return buffer;
}

size_t npy_preamble_format(int rank, const int64_t *shape, char buffer[NPY_PREAMBLE_CAPACITY])
{
    enum { MAGIC_BYTES = 10 }; /* magic 6, version 2, length 2 */
    char text[256], dictionary[384];

    npy_shape_format(rank, shape, text, sizeof text);
    const int length =
        snprintf(dictionary, sizeof dictionary,
                 "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", text);
    const size_t total = (MAGIC_BYTES + (size_t)length + 1 + 63) / 64 * 64;
    const size_t after_magic = total - MAGIC_BYTES;

    memset(buffer, ' ', total);
    memcpy(buffer, "\x93NUMPY\x01\x00", 8);
    buffer[8] = (char)(after_magic & 0xff);
    buffer[9] = (char)(after_magic >> 8);
    memcpy(buffer + MAGIC_BYTES, dictionary, (size_t)length);
    buffer[total - 1] = '\n';
    return total;
}
