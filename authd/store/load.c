/* SPDX-License-Identifier: Apache-2.0
 *
 * One round trip brings any number of tenants; the rows of its statements are ordered alike and
 * merged in one pass. A tenant that cannot be built is removed and does not stop the others:
 * serving an older snapshot of it could honour a key that was revoked since.
 */
#include "store/load.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/keyring.h"
#include "store/db_sync.h"
#include "store/registry_internal.h"
#include "store/snapshot.h"

struct load {
    struct arena *arena; /* until all is built */
    struct str ids;      /* NULL ptr: all */
    int64_t now;
    const struct db_rows *head;
    struct snapshot_rows rows;
    const struct db_rows *operators;
};

/* What is read, in this order: the head first, so that what changes while we load is newer than it
 * and read again. */
enum reading { HEAD, TENANTS, CLIENTS, CLIENT_KEYS, SIGNING_KEYS, OPERATORS, READINGS };

static MUST_CHECK enum err read_some(PGconn *c, struct load *l, enum reading first,
                                     enum reading last)
{
    struct db_param ids[] = {db_text(l->ids), db_time(l->now)};
    struct db_param at[] = {db_time(l->now)};
    const struct sync_call calls[READINGS] = {
        [HEAD] = {SQL_CONTROL_HEAD, NULL, &l->head},
        [TENANTS] = {SQL_CONTROL_LOAD_TENANTS, ids, &l->rows.tenants},
        [CLIENTS] = {SQL_CONTROL_LOAD_CLIENTS, ids, &l->rows.clients},
        [CLIENT_KEYS] = {SQL_CONTROL_LOAD_CLIENT_KEYS, ids, &l->rows.keys},
        [SIGNING_KEYS] = {SQL_CONTROL_LOAD_SIGNING_KEYS, ids, &l->rows.signing_keys},
        [OPERATORS] = {SQL_CONTROL_LOAD_OPERATOR_KEYS, at, &l->operators},
    };
    return sync_run_all(c, l->arena, &calls[first], last - first + 1);
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

static void put_tenants(struct load *l)
{
    struct snapshot_rows *rows = &l->rows;
    remove_missing(l->ids.ptr ? l->ids : registry_ids(l->arena), rows->tenants);
    keyring_fill_begin();
    for (size_t i = 0; i < db_count(rows->tenants); i++) {
        struct tenant *t;
        if (snapshot_build(rows, i, l->now, &t))
            registry_remove(db_get_text(rows->tenants, i, 0));
        else
            registry_put(t);
    }
    keyring_fill_end();
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

static void put_operators(const struct db_rows *rows)
{
    struct arena *a = arena_create(1024);
    size_t n = db_count(rows);
    struct operator_key *keys = arena_new_array(a, n, struct operator_key);
    for (size_t i = 0; i < n; i++)
        read_operator(a, rows, i, &keys[i]);
    registry_set_operators(a, keys, n);
}

static MUST_CHECK enum err read_head(const struct db_rows *rows, int64_t *head)
{
    if (db_count(rows) != 1) {
        log_error("feed_head_missing", LOG_Z("remedy", "authd migrate"));
        return ERR_internal_error;
    }
    *head = db_get_int(rows, 0, 0);
    return ERR_OK;
}

static struct load load_start(struct str ids)
{
    return (struct load){.arena = arena_create(4096), .ids = ids, .now = clock_wall_ms()};
}

enum err load_all(PGconn *c, int64_t *head)
{
    struct load l = load_start(STR_NONE);
    enum err e = read_some(c, &l, HEAD, OPERATORS);
    if (!e)
        e = read_head(l.head, head);
    if (!e) {
        put_tenants(&l);
        put_operators(l.operators);
    }
    arena_destroy(l.arena);
    return e;
}

enum err load_tenants(PGconn *c, struct str ids)
{
    struct load l = load_start(ids);
    enum err e = read_some(c, &l, TENANTS, SIGNING_KEYS);
    if (!e)
        put_tenants(&l);
    arena_destroy(l.arena);
    return e;
}

enum err load_operators(PGconn *c)
{
    struct load l = load_start(STR_NONE);
    enum err e = read_some(c, &l, OPERATORS, OPERATORS);
    if (!e)
        put_operators(l.operators);
    arena_destroy(l.arena);
    return e;
}
