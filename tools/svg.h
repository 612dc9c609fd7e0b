/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svg.h - what drawings have in common
 *
 * Every number is printed with a fixed count of digits, in the C locale that the
 * tool never leaves, so that a drawing can be compared byte for byte.
 */
#ifndef CONV3D_TOOLS_SVG_H
#define CONV3D_TOOLS_SVG_H

#include <stddef.h>
#include <stdio.h>

/* An empty white page; `style` is CSS beside that of text and .title. */
void svg_begin(FILE *file, int width, int height, const char *style);
void svg_end(FILE *file);

/* Text between tags or in double quotes. */
void svg_text(FILE *file, const char *text);

enum { SVG_NUMBER = 16 };

/* A quantity in three digits, or all before the point; "-" when it is not positive or not
 * finite. */
void svg_number(double value, char text[SVG_NUMBER]);

/* Text of a class in lines of at most `columns` characters, broken at spaces where there are
 * any, the first with its baseline at y; returns how many lines.  With NULL for the file, only
 * that. */
int svg_lines(FILE *file, const char *class, double x, double y, double line_height,
              size_t columns, const char *text);

/* Writes "#rrggbb" and a NUL: hue 0 to 1 around the wheel, of medium lightness, on which black
 * text can be read. */
void svg_colour(double hue, char colour[8]);

#endif
