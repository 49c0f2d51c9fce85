/* SPDX-License-Identifier: Apache-2.0
 *
 * Linear probing over a power of two, at most three quarters full. A removed value leaves a
 * tombstone, which the next rebuild drops.
 */
#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"

enum { CAP_MIN = 16 };

struct map_slot {
    uint64_t hash;
    void *value; /* NULL = never used */
};

static char tombstone;

static bool is_live(const struct map_slot *slot)
{
    return slot->value && slot->value != &tombstone;
}

/* Spreads hashes that callers made of small numbers. */
static struct map_slot *slot_at(const struct map *m, uint64_t hash, size_t step)
{
    uint64_t mixed = hash * UINT64_C(0x9E3779B97F4A7C15);
    return &m->slots[((mixed >> 32 ^ mixed) + step) & (m->cap - 1)];
}

static void insert(struct map *m, uint64_t hash, void *value)
{
    size_t step = 0;
    while (slot_at(m, hash, step)->value)
        step++;
    *slot_at(m, hash, step) = (struct map_slot){hash, value};
    m->used++;
}

static void rebuild(struct map *m)
{
    struct map old = *m;
    size_t cap = CAP_MIN;
    while (cap < (old.used + 1) * 2)
        cap *= 2;
    *m = (struct map){.slots = xcalloc(cap, sizeof(struct map_slot)), .cap = cap};
    for (size_t i = 0; i < old.cap; i++) {
        if (is_live(&old.slots[i]))
            insert(m, old.slots[i].hash, old.slots[i].value);
    }
    free(old.slots);
}

void map_put(struct map *m, uint64_t hash, void *value)
{
    assert(value);
    if ((m->used + m->tombs + 1) * 4 > m->cap * 3)
        rebuild(m);
    insert(m, hash, value);
}

bool map_remove(struct map *m, uint64_t hash, const void *value)
{
    for (size_t step = 0; step < m->cap; step++) {
        struct map_slot *slot = slot_at(m, hash, step);
        if (!slot->value)
            return false;
        if (slot->value == value && slot->hash == hash) {
            slot->value = &tombstone;
            m->used--;
            m->tombs++;
            return true;
        }
    }
    return false;
}

void *map_next(const struct map *m, uint64_t hash, size_t *pos)
{
    while (*pos < m->cap) {
        const struct map_slot *slot = slot_at(m, hash, (*pos)++);
        if (!slot->value)
            return NULL;
        if (slot->hash == hash && is_live(slot))
            return slot->value;
    }
    return NULL;
}

void *map_each(const struct map *m, size_t *pos)
{
    while (*pos < m->cap) {
        const struct map_slot *slot = &m->slots[(*pos)++];
        if (is_live(slot))
            return slot->value;
    }
    return NULL;
}

void map_free(struct map *m)
{
    free(m->slots);
    *m = (struct map){0};
}
