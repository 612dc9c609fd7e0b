/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - see text.h
 */
#include "base/text.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct c3d_writer c3d_write_to(char *buffer, size_t capacity)
{
    if (capacity > 0) {
        buffer[0] = '\0';
    }
    return (struct c3d_writer){buffer, capacity, 0};
}

void c3d_write(struct c3d_writer *writer, const char *format, ...)
{
    const bool room = writer->length < writer->capacity;
    va_list args;
    va_start(args, format);
    const int added = vsnprintf(room ? writer->buffer + writer->length : NULL,
                                room ? writer->capacity - writer->length : 0, format, args);
    va_end(args);
    writer->length += added > 0 ? (size_t)added : 0;
}

bool c3d_read_number(const char **text, int64_t *value)
{
    const char *c = *text;
    int64_t number = 0;
    if (*c < '0' || *c > '9') {
        return false;
    }
    for (; *c >= '0' && *c <= '9'; c++) {
        if (!c3d_mul_ok(number, 10, &number) || !c3d_add_ok(number, *c - '0', &number)) {
            return false;
        }
    }
    *text = c;
    *value = number;
    return true;
}

void c3d_write_decimal(struct c3d_writer *writer, double value, int digits)
{
    int64_t scale = 1;
    for (int i = 0; i < digits; i++) {
        scale *= 10;
    }
    int64_t whole = (int64_t)value;
    int64_t part = (int64_t)((value - (double)whole) * (double)scale + 0.5);
    if (part == scale) {
        whole++;
        part = 0;
    }
    c3d_write(writer, "%" PRId64, whole);
    if (digits > 0) {
        c3d_write(writer, ".%0*" PRId64, digits, part);
    }
}

bool c3d_read_decimal(const char **text, double *value)
{
    enum { most_digits = 15 }; /* beyond which a double knows no more */
    const char *c = *text;
    int64_t whole, part = 0;
    double scale = 1;
    if (!c3d_read_number(&c, &whole)) {
        return false;
    }
    if (*c == '.') {
        const char *const digits = ++c;
        if (!c3d_read_number(&c, &part) || c - digits > most_digits) {
            return false;
        }
        for (const char *d = digits; d < c; d++) {
            scale *= 10;
        }
    }
    *text = c;
    *value = (double)whole + (double)part / scale;
    return true;
}

bool c3d_read_word(const char **text, const char *word)
{
    const size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0) {
        return false;
    }
    *text += length;
    return true;
}

bool c3d_read_keyed(const char **text, const char *key, int64_t *value)
{
    const char *c = *text;
    if (!c3d_read_word(&c, key) || !c3d_read_number(&c, value)) {
        return false;
    }
    *text = c;
    return true;
}
