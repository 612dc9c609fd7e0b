/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune_layer.h - tune one layer, and keep what was measured
 */
#ifndef CONV3D_TOOLS_TUNE_LAYER_H
#define CONV3D_TOOLS_TUNE_LAYER_H

#include "tune_result.h"

/* How to tune.  The callback is that of conv3d_tune_options. */
struct tune_wish {
    conv3d_options options;
    double seconds;
    int again, exhaustive;
    int (*progress)(void *context, const conv3d_tune_progress *progress);
    void *context;
};

/* Fills *result, which tune_result_free() releases.  What goes wrong with this layer alone is in
 * its outcome; what would go wrong with every other too is explained on stderr and returned as an
 * exit_code. */
int tune_layer(const struct tune_wish *wish, const struct layer *layer,
               struct tune_result *result);
void tune_result_free(struct tune_result *result);

#endif
