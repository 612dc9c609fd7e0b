/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database.c - see database.h
 */
#include "database/database.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A later format, which this code could not read, would have another number. */
static const char first_line[] = "# conv3d tuning database, format 1";
static const char separator[] = " = ";

enum {
    SEPARATOR = sizeof separator - 1,
    CHECKSUM = 10, /* " #" and eight digits */
    LINE_BYTES = C3D_KEY_BYTES + SEPARATOR + C3D_VALUE_BYTES + CHECKSUM,
};

/* FNV-1a, 32 bits: for files that were cut or damaged, not for forged ones. */
static uint32_t checksum(const char *text, size_t length)
{
    uint32_t sum = UINT32_C(2166136261);
    for (size_t i = 0; i < length; i++) {
        sum = (sum ^ (unsigned char)text[i]) * UINT32_C(16777619);
    }
    return sum;
}

/* The place of a key, or where it belongs. */
static size_t locate(const struct c3d_database *database, const char *key, bool *found)
{
    size_t low = 0, high = database->count;
    *found = false;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(database->entries[middle].key, key);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool grow(struct c3d_database *database)
{
    if (database->count < database->capacity) {
        return true;
    }
    const size_t capacity = database->capacity > 0 ? 2 * database->capacity : 64;
    struct c3d_entry *const entries =
        realloc(database->entries, capacity * sizeof *database->entries);
    if (entries == NULL) {
        return false;
    }
    database->entries = entries;
    database->capacity = capacity;
    return true;
}

conv3d_status c3d_database_put(struct c3d_database *database, const char *key, const char *value)
{
    const size_t key_bytes = strlen(key) + 1, value_bytes = strlen(value) + 1;
    char *const text = malloc(key_bytes + value_bytes);
    if (text == NULL || !grow(database)) {
        free(text);
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the tuning database");
    }
    memcpy(text, key, key_bytes);
    memcpy(text + key_bytes, value, value_bytes);
    bool found;
    const size_t place = locate(database, key, &found);
    struct c3d_entry *const entry = &database->entries[place];
    if (found) {
        free(entry->key);
    } else {
        memmove(entry + 1, entry, (database->count - place) * sizeof *entry);
        database->count++;
    }
    *entry = (struct c3d_entry){text, text + key_bytes};
    return CONV3D_OK;
}

const char *c3d_database_find(const struct c3d_database *database, const char *key)
{
    bool found;
    const size_t place = locate(database, key, &found);
    return found ? database->entries[place].value : NULL;
}

void c3d_database_remove(struct c3d_database *database, size_t index)
{
    struct c3d_entry *const entry = &database->entries[index];
    free(entry->key);
    memmove(entry, entry + 1, (--database->count - index) * sizeof *entry);
}

static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Adds a line without its end, unless it is damaged. */
static conv3d_status read_line(struct c3d_database *database, const char *line, size_t length)
{
    char copy[LINE_BYTES + 1], sum[CHECKSUM + 1];
    database->damaged++; /* until the contrary is shown */
    if (length > LINE_BYTES || length < CHECKSUM || !is_plain(line, length)) {
        return CONV3D_OK;
    }
    const size_t text = length - CHECKSUM;
    memcpy(copy, line, length);
    copy[length] = '\0';
    snprintf(sum, sizeof sum, " #%08" PRIx32, checksum(copy, text));
    if (strcmp(copy + text, sum) != 0) {
        return CONV3D_OK;
    }
    copy[text] = '\0';
    char *const middle = strstr(copy, separator);
    if (middle == NULL) {
        return CONV3D_OK;
    }
    *middle = '\0';
    const char *const value = middle + SEPARATOR;
    if (strlen(copy) >= C3D_KEY_BYTES || strlen(value) >= C3D_VALUE_BYTES) {
        return CONV3D_OK;
    }
    database->damaged--;
    return c3d_database_put(database, copy, value);
}

conv3d_status c3d_database_read(struct c3d_database *database, const char *text, size_t length)
{
    const char *const end = text + length;
    const size_t first = sizeof first_line - 1;
    if (length == 0) {
        return CONV3D_OK;
    }
    if (length < first || memcmp(text, first_line, first) != 0 ||
        (length > first && text[first] != '\n')) {
        return c3d_fail(CONV3D_ERR_PARSE, "does not begin with \"%s\"", first_line);
    }
    for (const char *line = text; line < end;) {
        const char *const newline = memchr(line, '\n', (size_t)(end - line));
        const char *const line_end = newline != NULL ? newline : end;
        const size_t line_length = (size_t)(line_end - line);
        if (line_length > 0 && *line != '#') {
            const conv3d_status status = read_line(database, line, line_length);
            if (status != CONV3D_OK) {
                return status;
            }
        }
        line = line_end + 1;
    }
    return CONV3D_OK;
}

char *c3d_database_write(const struct c3d_database *database, size_t *length)
{
    const size_t most = sizeof first_line + database->count * (LINE_BYTES + 1);
    char *const text = malloc(most + 1);
    if (text == NULL) {
        return NULL;
    }
    char *to = text + sprintf(text, "%s\n", first_line);
    for (size_t i = 0; i < database->count; i++) {
        const struct c3d_entry *const entry = &database->entries[i];
        const int bytes = sprintf(to, "%s%s%s", entry->key, separator, entry->value);
        to += bytes + sprintf(to + bytes, " #%08" PRIx32 "\n", checksum(to, (size_t)bytes));
    }
    *length = (size_t)(to - text);
    return text;
}

void c3d_database_free(struct c3d_database *database)
{
    for (size_t i = 0; i < database->count; i++) {
        free(database->entries[i].key);
    }
    free(database->entries);
    *database = (struct c3d_database){0};
}
