/* SPDX-License-Identifier: Apache-2.0
 *
 * Rotation is two statements: read the wrapped tenant key and the newest kid, make a key, write it.
 * By age, under the condition that this kid is still the newest: two nodes that find the same key
 * too old make one successor.
 */
#include "store/control_signing_keys.h"

#include "domain/decide.h"

void signing_key_row_read(const struct db_rows *rows, size_t row, struct signing_key_row *out)
{
    *out = (struct signing_key_row){
        .kid = db_get_id(rows, row, 0),
        .algorithm = db_get_text(rows, row, 1),
        .published_at = db_get_time(rows, row, 2),
        .signs_at = db_get_time(rows, row, 3),
        .leaves_at = db_get_time(rows, row, 4),
        .revoked_at = db_get_time(rows, row, 5),
        .signing = db_get_bool(rows, row, 6),
    };
}

enum err control_signing_key_list(struct arena *a, const struct id *tenant,
                                  const struct page_query *page, int64_t now,
                                  struct signing_key_row **items, size_t *n)
{
    const struct db_rows *rows;
    struct db_query q = {
        .sql = SQL_SIGNING_KEY_LIST,
        .params = {db_id(tenant), db_text(page->after), db_int(page->limit), db_time(now)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    *n = db_count(rows);
    *items = arena_new_array(a, *n, struct signing_key_row);
    for (size_t i = 0; i < *n; i++)
        signing_key_row_read(rows, i, &(*items)[i]);
    return ERR_OK;
}

struct db_query signing_key_context_query(const struct id *tenant)
{
    return (struct db_query){.sql = SQL_SIGNING_KEY_CONTEXT, .params = {db_id(tenant)}};
}

enum err signing_key_rotation_make(const struct id *tenant, const struct db_rows *rows, int64_t now,
                                   bool revoke, struct signing_key_rotation *out)
{
    if (db_count(rows) == 0)
        return ERR_not_found;
    struct rotation_times times = decide_rotation(now, revoke);
    *out = (struct signing_key_rotation){
        .tenant = tenant,
        .newest = db_get_id(rows, 0, 1),
        .signs_at = times.signs_at,
        .old_leaves_at = revoke ? 0 : times.old_leaves_at,
    };
    return signing_key_make(id_str(tenant), db_get_text(rows, 0, 0), now, &out->key);
}

struct db_query signing_key_rotation_query(const struct control_write *w,
                                           const struct signing_key_rotation *r)
{
    struct db_query q = control_query(SQL_SIGNING_KEY_ROTATE, w);
    q.params[5] = db_id(r->tenant);
    q.params[6] = db_id(&r->key.kid);
    q.params[7] = db_bytes(r->key.public_key, sizeof(r->key.public_key));
    q.params[8] = db_bytes(r->key.sealed, sizeof(r->key.sealed));
    q.params[9] = db_time(r->signs_at);
    q.params[10] = db_time(r->old_leaves_at);
    q.params[11] = r->newest.z[0] ? db_id(&r->newest) : db_null();
    q.params[12] =
        db_text(r->old_leaves_at ? STR("signing_key.rotated") : STR("signing_key.revoked"));
    return q;
}

enum err control_signing_key_rotate(struct arena *a, const struct control_write *w,
                                    const struct id *tenant, bool revoke,
                                    struct signing_key_row *out, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = signing_key_context_query(tenant);
    struct signing_key_rotation r;
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK || (e = signing_key_rotation_make(tenant, rows, w->now, revoke, &r)) != ERR_OK)
        return e;
    r.newest = (struct id){{0}}; /* whoever asks gets a new key, whatever came in between */
    q = signing_key_rotation_query(w, &r);
    if ((e = control_run(a, w, &q, 1, &rows, revision)) != ERR_OK)
        return e;
    if (db_count(rows) == 0)
        return ERR_not_found;
    signing_key_row_read(rows, 0, out);
    return ERR_OK;
}
