/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking about sessions. Answers are kept in sets of four, indexed by a keyed hash of the token; a
 * full set gives up what is oldest. No answer is no permission: the caller gets UNAVAILABLE.
 */
#include "verify/session.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAYS = 4, SETS = 1024, DIGEST_LEN = 32 };

struct entry {
    unsigned char digest[DIGEST_LEN];
    int64_t until; /* 0: empty */
    bool active;
};

struct session_cache {
    pthread_mutex_t lock;
    char *url;
    int64_t keep_s;
    unsigned char key[crypto_generichash_KEYBYTES];
    struct entry sets[SETS][WAYS];
};

struct session_cache *authdv_sessions_new(const char *url, int64_t keep_s)
{
    struct session_cache *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    pthread_mutex_init(&s->lock, NULL);
    crypto_generichash_keygen(s->key);
    s->keep_s = keep_s;
    s->url = strdup(url);
    if (s->url)
        return s;
    authdv_sessions_free(s);
    return NULL;
}

void authdv_sessions_free(struct session_cache *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s->url);
    sodium_memzero(s, sizeof(*s));
    free(s);
}

static void digest_of(const struct session_cache *s, struct slice token,
                      unsigned char out[DIGEST_LEN])
{
    crypto_generichash(out, DIGEST_LEN, (const unsigned char *)token.ptr, token.len, s->key,
                       sizeof(s->key));
}

static struct entry *set_of(struct session_cache *s, const unsigned char digest[DIGEST_LEN])
{
    uint32_t n;
    memcpy(&n, digest, sizeof(n));
    return s->sets[n % SETS];
}

/* NULL when nothing is remembered, or no longer. */
static const struct entry *find(const struct entry *set, const unsigned char *digest, int64_t now)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (now < set[i].until && sodium_memcmp(set[i].digest, digest, DIGEST_LEN) == 0)
            return &set[i];
    }
    return NULL;
}

static bool remembered(struct session_cache *s, const unsigned char *digest, int64_t now,
                       bool *active)
{
    pthread_mutex_lock(&s->lock);
    const struct entry *e = find(set_of(s, digest), digest, now);
    if (e)
        *active = e->active;
    pthread_mutex_unlock(&s->lock);
    return e != NULL;
}

static void remember(struct session_cache *s, const unsigned char *digest, int64_t now, bool active)
{
    struct entry *set = set_of(s, digest);
    struct entry *oldest = set;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 1; i < WAYS; i++) {
        if (set[i].until < oldest->until)
            oldest = &set[i];
    }
    memcpy(oldest->digest, digest, DIGEST_LEN);
    oldest->until = now + s->keep_s;
    oldest->active = active;
    pthread_mutex_unlock(&s->lock);
}

enum authd_verify_error authdv_session_verdict(struct slice answer)
{
    json_t *object = authdv_json_object(answer);
    const json_t *active = json_object_get(object, "active");
    enum authd_verify_error e = AUTHD_VERIFY_UNAVAILABLE;
    if (json_is_boolean(active))
        e = json_is_true(active) ? AUTHD_VERIFY_NONE : AUTHD_VERIFY_SESSION_ENDED;
    json_decref(object);
    return e;
}

/* A token is letters, digits, "-", "_" and dots: nothing to escape. */
static enum authd_verify_error ask(const struct session_cache *s, struct exchanger *x,
                                   struct slice token, const char **complaint)
{
    struct answer answer;
    size_t size = token.len + sizeof("{\"token\":\"\"}");
    char *body = malloc(size);
    *complaint = "out of memory";
    if (!body)
        return AUTHD_VERIFY_UNAVAILABLE;
    snprintf(body, size, "{\"token\":\"%.*s\"}", (int)token.len, token.ptr);
    *complaint = authdv_post(x, s->url, (struct slice){body, size - 1}, &answer);
    sodium_memzero(body, size);
    free(body);
    enum authd_verify_error e = AUTHD_VERIFY_UNAVAILABLE;
    if (answer.status == 200)
        e = authdv_session_verdict((struct slice){answer.body, answer.len});
    authdv_answer_free(&answer);
    if (e == AUTHD_VERIFY_UNAVAILABLE && !*complaint)
        *complaint = "the answer is no verdict (is the secret key this tenant's?)";
    return e;
}

enum authd_verify_error authdv_session_check(struct session_cache *s, struct exchanger *x,
                                             struct slice token, int64_t now,
                                             const char **complaint)
{
    unsigned char digest[DIGEST_LEN];
    bool active = false;
    digest_of(s, token, digest);
    if (remembered(s, digest, now, &active))
        return active ? AUTHD_VERIFY_NONE : AUTHD_VERIFY_SESSION_ENDED;
    enum authd_verify_error e = ask(s, x, token, complaint);
    if (e != AUTHD_VERIFY_UNAVAILABLE && s->keep_s > 0)
        remember(s, digest, now, e == AUTHD_VERIFY_NONE);
    return e;
}
