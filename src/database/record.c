/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - see record.h
 */
#include "database/record.h"

#include "base/text.h"
#include "database/tile_text.h"

#include <stdio.h>
#include <string.h>

/* More threads than plans may have would be refused. */
enum { MOST_THREADS = 4096 };

static const char *math_name(conv3d_math math)
{
    return math == CONV3D_MATH_STRICT ? "strict" : "fast";
}

void c3d_algorithm_key(const struct c3d_subject *subject, char key[C3D_KEY_BYTES])
{
    snprintf(key, C3D_KEY_BYTES, "algorithm %s %s @%s", subject->problem,
             math_name(subject->math), subject->machine);
}

void c3d_tile_key(const struct c3d_subject *subject, char key[C3D_KEY_BYTES])
{
    snprintf(key, C3D_KEY_BYTES, "tile %s %s threads=%d %s @%s", subject->problem,
             math_name(subject->math), subject->threads, subject->algorithm, subject->machine);
}

void c3d_rate_key(const char *name, const char *machine, char key[C3D_KEY_BYTES])
{
    snprintf(key, C3D_KEY_BYTES, "rate %s @%s", name, machine);
}

static void write_gain(struct c3d_writer *writer, double gain)
{
    c3d_write(writer, " gain=");
    c3d_write_decimal(writer, gain, 3);
}

void c3d_algorithm_value(const struct c3d_algorithm_record *record, char value[C3D_VALUE_BYTES])
{
    struct c3d_writer writer = c3d_write_to(value, C3D_VALUE_BYTES);
    c3d_write(&writer, "%s", record->algorithm);
    write_gain(&writer, record->gain);
}

void c3d_tile_value(const struct c3d_tile_record *record, char value[C3D_VALUE_BYTES])
{
    char tile[CONV3D_TILE_TEXT];
    conv3d_tile_format(&record->tile, tile, sizeof tile);
    struct c3d_writer writer = c3d_write_to(value, C3D_VALUE_BYTES);
    c3d_write(&writer, "%s team=%d ms=", tile, record->team);
    c3d_write_decimal(&writer, 1e3 * record->seconds, 6);
    write_gain(&writer, record->gain);
}

void c3d_rate_value(double rate, char value[C3D_VALUE_BYTES])
{
    struct c3d_writer writer = c3d_write_to(value, C3D_VALUE_BYTES);
    c3d_write_decimal(&writer, rate, 6);
}

/* Takes the next word of a line, at most capacity - 1 bytes, and the blank between it and one
 * more; false if there is none. */
static bool take_word(const char **line, char *word, size_t capacity)
{
    const size_t length = strcspn(*line, " ");
    if (length == 0 || length >= capacity) {
        return false;
    }
    memcpy(word, *line, length);
    word[length] = '\0';
    *line += length;
    *line += (*line)[0] == ' ' && (*line)[1] != '\0' ? 1 : 0;
    return true;
}

/* The same for a word KEY=NUMBER. */
static bool take_number(const char **line, const char *key, double *number)
{
    char word[64];
    const char *at = word;
    return take_word(line, word, sizeof word) && c3d_read_word(&at, key) &&
           c3d_read_word(&at, "=") && c3d_read_decimal(&at, number) && *at == '\0';
}

static bool take_threads(const char **line, const char *key, int *threads)
{
    double number;
    if (!take_number(line, key, &number) || number < 1 || number > MOST_THREADS) {
        return false;
    }
    *threads = (int)number;
    return *threads == number;
}

bool c3d_algorithm_parse(const char *value, struct c3d_algorithm_record *record)
{
    return take_word(&value, record->algorithm, sizeof record->algorithm) &&
           take_number(&value, "gain", &record->gain) && record->gain > 0 && *value == '\0';
}

bool c3d_tile_parse(const char *value, struct c3d_tile_record *record)
{
    char tile[CONV3D_TILE_TEXT];
    double milliseconds;
    const bool good = take_word(&value, tile, sizeof tile) &&
                      take_threads(&value, "team", &record->team) &&
                      take_number(&value, "ms", &milliseconds) && milliseconds > 0 &&
                      take_number(&value, "gain", &record->gain) && record->gain > 0 &&
                      *value == '\0' && c3d_tile_read(tile, &record->tile) == NULL;
    record->seconds = good ? 1e-3 * milliseconds : 0;
    return good;
}

bool c3d_rate_parse(const char *value, double *rate)
{
    return c3d_read_decimal(&value, rate) && *value == '\0' && *rate > 0;
}

static bool take_math(const char **line, conv3d_math *math)
{
    char word[16];
    if (!take_word(line, word, sizeof word)) {
        return false;
    }
    *math = strcmp(word, "strict") == 0 ? CONV3D_MATH_STRICT : CONV3D_MATH_FAST;
    return strcmp(word, math_name(*math)) == 0;
}

static bool take_machine(const char **line, char *machine, size_t capacity)
{
    if (**line != '@') {
        return false;
    }
    ++*line;
    return take_word(line, machine, capacity) && **line == '\0';
}

bool c3d_key_parse(const char *key, struct c3d_key_parts *parts)
{
    *parts = (struct c3d_key_parts){.threads = 0};
    if (!take_word(&key, parts->kind, sizeof parts->kind)) {
        return false;
    }
    if (strcmp(parts->kind, "rate") == 0) {
        return take_word(&key, parts->rate, sizeof parts->rate) &&
               take_machine(&key, parts->machine, sizeof parts->machine);
    }
    const bool is_tile = strcmp(parts->kind, "tile") == 0;
    return (is_tile || strcmp(parts->kind, "algorithm") == 0) &&
           take_word(&key, parts->problem, sizeof parts->problem) &&
           take_math(&key, &parts->math) &&
           (!is_tile || (take_threads(&key, "threads", &parts->threads) &&
                         take_word(&key, parts->algorithm, sizeof parts->algorithm))) &&
           take_machine(&key, parts->machine, sizeof parts->machine);
}
