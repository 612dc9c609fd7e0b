/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_ranking.h - the trials of a layer, the fastest first
 */
#ifndef CONV3D_TOOLS_TUNE_RANKING_H
#define CONV3D_TOOLS_TUNE_RANKING_H

#include "tune_result.h"

struct tune_ranking {
    const struct tune_trial **trials; /* into the result */
    size_t count;                     /* of those that have a time */
};

/* Equal times stay in the order of the result.  0 when there is no memory. */
int tune_ranking_make(const struct tune_result *result, struct tune_ranking *ranking);

/* Keeps the fastest trial of each algorithm only. */
void tune_ranking_keep_algorithms(struct tune_ranking *ranking);

void tune_ranking_free(struct tune_ranking *ranking);

#endif
