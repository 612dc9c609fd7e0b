/* SPDX-License-Identifier: Apache-2.0 */
/*
 * colour_map.h - a quantity as a colour
 *
 * Lightness grows with the value and hue goes from blue to yellow, so that people who confuse
 * red and green read it like everybody else, and so does a printer without colours.
 */
#ifndef CONV3D_TOOLS_COLOUR_MAP_H
#define CONV3D_TOOLS_COLOUR_MAP_H

/* Writes "#rrggbb" and a NUL; values are clipped to 0..1. */
void colour_map(double value, char colour[8]);

/* Whether white text is read better on the colour of a value than black text.  The better one
 * has a contrast of 4.5 or more. */
int colour_map_is_dark(double value);

#endif
