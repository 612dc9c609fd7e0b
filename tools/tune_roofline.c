/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_roofline.c - see tune_roofline.h
 *
 * Says what is drawn; roofline.c knows how.
 */
#include "tune_roofline.h"

#include <stdlib.h>

#include "roofline.h"
#include "tune_figures.h"

/* Whether axes have a place for it: quotients of such figures are finite, and nothing that was
 * measured is beyond. */
static int is_drawable(double value)
{
    return value > 1e-30 && value < 1e30;
}

static int make_mark(const struct tune_result *result, struct roofline_mark *mark)
{
    *mark = (struct roofline_mark){result->layer->name, result->effective_flops / result->bytes,
                                   tune_speed(result, result->after),
                                   tune_speed(result, result->before)};
    return tune_is_tuned(result) && is_drawable(mark->intensity) && is_drawable(mark->speed) &&
           is_drawable(mark->peer_speed);
}

int tune_roofline_draw(const struct tune_run *run, FILE *file)
{
    struct roofline_mark *const marks = calloc(run->count + 1, sizeof *marks);
    struct roofline roofline = {
        .title = "Tuned layers under the limits of the machine",
        .own = "as recorded",
        .peer = "untuned",
        .flops_per_second = run->rates.flops_per_second,
        .bytes_per_second = run->rates.bytes_per_second,
        .marks = marks,
    };

    if (marks == NULL)
        return 0;
    for (size_t i = 0; i < run->count; i++)
        roofline.count += (size_t)make_mark(&run->results[i], &marks[roofline.count]);
    if (roofline.count > 0 && is_drawable(run->rates.flops_per_second) &&
        is_drawable(run->rates.bytes_per_second))
        roofline_draw(&roofline, file);
    free(marks);
    return 1;
}
