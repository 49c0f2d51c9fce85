/* SPDX-License-Identifier: Apache-2.0
 *
 * The documents under an issuer, built once per snapshot and served from memory.
 */
#include "flow/discovery.h"

#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"
#include "crypto/token.h"

enum { ETAG_BYTES = 16, DOCUMENT_GUESS = 512 };

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

/* "tenant" is the owner: RFC 7517 section 5 lets a key set say more of itself, and a resource
 * server of many tenants needs it, so that a leaked key of one tenant cannot sign for another's id.
 */
static struct str jwks_document(const struct tenant *t, int64_t now)
{
    struct buf b;
    const char *separator = "";
    buf_init(&b, t->arena, DOCUMENT_GUESS);
    buf_lit(&b, "{\"keys\":[");
    for (size_t i = 0; i < t->signing_key_count; i++) {
        const struct signing_key *k = &t->signing_keys[i];
        if (!signing_key_published(k, now))
            continue;
        buf_str(&b, str_of(separator));
        jwk_write(&b, id_str(&k->kid), k->public_key);
        separator = ",";
    }
    buf_lit(&b, "],\"tenant\":");
    buf_json(&b, id_str(&t->id));
    buf_char(&b, '}');
    return buf_view(&b);
}

static void start_metadata(struct json_writer *w, struct buf *b, const struct tenant *t)
{
    struct buf uri;
    buf_init(&uri, t->arena, t->issuer.len + 32);
    buf_str(&uri, t->issuer);
    buf_lit(&uri, "/.well-known/jwks.json");
    buf_init(b, t->arena, DOCUMENT_GUESS);
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
static struct str oauth_document(const struct tenant *t)
{
    struct buf b;
    struct json_writer w;
    start_metadata(&w, &b, t);
    write_empty_list(&w, STR("response_types_supported"));
    write_empty_list(&w, STR("grant_types_supported"));
    json_object_end(&w);
    return buf_view(&b);
}

/* Until the code flow exists: where tokens come from and how to check them. */
static struct str openid_document(const struct tenant *t)
{
    struct buf b;
    struct json_writer w;
    start_metadata(&w, &b, t);
    json_object_end(&w);
    return buf_view(&b);
}

void discovery_prebuild(struct tenant *t, int64_t now)
{
    t->jwks = jwks_document(t, now);
    t->jwks_etag = etag_of(t->arena, t->jwks);
    t->oauth_metadata = oauth_document(t);
    t->oauth_metadata_etag = etag_of(t->arena, t->oauth_metadata);
    t->openid_metadata = openid_document(t);
    t->openid_metadata_etag = etag_of(t->arena, t->openid_metadata);
}
