/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html.c - see html.h
 */
#include "html.h"

#include "svg.h"

/* Drawings stay white sheets in the dark: their colours mean something.  Paper gets no links
 * up, and no drawing or row is cut in two. */
static const char style[] =
    ":root{color-scheme:light dark;--text:#222;--faint:#5c5c5c;--page:#fff;--line:#d4d4d4;"
    "--stripe:#f5f6f8;--link:#1456a8}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--text:#e4e4e4;--faint:#a8a8a8;"
    "--page:#17191c;--line:#3c4046;--stripe:#202328;--link:#8ab8f5}}\n"
    "body{margin:2em auto;padding:0 1em;max-width:980px;color:var(--text);"
    "background:var(--page);font:15px/1.45 Helvetica,Arial,sans-serif}\n"
    "h1{font-size:24px}h2{font-size:20px;margin:2em 0 .4em}h3{font-size:16px;margin:1.2em 0 .3em}\n"
    "h2,td,dd{overflow-wrap:anywhere}\n"
    "a{color:var(--link)}.faint{color:var(--faint)}\n"
    "dl{display:grid;grid-template-columns:max-content auto;gap:.15em 1.2em}"
    "dt{color:var(--faint)}dd{margin:0}\n"
    "table{border-collapse:collapse;margin:.6em 0;width:100%}\n"
    "th,td{padding:.25em .6em;text-align:left;border-bottom:1px solid var(--line)}\n"
    "tbody tr:nth-child(even){background:var(--stripe)}\n"
    ".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "section{border-top:1px solid var(--line);margin-top:2em}\n"
    "svg{display:block;max-width:100%;height:auto;background:#fff;border-radius:4px}\n"
    "@media print{body{margin:0;max-width:none;font-size:11pt}.up{display:none}"
    "thead{display:table-header-group}tr,svg{break-inside:avoid}h2,h3{break-after:avoid}"
    "svg,tr{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

void html_begin(FILE *file, const char *title)
{
    fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
          "<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n", file);
    html_element(file, "title", title);
    fprintf(file, "<style>\n%s</style>\n</head>\n<body id=\"top\">\n", style);
    html_element(file, "h1", title);
}

void html_end(FILE *file)
{
    fputs("</body>\n</html>\n", file);
}

void html_element(FILE *file, const char *tag, const char *text)
{
    fprintf(file, "<%s>", tag);
    svg_text(file, text);
    fprintf(file, "</%s>\n", tag);
}

void html_number(FILE *file, const char *number)
{
    fputs("<td class=\"number\">", file);
    svg_text(file, number);
    fputs("</td>\n", file);
}
