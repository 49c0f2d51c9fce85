/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of clients and of their keys in and out.
 */
#include "store/control_clients.h"

static void client_read(const struct db_rows *r, size_t row, struct client_record *out)
{
    *out = (struct client_record){
        .id = db_get_id(r, row, 0),
        .name = db_get_text(r, row, 1),
        .type = db_get_text(r, row, 2),
        .audience = db_get_text(r, row, 3),
        .revision = db_get_int(r, row, 4),
        .created_at = db_get_time(r, row, 5),
        .updated_at = db_get_time(r, row, 6),
    };
}

static void key_read(const struct db_rows *r, size_t row, struct key_row *out)
{
    *out = (struct key_row){
        .id = db_get_id(r, row, 0),
        .kind = db_get_text(r, row, 1),
        .hint = db_get_text(r, row, 2),
        .created_at = db_get_time(r, row, 3),
        .expires_at = db_get_time(r, row, 4),
        .revoked_at = db_get_time(r, row, 5),
        .last_used_at = db_get_time(r, row, 6),
    };
}

enum err control_client_get(struct arena *a, const struct id *tenant, const struct id *client,
                            struct client_record *out)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_CLIENT_GET, .params = {db_id(tenant), db_id(client)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    if (db_count(rows) == 0)
        return ERR_not_found;
    client_read(rows, 0, out);
    return ERR_OK;
}

enum err control_client_list(struct arena *a, const struct id *tenant,
                             const struct page_query *page, struct client_record **items, size_t *n)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_CLIENT_LIST,
                         .params = {db_id(tenant), db_text(page->after), db_int(page->limit)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    *n = db_count(rows);
    *items = arena_new_array(a, *n, struct client_record);
    for (size_t i = 0; i < *n; i++)
        client_read(rows, i, &(*items)[i]);
    return ERR_OK;
}

/* Every write here names its tenant and returns at most one row; none: there is no such thing. */
static struct db_query write_query(enum sql sql, const struct control_write *w,
                                   const struct id *tenant, const struct id *client)
{
    struct db_query q = control_query(sql, w);
    q.params[5] = db_id(tenant);
    q.params[6] = db_id(client);
    return q;
}

static enum err write_run(struct arena *a, const struct control_write *w, const struct db_query *q,
                          const struct db_rows **rows, int64_t *revision)
{
    enum err e = control_run(a, w, q, 1, rows, revision);
    if (e != ERR_OK)
        return e;
    return db_count(*rows) ? ERR_OK : ERR_not_found;
}

enum err control_client_create(struct arena *a, const struct control_write *w,
                               const struct id *tenant, const struct client_record *record,
                               const struct key_record *publishable,
                               const struct key_record *secret, struct client_record *out,
                               int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = write_query(SQL_CLIENT_CREATE, w, tenant, &record->id);
    q.params[7] = db_text(record->name);
    q.params[8] = db_text(record->type);
    q.params[9] = db_text(record->audience);
    control_key_params(&q.params[10], publishable);
    control_key_params(&q.params[13], secret);
    enum err e = write_run(a, w, &q, &rows, revision);
    if (e == ERR_OK)
        client_read(rows, 0, out);
    return e;
}

enum err control_client_update(struct arena *a, const struct control_write *w,
                               const struct id *tenant, const struct id *client,
                               const struct client_changes *changes, struct client_record *out,
                               int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = write_query(SQL_CLIENT_UPDATE, w, tenant, client);
    q.params[7] = db_text(changes->name);
    q.params[8] = db_bool(changes->set_audience);
    q.params[9] = db_text(changes->audience);
    q.params[10] = changes->if_revision ? db_int(changes->if_revision) : db_null();
    enum err e = write_run(a, w, &q, &rows, revision);
    if (e != ERR_OK)
        return e;
    if (db_is_null(rows, 0, 0))
        return ERR_precondition_failed;
    client_read(rows, 0, out);
    return ERR_OK;
}

enum err control_client_delete(struct arena *a, const struct control_write *w,
                               const struct id *tenant, const struct id *client, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = write_query(SQL_CLIENT_DELETE, w, tenant, client);
    return write_run(a, w, &q, &rows, revision);
}

enum err control_key_list(struct arena *a, const struct id *tenant, const struct id *client,
                          const struct page_query *page, struct key_row **items, size_t *n)
{
    const struct db_rows *rows;
    struct db_query q = {
        .sql = SQL_CLIENT_KEY_LIST,
        .params = {db_id(tenant), db_id(client), db_text(page->after), db_int(page->limit)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    *n = db_count(rows);
    *items = arena_new_array(a, *n, struct key_row);
    for (size_t i = 0; i < *n; i++)
        key_read(rows, i, &(*items)[i]);
    return ERR_OK;
}

enum err control_key_create(struct arena *a, const struct control_write *w, const struct id *tenant,
                            const struct id *client, struct str kind, const struct key_record *key,
                            struct key_row *out, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = write_query(SQL_CLIENT_KEY_CREATE, w, tenant, client);
    q.params[7] = db_id(&key->id);
    q.params[8] = db_text(kind);
    q.params[9] = db_bytes(key->hash, sizeof(key->hash));
    q.params[10] = db_text(str_of(key->hint));
    enum err e = write_run(a, w, &q, &rows, revision);
    if (e == ERR_OK)
        key_read(rows, 0, out);
    return e;
}

enum err control_key_kind(struct arena *a, const struct id *tenant, const struct id *client,
                          const struct id *key, struct str *kind)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_CLIENT_KEY_FIND,
                         .params = {db_id(tenant), db_id(client), db_id(key)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    if (db_count(rows) == 0)
        return ERR_not_found;
    *kind = db_get_text(rows, 0, 0);
    return db_get_bool(rows, 0, 1) ? ERR_OK : ERR_conflict;
}

enum err control_key_roll(struct arena *a, const struct control_write *w, const struct id *tenant,
                          const struct id *client, const struct id *old,
                          const struct key_record *key, int64_t old_ends_at, struct key_row *out,
                          int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = write_query(SQL_CLIENT_KEY_ROLL, w, tenant, client);
    q.params[7] = db_id(old);
    control_key_params(&q.params[8], key);
    q.params[11] = db_time(old_ends_at);
    enum err e = write_run(a, w, &q, &rows, revision);
    if (e == ERR_not_found) /* the caller has just seen it */
        return ERR_conflict;
    if (e == ERR_OK)
        key_read(rows, 0, out);
    return e;
}

enum err control_key_revoke(struct arena *a, const struct control_write *w, const struct id *tenant,
                            const struct id *client, const struct id *key, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = write_query(SQL_CLIENT_KEY_REVOKE, w, tenant, client);
    q.params[7] = db_id(key);
    return write_run(a, w, &q, &rows, revision);
}
