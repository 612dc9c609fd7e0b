/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.c - which peers this build has
 */
#include "config.h"

#include "peer.h"

#include "peer_onednn.h"
#include "report.h"

/* In the order of PEER_NAMES. */
static const struct {
    const char *name;
    const char *package;     /* Debian's */
    const struct peer *peer; /* NULL when it is not in this build */
} peers[] = {
#ifdef HAVE_ONEDNN
    {"onednn", "libdnnl-dev", &peer_onednn},
#else
    {"onednn", "libdnnl-dev", NULL},
#endif
};

const struct peer *peer_find(int index)
{
    if (peers[index].peer == NULL)
        report_misuse("--peer %s: this conv3d was built without it; configure it --with-%s "
                      "(Debian: %s)", peers[index].name, peers[index].name,
                      peers[index].package);
    return peers[index].peer;
}
