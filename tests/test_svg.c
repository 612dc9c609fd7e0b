/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_svg.c - what drawings and pages are made of: text, numbers and colours.
 */
#include "../tools/colour_map.h"
#include "../tools/svg.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

Test(svg, text_is_escaped)
{
    char *text;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    cr_assert(stream != NULL);
    svg_text(stream, "a<b>\t\"&amp;'\033\303\274\n");
    cr_assert(fclose(stream) == 0);
    cr_expect_str_eq(text, "a&lt;b&gt;\t&quot;&amp;amp;'&#xfffd;\303\274\n");
    free(text);
}

Test(svg, numbers_have_three_digits)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.5, "0.50"}, {9.994, "9.99"}, {9.996, "10.0"}, {99.94, "99.9"}, {99.96, "100"},
        {12345.6, "12346"}, {1e300, "1.00e+300"}, {0, "-"}, {-1, "-"}, {INFINITY, "-"},
    };
    char text[SVG_NUMBER];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        svg_number(cases[i].value, text);
        cr_expect_str_eq(text, cases[i].text);
    }
}

/* As the Web Content Accessibility Guidelines define it. */
static double luminance(const char *colour)
{
    static const double weights[] = {0.2126, 0.7152, 0.0722};
    unsigned parts[3];
    double sum = 0.0;
    cr_assert(sscanf(colour, "#%2x%2x%2x", &parts[0], &parts[1], &parts[2]) == 3, "%s", colour);
    for (int i = 0; i < 3; i++) {
        const double part = parts[i] / 255.0;
        sum += weights[i] * (part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
    }
    return sum;
}

Test(colour_map, grows_lighter_and_can_be_written_on)
{
    char colour[8];
    double last = -1.0;
    for (int i = 0; i <= 1000; i++) {
        colour_map(i / 1000.0, colour);
        const double light = luminance(colour);
        const double contrast =
            colour_map_is_dark(i / 1000.0) ? 1.05 / (light + 0.05) : (light + 0.05) / 0.05;
        cr_expect(contrast >= 4.5, "%s: %g", colour, contrast);
        cr_expect(light >= last - 0.001, "%s", colour); /* but for rounding */
        last = light;
    }
    char same[8];
    colour_map(7.0, colour);
    colour_map(1.0, same);
    cr_expect_str_eq(colour, same);
}
