/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may call. The key names the tenant, and where a route needs only a user's token, the tenant
 * that owns the token's kid; nothing else does. Everything is in memory, so an unknown, a revoked
 * and a deleted tenant's key take the same steps to the same answer, and a string that is no key at
 * all is refused by its checksum. The origin is judged as soon as the tenant is known, before any
 * other answer is given.
 */
#include "http/guard.h"

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/token.h"
#include "http/address.h"
#include "http/bearer.h"
#include "http/cors.h"
#include "http/match.h"
#include "http/rate.h"
#include "http/reply.h"

/* The credentials that a request carries, by their spelling alone. */
struct credentials {
    struct str key;   /* X-Client-Id, or a bearer that is spelled as a key; NULL ptr = none */
    struct str token; /* any other bearer; NULL ptr = none */
    bool token_malformed;
};

static bool is_secret_or_operator(struct str s)
{
    return str_starts(s, STR("sk_")) || str_starts(s, STR("op_"));
}

/* Two keys that differ cannot both be meant. */
static enum err read_credentials(const struct http_request *request, struct credentials *out)
{
    struct str bearer;
    enum bearer_form form = bearer_parse(request->authorization, &bearer);
    *out = (struct credentials){.key = request->client_id};
    out->token_malformed = form == BEARER_MALFORMED;
    if (!is_secret_or_operator(bearer)) {
        out->token = bearer;
        return ERR_OK;
    }
    if (out->key.ptr && !str_eq(out->key, bearer))
        return ERR_bad_request;
    out->key = bearer;
    return ERR_OK;
}

/* ---- tenants ---- */

/* A tenant that is being made or has ended is nobody's. */
static struct tenant *in_service(struct tenant *tenant)
{
    if (!tenant || tenant->status == TENANT_ACTIVE || tenant->status == TENANT_SUSPENDED)
        return tenant;
    tenant_release(tenant);
    return NULL;
}

static struct tenant *tenant_of_key(struct str text, int64_t now, const struct client_key **key)
{
    size_t prefix_len;
    uint8_t hash[TOKEN_HASH_LEN];
    if (!key_check(text, &prefix_len))
        return NULL;
    key_hash(text, hash);
    return in_service(registry_by_key(hash, now, key));
}

struct tenant *guard_tenant_of_url(const struct http_exchange *x, bool *named)
{
    const struct client_key *key;
    struct str slug = values_get(&x->path_values, STR("slug"));
    struct str client_id = values_get(&x->query_values, STR("client_id"));
    *named = true;
    if (slug.ptr)
        return in_service(registry_by_slug(slug));
    if (client_id.ptr)
        return tenant_of_key(client_id, x->call.now, &key);
    *named = false;
    return NULL;
}

static struct tenant *tenant_of_token(struct str token)
{
    char text[ID_LEN];
    struct id id;
    struct str kid = bearer_kid(token, text, sizeof(text));
    return id_parse(kid, "key_", &id) ? in_service(registry_by_kid(kid)) : NULL;
}

static enum err name_by_key(struct http_exchange *x, struct str text, const struct client_key **key)
{
    struct call *call = &x->call;
    x->tenant = tenant_of_key(text, call->now, key);
    if (!x->tenant)
        return ERR_invalid_client_key;
    call->tenant = x->tenant;
    call->client = &x->tenant->clients[(*key)->client];
    call->key_kind = (enum key_kind)(*key)->kind;
    return ERR_OK;
}

static enum err name_by_token(struct http_exchange *x, const struct credentials *c)
{
    if (!c->token.ptr)
        return c->token_malformed ? ERR_invalid_token : ERR_missing_token;
    x->tenant = tenant_of_token(c->token);
    x->call.tenant = x->tenant;
    return x->tenant ? ERR_OK : ERR_invalid_token;
}

/* *key is NULL when no key was sent. */
static enum err name_tenant(struct http_exchange *x, const struct credentials *c,
                            const struct client_key **key)
{
    *key = NULL;
    if (c->key.ptr)
        return name_by_key(x, c->key, key);
    return x->route->need == NEED_USER ? name_by_token(x, c) : ERR_invalid_client_key;
}

/* ---- what the tenant and the kind of credential allow ---- */

/* The header may repeat what the key says, as id or slug. */
static bool names_other_tenant(const struct http_exchange *x)
{
    struct str named = x->request.tenant_id;
    return named.ptr && x->call.key_kind != KEY_NONE && !str_eq(named, id_str(&x->tenant->id)) &&
           !str_eq(named, x->tenant->slug);
}

static enum err judge_kind(const struct http_exchange *x, const struct credentials *c)
{
    if (x->route->need == NEED_SECRET && x->call.key_kind != KEY_SECRET)
        return ERR_insufficient_permissions;
    if (x->route->need == NEED_USER && !c->token.ptr)
        return c->token_malformed ? ERR_invalid_token : ERR_missing_token;
    return ERR_OK;
}

static bool take_rate(struct http_exchange *x, enum rate_scope scope, const void *who, size_t n)
{
    struct rate_key key = {.tenant = x->tenant->shard, .scope = scope};
    int64_t limit = rate_limit(&x->tenant->policy, scope);
    memcpy(key.who, who, n);
    if (rate_allow(&key, limit, clock_mono_ms(), &x->call.retry_after_s))
        return true;
    x->rate_limit = limit;
    return false;
}

/* The narrowest first, so that one who is refused uses up nothing that others share. */
static enum err judge_rate(struct http_exchange *x, const struct client_key *key)
{
    struct rate_address prefix = rate_address_prefix(x->client.bytes, sizeof(x->client.bytes));
    uint8_t id[ULID_BYTES];
    if (x->route->rate == RATE_CREDENTIAL && !take_rate(x, RATE_ADDRESS, &prefix, sizeof(prefix)))
        return ERR_rate_limited;
    if (key) {
        id_to_bytes(&key->id, id);
        if (!take_rate(x, RATE_KEY, id, sizeof(id)))
            return ERR_rate_limited;
    }
    return take_rate(x, RATE_TENANT, "", 0) ? ERR_OK : ERR_rate_limited;
}

static enum err judge_tenant_call(struct http_exchange *x, const struct credentials *c,
                                  const struct client_key *key)
{
    enum err e = cors_judge(x, CORS_TENANT, x->tenant);
    if (e)
        return e;
    if (names_other_tenant(x))
        return ERR_tenant_mismatch;
    if (x->tenant->status == TENANT_SUSPENDED)
        return ERR_tenant_suspended;
    e = judge_kind(x, c);
    if (!e)
        e = guard_body(&x->request, x->route);
    if (!e)
        e = judge_rate(x, key);
    if (!e && key)
        registry_key_used(&key->id, x->call.now);
    return e;
}

static enum err admit_by_tenant(struct http_exchange *x)
{
    struct credentials credentials;
    const struct client_key *key;
    enum err e = read_credentials(&x->request, &credentials);
    x->user_token = credentials.token;
    if (!e)
        e = name_tenant(x, &credentials, &key);
    if (!e)
        return judge_tenant_call(x, &credentials, key);
    cors_allow_error(x, CORS_TENANT);
    return e;
}

/* ---- the other two kinds of route ---- */

static enum err admit_public(struct http_exchange *x)
{
    bool named;
    enum err e = cors_judge(x, CORS_PUBLIC, NULL);
    if (e)
        return e;
    if (values_get(&x->path_values, STR("slug")).ptr) {
        x->tenant = guard_tenant_of_url(x, &named);
        x->call.tenant = x->tenant;
        if (!x->tenant)
            return ERR_not_found;
    }
    return guard_body(&x->request, x->route);
}

static enum err find_operator(struct http_exchange *x, struct str text)
{
    size_t prefix_len;
    uint8_t hash[TOKEN_HASH_LEN];
    if (!key_check(text, &prefix_len))
        return ERR_invalid_client_key;
    key_hash(text, hash);
    struct operator_entry *operator= arena_new(x->arena, struct operator_entry);
    if (!registry_operator_by_key(hash, x->call.now, operator, x->arena))
        return ERR_invalid_client_key;
    x->call.operator= operator;
    x->call.key_kind = KEY_OPERATOR;
    return ERR_OK;
}

static enum err admit_operator(struct http_exchange *x)
{
    struct credentials credentials;
    enum err e = cors_judge(x, CORS_SAME_ORIGIN, NULL);
    if (!e)
        e = read_credentials(&x->request, &credentials);
    if (e)
        return e;
    if (!str_starts(credentials.key, STR("op_")))
        return ERR_operator_key_required;
    e = find_operator(x, credentials.key);
    if (e)
        return e;
    if (x->route->need == NEED_OPERATOR_WRITE && !x->call.operator->may_write)
        return ERR_insufficient_permissions;
    e = guard_body(&x->request, x->route);
    if (!e)
        registry_key_used(&x->call.operator->key_id, x->call.now);
    return e;
}

enum err guard_admit(struct http_exchange *x)
{
    if (x->request.repeated_header) {
        cors_allow_error(x, cors_rule_of(x->route));
        return ERR_bad_request;
    }
    switch (cors_rule_of(x->route)) {
    case CORS_PUBLIC:
        return admit_public(x);
    case CORS_TENANT:
        return admit_by_tenant(x);
    case CORS_SAME_ORIGIN:
        return admit_operator(x);
    }
    return ERR_internal_error;
}
