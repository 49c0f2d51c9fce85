/* SPDX-License-Identifier: Apache-2.0
 *
 * Every tenant in memory: who owns a key, a slug, an id, a token's kid; which origins anybody
 * lists. Look-ups take a short lock and return a referenced snapshot; nothing here does I/O. The
 * feed thread swaps snapshots.
 */
#ifndef AUTHD_STORE_REGISTRY_H
#define AUTHD_STORE_REGISTRY_H

#include "base/err.h"
#include "domain/tenant.h"

/* Snapshot with a reference, or NULL. Deleted tenants are not found. */
struct tenant *registry_by_id(struct str id);
struct tenant *registry_by_slug(struct str slug);
struct tenant *registry_by_kid(struct str kid);
/* By SHA-256 of the key text; *key points into the snapshot. Expired keys are not found. */
struct tenant *registry_by_key(const uint8_t hash[KEY_HASH_LEN], int64_t now,
                               const struct client_key **key);
void tenant_retain(struct tenant *t);
void tenant_release(struct tenant *t);

/* Whether any tenant, suspended ones included, lists this origin: the preflight's question. */
bool registry_origin_listed(struct str origin);

/* Swaps in a snapshot (takes the reference), or removes the tenant. */
void registry_put(struct tenant *t);
void registry_remove(struct str tenant_id);
size_t registry_count(void);

/* Operators: the hashes of active operator keys. */
struct operator_entry {
    struct id operator_id;
    struct id key_id;
    bool may_write; /* role admin; a reader may only read */
    struct str name;
};
bool registry_operator_by_key(const uint8_t hash[KEY_HASH_LEN], int64_t now,
                              struct operator_entry *out, struct arena *a);

/* Notes that a key was used; written to the control database in batches (last_used_at), never on
 * the request's way. */
void registry_key_used(const struct id *key_id, int64_t now);

/* Reads the feed now on the feed thread and returns once everything up to `revision` is visible on
 * this node: a writer sees its own write. From a coroutine. */
MUST_CHECK enum err registry_wait(int64_t revision);

#endif
