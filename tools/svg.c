/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svg.c - see svg.h
 */
#include "svg.h"

#include <math.h>
#include <string.h>

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

static void write_text(FILE *file, const char *text, size_t length)
{
    for (; length > 0; text++, length--) {
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
        case '"':
            fputs("&quot;", file);
            break;
        default:
            /* Control characters cannot be part of an XML document, not even as entities. */
            if ((unsigned char)*text < ' ' && *text != '\t' && *text != '\n')
                fputs("&#xfffd;", file);
            else
                fputc(*text, file);
        }
    }
}

void svg_text(FILE *file, const char *text)
{
    write_text(file, text, strlen(text));
}

void svg_number(double value, char text[SVG_NUMBER])
{
    if (!isfinite(value) || value <= 0.0)
        snprintf(text, SVG_NUMBER, "-");
    else if (value < 99.95)
        snprintf(text, SVG_NUMBER, "%.*f", value < 9.995 ? 2 : 1, value);
    else if (value < 99999.5)
        snprintf(text, SVG_NUMBER, "%.0f", value);
    else
        snprintf(text, SVG_NUMBER, "%.2e", value);
}

/* How much of a text one line takes. */
static size_t line_length(const char *text, size_t columns)
{
    const size_t length = strlen(text);

    if (length <= columns)
        return length;
    for (size_t i = columns; i > 0; i--) {
        if (text[i] == ' ')
            return i;
    }
    return columns;
}

int svg_lines(FILE *file, const char *class, double x, double y, double line_height,
              size_t columns, const char *text)
{
    int lines = 0;

    for (; *text != '\0'; lines++) {
        const size_t length = line_length(text, columns);

        if (file != NULL) {
            fprintf(file, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x,
                    y + lines * line_height);
            write_text(file, text, length);
            fputs("</text>\n", file);
        }
        text += length + (text[length] == ' ');
    }
    return lines;
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
