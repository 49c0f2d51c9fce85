/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds snapshots. Secrets go from their sealed columns straight into the keyring; what was open
 * on the stack meanwhile is wiped. The keyring cells are given back when the snapshot's arena goes.
 */
#include "store/snapshot.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "crypto/jwt.h"
#include "crypto/keyring.h"
#include "store/db_sync.h"
#include "store/envelope.h"
#include "store/registry.h"
#include "store/store.h"

enum { ARENA_FIRST = 3072 };

/* Columns of the load statements in control_feed.sql. */
enum tenant_column {
    T_ID,
    T_SLUG,
    T_NAME,
    T_ENVIRONMENT,
    T_STATUS,
    T_ISSUER,
    T_POLICY,
    T_WRAPPED_KEY,
    T_DATABASE,
    T_LOGIN_ROLE,
    T_ACTIVE_ROLE,
    T_SEALED_PASSWORDS,
    T_REVISION
};
enum client_column { C_TENANT, C_ID, C_NAME, C_AUDIENCE };
enum key_column { K_TENANT, K_ID, K_CLIENT, K_KIND, K_HASH, K_EXPIRES_AT };
enum signing_column {
    S_TENANT,
    S_KID,
    S_PUBLIC,
    S_SEALED,
    S_PUBLISHED_AT,
    S_SIGNS_AT,
    S_LEAVES_AT
};

/* The rows [*first, *first + n) that are t's; those of tenants that were left out go by. */
static size_t rows_of(const struct db_rows *rows, const struct tenant *t, size_t *next,
                      size_t *first)
{
    size_t at = *next;
    size_t all = db_count(rows);
    while (at < all && strcmp(db_get_id(rows, at, 0).z, t->id.z) < 0)
        at++;
    *first = at;
    while (at < all && strcmp(db_get_id(rows, at, 0).z, t->id.z) == 0)
        at++;
    *next = at;
    return at - *first;
}

static struct str text_of(struct arena *a, const struct db_rows *rows, size_t row, int col)
{
    struct str s = db_get_text(rows, row, col);
    return s.ptr ? str_copy(a, s) : (struct str){"", 0};
}

static void drop_cell(void *cell)
{
    keyring_drop(cell);
}

/* A cell that lives as long as the snapshot. */
static const void *keep_secret(struct tenant *t, const void *secret, size_t len)
{
    const void *cell = keyring_put(secret, len);
    arena_defer(t->arena, drop_cell, (void *)(uintptr_t)cell);
    return cell;
}

/* Clients and their keys */

static void read_clients(struct snapshot_rows *rows, struct tenant *t)
{
    size_t first;
    t->client_count = rows_of(rows->clients, t, &rows->next_client, &first);
    t->clients = arena_new_array(t->arena, t->client_count, struct client);
    for (size_t i = 0; i < t->client_count; i++) {
        t->clients[i] =
            (struct client){.id = db_get_id(rows->clients, first + i, C_ID),
                            .name = text_of(t->arena, rows->clients, first + i, C_NAME),
                            .audience = text_of(t->arena, rows->clients, first + i, C_AUDIENCE)};
    }
}

/* False when the client is not there: deleted, or not yet seen. */
static bool find_client(const struct tenant *t, struct id id, uint32_t *index)
{
    for (uint32_t i = 0; i < t->client_count; i++) {
        if (id_eq(&t->clients[i].id, &id)) {
            *index = i;
            return true;
        }
    }
    return false;
}

static void read_keys(struct snapshot_rows *rows, struct tenant *t)
{
    size_t first;
    size_t n = rows_of(rows->keys, t, &rows->next_key, &first);
    t->keys = arena_new_array(t->arena, n, struct client_key);
    for (size_t i = first; i < first + n; i++) {
        struct client_key *k = &t->keys[t->key_count];
        struct str hash = db_get_text(rows->keys, i, K_HASH);
        if (hash.len != KEY_HASH_LEN ||
            !find_client(t, db_get_id(rows->keys, i, K_CLIENT), &k->client))
            continue;
        k->id = db_get_id(rows->keys, i, K_ID);
        memcpy(k->hash, hash.ptr, KEY_HASH_LEN);
        k->kind = str_eq(db_get_text(rows->keys, i, K_KIND), STR("secret")) ? KEY_SECRET
                                                                            : KEY_PUBLISHABLE;
        k->expires_at = db_get_time(rows->keys, i, K_EXPIRES_AT);
        t->key_count++;
    }
}

/* Signing keys */

static MUST_CHECK enum err read_signing_secret(struct tenant *t, struct signing_key *k,
                                               const uint8_t *key, struct str sealed)
{
    uint8_t secret[SIGNING_SECRET_LEN];
    enum err e = envelope_signing_open(key, id_str(&t->id), id_str(&k->kid), sealed, secret);
    if (!e)
        k->secret_key = keep_secret(t, secret, sizeof(secret));
    bytes_wipe(secret, sizeof(secret));
    return e;
}

static MUST_CHECK enum err read_signing_key(struct snapshot_rows *rows, size_t row,
                                            struct tenant *t, const uint8_t *key,
                                            struct signing_key *k)
{
    const struct db_rows *r = rows->signing_keys;
    struct str public_key = db_get_text(r, row, S_PUBLIC);
    if (public_key.len != sizeof(k->public_key))
        return ERR_internal_error;
    memcpy(k->public_key, public_key.ptr, public_key.len);
    k->kid = db_get_id(r, row, S_KID);
    k->published_at = db_get_time(r, row, S_PUBLISHED_AT);
    k->signs_at = db_get_time(r, row, S_SIGNS_AT);
    k->leaves_at = db_get_time(r, row, S_LEAVES_AT);
    k->jwt_header = jwt_header(t->arena, "at+jwt", id_str(&k->kid));
    return read_signing_secret(t, k, key, db_get_text(r, row, S_SEALED));
}

static MUST_CHECK enum err read_signing_keys(struct snapshot_rows *rows, struct tenant *t,
                                             const uint8_t *key)
{
    size_t first;
    enum err e = ERR_OK;
    size_t n = rows_of(rows->signing_keys, t, &rows->next_signing_key, &first);
    t->signing_keys = arena_new_array(t->arena, n, struct signing_key);
    for (size_t i = 0; i < n && !e; i++)
        e = read_signing_key(rows, first + i, t, key, &t->signing_keys[t->signing_key_count++]);
    return e;
}

/* Secrets of the tenant itself */

static void derive_secrets(struct tenant *t, const uint8_t *key)
{
    struct tenant_secrets secrets;
    envelope_derive(key, &secrets);
    t->secrets = keep_secret(t, &secrets, sizeof(secrets));
    bytes_wipe(&secrets, sizeof(secrets));
}

static MUST_CHECK enum err read_route(const struct db_rows *r, size_t row, struct tenant *t,
                                      const uint8_t *key)
{
    char both[DB_PASSWORDS_LEN];
    enum err e =
        envelope_passwords_open(key, id_str(&t->id), db_get_text(r, row, T_SEALED_PASSWORDS), both);
    if (e)
        return e;
    char password[DB_PASSWORD_LEN + 1] = {0};
    size_t at = db_get_int(r, row, T_ACTIVE_ROLE) == 2 ? DB_PASSWORD_LEN : 0;
    memcpy(password, both + at, DB_PASSWORD_LEN);
    t->db.password.ptr = keep_secret(t, password, sizeof(password));
    t->db.password.len = DB_PASSWORD_LEN;
    bytes_wipe(password, sizeof(password));
    bytes_wipe(both, sizeof(both));
    t->db.database = str_z(t->arena, db_get_text(r, row, T_DATABASE));
    t->db.role = str_z(t->arena, db_get_text(r, row, T_LOGIN_ROLE));
    return ERR_OK;
}

static MUST_CHECK enum err read_secrets(struct snapshot_rows *rows, size_t row, struct tenant *t)
{
    uint8_t key[SEAL_KEY_LEN];
    enum err e = envelope_tenant_key_unwrap(store_config.root_key, id_str(&t->id),
                                            db_get_text(rows->tenants, row, T_WRAPPED_KEY), key);
    if (!e) {
        derive_secrets(t, key);
        e = read_route(rows->tenants, row, t, key);
    }
    if (!e)
        e = read_signing_keys(rows, t, key);
    bytes_wipe(key, sizeof(key));
    return e;
}

/* Plain columns */

static void log_problem(const struct tenant *t, const struct problems *p)
{
    for (size_t i = 0; i < p->n; i++)
        log_error("tenant_policy_invalid", LOG_STR("tenant", id_str(&t->id)),
                  LOG_STR("field", p->list[i].field), LOG_STR("message", p->list[i].message));
}

static MUST_CHECK enum err parse_policy(struct tenant *t, struct str document)
{
    struct problems problems = {.arena = t->arena};
    json_t *json;
    enum err e = json_read(document, &json);
    if (e)
        return ERR_internal_error;
    bool valid = policy_from_json(t->arena, json, &t->policy, &problems);
    json_decref(json);
    if (!valid)
        log_problem(t, &problems);
    return valid ? ERR_OK : ERR_internal_error;
}

/* Most tenants say nothing, or what their neighbour says. A policy that took no memory points only
 * at what the process owns and is good for whoever has the same document. */
static MUST_CHECK enum err read_policy(struct snapshot_rows *rows, size_t row, struct tenant *t)
{
    struct str document = db_get_text(rows->tenants, row, T_POLICY);
    if (str_is_set(rows->same_document) && str_eq(document, rows->same_document)) {
        t->policy = rows->same_policy;
        return ERR_OK;
    }
    size_t before = arena_used(t->arena);
    enum err e = parse_policy(t, document);
    if (!e && arena_used(t->arena) == before) {
        rows->same_document = document;
        rows->same_policy = t->policy;
    }
    return e;
}

static MUST_CHECK enum err read_plain(struct snapshot_rows *rows, size_t row, struct tenant *t)
{
    const struct db_rows *r = rows->tenants;
    t->id = db_get_id(r, row, T_ID);
    t->shard = map_hash(id_str(&t->id));
    t->slug = text_of(t->arena, r, row, T_SLUG);
    t->name = text_of(t->arena, r, row, T_NAME);
    t->issuer = text_of(t->arena, r, row, T_ISSUER);
    t->revision = db_get_int(r, row, T_REVISION);
    if (!environment_parse(db_get_text(r, row, T_ENVIRONMENT), &t->environment) ||
        !tenant_status_parse(db_get_text(r, row, T_STATUS), &t->status))
        return ERR_internal_error;
    return read_policy(rows, row, t);
}

/* When it is out of date */

static void note_change(int64_t *earliest, int64_t at, int64_t now)
{
    if (at > now && (*earliest == 0 || at < *earliest))
        *earliest = at;
}

static void note_changes(struct tenant *t, int64_t now)
{
    t->fresh_until = 0;
    for (size_t i = 0; i < t->signing_key_count; i++) {
        note_change(&t->fresh_until, t->signing_keys[i].published_at, now);
        note_change(&t->fresh_until, t->signing_keys[i].signs_at, now);
        note_change(&t->fresh_until, t->signing_keys[i].leaves_at, now);
    }
}

static struct tenant *tenant_create(void)
{
    static atomic_uint_fast64_t builds;
    struct arena *a = arena_create(ARENA_FIRST);
    struct tenant *t = arena_new(a, struct tenant);
    t->arena = a;
    atomic_init(&t->refs, 1);
    t->build = atomic_fetch_add(&builds, 1) + 1;
    return t;
}

enum err snapshot_build(struct snapshot_rows *rows, size_t row, int64_t now, struct tenant **out)
{
    struct tenant *t = tenant_create();
    enum err e = read_plain(rows, row, t);
    if (!e) {
        read_clients(rows, t);
        read_keys(rows, t);
        e = read_secrets(rows, row, t);
    }
    if (e) {
        log_error("tenant_unusable", LOG_STR("tenant", id_str(&t->id)));
        tenant_release(t);
        return e;
    }
    note_changes(t, now);
    *out = t;
    return ERR_OK;
}

static void release(void *t)
{
    tenant_release(t);
}

struct tenant *snapshot_refresh(struct tenant *t, int64_t now)
{
    struct tenant *fresh = tenant_create();
    size_t shared =
        offsetof(struct tenant, id); /* all but the count, the documents and the arena */
    memcpy((char *)fresh + shared, (const char *)t + shared, sizeof(*t) - shared);
    tenant_retain(t);
    arena_defer(fresh->arena, release, t);
    note_changes(fresh, now);
    return fresh;
}
