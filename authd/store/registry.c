/* SPDX-License-Identifier: Apache-2.0
 *
 * The indices over the snapshots, behind one read-write lock: readers are every request and hold it
 * for a look-up, the writer is the feed thread. An index entry lives in the arena of the snapshot
 * it leads to.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "crypto/keyring.h"
#include "store/registry_internal.h"

struct key_entry {
    struct tenant *tenant;
    const struct client_key *key;
};

struct kid_entry {
    struct tenant *tenant;
    struct id kid;
};

/* How many active tenants list an origin. */
struct origin_entry {
    unsigned tenants;
    size_t len;
    char origin[];
};

/* Readers never hold it twice, so a waiting writer may go first and is not starved by them. */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static struct map by_id;
static struct map by_slug;
static struct map by_key;
static struct map by_kid;
static struct map by_origin;
static size_t count;
static struct arena *operator_arena;
static struct operator_key *operators;
static size_t operator_count;

/* References */

void tenant_retain(struct tenant *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
}

void tenant_release(struct tenant *t)
{
    if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct tenant_documents *documents = t->documents;
    if (documents)
        arena_destroy(documents->arena);
    arena_destroy(t->arena); /* and with it the snapshot and its secrets */
}

/* Keys are found by their first eight bytes: SHA-256 spreads by itself. */
static uint64_t key_slot(const uint8_t hash[KEY_HASH_LEN])
{
    uint64_t slot;
    memcpy(&slot, hash, sizeof(slot));
    return slot;
}

/* Look-ups, all under the lock */

static struct tenant *find_id(struct str id)
{
    size_t pos = 0;
    struct tenant *t;
    while ((t = map_next(&by_id, map_hash(id), &pos))) {
        if (str_eq(id_str(&t->id), id))
            return t;
    }
    return NULL;
}

static struct tenant *find_slug(struct str slug)
{
    size_t pos = 0;
    struct tenant *t;
    while ((t = map_next(&by_slug, map_hash(slug), &pos))) {
        if (str_eq(t->slug, slug))
            return t;
    }
    return NULL;
}

static struct kid_entry *find_kid(struct str kid)
{
    size_t pos = 0;
    struct kid_entry *e;
    while ((e = map_next(&by_kid, map_hash(kid), &pos))) {
        if (str_eq(id_str(&e->kid), kid))
            return e;
    }
    return NULL;
}

static struct key_entry *find_key(const uint8_t hash[KEY_HASH_LEN])
{
    size_t pos = 0;
    struct key_entry *e;
    while ((e = map_next(&by_key, key_slot(hash), &pos))) {
        if (bytes_equal_secret(e->key->hash, hash, KEY_HASH_LEN))
            return e;
    }
    return NULL;
}

static struct origin_entry *find_origin(struct str origin)
{
    size_t pos = 0;
    struct origin_entry *e;
    while ((e = map_next(&by_origin, map_hash(origin), &pos))) {
        if (str_eq((struct str){e->origin, e->len}, origin))
            return e;
    }
    return NULL;
}

static struct tenant *referenced(struct tenant *t)
{
    if (t)
        tenant_retain(t);
    return t;
}

struct tenant *registry_by_id(struct str id)
{
    pthread_rwlock_rdlock(&lock);
    struct tenant *t = referenced(find_id(id));
    pthread_rwlock_unlock(&lock);
    return t;
}

struct tenant *registry_by_slug(struct str slug)
{
    pthread_rwlock_rdlock(&lock);
    struct tenant *t = referenced(find_slug(slug));
    pthread_rwlock_unlock(&lock);
    return t;
}

struct tenant *registry_by_kid(struct str kid)
{
    pthread_rwlock_rdlock(&lock);
    struct kid_entry *e = find_kid(kid);
    struct tenant *t = referenced(e ? e->tenant : NULL);
    pthread_rwlock_unlock(&lock);
    return t;
}

struct tenant *registry_by_key(const uint8_t hash[KEY_HASH_LEN], int64_t now,
                               const struct client_key **key)
{
    pthread_rwlock_rdlock(&lock);
    struct key_entry *e = find_key(hash);
    bool is_current = e && (e->key->expires_at == 0 || now < e->key->expires_at);
    struct tenant *t = referenced(is_current ? e->tenant : NULL);
    *key = t ? e->key : NULL;
    pthread_rwlock_unlock(&lock);
    return t;
}

bool registry_origin_listed(struct str origin)
{
    pthread_rwlock_rdlock(&lock);
    bool listed = find_origin(origin) != NULL;
    pthread_rwlock_unlock(&lock);
    return listed;
}

size_t registry_count(void)
{
    pthread_rwlock_rdlock(&lock);
    size_t n = count;
    pthread_rwlock_unlock(&lock);
    return n;
}

struct str registry_ids(struct arena *a)
{
    struct buf ids;
    size_t pos = 0;
    struct tenant *t;
    pthread_rwlock_rdlock(&lock);
    buf_init(&ids, a, (count + 1) * (ID_LEN + 1));
    while ((t = map_each(&by_id, &pos))) {
        if (ids.len > 0)
            buf_char(&ids, ',');
        buf_str(&ids, id_str(&t->id));
    }
    pthread_rwlock_unlock(&lock);
    return buf_view(&ids);
}

struct tenant *registry_next_stale(int64_t now)
{
    size_t pos = 0;
    struct tenant *t;
    pthread_rwlock_rdlock(&lock);
    while ((t = map_each(&by_id, &pos))) {
        if (t->fresh_until && t->fresh_until <= now)
            break;
    }
    t = referenced(t);
    pthread_rwlock_unlock(&lock);
    return t;
}

/* Indexing, all under the write lock */

static void index_keys(struct tenant *t)
{
    struct key_entry *keys = arena_new_array(t->arena, t->key_count, struct key_entry);
    for (size_t i = 0; i < t->key_count; i++) {
        keys[i] = (struct key_entry){t, &t->keys[i]};
        map_put(&by_key, key_slot(t->keys[i].hash), &keys[i]);
    }
    struct kid_entry *kids = arena_new_array(t->arena, t->signing_key_count, struct kid_entry);
    for (size_t i = 0; i < t->signing_key_count; i++) {
        kids[i] = (struct kid_entry){t, t->signing_keys[i].kid};
        map_put(&by_kid, map_hash(id_str(&kids[i].kid)), &kids[i]);
    }
}

static void forget_keys(struct tenant *t)
{
    for (size_t i = 0; i < t->key_count; i++) {
        struct key_entry *e = find_key(t->keys[i].hash);
        if (e && e->tenant == t)
            map_remove(&by_key, key_slot(t->keys[i].hash), e);
    }
    for (size_t i = 0; i < t->signing_key_count; i++) {
        struct str kid = id_str(&t->signing_keys[i].kid);
        struct kid_entry *e = find_kid(kid);
        if (e && e->tenant == t)
            map_remove(&by_kid, map_hash(kid), e);
    }
}

static void list_origin(struct str origin)
{
    struct origin_entry *e = find_origin(origin);
    if (!e) {
        e = xcalloc(1, sizeof(*e) + origin.len);
        e->len = origin.len;
        memcpy(e->origin, origin.ptr, origin.len);
        map_put(&by_origin, map_hash(origin), e);
    }
    e->tenants++;
}

static void unlist_origin(struct str origin)
{
    struct origin_entry *e = find_origin(origin);
    if (!e || --e->tenants > 0)
        return;
    map_remove(&by_origin, map_hash(origin), e);
    free(e);
}

static void each_origin(const struct tenant *t, void (*fn)(struct str))
{
    /* A suspension leaves preflights as they were: the request itself is what it refuses. */
    if (t->status != TENANT_ACTIVE && t->status != TENANT_SUSPENDED)
        return;
    for (size_t i = 0; i < t->policy.allowed_origins.n; i++)
        fn(t->policy.allowed_origins.items[i]);
}

static void index_tenant(struct tenant *t)
{
    map_put(&by_id, map_hash(id_str(&t->id)), t);
    map_put(&by_slug, map_hash(t->slug), t);
    index_keys(t);
    each_origin(t, list_origin);
    count++;
}

static void forget_tenant(struct tenant *t)
{
    map_remove(&by_id, map_hash(id_str(&t->id)), t);
    map_remove(&by_slug, map_hash(t->slug), t);
    forget_keys(t);
    each_origin(t, unlist_origin);
    count--;
}

/* The old snapshot is released outside of the lock: it may be the last reference. */
static void replace(struct str id, struct tenant *t)
{
    pthread_rwlock_wrlock(&lock);
    struct tenant *old = find_id(id);
    if (old)
        forget_tenant(old);
    if (t)
        index_tenant(t);
    pthread_rwlock_unlock(&lock);
    if (old)
        tenant_release(old);
}

void registry_put(struct tenant *t)
{
    replace(id_str(&t->id), t);
}

void registry_remove(struct str tenant_id)
{
    replace(tenant_id, NULL);
}

/* Operators */

void registry_set_operators(struct arena *arena, struct operator_key *keys, size_t n)
{
    pthread_rwlock_wrlock(&lock);
    struct arena *old = operator_arena;
    operator_arena = arena;
    operators = keys;
    operator_count = n;
    pthread_rwlock_unlock(&lock);
    if (old)
        arena_destroy(old);
}

/* Every key is compared, whichever fits. */
static const struct operator_key *find_operator(const uint8_t hash[KEY_HASH_LEN], int64_t now)
{
    const struct operator_key *found = NULL;
    for (size_t i = 0; i < operator_count; i++) {
        bool fits = bytes_equal_secret(operators[i].hash, hash, KEY_HASH_LEN);
        if (fits && (operators[i].expires_at == 0 || now < operators[i].expires_at))
            found = &operators[i];
    }
    return found;
}

bool registry_operator_by_key(const uint8_t hash[KEY_HASH_LEN], int64_t now,
                              struct operator_entry *out, struct arena *a)
{
    pthread_rwlock_rdlock(&lock);
    const struct operator_key *k = find_operator(hash, now);
    if (k) {
        *out = k->entry;
        out->name = str_copy(a, k->entry.name);
    }
    pthread_rwlock_unlock(&lock);
    return k != NULL;
}

void registry_clear(void)
{
    size_t pos = 0;
    struct tenant *t;
    keyring_fill_begin();
    while ((t = map_each(&by_id, &pos)))
        registry_remove(id_str(&t->id));
    keyring_fill_end();
    registry_set_operators(NULL, NULL, 0);
    map_free(&by_id);
    map_free(&by_slug);
    map_free(&by_key);
    map_free(&by_kid);
    map_free(&by_origin);
}
