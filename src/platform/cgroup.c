/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.c - see cgroup.h
 *
 * /proc/self/cgroup names the process's group in each hierarchy, /proc/self/mountinfo where
 * the hierarchies are mounted (proc(5), cgroups(7)).
 */
#include "config.h" /* _GNU_SOURCE, for getline() */

#include "platform/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file read line by line; lines may have any length. */
struct lines {
    FILE *file;
    char *line;
    size_t size;
};

static struct lines lines_open(const char *root, const char *path)
{
    char name[PATH_MAX];
    struct lines lines = {0};
    if (snprintf(name, sizeof name, "%s%s", root, path) < (int)sizeof name) {
        lines.file = fopen(name, "re");
    }
    return lines;
}

/* Without its end; NULL after the last. */
static char *lines_next(struct lines *lines)
{
    if (lines->file == NULL || getline(&lines->line, &lines->size, lines->file) < 0) {
        return NULL;
    }
    lines->line[strcspn(lines->line, "\n")] = '\0';
    return lines->line;
}

static void lines_close(struct lines *lines)
{
    if (lines->file != NULL) {
        fclose(lines->file);
    }
    free(lines->line);
}

/* Whether a list separated by commas holds the word. */
static bool list_has(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

/* The process's group in the hierarchy of the cpu controller of version 1, or in that of
 * version 2; false if there is none. */
static bool find_group(const char *root, int version, char group[PATH_MAX])
{
    struct lines lines = lines_open(root, "/proc/self/cgroup");
    bool found = false;
    for (char *line; !found && (line = lines_next(&lines)) != NULL;) {
        char *const list = strchr(line, ':');
        char *const path = list != NULL ? strchr(list + 1, ':') : NULL;
        if (path != NULL) {
            *path = '\0';
            const bool ours = version == 2 ? strncmp(line, "0:", 2) == 0 && list[1] == '\0'
                                           : list_has(list + 1, "cpu");
            found = ours && snprintf(group, PATH_MAX, "%s", path + 1) < PATH_MAX;
        }
    }
    lines_close(&lines);
    return found;
}

/* mountinfo writes blanks and backslashes as three octal digits. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        unsigned code;
        if (*from == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
            *to = (char)code;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Where a hierarchy is mounted, and which of its groups that shows. */
struct mount {
    char top[PATH_MAX], point[PATH_MAX];
};

static bool parse_mount(const char *line, int version, struct mount *mount)
{
    enum { word_max = 255 };
    char type[word_max + 1], options[PATH_MAX];
    const char *const rest = strstr(line, " - ");
    if (rest == NULL || sscanf(rest, " - %255s %*s %4095s", type, options) != 2 ||
        sscanf(line, "%*s %*s %*s %4095s %4095s", mount->top, mount->point) != 2) {
        return false;
    }
    unescape(mount->top);
    unescape(mount->point);
    return version == 2 ? strcmp(type, "cgroup2") == 0
                        : strcmp(type, "cgroup") == 0 && list_has(options, "cpu");
}
_Static_assert(PATH_MAX == 4096, "the widths in parse_mount()");

static bool find_mount(const char *root, int version, struct mount *mount)
{
    struct lines lines = lines_open(root, "/proc/self/mountinfo");
    bool found = false;
    for (const char *line; !found && (line = lines_next(&lines)) != NULL;) {
        found = parse_mount(line, version, mount);
    }
    lines_close(&lines);
    return found;
}

/* The first number of a file, and perhaps a second; returns how many. */
static int read_numbers(const char *root, const char *directory, const char *file,
                        double numbers[2])
{
    char path[PATH_MAX];
    int count = 0;
    if (snprintf(path, sizeof path, "%s/%s", directory, file) < (int)sizeof path) {
        struct lines lines = lines_open(root, path);
        const char *const line = lines_next(&lines);
        if (line != NULL) {
            count = sscanf(line, "%lf %lf", &numbers[0], &numbers[1]);
        }
        lines_close(&lines);
    }
    return count > 0 ? count : 0;
}

/* The quota of one group, in processors; 0 = none: "max", or -1. */
static double group_cpus(const char *root, const char *directory, int version)
{
    double quota[2] = {0, 0}, period[2] = {0, 0};
    if (version == 2) {
        if (read_numbers(root, directory, "cpu.max", quota) != 2) {
            return 0;
        }
        period[0] = quota[1];
    } else if (read_numbers(root, directory, "cpu.cfs_quota_us", quota) != 1 ||
               read_numbers(root, directory, "cpu.cfs_period_us", period) != 1) {
        return 0;
    }
    return quota[0] > 0 && period[0] > 0 ? quota[0] / period[0] : 0;
}

/* The group's directory; the mount point itself where that does not show the group, as in
 * containers that see the host's names, or one outside their own. */
static bool group_directory(const struct mount *mount, const char *group,
                            char directory[PATH_MAX])
{
    const size_t top = strcmp(mount->top, "/") == 0 ? 0 : strlen(mount->top);
    const bool shown = strncmp(group, mount->top, top) == 0 &&
                       (group[top] == '/' || group[top] == '\0') && strstr(group, "/..") == NULL;
    return snprintf(directory, PATH_MAX, "%s%s", mount->point, shown ? group + top : "") <
           PATH_MAX;
}

/* The least quota from the process's group up to the one that is mounted. */
static double hierarchy_cpus(const char *root, int version)
{
    char group[PATH_MAX], directory[PATH_MAX];
    struct mount mount;
    double least = 0;
    if (!find_group(root, version, group) || !find_mount(root, version, &mount) ||
        !group_directory(&mount, group, directory)) {
        return 0;
    }
    const size_t point = strlen(mount.point);
    for (;;) {
        const double cpus = group_cpus(root, directory, version);
        least = cpus > 0 && (least == 0 || cpus < least) ? cpus : least;
        char *const parent = strrchr(directory, '/');
        if (parent == NULL || strlen(directory) <= point) {
            return least;
        }
        *parent = '\0';
    }
}

double c3d_cgroup_cpus(const char *root)
{
    const double first = hierarchy_cpus(root, 1), second = hierarchy_cpus(root, 2);
    return first > 0 && (second == 0 || first < second) ? first : second;
}
