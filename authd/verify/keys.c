/* SPDX-License-Identifier: Apache-2.0
 *
 * One lock over everything, never held while fetching. Of the threads that need the same issuer's
 * keys one fetches, the others wait for it or, when they have a key that may go on, use that. When
 * to do which is decided in one pure function.
 */
#include "verify/keys.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

enum {
    ISSUERS_MAX = 4096,
    BUCKETS = 1024,
    SAMPLE = 64, /* buckets that are looked at for one to forget */
    FRESH_DEFAULT_S = 300,
    FRESH_MIN_S = 30, /* even if the issuer says no-store */
    FRESH_MAX_S = 3600,
    RETRY_S = 5,     /* after a failure */
    GONE_S = 60,     /* after "there is no such issuer" */
    CREDIT_MAX = 50, /* fetches for issuers never seen; what succeeds is given back */
    CREDIT_PER_S = 10,
};

struct issuer {
    struct issuer *next; /* in its bucket */
    char *name;
    struct key_set *keys; /* NULL: none yet, or gone */
    int64_t fresh_until;
    int64_t stale_until;
    int64_t retry_at;   /* no fetch before */
    int64_t unknown_at; /* no fetch for an unknown key before */
    int64_t used_at;
    unsigned users; /* threads inside; not to be forgotten meanwhile */
    bool fetching;
    bool gone;
};

struct key_store {
    pthread_mutex_t lock;
    pthread_cond_t fetched;
    struct key_source source;
    int64_t stale_s;
    int64_t unknown_interval_s;
    int timeout_ms;
    unsigned char hash_key[crypto_shorthash_KEYBYTES];
    int64_t credit;
    int64_t credit_at;
    size_t n;
    size_t hand; /* where the next search for one to forget begins */
    struct issuer *buckets[BUCKETS];
};

struct key_store *authdv_keys_new(const struct authd_verify_options *o, struct key_source source)
{
    pthread_condattr_t monotonic;
    struct key_store *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->source = source;
    s->stale_s = o->stale_s;
    s->unknown_interval_s = o->unknown_key_interval_s;
    s->timeout_ms = o->timeout_ms;
    s->credit = CREDIT_MAX;
    crypto_shorthash_keygen(s->hash_key);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->fetched, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return s;
}

static void issuer_free(struct issuer *i)
{
    free(i->keys);
    free(i->name);
    free(i);
}

void authdv_keys_free(struct key_store *s)
{
    if (!s)
        return;
    for (size_t b = 0; b < BUCKETS; b++) {
        while (s->buckets[b]) {
            struct issuer *i = s->buckets[b];
            s->buckets[b] = i->next;
            issuer_free(i);
        }
    }
    pthread_cond_destroy(&s->fetched);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* ---- the table ---- */

static struct issuer **bucket_of(struct key_store *s, const char *name)
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)name, strlen(name),
                     s->hash_key);
    return &s->buckets[hash % BUCKETS];
}

/* Of those looked at, issuers without keys go first, then the one longest unused. */
static bool worse(const struct issuer *a, const struct issuer *b)
{
    if (!a->keys != !b->keys)
        return !a->keys;
    return a->used_at < b->used_at;
}

static void forget_one(struct key_store *s)
{
    struct issuer **victim = NULL;
    for (size_t seen = 0; seen < BUCKETS && (seen < SAMPLE || !victim); seen++) {
        struct issuer **bucket = &s->buckets[s->hand++ % BUCKETS];
        for (struct issuer **at = bucket; *at; at = &(*at)->next) {
            if ((*at)->users == 0 && (!victim || worse(*at, *victim)))
                victim = at;
        }
    }
    if (!victim)
        return;
    struct issuer *i = *victim;
    *victim = i->next;
    issuer_free(i);
    s->n--;
}

/* Anybody can name an issuer; only so many a second are looked for. */
static bool take_credit(struct key_store *s, int64_t now)
{
    int64_t earned = now > s->credit_at ? (now - s->credit_at) * CREDIT_PER_S : 0;
    s->credit = earned > CREDIT_MAX - s->credit ? CREDIT_MAX : s->credit + earned;
    s->credit_at = now;
    if (s->credit == 0)
        return false;
    s->credit--;
    return true;
}

static struct issuer *add_issuer(struct key_store *s, const char *name)
{
    if (s->n >= ISSUERS_MAX)
        forget_one(s);
    struct issuer *i = s->n < ISSUERS_MAX ? calloc(1, sizeof(*i)) : NULL;
    if (!i)
        return NULL;
    i->name = strdup(name);
    if (!i->name) {
        free(i);
        return NULL;
    }
    struct issuer **bucket = bucket_of(s, name);
    i->next = *bucket;
    *bucket = i;
    s->n++;
    return i;
}

/* NULL when it is unknown and may not be looked for now. */
static struct issuer *issuer_named(struct key_store *s, const char *name, int64_t now)
{
    for (struct issuer *i = *bucket_of(s, name); i; i = i->next) {
        if (strcmp(i->name, name) == 0)
            return i;
    }
    return take_credit(s, now) ? add_issuer(s, name) : NULL;
}

/* ---- what to do ---- */

enum step { STEP_UNAVAILABLE, STEP_UNKNOWN, STEP_USE, STEP_WAIT, STEP_FETCH };

/* asked: this thread has already fetched or waited, and takes what there is. That a key is unknown
 * is said only when the issuer could be asked. */
static enum step next_step(const struct issuer *i, bool known, bool asked, int64_t now)
{
    bool fresh = i->keys && now < i->fresh_until;
    bool usable = fresh || (i->keys && now < i->stale_until);
    bool may_fetch = !asked && !i->fetching && now >= i->retry_at;
    if (known && usable)
        return may_fetch && !fresh ? STEP_FETCH : STEP_USE;
    if (i->fetching && !asked)
        return STEP_WAIT;
    if (may_fetch && (!fresh || now >= i->unknown_at))
        return STEP_FETCH;
    bool told = now >= i->retry_at ? fresh : i->gone;
    return told ? STEP_UNKNOWN : STEP_UNAVAILABLE;
}

static int64_t fresh_for(int64_t said_s)
{
    if (said_s < 0)
        return FRESH_DEFAULT_S;
    if (said_s < FRESH_MIN_S)
        return FRESH_MIN_S;
    return said_s < FRESH_MAX_S ? said_s : FRESH_MAX_S;
}

/* ---- doing it ---- */

static void keep_keys(struct key_store *s, struct issuer *i, struct key_set *fetched,
                      int64_t fresh_s, int64_t now)
{
    if (!i->keys && s->credit < CREDIT_MAX)
        s->credit++;
    free(i->keys);
    i->keys = fetched;
    i->fresh_until = now + fresh_for(fresh_s);
    i->stale_until = i->fresh_until + s->stale_s;
    i->gone = false;
}

static void note_failure(struct issuer *i, enum fetch_result result, int64_t now)
{
    i->gone = result == FETCH_GONE;
    i->retry_at = now + (i->gone ? GONE_S : RETRY_S);
    if (!i->gone)
        return;
    free(i->keys);
    i->keys = NULL;
    i->fresh_until = 0;
}

/* The lock is given up meanwhile. */
static void fetch_keys(struct key_store *s, struct issuer *i, int64_t now)
{
    int64_t fresh_s = -1;
    i->fetching = true;
    pthread_mutex_unlock(&s->lock);
    struct key_set *fetched = malloc(sizeof(*fetched));
    enum fetch_result result =
        fetched ? s->source.fetch(s->source.arg, i->name, fetched, &fresh_s) : FETCH_FAILED;
    pthread_mutex_lock(&s->lock);
    i->fetching = false;
    if (result == FETCH_DONE) {
        keep_keys(s, i, fetched, fresh_s, now);
    } else {
        free(fetched);
        note_failure(i, result, now);
    }
    pthread_cond_broadcast(&s->fetched);
}

/* As long as a fetch may take; then this thread goes on with what there is. */
static void wait_for_fetch(struct key_store *s, const struct issuer *i)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += s->timeout_ms / 1000 + 1;
    while (i->fetching && pthread_cond_timedwait(&s->fetched, &s->lock, &until) == 0)
        continue;
}

static enum authd_verify_error find_key(struct key_store *s, struct issuer *i, const char *kid,
                                        int64_t now, struct found_key *out)
{
    for (bool asked = false;; asked = true) {
        const struct public_key *key = i->keys ? authdv_key_find(i->keys, kid) : NULL;
        enum step step = next_step(i, key != NULL, asked, now);
        if (step == STEP_USE) {
            assert(key);
            memcpy(out->bytes, key->bytes, sizeof(out->bytes));
            memcpy(out->owner, i->keys->owner, sizeof(out->owner));
            return AUTHD_VERIFY_NONE;
        }
        if (step == STEP_UNKNOWN || step == STEP_UNAVAILABLE)
            return step == STEP_UNKNOWN ? AUTHD_VERIFY_UNKNOWN_KEY : AUTHD_VERIFY_UNAVAILABLE;
        if (step == STEP_WAIT) {
            wait_for_fetch(s, i);
            continue;
        }
        if (now < i->fresh_until)
            i->unknown_at = now + s->unknown_interval_s;
        fetch_keys(s, i, now);
    }
}

enum authd_verify_error authdv_key_for(struct key_store *s, const char *issuer, const char *kid,
                                       int64_t now, struct found_key *out)
{
    enum authd_verify_error e = AUTHD_VERIFY_UNAVAILABLE;
    pthread_mutex_lock(&s->lock);
    struct issuer *i = issuer_named(s, issuer, now);
    if (i) {
        i->used_at = now;
        i->users++;
        e = find_key(s, i, kid, now, out);
        i->users--;
    }
    pthread_mutex_unlock(&s->lock);
    return e;
}
