/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_draw.c - a benchmark under the roofs of its machine
 *
 * Says what is drawn; roofline.c knows how.
 */
#include "bench_draw.h"

#include <stdlib.h>

#include "exit_code.h"
#include "report.h"
#include "roofline.h"

int bench_draw(const struct bench *bench, FILE *file)
{
    struct roofline_mark *const marks = calloc(bench->count + 1, sizeof *marks);
    struct roofline roofline = {
        .flops_per_second = bench->rates.flops_per_second,
        .bytes_per_second = bench->rates.bytes_per_second,
        .marks = marks,
    };
    char title[160], own[64], peer[96];

    if (marks == NULL) {
        report_error("no memory for the drawing");
        return EXIT_MEMORY;
    }
    for (size_t i = 0; i < bench->count; i++) {
        const struct bench_row *const row = &bench->rows[i];
        const struct timing *const best = &row->peer[PEER_BEST].timing;

        if (row->status == BENCH_OK)
            marks[roofline.count++] = (struct roofline_mark){
                row->layer->name, row->effective_flops / row->bytes, bench_effective_speed(row),
                best->repeats > 0 ? row->effective_flops / best->median : 0.0};
    }
    snprintf(title, sizeof title, "%s, %s, %d threads", bench->machine.cpu, bench->machine.isa,
             bench->rates.threads);
    snprintf(own, sizeof own, "conv3d %s, plain tensors", conv3d_version());
    roofline.title = title;
    roofline.own = own;
    if (bench->peer != NULL) {
        snprintf(peer, sizeof peer, "%s, its best layout", bench->peer->version());
        roofline.peer = peer;
    }
    roofline_draw(&roofline, file);
    free(marks);
    return EXIT_OK;
}
