/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_tree.h - a directory of files that stands for the root of a system.  Needs
 * Criterion: it asserts.
 */
#ifndef CONV3D_TESTS_FILE_TREE_H
#define CONV3D_TESTS_FILE_TREE_H

struct file_tree {
    char root[32];
};

void file_tree_make(struct file_tree *tree);
/* Writes root/path and the directories above it; nothing where text is NULL. */
void file_tree_add(const struct file_tree *tree, const char *path, const char *text);
void file_tree_remove(const struct file_tree *tree);

#endif /* CONV3D_TESTS_FILE_TREE_H */
