/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - option tables
 *
 * One row describes one option: it drives the parser, the error messages and the
 * text of --help, which therefore cannot disagree.  The values land in a struct
 * of the command, which sets the defaults beforehand.  Knows nothing about any
 * particular option.
 */
#ifndef CONV3D_TOOLS_OPTIONS_H
#define CONV3D_TOOLS_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,    /* int, set to 1 */
    OPTION_TEXT,    /* const char *, as typed */
    OPTION_LIST,    /* struct option_list, as typed; may be given several times */
    OPTION_NUMBER,  /* int64_t within min..max */
    OPTION_SIZE,    /* int64_t within min..max, of bytes: "4096" or "4K" */
    OPTION_DECIMAL, /* double within min..max: "2" or "0.25" */
    OPTION_CHOICE,  /* int, the index of the word in `argument` */
    OPTION_TRIPLE,  /* int64_t[3], each within min..max: "2" or "1,2,2" */
    OPTION_RANGES   /* int64_t[2][3], begin and end: also "2:0,1,1" */
};

enum { OPTION_LIST_CAPACITY = 64 };

struct option_list {
    const char *texts[OPTION_LIST_CAPACITY];
    int count;
};

struct option_row {
    const char *name;     /* without the dashes; NULL ends a table */
    const char *argument; /* as --help shows it; for a choice "fast|strict" */
    enum option_kind kind;
    size_t offset;        /* of the value in the group's struct */
    int64_t min, max;     /* of numbers */
    const char *help;     /* what it means and its default; '\n' breaks lines */
};

struct option_group {
    const char *heading; /* NULL ends the list */
    const struct option_row *rows;
    void *values;
};

struct option_set {
    const char *command;
    const char *synopsis; /* what --help shows after the command; '\n' breaks lines */
    const char *summary;
    const struct option_group *groups;
};

enum options_outcome {
    OPTIONS_PARSED,
    OPTIONS_HELPED, /* --help was printed: nothing more to do */
    OPTIONS_WRONG   /* explained on stderr: exit with EXIT_USAGE */
};

/* argv[0] is the command's name.  No operands are allowed, and no option twice
 * but those of kind OPTION_LIST. */
enum options_outcome options_parse(const struct option_set *set, int argc, char **argv);

#endif
