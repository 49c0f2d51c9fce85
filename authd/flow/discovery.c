/* SPDX-License-Identifier: Apache-2.0
 *
 * The documents under an issuer, made when a snapshot is first asked for one and then served from
 * memory: a node knows thousands of tenants and publishes for the few that somebody verifies. Loops
 * that ask at once each make them, equal to the byte, and the first to be done is kept: cheaper
 * than a lock that every reader takes.
 */
#include "flow/discovery.h"

#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"
#include "crypto/token.h"

enum { ETAG_BYTES = 16, DOCUMENT_GUESS = 512, ARENA_FIRST = 2048 };

/* The key is no secret, only the same on every node. */
static struct str etag_of(struct arena *a, struct str body)
{
    static const uint8_t key[32] = "authd etag";
    uint8_t hash[32];
    struct buf b;
    keyed_hash(key, body, hash);
    buf_init(&b, a, 2 + BASE64URL_LEN(ETAG_BYTES));
    buf_char(&b, '"');
    b.len += base64url_encode(buf_reserve(&b, BASE64URL_LEN(ETAG_BYTES)), hash, ETAG_BYTES);
    buf_char(&b, '"');
    return buf_view(&b);
}

static struct document document_of(struct arena *a, struct buf *b)
{
    return (struct document){.body = buf_view(b), .etag = etag_of(a, buf_view(b))};
}

static struct document jwks_document(struct arena *a, const struct tenant *t, int64_t now)
{
    struct buf b;
    const char *separator = "";
    buf_init(&b, a, DOCUMENT_GUESS);
    buf_lit(&b, "{\"keys\":[");
    for (size_t i = 0; i < t->signing_key_count; i++) {
        const struct signing_key *k = &t->signing_keys[i];
        if (!signing_key_published(k, now))
            continue;
        buf_str(&b, str_of(separator));
        jwk_write(&b, id_str(&k->kid), k->public_key);
        separator = ",";
    }
    buf_lit(&b, "]}");
    return document_of(a, &b);
}

static void start_metadata(struct json_writer *w, struct buf *b, struct arena *a,
                           const struct tenant *t)
{
    struct buf uri;
    buf_init(&uri, a, t->issuer.len + 32);
    buf_str(&uri, t->issuer);
    buf_lit(&uri, "/.well-known/jwks.json");
    buf_init(b, a, DOCUMENT_GUESS);
    json_start(w, b);
    json_object_start(w);
    json_member(w, "issuer");
    json_str_value(w, t->issuer);
    json_member(w, "jwks_uri");
    json_str_value(w, buf_view(&uri));
}

static void write_empty_list(struct json_writer *w, struct str name)
{
    json_key(w, name);
    json_array_start(w);
    json_array_end(w);
}

/* There is no OAuth endpoint yet. response_types_supported is required, and an absent
 * grant_types_supported would mean authorization_code and implicit: both say "none". */
static struct document oauth_document(struct arena *a, const struct tenant *t)
{
    struct buf b;
    struct json_writer w;
    start_metadata(&w, &b, a, t);
    write_empty_list(&w, STR("response_types_supported"));
    write_empty_list(&w, STR("grant_types_supported"));
    json_object_end(&w);
    return document_of(a, &b);
}

/* Until the code flow exists: where tokens come from and how to check them. */
static struct document openid_document(struct arena *a, const struct tenant *t)
{
    struct buf b;
    struct json_writer w;
    start_metadata(&w, &b, a, t);
    json_object_end(&w);
    return document_of(a, &b);
}

static struct tenant_documents *make(const struct tenant *t, int64_t now)
{
    struct arena *a = arena_create(ARENA_FIRST);
    struct tenant_documents *d = arena_new(a, struct tenant_documents);
    *d = (struct tenant_documents){.arena = a,
                                   .jwks = jwks_document(a, t, now),
                                   .oauth_metadata = oauth_document(a, t),
                                   .openid_metadata = openid_document(a, t)};
    return d;
}

const struct tenant_documents *tenant_documents(const struct tenant *t, int64_t now)
{
    /* the one member of a snapshot that is filled in later */
    _Atomic(struct tenant_documents *) *slot = &((struct tenant *)(uintptr_t)t)->documents;
    struct tenant_documents *kept = atomic_load_explicit(slot, memory_order_acquire);
    if (kept)
        return kept;
    struct tenant_documents *made = make(t, now);
    if (atomic_compare_exchange_strong(slot, &kept, made))
        return made;
    arena_destroy(made->arena);
    return kept;
}
