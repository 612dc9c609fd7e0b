/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_onednn.h - oneDNN as a peer
 */
#ifndef CONV3D_TOOLS_PEER_ONEDNN_H
#define CONV3D_TOOLS_PEER_ONEDNN_H

#include "peer.h"

extern const struct peer peer_onednn; /* in builds that have HAVE_ONEDNN */

#endif
