/* SPDX-License-Identifier: Apache-2.0 */
/*
 * markup.h - whether a text is well-formed XML, as far as our pages and drawings use it:
 * no comments, no sections, and a DOCTYPE only at the start.
 */
#ifndef CONV3D_TESTS_MARKUP_H
#define CONV3D_TESTS_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

/* Complains with the place where it is not. */
bool markup_is_well_formed(const char *text);

/* Every id is there once, and every link within the page leads to one. */
bool markup_links_lead_somewhere(const char *text);

/* How often a text occurs. */
size_t markup_count(const char *text, const char *what);

#endif /* CONV3D_TESTS_MARKUP_H */
