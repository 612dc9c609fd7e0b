/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html.h - what pages have in common
 *
 * A page is one file without scripts and without anything from elsewhere; it can be read in the
 * dark and on paper.  It is well-formed XML as well, so that it can be checked.
 */
#ifndef CONV3D_TOOLS_HTML_H
#define CONV3D_TOOLS_HTML_H

#include <stdio.h>

/* The head with its style sheet, and the title as the first heading.  Text is written by
 * svg_text of svg.h, whose rules are the same. */
void html_begin(FILE *file, const char *title);
void html_end(FILE *file);

/* <tag>text</tag> */
void html_element(FILE *file, const char *tag, const char *text);

/* A cell of a table with a number, aligned to the right. */
void html_number(FILE *file, const char *number);

#endif
