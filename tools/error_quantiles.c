/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error_quantiles.c - see error_quantiles.h
 */
#include "error_quantiles.h"

#include <math.h>

void error_quantiles_add(struct error_quantiles *quantiles, double error)
{
    const double bin = error > 0 ? ERROR_BINS + 4 * log2(error) : 0;

    /* No number counts as the largest error. */
    quantiles->bins[!(bin < ERROR_BINS) ? ERROR_BINS - 1 : bin < 0 ? 0 : (int)bin]++;
    quantiles->count++;
}

double error_quantile(const struct error_quantiles *quantiles, double share)
{
    int64_t below = 0;
    int bin = 0;

    while (bin < ERROR_BINS - 1) {
        below += quantiles->bins[bin];
        if ((double)below >= share * (double)quantiles->count)
            break;
        bin++;
    }
    return bin == 0 ? 0 : exp2((bin + 1 - ERROR_BINS) / 4.0);
}
