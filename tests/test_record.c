/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_record.c - what keys and values of the tuning database mean: both ways, whatever the
 * numbers and the host program's locale.
 */
#include "process.h"
#include "support.h"

#include "base/text.h"
#include "database/record.h"

#include "../tools/random_data.h"
#include "../tools/random_problem.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const conv3d_tile longest_tile = {
    INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
    CONV3D_ORDER_OUTER, CONV3D_STORE_STREAMED,
};

static conv3d_tile draw_tile(uint64_t seed)
{
    const uint64_t bits = random_bits(seed, 0);
    int64_t extents[6];
    for (uint64_t i = 0; i < 6; i++) {
        const uint64_t more = random_bits(seed, i + 1);
        extents[i] = bits >> i & 1 ? (int64_t)(more >> (1 + more % 63)) : 0;
    }
    /* Never of zeros alone, for which no entry is made. */
    return (conv3d_tile){1 + extents[0] / 2, extents[1], extents[2], extents[3], extents[4],
                         extents[5], (conv3d_order)(bits / 64 % 3),
                         (conv3d_store)(bits / 256 % 3)};
}

/* Of numbers that are written with so many digits. */
static bool nearly(double got, double wanted, double step)
{
    return fabs(got - wanted) <= 0.5000001 * step + 1e-15 * wanted;
}

static void expect_tile_record(const struct c3d_tile_record *record)
{
    char value[C3D_VALUE_BYTES], again[C3D_VALUE_BYTES];
    struct c3d_tile_record read;
    c3d_tile_value(record, value);
    cr_assert(strlen(value) < sizeof value - 1, "cut: %s", value);
    cr_assert(c3d_tile_parse(value, &read), "%s", value);
    cr_expect(memcmp(&read.tile, &record->tile, sizeof read.tile) == 0, "%s", value);
    cr_expect(read.team == record->team && nearly(read.seconds, record->seconds, 1e-9) &&
                  nearly(read.gain, record->gain, 1e-3),
              "%s", value);
    c3d_tile_value(&read, again);
    cr_expect_str_eq(again, value);
}

Test(record, tiles_survive_the_round_trip)
{
    const uint64_t seed = test_seed();
    const int64_t count = test_count(20000);
    for (int64_t i = 0; i < count; i++) {
        const uint64_t bits = random_bits(seed, (uint64_t)i);
        const struct c3d_tile_record record = {
            .tile = draw_tile(bits),
            .team = 1 + (int)(bits % 4096),
            .seconds = 1e-9 * exp(0.001 * (double)(bits / 4096 % 30000)),
            .gain = 1e-3 * (1 + (double)(bits / 4096 % 5000)),
        };
        expect_tile_record(&record);
    }
    /* A nanosecond, a year; the most that fits everywhere. */
    expect_tile_record(&(struct c3d_tile_record){{.t = 1}, 1, 1e-9, 0.001});
    expect_tile_record(&(struct c3d_tile_record){longest_tile, 4096, 3.2e7, 1e12});
}

Test(record, algorithms_and_rates_survive_the_round_trip)
{
    static const double gains[] = {0.001, 0.9996, 0.9994, 1, 1.0005, 2.5, 999.9999, 1e12};
    for (size_t i = 0; i < sizeof gains / sizeof *gains; i++) {
        const struct c3d_algorithm_record record = {"winograd:4x4x4", gains[i]};
        struct c3d_algorithm_record read;
        char value[C3D_VALUE_BYTES];
        double rate;
        c3d_algorithm_value(&record, value);
        cr_assert(c3d_algorithm_parse(value, &read), "%s", value);
        cr_expect_str_eq(read.algorithm, record.algorithm);
        cr_expect(nearly(read.gain, gains[i], 1e-3), "%s", value);
        c3d_rate_value(gains[i], value);
        cr_assert(c3d_rate_parse(value, &rate), "%s", value);
        cr_expect(nearly(rate, gains[i], 1e-6), "%s", value);
    }
}

Test(record, keys_survive_the_round_trip)
{
    static const char machine[] = "AMD-EPYC-9B14/avx512/32K/1024K/32768K/2/k1";
    const uint64_t seed = test_seed();
    const int64_t count = test_count(5000);
    for (int64_t i = 0; i < count; i++) {
        const uint64_t bits = random_bits(seed, (uint64_t)i);
        conv3d_params params;
        int64_t input[5];
        char problem[PROBLEM_TEXT_MAX], key[C3D_KEY_BYTES];
        struct c3d_key_parts parts;
        random_problem_draw(bits, &params, input);
        conv3d_problem_format(&params, input, problem, sizeof problem);
        const struct c3d_subject subject = {problem, machine,
                                            bits % 2 ? CONV3D_MATH_STRICT : CONV3D_MATH_FAST,
                                            1 + (int)(bits / 2 % 4096), "winograd:4x4x4"};
        c3d_algorithm_key(&subject, key);
        cr_assert(c3d_key_parse(key, &parts), "%s", key);
        cr_expect_str_eq(parts.kind, "algorithm");
        cr_expect(strcmp(parts.problem, problem) == 0 && strcmp(parts.machine, machine) == 0 &&
                      parts.math == subject.math && parts.threads == 0 && parts.rate[0] == '\0' &&
                      parts.algorithm[0] == '\0',
                  "%s", key);
        c3d_tile_key(&subject, key);
        cr_assert(c3d_key_parse(key, &parts), "%s", key);
        cr_expect_str_eq(parts.kind, "tile");
        cr_expect(strcmp(parts.problem, problem) == 0 && strcmp(parts.machine, machine) == 0 &&
                      parts.math == subject.math && parts.threads == subject.threads &&
                      strcmp(parts.algorithm, subject.algorithm) == 0,
                  "%s", key);
    }
    char key[C3D_KEY_BYTES];
    struct c3d_key_parts parts;
    c3d_rate_key("fma", machine, key);
    cr_assert(c3d_key_parse(key, &parts));
    cr_expect(strcmp(parts.kind, "rate") == 0 && strcmp(parts.rate, "fma") == 0 &&
              strcmp(parts.machine, machine) == 0 && parts.problem[0] == '\0');
}

Test(record, malformed_keys_are_refused)
{
    static const char *const keys[] = {
        "", " ", "algorithm", "algorithm ", "algorithm p", "algorithm p fast", "algorithm p fast ",
        "algorithm p fast m", "algorithm p fast @", "algorithm p quick @m", "algorithm p fast @m x",
        "algorithm p fast @m ", " algorithm p fast @m", "algorithm  p fast @m",
        "algorithm p fast threads=2 @m", "Algorithm p fast @m", "algorithms p fast @m",
        "tile p fast @m", "tile p fast threads=2 @m", "tile p fast direct @m",
        "tile p fast direct threads=2 @m", "tile p fast threads=2 direct",
        "tile p fast threads=2 direct m", "tile p fast threads=2 direct rows @m",
        "tile p fast threads=2 123456789012345678901234 @m", "tile p fast threads= direct @m",
        "tile p fast threads=0 direct @m", "tile p fast threads=4097 direct @m",
        "tile p fast threads=1.5 direct @m", "tile p fast threads=-1 direct @m",
        "tile p fast threads=99999999999999999999 direct @m", "tile p fast threads2 direct @m",
        "tile p fast threads=2x direct @m", "tile p fast threads=2  direct @m",
        "tile p fast team=2 direct @m",
        "rate @m", "rate fma", "rate fma m", "rate fma @m x", "rate  @m", "future fma @m",
        "a_kind_that_is_longer_than_any x @m", "rate a_name_that_is_longer_than_any_name_is @m",
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct c3d_key_parts parts;
        cr_expect(!c3d_key_parse(keys[i], &parts), "%s", keys[i]);
    }
}

Test(record, malformed_values_are_refused)
{
    static const char *const algorithms[] = {
        "", " ", "direct", "direct ", "direct gain", "direct gain=", "direct gain=0",
        "direct gain=0.000", "direct gain=-1", "direct gain=1,5", "direct gain=1.",
        "direct gain=.5", "direct gain=1e3", "direct gain=nan", "direct gain=1 x",
        "direct gain=1 ", " direct gain=1", "direct  gain=1", "direct\tgain=1", "direct Gain=1",
        "gain=1 direct", "direct gain=1.0000000000000000", "direct gain=9223372036854775808",
        "123456789012345678901234 gain=1",
        "direct gain=0000000000000000000000000000000000000000000000000000000000000001",
    };
    static const char *const tiles[] = {
        "", " ", "t1", "t1 team=1 ms=1", "t1 team=1 gain=1",
        "team=1 ms=1 gain=1", " team=1 ms=1 gain=1", "t0 team=1 ms=1 gain=1",
        "t1t1 team=1 ms=1 gain=1", "x team=1 ms=1 gain=1",
        "t1 team=0 ms=1 gain=1", "t1 team=4097 ms=1 gain=1",
        "t1 team=1.5 ms=1 gain=1", "t1 team=1 ms=0 gain=1",
        "t1 team=1 ms=1 gain=0", "t1 team=1 ms=1 gain=1 ",
        "t1 team=1 ms=1 gain=1 x", "t1 ms=1 team=1 gain=1",
        "t9223372036854775808 team=1 ms=1 gain=1",
        "direct t1 team=1 ms=1 gain=1", "t1.inner.outer team=1 ms=1 gain=1",
    };
    static const char *const rates[] = {
        "", " ", "x", "0", "0.000000", "-1", "1,5", "1 ", " 1", "1.", "1e9", "inf", "0x10",
        "99999999999999999999",
    };
    struct c3d_algorithm_record algorithm;
    struct c3d_tile_record tile;
    double rate;
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        cr_expect(!c3d_algorithm_parse(algorithms[i], &algorithm), "%s", algorithms[i]);
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++)
        cr_expect(!c3d_tile_parse(tiles[i], &tile), "%s", tiles[i]);
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        cr_expect(!c3d_rate_parse(rates[i], &rate), "%s", rates[i]);
    cr_expect(c3d_algorithm_parse("direct gain=1", &algorithm));
    cr_expect(c3d_tile_parse("t1 team=1 ms=1 gain=1", &tile));
    cr_expect(c3d_rate_parse("1", &rate));
}

static void expect_decimals(void)
{
    static const struct {
        double value;
        int digits;
        const char *text;
    } cases[] = {
        {0, 0, "0"}, {0, 3, "0.000"}, {0.5, 0, "1"}, {1.25, 1, "1.3"}, {0.9996, 3, "1.000"},
        {0.9994, 3, "0.999"}, {1e-6, 6, "0.000001"}, {4e-7, 6, "0.000000"}, {12.05, 2, "12.05"},
        {4503599627370495, 0, "4503599627370495"}, {4503599627370495, 3, "4503599627370495.000"},
        {999999.9999999, 6, "1000000.000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        const char *at = text;
        double value;
        struct c3d_writer writer = c3d_write_to(text, sizeof text);
        c3d_write_decimal(&writer, cases[i].value, cases[i].digits);
        cr_expect_str_eq(text, cases[i].text);
        cr_assert(c3d_read_decimal(&at, &value) && *at == '\0', "%s", text);
        cr_expect(nearly(value, cases[i].value, pow(10, -cases[i].digits)), "%s", text);
    }
    static const struct {
        const char *text, *rest;
        double value;
    } reads[] = {{"7", "", 7},       {"7.25x", "x", 7.25}, {"1,5", ",5", 1},
                 {"0.1 ", " ", 0.1}, {"1.123456789012345", "", 1.123456789012345}};
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
        const char *at = reads[i].text;
        double value;
        cr_assert(c3d_read_decimal(&at, &value), "%s", reads[i].text);
        cr_expect_str_eq(at, reads[i].rest);
        cr_expect(value == reads[i].value, "%s", reads[i].text);
    }
    static const char *const refused[] = {"", ".", ".5", "5.", "5.x", "-1", "+1", " 1", ",5", "x",
                                          "1.1234567890123456", "9223372036854775808"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *at = refused[i];
        double value = 77;
        cr_expect(!c3d_read_decimal(&at, &value) && at == refused[i] && value == 77, "%s",
                  refused[i]);
    }
}

Test(record, decimals_are_written_and_read)
{
    expect_decimals();
}

/* One that is installed, or can be made. */
static bool use_decimal_comma(const struct scratch *scratch)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "fr_FR",
                                        "ru_RU.UTF-8"};
    char path[512];
    int code, signal_number;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] == ',')
            return true;
    scratch_file(scratch, names[0], path);
    const char *const make[] = {"localedef", "-i", "de_DE", "-f", "UTF-8", path, NULL};
    process_wait(process_start(make, "/dev/null", "/dev/null"), 60, &code, &signal_number);
    setenv("LOCPATH", scratch->path, 1);
    return setlocale(LC_ALL, names[0]) != NULL && localeconv()->decimal_point[0] == ',';
}

Test(record, decimals_have_a_point_in_every_locale)
{
    struct scratch scratch;
    char text[64];
    scratch_make(&scratch);
    const bool comma = use_decimal_comma(&scratch);
    scratch_remove(&scratch);
    if (!comma)
        cr_skip("no locale with a decimal comma, and none can be made");
    snprintf(text, sizeof text, "%.1f", 0.5);
    cr_assert_str_eq(text, "0,5");
    expect_decimals();
    expect_tile_record(&(struct c3d_tile_record){longest_tile, 3, 0.0123, 1.5});
}
