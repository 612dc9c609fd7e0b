/* SPDX-License-Identifier: Apache-2.0 */
/*
 * colour_map.c - see colour_map.h
 */
#include "colour_map.h"

#include <math.h>
#include <stdio.h>

/* Cividis (Nunez, Anderton, Renslow, "Optimizing colormaps with consideration for color vision
 * deficiency", 2018), every ninth of it. */
static const unsigned char stops[][3] = {
    {0x00, 0x22, 0x4e}, {0x12, 0x35, 0x70}, {0x3b, 0x49, 0x6c}, {0x57, 0x5d, 0x6d},
    {0x70, 0x71, 0x73}, {0x8a, 0x86, 0x78}, {0xa5, 0x9c, 0x74}, {0xc3, 0xb3, 0x69},
    {0xe1, 0xcc, 0x55}, {0xfe, 0xe8, 0x38},
};
enum { INTERVALS = sizeof stops / sizeof *stops - 1 };

static void blend(double value, double parts[3])
{
    const double at = INTERVALS * fmin(fmax(value, 0.0), 1.0);
    const int low = at < INTERVALS ? (int)at : INTERVALS - 1;

    for (int i = 0; i < 3; i++)
        parts[i] = stops[low][i] + (at - low) * (stops[low + 1][i] - stops[low][i]);
}

void colour_map(double value, char colour[8])
{
    double parts[3];

    blend(value, parts);
    snprintf(colour, 8, "#%02x%02x%02x", (unsigned)lround(parts[0]) & 255u,
             (unsigned)lround(parts[1]) & 255u, (unsigned)lround(parts[2]) & 255u);
}

/* By the relative luminance of sRGB, as the Web Content Accessibility Guidelines have it.  Contrast
 * is (brighter + 0.05) / (darker + 0.05): black and white draw level at sqrt(1.05 * 0.05) - 0.05
 * = 0.179. */
int colour_map_is_dark(double value)
{
    static const double weights[] = {0.2126, 0.7152, 0.0722};
    double parts[3], luminance = 0.0;

    blend(value, parts);
    for (int i = 0; i < 3; i++) {
        const double part = parts[i] / 255.0;

        luminance += weights[i] * (part <= 0.04045 ? part / 12.92
                                                   : pow((part + 0.055) / 1.055, 2.4));
    }
    return luminance < 0.179;
}
