/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of four entries, indexed by the digest. A full set gives up what expires first: the entry
 * with the least left to give.
 */
#include "flow/verify_cache.h"

#include <stdlib.h>

#include "base/arena.h"
#include "crypto/token.h"

enum { WAYS = 4, SETS = VERIFY_CACHE_ENTRIES / WAYS };

struct entry {
    struct token_digest digest;
    struct token_facts facts; /* expires_at 0: empty */
};

struct cache {
    uint8_t key[32];
    struct entry sets[SETS][WAYS];
};

/* Made at the first use: the kernel gives its pages as they are touched. */
static _Thread_local struct cache *cache;

static struct cache *own_cache(void)
{
    if (!cache) {
        cache = xcalloc(1, sizeof(*cache));
        random_bytes(cache->key, sizeof(cache->key));
    }
    return cache;
}

struct token_digest verify_cache_digest(struct str token)
{
    struct token_digest d = {0};
    keyed_hash(own_cache()->key, token, d.bytes);
    return d;
}

static struct entry *set_of(const struct token_digest *d)
{
    uint32_t n;
    memcpy(&n, d->bytes, sizeof(n));
    return own_cache()->sets[n % SETS];
}

static bool same(const struct token_digest *a, const struct token_digest *b)
{
    return bytes_equal_secret(a->bytes, b->bytes, sizeof(a->bytes));
}

bool verify_cache_find(const struct token_digest *d, int64_t now_s, struct token_facts *out)
{
    const struct entry *set = set_of(d);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].facts.expires_at <= now_s || !same(&set[i].digest, d))
            continue;
        *out = set[i].facts;
        return true;
    }
    return false;
}

void verify_cache_put(const struct token_digest *d, const struct token_facts *facts, int64_t now_s)
{
    struct entry *set = set_of(d);
    struct entry *victim = set;
    if (facts->expires_at <= now_s)
        return;
    for (size_t i = 0; i < WAYS; i++) {
        if (same(&set[i].digest, d)) {
            victim = &set[i];
            break;
        }
        if (set[i].facts.expires_at < victim->facts.expires_at)
            victim = &set[i];
    }
    *victim = (struct entry){*d, *facts};
}

void verify_cache_thread_cleanup(void)
{
    free(cache);
    cache = NULL;
}
