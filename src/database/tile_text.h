/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tile_text.h - tiles as text, for who must leave conv3d_last_error() alone
 */
#ifndef C3D_DATABASE_TILE_TEXT_H
#define C3D_DATABASE_TILE_TEXT_H

#include "conv3d.h"

/* NULL, or where the text is malformed; then *tile has what stood before. */
const char *c3d_tile_read(const char *text, conv3d_tile *tile);

#endif
