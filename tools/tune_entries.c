/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_entries.c - what conv3d tune does with the database apart from tuning
 */
#include "tune_entries.h"

#include <string.h>

#include "conv3d.h"
#include "exit_code.h"
#include "report.h"

/* A file that is no database is bad input, not a slip on the command line. */
static int report_database(conv3d_status status)
{
    const int code = report_status(status);

    return status == CONV3D_ERR_PARSE ? EXIT_BAD_INPUT : code;
}

int tune_entries_calibrate(int threads, FILE *file)
{
    conv3d_calibration calibration = {.size = sizeof calibration};
    const int code = report_database(conv3d_calibrate(threads, &calibration));

    if (code != EXIT_OK)
        return code;
    fprintf(file,
            "fma: %.4g vectors a second and core, %d at work\n"
            "L2: a vector takes %.2f of these\n"
            "L3: %.2f\n"
            "memory: %.2f\n"
            "transform: %.2f\n",
            calibration.fma, calibration.threads, calibration.l2, calibration.l3,
            calibration.memory, calibration.transform);
    if (calibration.recorded)
        return EXIT_OK;
    report_error("not recorded: other work disturbed it, one round took %.2f times as long as "
                 "another", calibration.unrest);
    return EXIT_MISMATCH;
}

static const char *math_name(conv3d_math math)
{
    return math == CONV3D_MATH_STRICT ? "strict" : math == CONV3D_MATH_FAST ? "fast" : "-";
}

static void write_entry(const conv3d_tuning_entry *entry, int everywhere, FILE *file)
{
    char tile[CONV3D_TILE_TEXT];

    if (entry->algorithm[0] == '\0') { /* a rate, or what this version does not know */
        fprintf(file, "%s = %s\n", entry->key, entry->value);
        return;
    }
    conv3d_tile_format(&entry->tile, tile, sizeof tile);
    fprintf(file, "%-9s %-48s %-6s %-7d %-16s", entry->kind, entry->problem,
            math_name(entry->math), entry->threads, entry->algorithm);
    if (entry->seconds > 0.0)
        fprintf(file, " %10.3f", 1e3 * entry->seconds);
    else
        fprintf(file, " %10s", "-");
    fprintf(file, " %6.3f", entry->gain);
    if (tile[0] != '\0')
        fprintf(file, "  %s", tile);
    if (everywhere)
        fprintf(file, "  @%s", entry->machine);
    fputc('\n', file);
}

static void note_damage(const conv3d_tuning_list *list)
{
    const size_t damaged = conv3d_tuning_damaged(list);

    if (damaged > 0)
        report_note("%zu damaged line%s ignored", damaged, damaged == 1 ? "" : "s");
}

int tune_entries_list(int everywhere, FILE *file)
{
    conv3d_tuning_list *list;
    conv3d_tuning_entry entry = {.size = sizeof entry};
    const int code = report_database(conv3d_tuning_read(NULL, &list));

    if (code != EXIT_OK)
        return code;
    fprintf(file, "%-9s %-48s %-6s %-7s %-16s %10s %6s  %s\n", "entry", "problem", "math",
            "threads", "algorithm", "ms", "gain", "tile");
    for (size_t i = 0; conv3d_tuning_entry_at(list, i, &entry); i++) {
        if (everywhere || entry.here)
            write_entry(&entry, everywhere, file);
    }
    note_damage(list);
    conv3d_tuning_free(list);
    return EXIT_OK;
}

int tune_entries_export(const char *path)
{
    char own[4096];
    size_t count = 0;

    if (conv3d_tuning_file(own, sizeof own) == 0)
        return report_misuse("there is no database to export: CONV3D_TUNING is 'none'");
    const int code = report_database(conv3d_tuning_import(path, own, &count));

    if (code == EXIT_OK)
        report_note("%zu entries in %s", count, path);
    return code;
}

int tune_entries_import(const char *path)
{
    size_t count = 0;
    const int code = report_database(conv3d_tuning_import(NULL, path, &count));

    if (code == EXIT_OK)
        report_note("%zu entries from %s", count, path);
    return code;
}

int tune_entries_forget(const char *problem, int everywhere)
{
    size_t count = 0;
    conv3d_params params;
    int64_t shape[5];

    if (problem != NULL && conv3d_problem_parse(problem, &params, shape) != CONV3D_OK)
        return report_status(CONV3D_ERR_PARSE); /* of the command line, not of a file */
    const int code = report_database(conv3d_tuning_forget(NULL, problem, everywhere, &count));

    if (code == EXIT_OK)
        report_note("%zu entries forgotten", count);
    return code;
}
