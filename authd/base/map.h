/* SPDX-License-Identifier: Apache-2.0
 *
 * Open-addressing hash map from a 64-bit hash to a pointer. Several values may share a hash: the
 * caller compares. Keys that an attacker chooses are hashed with map_hash, which is SipHash under a
 * per-process random key.
 */
#ifndef AUTHD_BASE_MAP_H
#define AUTHD_BASE_MAP_H

#include "base/str.h"

struct map {
    struct map_slot *slots;
    size_t cap; /* power of two, or 0 */
    size_t used;
    size_t tombs;
};

uint64_t map_hash(struct str key);
void map_put(struct map *m, uint64_t hash, void *value);
/* Removes this very pointer under this hash; false when it was not there. */
bool map_remove(struct map *m, uint64_t hash, const void *value);
/* Iterates the values under a hash: start with *pos = 0; NULL ends. */
void *map_next(const struct map *m, uint64_t hash, size_t *pos);
/* Iterates everything: start with *pos = 0; NULL ends. */
void *map_each(const struct map *m, size_t *pos);
void map_free(struct map *m);

#endif
