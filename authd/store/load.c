/* SPDX-License-Identifier: Apache-2.0
 *
 * Four statements bring any number of tenants; their rows are ordered alike and merged in one pass.
 * A tenant that cannot be built is removed and does not stop the others: serving an older snapshot
 * of it could honour a key that was revoked since.
 */
#include "store/load.h"

#include "base/clock.h"
#include "crypto/keyring.h"
#include "store/db_sync.h"
#include "store/registry_internal.h"
#include "store/snapshot.h"

static MUST_CHECK enum err read_rows(PGconn *c, struct arena *a, struct str ids, int64_t now,
                                     struct snapshot_rows *rows)
{
    struct db_param params[] = {db_text(ids), db_time(now)};
    enum err e = sync_run(c, a, SQL_CONTROL_LOAD_TENANTS, params, &rows->tenants);
    if (!e)
        e = sync_run(c, a, SQL_CONTROL_LOAD_CLIENTS, params, &rows->clients);
    if (!e)
        e = sync_run(c, a, SQL_CONTROL_LOAD_CLIENT_KEYS, params, &rows->keys);
    if (!e)
        e = sync_run(c, a, SQL_CONTROL_LOAD_SIGNING_KEYS, params, &rows->signing_keys);
    return e;
}

static bool is_loaded(const struct db_rows *tenants, struct str id)
{
    for (size_t i = 0; i < db_count(tenants); i++) {
        if (str_eq(db_get_text(tenants, i, 0), id))
            return true;
    }
    return false;
}

static void remove_missing(struct str ids, const struct db_rows *tenants)
{
    struct str id;
    while (str_split(&ids, ',', &id)) {
        if (!is_loaded(tenants, id))
            registry_remove(id);
    }
}

static void put_all(struct snapshot_rows *rows, int64_t now)
{
    keyring_fill_begin();
    for (size_t i = 0; i < db_count(rows->tenants); i++) {
        struct tenant *t;
        if (snapshot_build(rows, i, now, &t))
            registry_remove(db_get_text(rows->tenants, i, 0));
        else
            registry_put(t);
    }
    keyring_fill_end();
}

enum err load_tenants(PGconn *c, struct str ids)
{
    struct arena *a = arena_create(4096);
    struct snapshot_rows rows = {0};
    int64_t now = clock_wall_ms();
    enum err e = read_rows(c, a, ids, now, &rows);
    if (!e) {
        remove_missing(ids.ptr ? ids : registry_ids(a), rows.tenants);
        put_all(&rows, now);
    }
    arena_destroy(a);
    return e;
}

enum operator_column { O_KEY, O_HASH, O_EXPIRES_AT, O_ID, O_NAME, O_ROLE };

static void read_operator(struct arena *a, const struct db_rows *r, size_t row,
                          struct operator_key *out)
{
    struct str hash = db_get_text(r, row, O_HASH);
    memcpy(out->hash, hash.ptr, KEY_HASH_LEN); /* its length is a constraint of the table */
    out->expires_at = db_get_time(r, row, O_EXPIRES_AT);
    out->entry =
        (struct operator_entry){.operator_id = db_get_id(r, row, O_ID),
                                .key_id = db_get_id(r, row, O_KEY),
                                .may_write = str_eq(db_get_text(r, row, O_ROLE), STR("admin")),
                                .name = str_copy(a, db_get_text(r, row, O_NAME))};
}

enum err load_operators(PGconn *c)
{
    struct arena *reading = arena_create(4096);
    struct db_param params[] = {db_time(clock_wall_ms())};
    const struct db_rows *rows;
    enum err e = sync_run(c, reading, SQL_CONTROL_LOAD_OPERATOR_KEYS, params, &rows);
    if (!e) {
        struct arena *a = arena_create(1024);
        size_t n = db_count(rows);
        struct operator_key *keys = arena_new_array(a, n, struct operator_key);
        for (size_t i = 0; i < n; i++)
            read_operator(a, rows, i, &keys[i]);
        registry_set_operators(a, keys, n);
    }
    arena_destroy(reading);
    return e;
}
