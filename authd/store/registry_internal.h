/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry as the rest of this floor sees it: filling it, and what has been noted in it.
 */
#ifndef AUTHD_STORE_REGISTRY_INTERNAL_H
#define AUTHD_STORE_REGISTRY_INTERNAL_H

#include "base/arena.h"
#include "store/registry.h"

struct operator_key {
    uint8_t hash[KEY_HASH_LEN];
    int64_t expires_at;
    struct operator_entry entry;
};

/* Replaces all operators; takes over the arena, in which they live. */
void registry_set_operators(struct arena *arena, struct operator_key *keys, size_t n);
/* Forgets everything. */
void registry_clear(void);
/* The ids of all tenants, comma-separated, in the arena. */
struct str registry_ids(struct arena *a);
/* A snapshot whose fresh_until has passed, referenced, or NULL. */
struct tenant *registry_next_stale(int64_t now);

/* Key uses noted since the last call, ids ascending, in the arena: two comma-separated lists of
 * equal length, ids and milliseconds. False when there are none. */
struct key_uses {
    struct str ids;
    struct str times;
};
bool key_uses_take(struct arena *a, struct key_uses *out);

#endif
