/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.c - option tables
 *
 * getopt_long() does the cutting; the values are parsed here, strictly: no signs,
 * no trailing characters, nothing out of range, so that a slip of the finger never
 * computes something else.
 */
#include "options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { MAX_OPTIONS = 40, FIRST_CODE = 256, HELP_COLUMN = 26 };

/* The rows of all groups in one list, in the order of their getopt codes. */
struct row_list {
    const struct option_row *rows[MAX_OPTIONS];
    void *values[MAX_OPTIONS];
    int seen[MAX_OPTIONS];
    struct option getopt_rows[MAX_OPTIONS + 2];
    int count;
};

static void collect_rows(const struct option_set *set, struct row_list *list)
{
    memset(list, 0, sizeof *list);
    for (const struct option_group *group = set->groups; group->heading != NULL; group++) {
        for (const struct option_row *row = group->rows; row->name != NULL; row++) {
            const int i = list->count++;

            list->rows[i] = row;
            list->values[i] = group->values;
            list->getopt_rows[i].name = row->name;
            list->getopt_rows[i].has_arg =
                row->kind == OPTION_FLAG ? no_argument : required_argument;
            list->getopt_rows[i].val = FIRST_CODE + i;
        }
    }
    list->getopt_rows[list->count].name = "help";
    list->getopt_rows[list->count].val = 'h';
}

/* ---- Values ------------------------------------------------------------------ */

/* The digits at *text as a number within the row's range; moves *text past them. */
static int scan_number(const struct option_row *row, const char **text, int64_t *number)
{
    const char *const start = *text;
    int64_t value = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, **text - '0', &value))
            return 0;
    }
    if (*text == start || value < row->min || value > row->max)
        return 0;
    *number = value;
    return 1;
}

static int parse_number(const struct option_row *row, const char *text, int64_t *number)
{
    return scan_number(row, &text, number) && *text == '\0';
}

/* Bytes, or with a letter powers of 1024 of them; a small letter might mean bits or 1000. */
static int parse_size(const struct option_row *row, const char *text, int64_t *bytes)
{
    static const char letters[] = "KMG";
    const struct option_row any = {.max = INT64_MAX};
    int64_t number;

    if (!scan_number(&any, &text, &number))
        return 0;
    if (*text != '\0') {
        const char *const letter = strchr(letters, *text++);

        if (letter == NULL || *text != '\0' ||
            __builtin_mul_overflow(number, INT64_C(1) << 10 * (letter - letters + 1), &number))
            return 0;
    }
    *bytes = number;
    return number >= row->min && number <= row->max;
}

/* Digits, perhaps a point and more digits: no sign, no exponent. */
static int parse_decimal(const struct option_row *row, const char *text, double *number)
{
    const size_t whole = strspn(text, "0123456789");
    const size_t point = text[whole] == '.';
    const size_t part = point ? strspn(text + whole + 1, "0123456789") : 0;

    if (whole == 0 || (point && part == 0) || text[whole + point + part] != '\0')
        return 0;
    *number = strtod(text, NULL);
    return *number >= (double)row->min && *number <= (double)row->max;
}

static int append_text(const char *text, struct option_list *list)
{
    if (text[0] == '\0' || list->count == OPTION_LIST_CAPACITY)
        return 0;
    list->texts[list->count++] = text;
    return 1;
}

/* "2" for all axes, or "T,H,W"; with an `end`, entries may be BEGIN:END. */
static int parse_axes(const struct option_row *row, const char *text, int64_t *begin,
                      int64_t *end)
{
    int axis = 0;

    for (;; text++) {
        if (!scan_number(row, &text, &begin[axis]))
            return 0;
        if (end != NULL) {
            end[axis] = begin[axis];
            if (*text == ':') {
                text++;
                if (!scan_number(row, &text, &end[axis]))
                    return 0;
            }
        }
        axis++;
        if (*text == '\0')
            break;
        if (*text != ',' || axis == 3)
            return 0;
    }
    if (axis == 1) {
        for (int i = 1; i < 3; i++) {
            begin[i] = begin[0];
            if (end != NULL)
                end[i] = end[0];
        }
    }
    return axis != 2;
}

static int parse_choice(const struct option_row *row, const char *text, int *choice)
{
    const size_t length = strlen(text);
    int index = 0;

    for (const char *word = row->argument; word != NULL; index++) {
        const char *const bar = strchr(word, '|');
        const size_t word_length = bar != NULL ? (size_t)(bar - word) : strlen(word);

        if (word_length == length && memcmp(word, text, length) == 0) {
            *choice = index;
            return 1;
        }
        word = bar != NULL ? bar + 1 : NULL;
    }
    return 0;
}

/* What would have been legal, for the message. */
static void describe_legal(const struct option_row *row, char *buffer, size_t capacity)
{
    char range[64];

    if (row->max == INT64_MAX)
        snprintf(range, sizeof range, "%" PRId64 " or more", row->min);
    else
        snprintf(range, sizeof range, "%" PRId64 " to %" PRId64, row->min, row->max);

    if (row->kind == OPTION_CHOICE)
        snprintf(buffer, capacity, "one of %s", row->argument);
    else if (row->kind == OPTION_TEXT)
        snprintf(buffer, capacity, "a text that is not empty");
    else if (row->kind == OPTION_LIST)
        snprintf(buffer, capacity, "a text that is not empty, at most %d times",
                 OPTION_LIST_CAPACITY);
    else if (row->kind == OPTION_DECIMAL)
        snprintf(buffer, capacity, "a number like 2 or 0.5, %s", range);
    else if (row->kind == OPTION_SIZE)
        snprintf(buffer, capacity, "a number of bytes like 4096 or 4K (or M, G), %s", range);
    else if (row->kind == OPTION_NUMBER)
        snprintf(buffer, capacity, "a whole number, %s", range);
    else
        snprintf(buffer, capacity, "a whole number or three as T,H,W%s, each %s",
                 row->kind == OPTION_RANGES ? ", or BEGIN:END for one of them" : "", range);
}

static int parse_value(const struct option_row *row, const char *text, void *values)
{
    char *const place = (char *)values + row->offset;
    int64_t begin[3], end[3];

    switch (row->kind) {
    case OPTION_FLAG:
        *(int *)place = 1;
        return 1;
    case OPTION_TEXT:
        *(const char **)place = text;
        return text[0] != '\0';
    case OPTION_LIST:
        return append_text(text, (struct option_list *)place);
    case OPTION_NUMBER:
        return parse_number(row, text, (int64_t *)place);
    case OPTION_SIZE:
        return parse_size(row, text, (int64_t *)place);
    case OPTION_DECIMAL:
        return parse_decimal(row, text, (double *)place);
    case OPTION_CHOICE:
        return parse_choice(row, text, (int *)place);
    case OPTION_TRIPLE:
        if (!parse_axes(row, text, begin, NULL))
            return 0;
        memcpy(place, begin, sizeof begin);
        return 1;
    case OPTION_RANGES:
        if (!parse_axes(row, text, begin, end))
            return 0;
        memcpy(place, begin, sizeof begin);
        memcpy(place + sizeof begin, end, sizeof end);
        return 1;
    }
    return 0;
}

/* ---- Help -------------------------------------------------------------------- */

/* Prints text whose further lines are indented as deep as the first one is. */
static void print_indented(const char *text, int column)
{
    for (; *text != '\0'; text++) {
        putchar(*text);
        if (*text == '\n')
            printf("%*s", column, "");
    }
    putchar('\n');
}

static void print_row(const char *name, const char *argument, const char *help)
{
    const int used = printf("  --%s%s%s", name, argument ? " " : "", argument ? argument : "");

    if (used + 2 > HELP_COLUMN)
        printf("\n%*s", HELP_COLUMN, "");
    else
        printf("%*s", HELP_COLUMN - used, "");
    print_indented(help, HELP_COLUMN);
}

static void print_help(const struct option_set *set)
{
    const int column = printf("Usage: conv3d %s ", set->command);

    print_indented(set->synopsis, column);
    printf("\n%s\n", set->summary);
    for (const struct option_group *group = set->groups; group->heading != NULL; group++) {
        printf("\n%s:\n", group->heading);
        for (const struct option_row *row = group->rows; row->name != NULL; row++)
            print_row(row->name, row->argument, row->help);
    }
    printf("\nHelp:\n");
    print_row("help", NULL, "print this text");
}

/* ---- Parsing ----------------------------------------------------------------- */

/* getopt_long() found no row for an argument, or more than one. */
static void report_unknown(const struct row_list *list, const char *argument)
{
    const char *const name = argument + 2;
    const size_t length = strcspn(name, "=");
    char matches[256] = "";
    int count = 0;

    for (int i = 0; i < list->count; i++) {
        if (strncmp(list->rows[i]->name, name, length) == 0) {
            const size_t used = strlen(matches);

            snprintf(matches + used, sizeof matches - used, "%s--%s", count++ ? ", " : "",
                     list->rows[i]->name);
        }
    }
    if (count > 1)
        report_misuse("option '%s' is ambiguous: %s", argument, matches);
    else
        report_misuse("unknown option '%s'", argument);
}

static int take_option(struct row_list *list, int index)
{
    const struct option_row *const row = list->rows[index];
    char legal[256];

    if (list->seen[index]++ && row->kind != OPTION_LIST) {
        report_misuse("option '--%s' is given twice", row->name);
        return 0;
    }
    if (parse_value(row, optarg, list->values[index]))
        return 1;
    describe_legal(row, legal, sizeof legal);
    report_misuse("--%s '%s': expected %s", row->name, optarg, legal);
    return 0;
}

enum options_outcome options_parse(const struct option_set *set, int argc, char **argv)
{
    struct row_list list;
    int code;

    collect_rows(set, &list);
    opterr = 0;
    optind = 0; /* glibc: start anew, main() may have looked at argv */
    while ((code = getopt_long(argc, argv, "+:h", list.getopt_rows, NULL)) != -1) {
        if (code == 'h') {
            print_help(set);
            return OPTIONS_HELPED;
        }
        if (code >= FIRST_CODE) {
            if (!take_option(&list, code - FIRST_CODE))
                return OPTIONS_WRONG;
            continue;
        }
        if (code == ':')
            report_misuse("option '%s' needs an argument: %s", argv[optind - 1],
                          list.rows[optopt - FIRST_CODE]->argument);
        else if (optopt >= FIRST_CODE || optopt == 'h')
            report_misuse("option '%s' takes no argument", argv[optind - 1]);
        else if (optopt != 0) /* a single letter, perhaps in the middle of a cluster */
            report_misuse("unknown option '-%c'", optopt);
        else
            report_unknown(&list, argv[optind - 1]);
        return OPTIONS_WRONG;
    }
    if (optind < argc) {
        report_misuse("unexpected operand '%s'", argv[optind]);
        return OPTIONS_WRONG;
    }
    return OPTIONS_PARSED;
}
