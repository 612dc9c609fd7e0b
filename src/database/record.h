/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what the entries of the database say
 *
 *     algorithm PROBLEM MATH @MACHINE = NAME gain=G
 *     tile PROBLEM MATH threads=N NAME @MACHINE = TILE team=N ms=T gain=G
 *     rate NAME @MACHINE = VALUE
 *
 * What changes bits, the algorithm with its transform, has one entry for a problem of one
 * item, whatever the batch and the threads.  What does not, the tile and how many threads
 * share the work, has one for each of these, and for each algorithm: NAME is that of the
 * algorithm, or of the rate.  gain is the time of the cost model's choice over that of this one.
 */
#ifndef C3D_DATABASE_RECORD_H
#define C3D_DATABASE_RECORD_H

#include "database/database.h"

enum { C3D_ALGORITHM_NAME_BYTES = 24 };

/* What an entry is about.  problem: as text, of one item for an algorithm. */
struct c3d_subject {
    const char *problem, *machine;
    conv3d_math math;
    int threads;           /* that a call may use; of a tile */
    const char *algorithm; /* the same */
};

struct c3d_algorithm_record {
    char algorithm[C3D_ALGORITHM_NAME_BYTES]; /* "direct", "winograd:4x4x4" */
    double gain;
};

struct c3d_tile_record {
    conv3d_tile tile;
    int team;       /* threads that a call does use */
    double seconds; /* of a call */
    double gain;
};

void c3d_algorithm_key(const struct c3d_subject *subject, char key[C3D_KEY_BYTES]);
void c3d_tile_key(const struct c3d_subject *subject, char key[C3D_KEY_BYTES]);
void c3d_rate_key(const char *name, const char *machine, char key[C3D_KEY_BYTES]);

void c3d_algorithm_value(const struct c3d_algorithm_record *record, char value[C3D_VALUE_BYTES]);
void c3d_tile_value(const struct c3d_tile_record *record, char value[C3D_VALUE_BYTES]);
void c3d_rate_value(double rate, char value[C3D_VALUE_BYTES]);

/* False if the value is not of its kind, or out of range. */
bool c3d_algorithm_parse(const char *value, struct c3d_algorithm_record *record);
bool c3d_tile_parse(const char *value, struct c3d_tile_record *record);
bool c3d_rate_parse(const char *value, double *rate);

/* A key taken apart; parts that its kind does not have are "" or 0. */
struct c3d_key_parts {
    char kind[16], problem[C3D_KEY_BYTES], machine[C3D_KEY_BYTES];
    char algorithm[C3D_ALGORITHM_NAME_BYTES], rate[32];
    conv3d_math math;
    int threads;
};

/* False for a key of no kind above. */
bool c3d_key_parse(const char *key, struct c3d_key_parts *parts);

#endif
