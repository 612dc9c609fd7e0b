/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_html.c - see tune_html.h
 *
 * The order of the page, and what is said about the run as a whole.
 */
#include "tune_html.h"

#include "bench.h"
#include "html.h"
#include "svg.h"
#include "tune_figures.h"
#include "tune_roofline.h"
#include "tune_section.h"

enum { COLUMNS = 5 };

/* A line of the list at the top. */
static void write_fact(const char *name, const char *text, FILE *stream)
{
    html_element(stream, "dt", name);
    html_element(stream, "dd", text != NULL && text[0] != '\0' ? text : "unknown");
}

static void write_facts(const struct tune_run *run, FILE *stream)
{
    char text[TUNE_TEXT], flops[SVG_NUMBER], bytes[SVG_NUMBER];

    fputs("<dl>\n", stream);
    write_fact("Processor", run->machine.cpu, stream);
    write_fact("Instruction set", run->machine.isa, stream);
    snprintf(text, sizeof text, "%d", run->rates.threads);
    write_fact("Threads", text, stream);
    svg_number(1e-9 * run->rates.flops_per_second, flops);
    svg_number(1e-9 * run->rates.bytes_per_second, bytes);
    snprintf(text, sizeof text, "%s GFLOP/s, %s GB/s", flops, bytes);
    write_fact("Limits, measured", text, stream);
    write_fact("Math", bench_math_name(run->math), stream);
    write_fact("Date", run->date, stream);
    tune_duration_format(run->seconds, text);
    write_fact("Took", text, stream);
    write_fact("Database", run->database, stream);
    write_fact("conv3d", conv3d_version(), stream);
    fputs("</dl>\n", stream);
}

/* "12 layers: 9 faster, 3 kept.", without what did not happen. */
static void write_outcomes(const struct tune_run *run, const struct tune_summary *summary,
                           FILE *stream)
{
    static const char *const names[TUNE_OUTCOMES] = {"faster", "kept", "known", "stopped",
                                                     "failed"};
    const char *separator = ": ";

    fprintf(stream, "<p>%zu layer%s", run->count, run->count == 1 ? "" : "s");
    for (int i = 0; i < TUNE_OUTCOMES; i++) {
        if (summary->outcomes[i] > 0) {
            fprintf(stream, "%s%zu %s", separator, summary->outcomes[i], names[i]);
            separator = ", ";
        }
    }
    fputs(".</p>\n", stream);
}

static void write_gains(const struct tune_summary *summary, FILE *stream)
{
    char gain[SVG_NUMBER], faster[SVG_NUMBER];

    if (summary->gains == 0) {
        html_element(stream, "p", "No gain was measured.");
        return;
    }
    svg_number(summary->gain, gain);
    svg_number(summary->gain_faster, faster);
    fprintf(stream, "<p>Gain in the geometric mean: <b>%s</b> over the %zu tuned, where what was "
                    "kept counts as 1", gain, summary->gains);
    if (summary->gain_faster > 0.0)
        fprintf(stream, "; <b>%s</b> over those that are faster", faster);
    fputs(".</p>\n", stream);
}

static void write_tuned(const struct tune_result *result, size_t number, FILE *stream)
{
    char before[TUNE_TEXT], after[TUNE_TEXT], gain[SVG_NUMBER];

    tune_time_format(result->before, before);
    tune_time_format(result->after, after);
    svg_number(tune_gain(result), gain);
    fprintf(stream, "<td><a href=\"#layer-%zu\">", number);
    svg_text(stream, result->layer->name);
    fputs("</a></td>\n", stream);
    html_number(stream, before);
    html_number(stream, after);
    html_number(stream, result->outcome == TUNE_KEPT ? "kept" : gain);
    html_element(stream, "td", result->algorithm);
}

static void write_not_tuned(const struct tune_result *result, FILE *stream)
{
    html_element(stream, "td", result->layer->name);
    fprintf(stream, "<td colspan=\"%d\">", COLUMNS - 1);
    if (result->outcome == TUNE_KNOWN) {
        fputs("known to the database ", stream);
        svg_text(stream, result->algorithm);
    } else if (result->outcome == TUNE_STOPPED) {
        fputs("stopped before anything could be said", stream);
    } else {
        fputs("failed: ", stream);
        svg_text(stream, result->reason);
    }
    fputs("</td>\n", stream);
}

static void write_layers(const struct tune_run *run, FILE *stream)
{
    fputs("<table>\n<thead><tr><th>layer</th><th class=\"number\">untuned ms</th>"
          "<th class=\"number\">recorded ms</th><th class=\"number\">gain</th>"
          "<th>algorithm</th></tr></thead>\n<tbody>\n", stream);
    for (size_t i = 0; i < run->count; i++) {
        fputs("<tr>\n", stream);
        if (tune_is_tuned(&run->results[i]))
            write_tuned(&run->results[i], i + 1, stream);
        else
            write_not_tuned(&run->results[i], stream);
        fputs("</tr>\n", stream);
    }
    fputs("</tbody>\n</table>\n", stream);
}

void tune_html(const struct tune_run *run, FILE *stream)
{
    struct tune_summary summary;

    tune_summarise(run, &summary);
    html_begin(stream, "conv3d tune");
    write_facts(run, stream);
    write_outcomes(run, &summary, stream);
    write_gains(&summary, stream);
    html_element(stream, "p",
                 "Untuned is what the cost model would choose, recorded is what the database has "
                 "now. Times are medians of a call. GFLOP/s are effective: multiplications by "
                 "padding do not count.");
    if (run->count > 0)
        write_layers(run, stream);
    if (!tune_roofline_draw(run, stream))
        html_element(stream, "p", "There was no memory for the drawing.");
    for (size_t i = 0; i < run->count; i++) {
        if (tune_is_tuned(&run->results[i]))
            tune_section(&run->results[i], i + 1, stream);
    }
    html_end(stream);
}
