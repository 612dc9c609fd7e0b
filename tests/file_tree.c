/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_tree.c - see file_tree.h
 */
#include "file_tree.h"

#include "process.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void file_tree_make(struct file_tree *tree)
{
    snprintf(tree->root, sizeof tree->root, "/tmp/conv3d-tree-XXXXXX");
    cr_assert(mkdtemp(tree->root) != NULL);
}

void file_tree_add(const struct file_tree *tree, const char *path, const char *text)
{
    char name[1024];
    if (text == NULL)
        return;
    snprintf(name, sizeof name, "%s%s", tree->root, path);
    for (char *at = strchr(name + strlen(tree->root) + 1, '/'); at != NULL;
         at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(name, 0777);
        *at = '/';
    }
    file_write(name, text, strlen(text));
}

static int uproot(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void file_tree_remove(const struct file_tree *tree)
{
    cr_assert(nftw(tree->root, uproot, 8, FTW_DEPTH | FTW_PHYS) == 0);
}
