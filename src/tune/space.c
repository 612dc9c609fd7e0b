/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space.c - see space.h
 */
#include "tune/space.h"

#include "algo/tile.h"
#include "plan/draft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ALGORITHMS = 12,
    MOST_WAYS = 3000,  /* the search looks at each of them in each of its rounds */
    MOST_VALUES = 16,  /* of one member of a tile */
    FEATURE_ALGORITHM = C3D_FEATURES - 1,
};

/* What the cost model thinks this many times slower than its choice is not tried: it is right
 * about algorithms within 15%, about tiles within 30%. */
static const double much_slower = 2.5;

/* Threads pay from some 10 microseconds of work on: fewer of them are tried for less than this,
 * in vector FMAs. */
static const double short_call = 2e6;

/* Values of one member of a tile. */
struct values {
    int64_t list[MOST_VALUES];
    int count;
};

static void add_value(struct values *values, int64_t value)
{
    for (int i = 0; i < values->count; i++) {
        if (values->list[i] == value) {
            return;
        }
    }
    if (values->count < MOST_VALUES) {
        values->list[values->count++] = value;
    }
}

/* Nearly equal parts of an extent, each `step` times as many as before, from the whole to parts
 * of `least`. */
static struct values parts(int64_t extent, int64_t least, double step)
{
    struct values values = {.count = 0};
    for (double count = 1; count <= (double)extent; count = fmax(count + 1, count * step)) {
        const int64_t part = c3d_ceil_div(extent, (int64_t)count);
        if (part < least) {
            break;
        }
        add_value(&values, part);
    }
    return values;
}

/* What the search goes by: halving an extent is a step of 1, as is another order. */
static void set_features(const struct c3d_way *way, int algorithm, double features[C3D_FEATURES])
{
    const conv3d_tile *const tile = &way->tile;
    const double list[C3D_FEATURES] = {
        log2((double)tile->t),  log2((double)tile->h),     log2((double)tile->w),
        log2((double)tile->oc), log2((double)tile->ic),    log2((double)tile->panel),
        (double)tile->order,    2.0 * (double)tile->store, log2((double)way->team),
        [FEATURE_ALGORITHM] = 4.0 * algorithm,
    };
    memcpy(features, list, sizeof list);
}

static conv3d_status allocate(struct c3d_space *space, size_t most)
{
    *space = (struct c3d_space){
        .ways = malloc(most * sizeof *space->ways),
        .points = malloc(most * sizeof *space->points),
    };
    if (space->ways == NULL || space->points == NULL) {
        c3d_space_free(space);
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the search of a tile");
    }
    return CONV3D_OK;
}

void c3d_space_free(struct c3d_space *space)
{
    free(space->ways);
    free(space->points);
    *space = (struct c3d_space){0};
}

static void append(struct c3d_space *space, const struct c3d_candidate *candidate,
                   const conv3d_tile *tile, int team, double estimate)
{
    struct c3d_way *const way = &space->ways[space->count];
    struct c3d_point *const point = &space->points[space->count];
    memcpy(way->algorithm, candidate->name, sizeof way->algorithm);
    way->tile = *tile;
    way->team = team;
    point->prior = estimate;
    set_features(way, candidate->place, point->features);
    space->count++;
}

conv3d_status c3d_space_of_algorithms(const struct conv3d_plan *untuned, struct c3d_space *space)
{
    static const conv3d_tile unset = {0};
    const struct c3d_choice *const choice = &untuned->choice;
    const conv3d_status status = allocate(space, MOST_ALGORITHMS);
    if (status != CONV3D_OK) {
        return status;
    }
    double least = INFINITY;
    for (int i = 0; i < choice->count && space->count < MOST_ALGORITHMS; i++) {
        const struct c3d_candidate *const candidate = &choice->candidates[i];
        struct c3d_draft draft;
        if (candidate->eligible &&
            c3d_draft_make(untuned, candidate, &unset, untuned->threads, &draft)) {
            least = fmin(least, draft.estimate);
            if (i == 0 || draft.estimate <= much_slower * least) {
                append(space, candidate, &draft.tile, untuned->threads, draft.estimate);
            }
        }
    }
    if (space->count == 0) {
        c3d_space_free(space);
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the draft of a plan");
    }
    return CONV3D_OK;
}

/* The members of a tile that have extents. */
enum member { TILE_T, TILE_H, TILE_W, TILE_OC, TILE_IC, TILE_PANEL, MEMBERS };

/* All that is tried of each.  A 0 leaves it to the algorithm. */
struct grid {
    struct values extents[MEMBERS];
    struct values stores;
};

static struct grid make_grid(const struct conv3d_plan *plan, unsigned heeds)
{
    const struct values untouched = {{0}, 1};
    const struct c3d_problem *const p = &plan->collapsed;
    const int lanes = plan->kernels->lanes;
    struct grid grid = {
        .extents = {parts(p->out[T], 1, 1.5), parts(p->out[H], 1, 1.5),
                    parts(p->out[W], c3d_min(p->out[W], 3 * lanes), 2), untouched, untouched,
                    untouched},
        .stores = {{plan->prepared->tile.store}, 1},
    };
    if (heeds & C3D_HEEDS_OC) {
        grid.extents[TILE_OC] = parts(p->out_channels, c3d_min(p->out_channels, 2 * lanes), 2);
    }
    if (heeds & C3D_HEEDS_IC) {
        const struct values some = parts(p->in_channels, 1, 2);
        for (int i = 0; i < some.count; i++) {
            add_value(&grid.extents[TILE_IC], some.list[i]);
        }
    }
    if (heeds & C3D_HEEDS_PANEL) {
        /* Channels that are rows of register tiles, or vectors. */
        const int64_t panels[] = {1, 2, 4, 7, lanes, 2 * lanes, 3 * lanes};
        for (size_t i = 0; i < sizeof panels / sizeof *panels; i++) {
            add_value(&grid.extents[TILE_PANEL], panels[i]);
        }
    }
    /* Whoever reads the output next finds a smaller one in L3.  A call alone does not pay for
     * losing that: 1x1x1 layers of 1.6 to 13 MB are 1.05 to 1.15 times as fast streamed. */
    const double outputs = (double)p->items * (double)p->groups * (double)p->out_channels *
                           (double)c3d_volume(p->out) * sizeof(float);
    if (outputs > (double)c3d_l3_bytes(&plan->request) / 2) {
        add_value(&grid.stores, CONV3D_STORE_CACHED);
        add_value(&grid.stores, CONV3D_STORE_STREAMED);
    }
    return grid;
}

struct found {
    conv3d_tile tile;
    double estimate;
};

/* A list that holds the best by the cost model: when it is full, the worse half goes. */
struct list {
    struct found *items;
    size_t count;
};

static int compare_tiles(const void *left, const void *right)
{
    const struct found *const a = left, *const b = right;
    return memcmp(&a->tile, &b->tile, sizeof a->tile);
}

static int compare_estimates(const void *left, const void *right)
{
    const struct found *const a = left, *const b = right;
    return a->estimate < b->estimate ? -1 : a->estimate > b->estimate ? 1
                                                                      : compare_tiles(left, right);
}

/* Each tile once, the best first. */
static void tidy(struct list *list)
{
    size_t count = 0;
    qsort(list->items, list->count, sizeof *list->items, compare_tiles);
    for (size_t i = 0; i < list->count; i++) {
        if (count == 0 || compare_tiles(&list->items[count - 1], &list->items[i]) != 0) {
            list->items[count++] = list->items[i];
        }
    }
    list->count = count;
    qsort(list->items, list->count, sizeof *list->items, compare_estimates);
}

static void add_found(struct list *list, const conv3d_tile *tile, double estimate)
{
    if (list->count == 2 * MOST_WAYS) {
        tidy(list);
        list->count = list->count < MOST_WAYS ? list->count : MOST_WAYS;
    }
    list->items[list->count++] = (struct found){*tile, estimate};
}

/* The tile in both orders, which differ where there are several places and several blocks of
 * channels, and with all ways to write results. */
static void add_variants(const struct conv3d_plan *plan, const struct c3d_candidate *candidate,
                         const struct grid *grid, const conv3d_tile *wish, struct list *list)
{
    conv3d_tile tile = *wish;
    for (int i = 0; i < grid->stores.count; i++) {
        struct c3d_draft draft;
        tile.store = (conv3d_store)grid->stores.list[i];
        tile.order = CONV3D_ORDER_INNER;
        if (!c3d_draft_make(plan, candidate, &tile, plan->threads, &draft)) {
            return;
        }
        add_found(list, &draft.tile, draft.estimate);
        if (draft.tiles > 1 && draft.channel_blocks > 1) {
            draft.tile.order = CONV3D_ORDER_OUTER;
            add_found(list, &draft.tile, draft.estimate);
        }
    }
}

/* All combinations, like the digits of a number. */
static void fill(const struct conv3d_plan *plan, const struct c3d_candidate *candidate,
                 struct list *list)
{
    const struct grid grid = make_grid(plan, candidate->algorithm->heeds);
    int at[MEMBERS] = {0};
    for (int m = 0; m < MEMBERS;) {
        int64_t extents[MEMBERS];
        for (m = 0; m < MEMBERS; m++) {
            extents[m] = grid.extents[m].list[at[m]];
        }
        const conv3d_tile wish = {
            .t = extents[TILE_T],
            .h = extents[TILE_H],
            .w = extents[TILE_W],
            .oc = extents[TILE_OC],
            .ic = extents[TILE_IC],
            .panel = extents[TILE_PANEL],
        };
        add_variants(plan, candidate, &grid, &wish, list);
        for (m = 0; m < MEMBERS && ++at[m] == grid.extents[m].count; m++) {
            at[m] = 0;
        }
    }
}

conv3d_status c3d_space_of_tiles(const struct conv3d_plan *untuned, const char *algorithm,
                                 bool any_team, struct c3d_space *space)
{
    static const conv3d_tile unset = {0};
    const struct c3d_candidate *const candidate = c3d_choice_find(&untuned->choice, algorithm);
    struct c3d_draft base;
    conv3d_status status = allocate(space, MOST_WAYS + 16);
    struct list list = {malloc(2 * MOST_WAYS * sizeof *list.items), 0};
    if (status != CONV3D_OK || list.items == NULL || candidate == NULL ||
        !c3d_draft_make(untuned, candidate, &unset, untuned->threads, &base)) {
        free(list.items);
        c3d_space_free(space);
        return c3d_fail(CONV3D_ERR_MEMORY, "no memory for the search of a tile");
    }
    append(space, candidate, &base.tile, untuned->threads, base.estimate);
    for (int team = untuned->threads / 2;
         any_team && team >= 1 && base.estimate < short_call; team /= 2) {
        struct c3d_draft draft;
        if (c3d_draft_make(untuned, candidate, &unset, team, &draft)) {
            append(space, candidate, &draft.tile, team, draft.estimate);
        }
    }
    fill(untuned, candidate, &list);
    tidy(&list);
    for (size_t i = 0; i < list.count && space->count < MOST_WAYS; i++) {
        const struct found *const found = &list.items[i];
        if (found->estimate <= much_slower * base.estimate &&
            memcmp(&found->tile, &base.tile, sizeof base.tile) != 0) {
            append(space, candidate, &found->tile, untuned->threads, found->estimate);
        }
    }
    free(list.items);
    return CONV3D_OK;
}

size_t c3d_space_nearest(const struct c3d_space *space, const conv3d_tile *tile)
{
    const struct c3d_way way = {.tile = *tile, .team = space->ways[space->base].team};
    double features[C3D_FEATURES], least = INFINITY;
    size_t nearest = space->base;
    set_features(&way, 0, features);
    for (size_t i = 0; i < space->count; i++) {
        double distance = 0;
        for (int f = 0; f < FEATURE_ALGORITHM; f++) {
            distance += fabs(space->points[i].features[f] - features[f]);
        }
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    return nearest;
}
