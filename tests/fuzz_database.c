/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_database.c - texts that were mutilated, for everything that reads the tuning database and
 * the texts in it.  Whatever is read must survive being written and read again; a sanitizer sees
 * each byte read beyond a text.  Needs nothing but the library.
 *
 *     fuzz_database [SECONDS [SEED]]    2, or CONV3D_FUZZ_SECONDS; a seed that it prints
 */
#include "support.h"

#include "database/database.h"
#include "database/record.h"
#include "database/tile_text.h"

#include "../tools/random_data.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_BYTES = 1 << 16, MOST_EDITS = 6 };

static const char first_line[] = "# conv3d tuning database, format 1\n";

/* What lines are made of, right and wrong. */
static const char *const tokens[] = {
    "algorithm ", "tile ", "rate ", "future ", "fast ", "strict ", "@m/avx2/32K/k1", "threads=2 ",
    "threads=4097 ", "team=2 ", "ms=0.125000 ", "gain=1.250", "gain=0.000", "winograd:4x4x4 ",
    "direct ", "n1_ci16t8h12w12_co32_k3_p1 ", "x",
    "n2_ci3t8h8w8_co8_k1x3x5_s1x2x2_p0:1x1x2_d2_g1_b_flip",
    "t4h7w56oc64ic16p32.inner.cached ", "t1.outer.streamed ", "t9223372036854775807", "fma ",
    "_p9223372036854775807:1", "_k3", "_b", ":", ".", "=", " = ", " #", " ", "@", "#", "\n",
    "\r\n", "0", "9223372036854775807", "99999999999999999999", "0.000000000000001", "1e9", "-1",
    "nan", "\xc3\xa9", "\x7f",
};
enum { TOKENS = sizeof tokens / sizeof *tokens };

static const char *const lines[] = {
    "algorithm n1_ci16t8h12w12_co32_k3_p1 fast @m/avx2/k1 = winograd:4x4x4 gain=1.250",
    "algorithm n1_ci3t8h8w8_co8_k1x3x5_s1x2x2_p0:1x1x2 strict @m = direct gain=0.001",
    "tile n2_ci16t8h12w12_co32_k3_p1 fast threads=2 direct @m = t4h2p32.inner team=2 ms=0.1 gain=1.1",
    "tile n1_ci1t1h1w1_co1_k1_s2_d3_g1 strict threads=4096 rows @m = t1 team=1 ms=1 gain=1",
    "rate fma @m/avx2/k1 = 51.200000", "future kind of entry = whatever it says",
};
enum { LINES = sizeof lines / sizeof *lines };

/* Draws one number after another. */
struct dice {
    uint64_t seed, next;
};

static uint64_t roll(struct dice *dice, uint64_t sides)
{
    return random_bits(dice->seed, dice->next++) % sides;
}

/* A text that may hold any byte, in a buffer that it never fills. */
struct text {
    char bytes[2 * MOST_BYTES];
    size_t length;
};

static void insert(struct text *text, size_t at, const char *bytes, size_t count)
{
    if (text->length + count <= MOST_BYTES) {
        memmove(text->bytes + at + count, text->bytes + at, text->length - at);
        memcpy(text->bytes + at, bytes, count);
        text->length += count;
    }
}

static void erase(struct text *text, size_t at, size_t count)
{
    memmove(text->bytes + at, text->bytes + at + count, text->length - at - count);
    text->length -= count;
}

/* One change somewhere from byte `first` on, if the text is as long. */
static void mutilate(struct text *text, size_t first, struct dice *dice)
{
    const size_t from = first < text->length ? first : text->length;
    const size_t room = text->length - from;
    const size_t at = from + roll(dice, room + 1);
    const char *const token = tokens[roll(dice, TOKENS)];
    char piece[2048];
    switch (roll(dice, room > 0 ? 8 : 1)) {
    case 0:
    case 1:
        insert(text, at, token, strlen(token));
        break;
    case 2:
        text->bytes[at - (at == text->length)] ^= (char)(1 << roll(dice, 8));
        break;
    case 3: /* cut out */
        erase(text, at, roll(dice, roll(dice, 2) == 0 ? 4 : text->length - at + 1) %
                            (text->length - at + 1));
        break;
    case 4: { /* one part put somewhere else */
        const size_t other = from + roll(dice, room);
        const size_t left = text->length - other;
        const size_t count = 1 + roll(dice, left < sizeof piece ? left : sizeof piece);
        memcpy(piece, text->bytes + other, count);
        insert(text, at, piece, count);
        break;
    }
    case 5: /* far too long */
        memset(piece, "9 ax"[roll(dice, 4)], sizeof piece);
        insert(text, at, piece, roll(dice, sizeof piece));
        break;
    case 6: /* the end */
        text->length = at;
        break;
    default:
        text->bytes[at - (at == text->length)] = (char)roll(dice, 256);
        break;
    }
}

/* FNV-1a. */
static uint32_t checksum(const char *bytes, size_t count)
{
    uint32_t sum = UINT32_C(0x811c9dc5);
    for (size_t i = 0; i < count; i++)
        sum = (sum ^ (unsigned char)bytes[i]) * UINT32_C(0x01000193);
    return sum;
}

/* A line behind the text, with the checksum that belongs to it. */
static void append_line(struct text *text, const struct text *line)
{
    char sum[16];
    snprintf(sum, sizeof sum, " #%08" PRIx32 "\n", checksum(line->bytes, line->length));
    insert(text, text->length, line->bytes, line->length);
    insert(text, text->length, sum, strlen(sum));
}

/* A database whose lines may have been mutilated before they got their checksums, and which is
 * afterwards, or not. */
static void draw_database(struct text *text, struct dice *dice)
{
    static struct text line;
    text->length = 0;
    insert(text, 0, first_line, sizeof first_line - 1);
    for (uint64_t i = roll(dice, 12); i > 0; i--) {
        const char *const whole = lines[roll(dice, LINES)];
        line.length = 0;
        insert(&line, 0, whole, strlen(whole));
        for (uint64_t edits = roll(dice, 2) * roll(dice, MOST_EDITS); edits > 0; edits--)
            mutilate(&line, 0, dice);
        append_line(text, &line);
    }
    if (roll(dice, 2) == 0)
        for (uint64_t edits = roll(dice, MOST_EDITS); edits > 0; edits--)
            mutilate(text, roll(dice, 8) == 0 ? 0 : sizeof first_line - 1, dice);
}

/* A copy beyond which there is nothing, with or without a NUL. */
static char *exactly(const char *bytes, size_t count, size_t nul)
{
    char *const copy = malloc(count + nul > 0 ? count + nul : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, count);
    if (nul > 0)
        copy[count] = '\0';
    return copy;
}

static bool same(const struct c3d_database *a, const struct c3d_database *b)
{
    bool good = a->count == b->count;
    for (size_t i = 0; good && i < a->count; i++)
        good = strcmp(a->entries[i].key, b->entries[i].key) == 0 &&
               strcmp(a->entries[i].value, b->entries[i].value) == 0;
    return good;
}

static bool is_sorted(const struct c3d_database *database)
{
    bool good = true;
    for (size_t i = 1; good && i < database->count; i++)
        good = strcmp(database->entries[i - 1].key, database->entries[i].key) < 0;
    return good;
}

/* ---- What is read, is written and read again ------------------------------------ */

static bool check_tile(const char *text)
{
    char *const copy = exactly(text, strlen(text), 1);
    conv3d_tile tile, again;
    char canonical[CONV3D_TILE_TEXT];
    const char *const malformed = c3d_tile_read(copy, &tile);
    bool good = malformed == NULL || (malformed >= copy && *malformed != '\0');
    if (malformed == NULL)
        good = conv3d_tile_format(&tile, canonical, sizeof canonical) < sizeof canonical &&
               c3d_tile_read(canonical, &again) == NULL &&
               memcmp(&tile, &again, sizeof tile) == 0;
    free(copy);
    return good || complain("tile \"%s\"", text);
}

static bool check_problem(const char *text)
{
    char *const copy = exactly(text, strlen(text), 1);
    conv3d_params params, again;
    int64_t shape[5], again_shape[5];
    char canonical[PROBLEM_TEXT_MAX], twice[PROBLEM_TEXT_MAX];
    bool good = true;
    if (conv3d_problem_parse(copy, &params, shape) == CONV3D_OK)
        good = conv3d_problem_format(&params, shape, canonical, sizeof canonical) <
                   sizeof canonical &&
               conv3d_problem_parse(canonical, &again, again_shape) == CONV3D_OK &&
               conv3d_problem_format(&again, again_shape, twice, sizeof twice) > 0 &&
               strcmp(canonical, twice) == 0 && memcmp(shape, again_shape, sizeof shape) == 0;
    free(copy);
    return good || complain("problem \"%s\"", text);
}

static bool check_key(const char *text)
{
    char *const copy = exactly(text, strlen(text), 1);
    struct c3d_key_parts parts, again;
    char key[C3D_KEY_BYTES] = "";
    bool good = true;
    if (strlen(text) < sizeof key && c3d_key_parse(copy, &parts)) {
        const struct c3d_subject subject = {parts.problem, parts.machine, parts.math,
                                            parts.threads, parts.algorithm};
        if (strcmp(parts.kind, "rate") == 0)
            c3d_rate_key(parts.rate, parts.machine, key);
        else if (strcmp(parts.kind, "tile") == 0)
            c3d_tile_key(&subject, key);
        else
            c3d_algorithm_key(&subject, key);
        good = c3d_key_parse(key, &again) && strcmp(parts.kind, again.kind) == 0 &&
               strcmp(parts.problem, again.problem) == 0 && strcmp(parts.rate, again.rate) == 0 &&
               strcmp(parts.algorithm, again.algorithm) == 0 &&
               strcmp(parts.machine, again.machine) == 0 && parts.math == again.math &&
               parts.threads == again.threads && check_problem(parts.problem);
    }
    free(copy);
    return good || complain("key \"%s\", then \"%s\"", text, key);
}

/* Numbers that are rounded to nothing, or past 2^52, cannot be written. */
static bool is_writable(double number, int digits)
{
    const double least = digits == 3 ? 0.0005 : 0.0000005;
    return number >= least && number < 0x1p52;
}

static bool check_value(const char *text)
{
    char *const copy = exactly(text, strlen(text), 1);
    struct c3d_algorithm_record algorithm;
    struct c3d_tile_record tile;
    double rate;
    char once[C3D_VALUE_BYTES] = "", twice[C3D_VALUE_BYTES] = "";
    bool good = true;
    if (c3d_algorithm_parse(copy, &algorithm) && is_writable(algorithm.gain, 3)) {
        c3d_algorithm_value(&algorithm, once);
        if ((good = c3d_algorithm_parse(once, &algorithm)))
            c3d_algorithm_value(&algorithm, twice);
    }
    if (c3d_tile_parse(copy, &tile) && is_writable(tile.gain, 3) &&
        is_writable(1e3 * tile.seconds, 6) && tile.seconds < 1e6) {
        c3d_tile_value(&tile, once);
        if ((good = good && c3d_tile_parse(once, &tile)))
            c3d_tile_value(&tile, twice);
    }
    if (c3d_rate_parse(copy, &rate) && is_writable(rate, 6) && rate < 1e9) {
        c3d_rate_value(rate, once);
        if ((good = good && c3d_rate_parse(once, &rate)))
            c3d_rate_value(rate, twice);
    }
    free(copy);
    return (good && strcmp(once, twice) == 0) ||
           complain("value \"%s\", \"%s\", then \"%s\"", text, once, twice);
}

static bool check_entries(const struct c3d_database *database)
{
    bool good = is_sorted(database);
    for (size_t i = 0; good && i < database->count; i++) {
        const struct c3d_entry *const entry = &database->entries[i];
        good = strlen(entry->key) < C3D_KEY_BYTES && strlen(entry->value) < C3D_VALUE_BYTES &&
               c3d_database_find(database, entry->key) == entry->value && check_key(entry->key) &&
               check_value(entry->value);
    }
    return good;
}

/* *entries: counts what was read. */
static bool check_database(const struct text *text, uint64_t *entries)
{
    struct c3d_database database = {0}, again = {0};
    char *const copy = exactly(text->bytes, text->length, 0);
    bool good = true;
    if (c3d_database_read(&database, copy, text->length) == CONV3D_OK) {
        size_t length;
        char *const written = c3d_database_write(&database, &length);
        char *const exact = exactly(written, length, 0);
        good = check_entries(&database) &&
               c3d_database_read(&again, exact, length) == CONV3D_OK && again.damaged == 0 &&
               same(&database, &again);
        free(written);
        free(exact);
    }
    *entries += database.count;
    good = good || complain("database of %zu bytes:\n%.*s", text->length, (int)text->length,
                            text->bytes);
    c3d_database_free(&database);
    c3d_database_free(&again);
    free(copy);
    return good;
}

/* A word of a line, or the whole of it, on its own. */
static bool check_words(struct dice *dice)
{
    static struct text text;
    const char *const line = lines[roll(dice, LINES)];
    const char *const begin = line + roll(dice, 2) * strcspn(line, " ") + 1;
    text.length = 0;
    insert(&text, 0, begin, roll(dice, 2) == 0 ? strlen(begin) : strcspn(begin, " "));
    for (uint64_t edits = roll(dice, MOST_EDITS); edits > 0; edits--)
        mutilate(&text, 0, dice);
    text.bytes[text.length] = '\0';
    return check_problem(text.bytes) && check_tile(text.bytes) && check_key(text.bytes) &&
           check_value(text.bytes);
}

static double number_from(const char *text, const char *what)
{
    char *end;
    const double number = strtod(text, &end);
    if (end == text || *end != '\0') {
        fprintf(stderr, "fuzz_database: %s \"%s\" is not a number\n", what, text);
        exit(2);
    }
    return number;
}

int main(int argc, char **argv)
{
    static struct text text;
    const char *const usual = getenv("CONV3D_FUZZ_SECONDS");
    const double seconds =
        number_from(argc > 1 ? argv[1] : usual != NULL && *usual != '\0' ? usual : "2", "time");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0)
                                   : (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec;
    printf("seed %" PRIu64 "\n", seed);
    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &now);
    const time_t end = now.tv_sec + (time_t)seconds;
    uint64_t rounds = 0, entries = 0;
    for (bool over = false; !over; rounds++) {
        struct dice dice = {random_bits(seed, rounds), 0};
        draw_database(&text, &dice);
        if (!check_database(&text, &entries) || !check_words(&dice)) {
            fprintf(stderr, "fuzz_database: round %" PRIu64 " of seed %" PRIu64 "\n", rounds, seed);
            return EXIT_FAILURE;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        over = now.tv_sec >= end;
    }
    printf("%" PRIu64 " rounds, %" PRIu64 " entries read\n", rounds, entries);
    /* Mutilated beyond recognition, nothing would be tested. */
    return entries >= rounds ? EXIT_SUCCESS : EXIT_FAILURE;
}
