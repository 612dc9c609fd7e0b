/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_walk.c - see cgroup_walk.h
 *
 * /proc/self/cgroup names the process's group in each hierarchy, /proc/self/mountinfo where
 * the hierarchies are mounted (proc(5), cgroups(7)).
 */
#include "platform/cgroup_walk.h"

#include "platform/lines.h"

#include <stdio.h>
#include <string.h>

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

/* The process's group in the controller's hierarchy; false if there is none. */
static bool find_group(const char *root, const char *controller, char group[PATH_MAX])
{
    struct c3d_lines lines = c3d_lines_open(root, "/proc/self/cgroup");
    bool found = false;
    for (char *line; !found && (line = c3d_lines_next(&lines)) != NULL;) {
        char *const list = strchr(line, ':');
        char *const path = list != NULL ? strchr(list + 1, ':') : NULL;
        if (path != NULL) {
            *path = '\0';
            const bool ours = controller == NULL
                                  ? strncmp(line, "0:", 2) == 0 && list[1] == '\0'
                                  : list_has(list + 1, controller);
            found = ours && snprintf(group, PATH_MAX, "%s", path + 1) < PATH_MAX;
        }
    }
    c3d_lines_close(&lines);
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

static bool parse_mount(const char *line, const char *controller, struct mount *mount)
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
    return controller == NULL ? strcmp(type, "cgroup2") == 0
                              : strcmp(type, "cgroup") == 0 && list_has(options, controller);
}
_Static_assert(PATH_MAX == 4096, "the widths in parse_mount()");

static bool find_mount(const char *root, const char *controller, struct mount *mount)
{
    struct c3d_lines lines = c3d_lines_open(root, "/proc/self/mountinfo");
    bool found = false;
    for (const char *line; !found && (line = c3d_lines_next(&lines)) != NULL;) {
        found = parse_mount(line, controller, mount);
    }
    c3d_lines_close(&lines);
    return found;
}

/* The group's directory; the mount point itself where that does not show the group, as in
 * containers that see the host's names, or one outside their own. */
static bool group_directory(const struct mount *mount, const char *group,
                            char directory[PATH_MAX])
{
    const size_t top = strcmp(mount->top, "/") == 0 ? 0 : strlen(mount->top);
    const bool below = strncmp(group, mount->top, top) == 0 && group[top] == '/' &&
                       group[top + 1] != '\0' && strstr(group, "/..") == NULL;
    return snprintf(directory, PATH_MAX, "%s%s", mount->point, below ? group + top : "") <
           PATH_MAX;
}

bool c3d_cgroup_walk_begin(struct c3d_cgroup_walk *walk, const char *root,
                           const char *controller)
{
    char group[PATH_MAX];
    struct mount mount;
    if (!find_group(root, controller, group) || !find_mount(root, controller, &mount) ||
        !group_directory(&mount, group, walk->directory)) {
        return false;
    }
    walk->top = strlen(mount.point);
    return true;
}

bool c3d_cgroup_walk_up(struct c3d_cgroup_walk *walk)
{
    char *const parent = strrchr(walk->directory, '/');
    if (parent == NULL || strlen(walk->directory) <= walk->top) {
        return false;
    }
    *parent = '\0';
    return true;
}
