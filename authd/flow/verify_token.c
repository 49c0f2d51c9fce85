/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification. The tenant comes from whoever owns the key that signed, never from a claim; then
 * every claim that names tenant, issuer, client or audience has to agree with that tenant.
 */
#include "flow/verify_token.h"

#include "base/arena.h"
#include "crypto/jwt.h"
#include "domain/claims.h"
#include "domain/decide.h"
#include "store/registry.h"

static void release_tenant(void *t)
{
    tenant_release(t);
}

/* The arena takes over the reference; NULL stays NULL. */
static const struct tenant *held_by(struct arena *a, struct tenant *t)
{
    if (t)
        arena_defer(a, release_tenant, t);
    return t;
}

/* kid is only ever compared. A key that has left the JWKS verifies nothing any more. */
static const struct signing_key *published_key(const struct tenant *t, struct str kid, int64_t now)
{
    for (size_t i = 0; i < t->signing_key_count; i++) {
        const struct signing_key *k = &t->signing_keys[i];
        if (str_eq(id_str(&k->kid), kid) && signing_key_published(k, now))
            return k;
    }
    return NULL;
}

static const struct client *client_named(const struct tenant *t, struct str id)
{
    for (size_t i = 0; i < t->client_count; i++) {
        if (str_eq(id_str(&t->clients[i].id), id))
            return &t->clients[i];
    }
    return NULL;
}

/* A token of a client that was deleted is as good as none; aud is what that client's tokens have.
 */
static bool claims_agree(const struct tenant *t, const struct jwt_claims *c)
{
    const struct client *client = client_named(t, c->client_id);
    return client && str_eq(c->iss, t->issuer) && str_eq(c->tenant, id_str(&t->id)) &&
           str_eq(c->aud, token_audience(t, client));
}

static enum err check_claims(struct arena *a, const struct tenant *t, const struct jwt_parts *p,
                             int64_t now_s, struct token_facts *out)
{
    struct jwt_claims claims;
    enum err e = jwt_read_claims(a, p, &claims);
    if (e == ERR_OK)
        e = jwt_check_times(&claims, now_s, CLOCK_SKEW_S);
    if (e != ERR_OK)
        return e;
    if (!claims_agree(t, &claims) || !id_parse(claims.sub, "usr_", &out->user) ||
        !id_parse(claims.sid, "ses_", &out->session))
        return ERR_invalid_token;
    /* The skew is for other people's clocks; exp is our own word. */
    if (claims.exp <= now_s)
        return ERR_token_expired;
    out->expires_at = claims.exp;
    return ERR_OK;
}

static enum err verify_afresh(struct arena *a, const struct tenant *tenant, struct str token,
                              int64_t now, struct verified_token *out)
{
    struct jwt_parts parts;
    enum err e = jwt_split(a, token, "at+jwt", &parts);
    if (e != ERR_OK)
        return e;
    const struct tenant *t = tenant ? tenant : held_by(a, registry_by_kid(parts.kid));
    const struct signing_key *key = t ? published_key(t, parts.kid, now) : NULL;
    if (!key || !jwt_signature_valid(&parts, key->public_key))
        return ERR_invalid_token;
    out->tenant = t;
    out->facts = (struct token_facts){.tenant = t->id, .build = t->build, .kid = key->kid};
    return check_claims(a, t, &parts, now / 1000, &out->facts);
}

/* A hit counts while the snapshot is the one it was verified under and the key is still published.
 */
static bool find_verified(struct arena *a, const struct tenant *tenant,
                          const struct token_digest *digest, int64_t now,
                          struct verified_token *out)
{
    if (!verify_cache_find(digest, now / 1000, &out->facts))
        return false;
    if (tenant && !id_eq(&tenant->id, &out->facts.tenant))
        return false;
    out->tenant = tenant ? tenant : held_by(a, registry_by_id(id_str(&out->facts.tenant)));
    return out->tenant && out->tenant->build == out->facts.build &&
           published_key(out->tenant, id_str(&out->facts.kid), now);
}

enum err token_verify(struct arena *a, const struct tenant *tenant, struct str token, int64_t now,
                      struct verified_token *out)
{
    if (token.len > JWT_MAX)
        return ERR_invalid_token;
    struct token_digest digest = verify_cache_digest(token);
    if (find_verified(a, tenant, &digest, now, out))
        return ERR_OK;
    enum err e = verify_afresh(a, tenant, token, now, out);
    if (e == ERR_OK)
        verify_cache_put(&digest, &out->facts, now / 1000);
    return e;
}

struct str token_payload(struct arena *a, struct str token)
{
    struct str part = STR_NONE;
    str_split(&token, '.', &part); /* header */
    str_split(&token, '.', &part);
    char *json = arena_alloc(a, part.len + 1);
    size_t n = 0;
    return base64url_decode(part, json, part.len, &n) ? (struct str){json, n} : STR_NONE;
}
