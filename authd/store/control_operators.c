/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of operators and of their keys in and out.
 */
#include "store/control_operators.h"

static void operator_read(const struct db_rows *r, size_t row, struct operator_record *out)
{
    *out = (struct operator_record){
        .id = db_get_id(r, row, 0),
        .name = db_get_text(r, row, 1),
        .role = db_get_text(r, row, 2),
        .created_at = db_get_time(r, row, 3),
        .updated_at = db_get_time(r, row, 4),
    };
}

static void key_read(const struct db_rows *r, size_t row, struct key_row *out)
{
    *out = (struct key_row){
        .id = db_get_id(r, row, 0),
        .hint = db_get_text(r, row, 1),
        .created_at = db_get_time(r, row, 2),
        .expires_at = db_get_time(r, row, 3),
        .revoked_at = db_get_time(r, row, 4),
        .last_used_at = db_get_time(r, row, 5),
    };
}

enum err control_operator_get(struct arena *a, const struct id *id, struct operator_record *out)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_OPERATOR_GET, .params = {db_id(id)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    if (db_count(rows) == 0)
        return ERR_not_found;
    operator_read(rows, 0, out);
    return ERR_OK;
}

enum err control_operator_list(struct arena *a, const struct page_query *page,
                               struct operator_record **items, size_t *n)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_OPERATOR_LIST,
                         .params = {db_text(page->after), db_int(page->limit)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    *n = db_count(rows);
    *items = arena_new_array(a, *n, struct operator_record);
    for (size_t i = 0; i < *n; i++)
        operator_read(rows, i, &(*items)[i]);
    return ERR_OK;
}

struct db_query control_operator_query(const struct control_write *w,
                                       const struct operator_record *record,
                                       const struct key_record *key)
{
    struct db_query q = control_query(SQL_OPERATOR_CREATE, w);
    q.params[5] = db_id(&record->id);
    q.params[6] = db_text(record->name);
    q.params[7] = db_text(record->role);
    control_key_params(&q.params[8], key);
    return q;
}

enum err control_operator_create(struct arena *a, const struct control_write *w,
                                 const struct operator_record *record, const struct key_record *key,
                                 struct operator_record *out, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = control_operator_query(w, record, key);
    enum err e = control_run(a, w, &q, 1, &rows, revision);
    if (e == ERR_OK)
        operator_read(rows, 0, out);
    return e;
}

/* No row: there is no such thing. A row without what should have changed: the last admin. */
static enum err write_run(struct arena *a, const struct control_write *w, const struct db_query *q,
                          const struct db_rows **rows, int64_t *revision)
{
    enum err e = control_run(a, w, q, 1, rows, revision);
    if (e != ERR_OK)
        return e;
    return db_count(*rows) ? ERR_OK : ERR_not_found;
}

enum err control_operator_update(struct arena *a, const struct control_write *w,
                                 const struct id *id, struct str name, struct str role,
                                 struct operator_record *out, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = control_query(SQL_OPERATOR_UPDATE, w);
    q.params[5] = db_id(id);
    q.params[6] = db_text(name);
    q.params[7] = db_text(role);
    enum err e = write_run(a, w, &q, &rows, revision);
    if (e != ERR_OK)
        return e;
    if (db_is_null(rows, 0, 0))
        return ERR_conflict;
    operator_read(rows, 0, out);
    return ERR_OK;
}

enum err control_operator_delete(struct arena *a, const struct control_write *w,
                                 const struct id *id, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = control_query(SQL_OPERATOR_DELETE, w);
    q.params[5] = db_id(id);
    enum err e = write_run(a, w, &q, &rows, revision);
    if (e != ERR_OK)
        return e;
    return db_is_null(rows, 0, 0) ? ERR_conflict : ERR_OK;
}

enum err control_operator_key_list(struct arena *a, const struct id *id,
                                   const struct page_query *page, struct key_row **items, size_t *n)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_OPERATOR_KEY_LIST,
                         .params = {db_id(id), db_text(page->after), db_int(page->limit)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    *n = db_count(rows);
    *items = arena_new_array(a, *n, struct key_row);
    for (size_t i = 0; i < *n; i++)
        key_read(rows, i, &(*items)[i]);
    return ERR_OK;
}

enum err control_operator_key_create(struct arena *a, const struct control_write *w,
                                     const struct id *id, const struct key_record *key,
                                     struct key_row *out, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = control_query(SQL_OPERATOR_KEY_CREATE, w);
    q.params[5] = db_id(id);
    control_key_params(&q.params[6], key);
    enum err e = write_run(a, w, &q, &rows, revision);
    if (e == ERR_OK)
        key_read(rows, 0, out);
    return e;
}

enum err control_operator_key_revoke(struct arena *a, const struct control_write *w,
                                     const struct id *id, const struct id *key, int64_t *revision)
{
    const struct db_rows *rows;
    struct db_query q = control_query(SQL_OPERATOR_KEY_REVOKE, w);
    q.params[5] = db_id(id);
    q.params[6] = db_id(key);
    enum err e = write_run(a, w, &q, &rows, revision);
    if (e != ERR_OK)
        return e;
    return db_get_bool(rows, 0, 0) ? ERR_OK : ERR_conflict;
}
