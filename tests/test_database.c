/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_database.c - the tuning database as a text: what is written is read again, and of a
 * damaged text nothing is read that was never written.
 */
#include "support.h"

#include "database/database.h"

#include "../tools/random_data.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "# conv3d tuning database, format 1\n";

static const struct {
    const char *key, *value;
} written[] = {
    {"algorithm n1_ci8t4h8w8_co8_k3_p1 fast @m/avx2/k1", "winograd:2x4x4 gain=1.250"},
    {"future kind of entry", "whatever it says"},
    {"rate fma @m/avx2/k1", "51.200000"},
    {"tile n3_ci8t4h8w8_co8_k3_p1 fast threads=2 winograd:2x4x4 @m/avx2/k1",
     "t4h8w8oc8ic8p16.inner.cached team=2 ms=0.125000 gain=1.100"},
};
enum { WRITTEN = sizeof written / sizeof *written };

/* Reads from memory of exactly that size, beyond which a sanitizer sees every byte. */
static conv3d_status read_exactly(struct c3d_database *database, const char *text, size_t length)
{
    char *const copy = allocate(length);
    memcpy(copy, text, length);
    const conv3d_status status = c3d_database_read(database, copy, length);
    free(copy);
    return status;
}

static char *write_entries(size_t *length)
{
    struct c3d_database database = {0};
    for (size_t i = 0; i < WRITTEN; i++)
        cr_assert(c3d_database_put(&database, written[i].key, written[i].value) == CONV3D_OK);
    char *const text = c3d_database_write(&database, length);
    cr_assert(text != NULL);
    c3d_database_free(&database);
    return text;
}

/* Each entry is exactly one that was written; returns how many there are. */
static size_t expect_only_written(const struct c3d_database *database, const char *what, size_t at)
{
    for (size_t i = 0; i < database->count; i++) {
        bool known = false;
        for (size_t j = 0; j < WRITTEN; j++)
            known |= strcmp(database->entries[i].key, written[j].key) == 0 &&
                     strcmp(database->entries[i].value, written[j].value) == 0;
        cr_assert(known, "%s at %zu: read \"%s\" = \"%s\"", what, at, database->entries[i].key,
                  database->entries[i].value);
    }
    return database->count;
}

/* FNV-1a as its authors publish it. */
static uint32_t fnv1a(const char *text, size_t length)
{
    uint64_t hash = 0x811c9dc5;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x01000193 & 0xffffffff;
    return (uint32_t)hash;
}

/* A database of one line, with the checksum that belongs to it. */
static size_t one_line(char *text, size_t capacity, const char *line)
{
    const size_t length =
        (size_t)snprintf(text, capacity, "%s%s #%08" PRIx32 "\n", first_line, line,
                         fnv1a(line, strlen(line)));
    cr_assert(length < capacity);
    return length;
}

Test(database, text_of_an_entry_is_what_it_was)
{
    static const char expected[] = "# conv3d tuning database, format 1\n"
                                   "rate fma @m = 51.200000 #2472b7eb\n";
    struct c3d_database database = {0};
    size_t length;
    cr_assert(c3d_database_put(&database, "rate fma @m", "51.200000") == CONV3D_OK);
    char *const text = c3d_database_write(&database, &length);
    cr_assert(text != NULL && length == strlen(expected));
    cr_expect(memcmp(text, expected, length) == 0, "%s", text);
    free(text);
    c3d_database_free(&database);
}

/* Printable, also beyond ASCII; without what the text of a database needs for itself. */
static void random_text(uint64_t seed, char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned pick = (unsigned)(random_bits(seed, i) % 190);
        text[i] = (char)(pick < 95 ? ' ' + pick : 0xa1 + (pick - 95));
        if ((text[i] == '=' && (i == 0 || text[i - 1] == ' ')) || (text[i] == '#' && i == 0))
            text[i] = 'x';
    }
    text[length] = '\0';
}

struct pair {
    char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
};

static void draw_pair(uint64_t seed, struct pair *pair)
{
    const uint64_t bits = random_bits(seed, 0);
    const bool longest = bits % 16 == 0;
    random_text(random_bits(seed, 1), pair->key,
                longest ? C3D_KEY_BYTES - 1 : 1 + bits / 16 % 40);
    random_text(random_bits(seed, 2), pair->value,
                longest ? C3D_VALUE_BYTES - 1 : bits / 1024 % 40);
}

static void expect_same(const struct c3d_database *a, const struct c3d_database *b)
{
    cr_assert(a->count == b->count, "%zu and %zu", a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        cr_assert_str_eq(a->entries[i].key, b->entries[i].key);
        cr_assert_str_eq(a->entries[i].value, b->entries[i].value);
    }
}

static void expect_round_trip(const struct c3d_database *database)
{
    struct c3d_database again = {0};
    size_t length, again_length;
    char *const text = c3d_database_write(database, &length);
    cr_assert(text != NULL);
    cr_assert(read_exactly(&again, text, length) == CONV3D_OK && again.damaged == 0);
    expect_same(database, &again);
    char *const again_text = c3d_database_write(&again, &again_length);
    cr_assert(again_length == length && memcmp(text, again_text, length) == 0);
    c3d_database_free(&again);
    free(text);
    free(again_text);
}

Test(database, random_entries_survive_the_round_trip)
{
    enum { ENTRIES = 300 };
    const uint64_t seed = test_seed();
    const int64_t rounds = test_count(40);
    static struct pair pairs[ENTRIES];
    for (int64_t round = 0; round < rounds; round++) {
        struct c3d_database database = {0};
        for (uint64_t i = 0; i < ENTRIES; i++) {
            draw_pair(random_bits(seed + (uint64_t)round, i), &pairs[i]);
            cr_assert(c3d_database_put(&database, pairs[i].key, pairs[i].value) == CONV3D_OK);
        }
        for (size_t i = 1; i < database.count; i++)
            cr_assert(strcmp(database.entries[i - 1].key, database.entries[i].key) < 0);
        for (size_t i = 0; i < ENTRIES; i++) {
            size_t last = i;
            for (size_t j = i; j < ENTRIES; j++)
                if (strcmp(pairs[j].key, pairs[i].key) == 0)
                    last = j;
            cr_assert_str_eq(c3d_database_find(&database, pairs[i].key), pairs[last].value);
        }
        expect_round_trip(&database);
        c3d_database_free(&database);
        cr_assert(database.count == 0 && c3d_database_find(&database, pairs[0].key) == NULL);
    }
}

Test(database, thousands_of_entries_survive)
{
    enum { ENTRIES = 20000 };
    struct c3d_database database = {0};
    char key[32];
    for (uint32_t i = 0; i < ENTRIES; i++) {
        snprintf(key, sizeof key, "rate %08" PRIx32 " @m", (uint32_t)(i * UINT32_C(2654435761)));
        cr_assert(c3d_database_put(&database, key, "1.000000") == CONV3D_OK);
    }
    cr_assert(database.count == ENTRIES);
    expect_round_trip(&database);
    c3d_database_free(&database);
}

Test(database, entries_are_removed)
{
    struct c3d_database database = {0};
    size_t length, left = WRITTEN;
    char *const text = write_entries(&length);
    cr_assert(read_exactly(&database, text, length) == CONV3D_OK);
    for (; left > 0; left--) {
        char key[C3D_KEY_BYTES];
        snprintf(key, sizeof key, "%s", database.entries[left / 2].key);
        c3d_database_remove(&database, left / 2);
        cr_assert(c3d_database_find(&database, key) == NULL);
        cr_assert(expect_only_written(&database, "removed", left) == left - 1);
    }
    free(text);
    c3d_database_free(&database);
}

Test(database, last_of_equals_wins)
{
    struct c3d_database database = {0};
    char one[128], two[128], text[512];
    const size_t first = strlen(first_line);
    const size_t bytes = one_line(one, sizeof one, "rate fma @m = 1") - first;
    cr_assert(one_line(two, sizeof two, "rate fma @m = 2") - first == bytes);
    snprintf(text, sizeof text, "%s%s%s", one, two + first, one + first);
    cr_assert(read_exactly(&database, text, first + 2 * bytes) == CONV3D_OK);
    cr_expect(database.count == 1 && database.damaged == 0);
    cr_expect_str_eq(c3d_database_find(&database, "rate fma @m"), "2");
    cr_assert(read_exactly(&database, text, first + 3 * bytes) == CONV3D_OK);
    cr_expect_str_eq(c3d_database_find(&database, "rate fma @m"), "1");
    /* A key may be given where the database itself has it. */
    cr_assert(c3d_database_put(&database, database.entries[0].key, "3") == CONV3D_OK);
    cr_expect(database.count == 1);
    cr_expect_str_eq(c3d_database_find(&database, "rate fma @m"), "3");
    c3d_database_free(&database);
}

Test(database, unknown_kinds_survive)
{
    struct c3d_database database = {0}, again = {0};
    size_t length, again_length;
    char *const text = write_entries(&length);
    cr_assert(read_exactly(&database, text, length) == CONV3D_OK);
    cr_assert(c3d_database_put(&database, written[0].key, "direct gain=1.000") == CONV3D_OK);
    char *const again_text = c3d_database_write(&database, &again_length);
    cr_assert(read_exactly(&again, again_text, again_length) == CONV3D_OK);
    cr_expect_str_eq(c3d_database_find(&again, written[1].key), written[1].value);
    cr_expect_str_eq(c3d_database_find(&again, written[0].key), "direct gain=1.000");
    cr_expect(again.count == WRITTEN);
    free(text);
    free(again_text);
    c3d_database_free(&database);
    c3d_database_free(&again);
}

Test(database, every_flipped_bit_is_noticed)
{
    size_t length;
    char *const text = write_entries(&length);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        struct c3d_database database = {0};
        text[bit / 8] ^= (char)(1 << bit % 8);
        const conv3d_status status = read_exactly(&database, text, length);
        text[bit / 8] ^= (char)(1 << bit % 8);
        const size_t count = expect_only_written(&database, "bit", bit);
        if (bit / 8 < strlen(first_line)) {
            cr_assert(status == CONV3D_ERR_PARSE && count == 0, "bit %zu", bit);
        } else {
            /* A lost end of line takes the next line along; one too many cuts one in two. */
            cr_assert(status == CONV3D_OK && count + 2 >= WRITTEN && count < WRITTEN &&
                          database.damaged >= 1 && database.damaged <= 2,
                      "bit %zu: %s, %zu entries, %zu damaged", bit, conv3d_status_string(status),
                      count, database.damaged);
        }
        c3d_database_free(&database);
    }
    free(text);
}

Test(database, every_cut_leaves_the_lines_before_it)
{
    size_t length;
    char *const text = write_entries(&length);
    const size_t first = strlen(first_line) - 1;
    for (size_t cut = 0; cut <= length; cut++) {
        struct c3d_database database = {0};
        const conv3d_status status = read_exactly(&database, text, cut);
        if (cut > 0 && cut < first) {
            cr_assert(status == CONV3D_ERR_PARSE && database.count == 0, "cut at %zu", cut);
            continue;
        }
        size_t whole = 0, begun = 0;
        for (size_t at = first + 1, end; at < cut; at = end + 1) {
            end = (size_t)((const char *)memchr(text + at, '\n', length - at) - text);
            whole += end <= cut;
            begun++;
        }
        cr_assert(status == CONV3D_OK && expect_only_written(&database, "cut", cut) == whole &&
                      database.damaged == begun - whole,
                  "cut at %zu: %zu entries of %zu, %zu damaged", cut, database.count, whole,
                  database.damaged);
        c3d_database_free(&database);
    }
    free(text);
}

/* Each byte of a text replaced by another, left out, and put in. */
Test(database, foreign_bytes_are_noticed)
{
    static const char foreign[] = {'\0', '\r', '\n', '\t', ' ', '#', '=', '0', 'f', '\x7f', '\xff'};
    size_t length;
    char *const text = write_entries(&length);
    char *const other = allocate(length + 1);
    for (size_t at = strlen(first_line); at < length; at++) {
        for (size_t i = 0; i < 2 * sizeof foreign + 1; i++) {
            struct c3d_database database = {0};
            const size_t left_out = i % 2 == 0, put_in = i < 2 * sizeof foreign;
            memcpy(other, text, at);
            other[at] = foreign[i / 2 % sizeof foreign];
            memcpy(other + at + put_in, text + at + left_out, length - at - left_out);
            cr_assert(read_exactly(&database, other, length + put_in - left_out) == CONV3D_OK);
            const size_t count = expect_only_written(&database, "byte", at);
            /* What begins a line with '#' is a comment; lines may be empty, the last unended. */
            const bool harmless = memchr("\n#", other[at], 2) != NULL || at == length - 1 ||
                                  other[at] == text[at];
            cr_assert(harmless || (count < WRITTEN && database.damaged > 0), "byte %zu, %zu", at,
                      i);
            c3d_database_free(&database);
        }
    }
    free(text);
    free(other);
}

Test(database, carriage_returns_are_damage)
{
    struct c3d_database database = {0};
    static const char line[] = "rate fma @m = 51.200000 #2472b7eb";
    char text[256];
    int length = snprintf(text, sizeof text, "%s%s\r\n%s\r\n", first_line, line, line);
    cr_assert(read_exactly(&database, text, (size_t)length) == CONV3D_OK);
    cr_expect(database.count == 0 && database.damaged == 2);
    length = snprintf(text, sizeof text, "%.*s\r\n%s\r\n", (int)sizeof first_line - 2, first_line,
                      line);
    cr_expect(read_exactly(&database, text, (size_t)length) == CONV3D_ERR_PARSE);
    c3d_database_free(&database);
}

Test(database, lines_have_limits)
{
    struct c3d_database database = {0};
    static char line[4096], text[8192];
    for (int extra = 0; extra < 4; extra++) {
        const int key = C3D_KEY_BYTES - 1 + extra % 2, value = C3D_VALUE_BYTES - 1 + extra / 2;
        snprintf(line, sizeof line, "%0*d = %0*d", key, 1, value, 2);
        cr_assert(read_exactly(&database, text, one_line(text, sizeof text, line)) == CONV3D_OK);
        cr_expect(database.count == 1 && database.damaged == (size_t)extra);
    }
    snprintf(line, sizeof line, "%0*d = %0*d", 2000, 1, 2000, 2);
    cr_assert(read_exactly(&database, text, one_line(text, sizeof text, line)) == CONV3D_OK);
    cr_expect(database.count == 1 && database.damaged == 4);
    /* A checksum does not make an entry. */
    static const char *const lines[] = {"rate fma @m 1", "rate fma @m =1", "rate fma @m= 1",
                                        "=", "rate\tfma @m = 1", "rate fma @m = \x7f"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cr_assert(read_exactly(&database, text, one_line(text, sizeof text, lines[i])) ==
                  CONV3D_OK);
        cr_expect(database.count == 1 && database.damaged == 5 + i, "%s", lines[i]);
    }
    c3d_database_free(&database);
}

Test(database, other_texts_are_none)
{
    static const char *const texts[] = {
        "x", "\n", "#", "# conv3d tuning database, format 2\n",
        "\n# conv3d tuning database, format 1\n",
        "# conv3d tuning database, format 1 \n", "# conv3d tuning database, format 10\n",
        "rate fma @m = 51.200000 #2472b7eb\n", "\xef\xbb\xbf# conv3d tuning database, format 1\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct c3d_database database = {0};
        cr_expect(read_exactly(&database, texts[i], strlen(texts[i])) == CONV3D_ERR_PARSE, "%s",
                  texts[i]);
        cr_expect(database.count == 0 && database.damaged == 0);
        cr_expect(strstr(conv3d_last_error(), "format 1") != NULL, "%s", conv3d_last_error());
    }
}
