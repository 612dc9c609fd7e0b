/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tile_text.c - tiles as text: t4h7w56oc64ic16p32.inner.cached
 *
 * One syntax for the API, the tool, the logs and the tuning database; grammar in conv3d.h.
 */
#include "database/tile_text.h"

#include "base/status.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* The extents in the order in which they are written. */
enum { EXTENTS = 6 };
static const char *const keys[EXTENTS] = {"t", "h", "w", "oc", "ic", "p"};

static int64_t *extent_of(conv3d_tile *tile, int index)
{
    int64_t *const extents[EXTENTS] = {&tile->t,  &tile->h,  &tile->w,
                                       &tile->oc, &tile->ic, &tile->panel};
    return extents[index];
}

/* Words, of which at most one of each pair may stand. */
static const struct word {
    const char *text;
    conv3d_order order;
    conv3d_store store;
} words[] = {
    {".inner", CONV3D_ORDER_INNER, CONV3D_STORE_CHOOSE},
    {".outer", CONV3D_ORDER_OUTER, CONV3D_STORE_CHOOSE},
    {".cached", CONV3D_ORDER_CHOOSE, CONV3D_STORE_CACHED},
    {".streamed", CONV3D_ORDER_CHOOSE, CONV3D_STORE_STREAMED},
};
enum { WORDS = sizeof words / sizeof *words };

size_t conv3d_tile_format(const conv3d_tile *tile, char *buffer, size_t capacity)
{
    struct c3d_writer writer = c3d_write_to(buffer, capacity);
    if (tile == NULL) {
        return 0;
    }
    conv3d_tile copy = *tile;
    for (int i = 0; i < EXTENTS; i++) {
        if (*extent_of(&copy, i) != 0) {
            c3d_write(&writer, "%s%" PRId64, keys[i], *extent_of(&copy, i));
        }
    }
    for (int i = 0; i < WORDS; i++) {
        const bool order = words[i].order != 0 && words[i].order == tile->order;
        const bool store = words[i].store != 0 && words[i].store == tile->store;
        if (order || store) {
            c3d_write(&writer, "%s", words[i].text);
        }
    }
    return writer.length;
}

/* Reads an entry that *tile does not have yet. */
static bool read_entry(const char **text, conv3d_tile *tile)
{
    for (int i = 0; i < EXTENTS; i++) {
        int64_t value;
        if (c3d_read_keyed(text, keys[i], &value)) {
            int64_t *const extent = extent_of(tile, i);
            const bool good = value > 0 && *extent == 0;
            *extent = value;
            return good;
        }
    }
    for (int i = 0; i < WORDS; i++) {
        if (c3d_read_word(text, words[i].text)) {
            const bool good = words[i].order != 0 ? tile->order == 0 : tile->store == 0;
            tile->order |= words[i].order;
            tile->store |= words[i].store;
            return good;
        }
    }
    return false;
}

const char *c3d_tile_read(const char *text, conv3d_tile *tile)
{
    *tile = (conv3d_tile){0};
    while (*text != '\0') {
        const char *const entry = text;
        if (!read_entry(&text, tile)) {
            return entry;
        }
    }
    return NULL;
}

conv3d_status conv3d_tile_parse(const char *text, conv3d_tile *tile)
{
    if (text == NULL || tile == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "%s is NULL", text == NULL ? "text" : "tile");
    }
    conv3d_tile read;
    const char *const malformed = c3d_tile_read(text, &read);
    if (malformed != NULL) {
        return c3d_fail(CONV3D_ERR_PARSE, "tile \"%.100s\" is malformed at \"%.40s\"", text,
                        malformed);
    }
    *tile = read;
    return CONV3D_OK;
}
