/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svg.c - see svg.h
 */
#include "svg.h"

#include <math.h>

void svg_begin(FILE *file, int width, int height, const char *style)
{
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\">\n"
                  "<style>text{font-family:Helvetica,Arial,sans-serif;font-size:13px;fill:#333}"
                  ".title{font-size:17px;font-weight:bold;fill:#111}%s</style>\n"
                  "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
            width, height, width, height, style, width, height);
}

void svg_end(FILE *file)
{
    fputs("</svg>\n", file);
}

void svg_text(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        default:
            fputc(*text, file);
        }
    }
}

/* HSL with saturation 0.65 and lightness 0.7. */
void svg_colour(double hue, char colour[8])
{
    unsigned parts[3];

    for (int i = 0; i < 3; i++) {
        const double k = fmod(4.0 * (i == 0 ? 0 : i == 1 ? 2 : 1) + 12.0 * hue, 12.0);

        parts[i] = (unsigned)(255.0 * (0.7 - 0.65 * 0.3 * fmax(-1, fmin(fmin(k - 3, 9 - k), 1))));
    }
    snprintf(colour, 8, "#%02x%02x%02x", parts[0] & 255u, parts[1] & 255u, parts[2] & 255u);
}
