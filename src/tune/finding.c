/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding.c - see finding.h
 */
#include "tune/finding.h"

#include "database/store.h"

#include <string.h>

/* What a change of the database is told. */
struct recording {
    const struct c3d_finding *finding;
    const struct c3d_advisee *advisee;
    bool again;
};

static conv3d_status record_algorithm(const struct recording *recording,
                                      struct c3d_database *database)
{
    const struct c3d_finding *const finding = recording->finding;
    const struct c3d_subject subject = c3d_advisee_item(recording->advisee);
    struct c3d_algorithm_record record = {.gain = finding->gain};
    char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
    c3d_algorithm_key(&subject, key);
    if (!finding->algorithm_settled ||
        (!recording->again && c3d_database_find(database, key) != NULL)) {
        return CONV3D_OK;
    }
    memcpy(record.algorithm, finding->best.algorithm, sizeof record.algorithm);
    c3d_algorithm_value(&record, value);
    return c3d_database_put(database, key, value);
}

static conv3d_status record_tile(const struct recording *recording, struct c3d_database *database)
{
    const struct c3d_finding *const finding = recording->finding;
    const struct c3d_subject subject =
        c3d_advisee_tile(recording->advisee, finding->best.algorithm);
    const struct c3d_tile_record record = {
        .tile = finding->best.tile,
        .team = finding->best.team,
        .seconds = finding->seconds,
        .gain = finding->gain,
    };
    char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
    c3d_tile_key(&subject, key);
    c3d_tile_value(&record, value);
    return finding->tile_settled ? c3d_database_put(database, key, value) : CONV3D_OK;
}

static conv3d_status record(struct c3d_database *database, void *context)
{
    const struct recording *const recording = context;
    const conv3d_status status = record_algorithm(recording, database);
    return status == CONV3D_OK ? record_tile(recording, database) : status;
}

conv3d_status c3d_finding_record(const struct c3d_finding *finding,
                                 const struct c3d_advisee *advisee, bool again, const char *path)
{
    struct recording recording = {finding, advisee, again};
    const bool settled = finding->algorithm_settled || finding->tile_settled;
    return settled && advisee->problem[0] != '\0' ? c3d_store_update(path, record, &recording)
                                                  : CONV3D_OK;
}

bool c3d_finding_recall_algorithm(struct c3d_finding *finding, const struct c3d_database *known,
                                  const struct c3d_advisee *advisee)
{
    const struct c3d_subject subject = c3d_advisee_item(advisee);
    struct c3d_algorithm_record record;
    char key[C3D_KEY_BYTES];
    c3d_algorithm_key(&subject, key);
    const char *const value = c3d_database_find(known, key);
    if (value == NULL || !c3d_algorithm_parse(value, &record)) {
        return false;
    }
    memcpy(finding->best.algorithm, record.algorithm, sizeof finding->best.algorithm);
    return true;
}

bool c3d_finding_recall_tile(struct c3d_finding *finding, const struct c3d_database *known,
                             const struct c3d_advisee *advisee)
{
    const struct c3d_subject subject = c3d_advisee_tile(advisee, finding->best.algorithm);
    struct c3d_tile_record record;
    char key[C3D_KEY_BYTES];
    c3d_tile_key(&subject, key);
    const char *const value = c3d_database_find(known, key);
    if (value == NULL || !c3d_tile_parse(value, &record)) {
        return false;
    }
    finding->best.tile = record.tile;
    finding->best.team = record.team;
    return true;
}
