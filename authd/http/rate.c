/* SPDX-License-Identifier: Apache-2.0
 *
 * Token buckets in a table of shards, each with its own lock, so that loops rarely meet. The table
 * is bounded: a bucket that nobody touched for a minute is full again and may go; beyond the bound
 * the one untouched for longest goes, so that an attacker with many addresses costs memory to no
 * one and at worst gives old addresses a fresh bucket. Buckets are keyed by tenant first: no
 * tenant's traffic counts for another.
 */
#include "http/rate.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"

enum { SHARDS = 16, SHARD_MAX = RATE_TABLE_MAX / SHARDS, FULL_AFTER_MS = 60000 };

struct entry {
    struct rate_key key;
    struct rate_bucket bucket;
    uint64_t hash;
    int64_t touched_ms;
    struct list by_age;
};

struct shard {
    pthread_mutex_t lock;
    struct map entries;
    struct list oldest_first;
    size_t n;
};

static struct shard shards[SHARDS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void setup(void)
{
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&shards[i].lock, NULL);
        list_init(&shards[i].oldest_first);
    }
}

static bool key_eq(const struct rate_key *a, const struct rate_key *b)
{
    return a->tenant == b->tenant && a->scope == b->scope &&
           memcmp(a->who, b->who, sizeof(a->who)) == 0;
}

/* Addresses are chosen by clients, so the hash is keyed. */
static uint64_t key_hash_of(const struct rate_key *key)
{
    uint8_t bytes[sizeof(key->tenant) + 1 + sizeof(key->who)];
    memcpy(bytes, &key->tenant, sizeof(key->tenant));
    bytes[sizeof(key->tenant)] = (uint8_t)key->scope;
    memcpy(bytes + sizeof(key->tenant) + 1, key->who, sizeof(key->who));
    return map_hash((struct str){(const char *)bytes, sizeof(bytes)});
}

static struct entry *find(const struct shard *shard, const struct rate_key *key, uint64_t hash)
{
    size_t pos = 0;
    for (struct entry *e; (e = map_next(&shard->entries, hash, &pos));) {
        if (key_eq(&e->key, key))
            return e;
    }
    return NULL;
}

static void drop(struct shard *shard, struct entry *e)
{
    map_remove(&shard->entries, e->hash, e);
    list_remove(&e->by_age);
    shard->n--;
    free(e);
}

static struct entry *oldest(const struct shard *shard)
{
    if (list_empty(&shard->oldest_first))
        return NULL;
    return container_of(shard->oldest_first.next, struct entry, by_age);
}

/* Two at a time: every call that adds one removes up to two, so the table shrinks back. */
static void expire(struct shard *shard, int64_t now_ms)
{
    for (int i = 0; i < 2; i++) {
        struct entry *e = oldest(shard);
        if (!e || (shard->n < SHARD_MAX && now_ms - e->touched_ms < FULL_AFTER_MS))
            return;
        drop(shard, e);
    }
}

static struct entry *add(struct shard *shard, const struct rate_key *key, uint64_t hash)
{
    struct entry *e = xcalloc(1, sizeof(*e));
    e->key = *key;
    e->hash = hash;
    list_init(&e->by_age);
    map_put(&shard->entries, hash, e);
    shard->n++;
    return e;
}

bool rate_allow(const struct rate_key *key, int64_t per_minute, int64_t now_ms,
                int64_t *retry_after_s)
{
    *retry_after_s = 0;
    if (per_minute <= 0)
        return true;
    pthread_once(&once, setup);
    uint64_t hash = key_hash_of(key);
    struct shard *shard = &shards[hash % SHARDS];
    pthread_mutex_lock(&shard->lock);
    struct entry *e = find(shard, key, hash);
    if (!e) {
        expire(shard, now_ms);
        e = add(shard, key, hash);
    }
    e->touched_ms = now_ms;
    list_remove(&e->by_age);
    list_push_back(&shard->oldest_first, &e->by_age);
    bool allowed = rate_take(&e->bucket, per_minute, now_ms, retry_after_s);
    pthread_mutex_unlock(&shard->lock);
    return allowed;
}

size_t rate_bucket_count(void)
{
    size_t n = 0;
    pthread_once(&once, setup);
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&shards[i].lock);
        n += shards[i].n;
        pthread_mutex_unlock(&shards[i].lock);
    }
    return n;
}

void rate_reset(void)
{
    pthread_once(&once, setup);
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&shards[i].lock);
        for (struct entry *e; (e = oldest(&shards[i]));)
            drop(&shards[i], e);
        map_free(&shards[i].entries);
        pthread_mutex_unlock(&shards[i].lock);
    }
}
