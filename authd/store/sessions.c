/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of sessions.sql: parameters in, structs out.
 */
#include "store/sessions.h"

#include "base/arena.h"

enum { SESSION_COLUMNS = 9 };

static struct session session_read(const struct db_rows *rows, size_t row)
{
    return (struct session){
        .id = db_get_id(rows, row, 0),
        .user_id = db_get_id(rows, row, 1),
        .client_id = db_get_id(rows, row, 2),
        .created_at = db_get_time(rows, row, 3),
        .rotated_at = db_get_time(rows, row, 4),
        .previous_rotated_at = db_get_time(rows, row, 5),
        .generation = db_get_int(rows, row, 6),
        .ended_at = db_get_time(rows, row, 7),
        .amr = db_get_text(rows, row, 8),
    };
}

struct session_with_user session_with_user_read(const struct db_rows *rows, size_t row)
{
    return (struct session_with_user){session_read(rows, row),
                                      user_read(rows, row, SESSION_COLUMNS)};
}

/* One row or none of a statement that returns a session and its user. */
static enum err run_one(struct db *db, struct arena *a, const struct db_query *q,
                        struct session_with_user *out, bool *found)
{
    const struct db_rows *rows;
    enum err e = db_run(db, a, q, 1, &rows);
    if (e != ERR_OK)
        return e;
    *found = db_count(rows) == 1;
    if (*found)
        *out = session_with_user_read(rows, 0);
    return ERR_OK;
}

/* Times before 1970 do not exist here, and 0 would be NULL: the oldest time is 1 ms. */
static struct db_param cutoff(int64_t after)
{
    return db_time(after > 0 ? after : 1);
}

enum err sessions_open(struct db *db, struct arena *a, const struct session_opening *o,
                       bool *opened)
{
    struct db_query q[2] = {{.sql = SQL_SESSION_OPEN}, {.sql = SQL_SESSION_TRIM}};
    const struct db_rows *rows[2];
    tenant_audit_params(&o->event, q[0].params);
    struct db_param *p = q[0].params + TENANT_AUDIT_PARAMS;
    p[0] = db_time(o->verified_changed_at);
    p[1] = db_text(o->amr);
    p[2] = db_bytes(o->identifier.hash, sizeof(o->identifier.hash));
    p[3] = db_text(o->better_hash);
    size_t n = 1;
    if (o->others_kept != INT64_MAX) {
        tenant_audit_params(&o->trimmed_event, q[1].params);
        q[1].params[TENANT_AUDIT_PARAMS] = db_int(o->others_kept);
        n = 2;
    }
    enum err e = db_run(db, a, q, n, rows);
    if (e == ERR_OK)
        *opened = db_affected(rows[0]) == 1;
    return e;
}

enum err sessions_read(struct db *db, struct arena *a, const struct id *session,
                       const struct id *user, struct session_with_user *out, bool *found)
{
    struct db_query q = {.sql = SQL_SESSION_READ, .params = {db_id(session), db_id(user)}};
    return run_one(db, a, &q, out, found);
}

enum err sessions_list(struct db *db, struct arena *a, const struct session_page *page,
                       struct session_list *out)
{
    struct db_query q = {
        .sql = SQL_SESSIONS_LIST,
        .params = {db_id(&page->user), cutoff(page->cutoffs.created_after),
                   cutoff(page->cutoffs.rotated_after), db_time(page->before_created_at),
                   db_id(&page->before_id), db_int(page->limit + 1)},
    };
    const struct db_rows *rows;
    enum err e = db_run(db, a, &q, 1, &rows);
    if (e != ERR_OK)
        return e;
    size_t n = db_count(rows);
    out->more = n > (size_t)page->limit;
    out->n = out->more ? (size_t)page->limit : n;
    out->items = arena_new_array(a, out->n, struct session);
    for (size_t i = 0; i < out->n; i++) {
        out->items[i] = session_read(rows, i);
        out->items[i].user_agent = db_get_text(rows, i, SESSION_COLUMNS);
        out->items[i].address = db_get_text(rows, i, SESSION_COLUMNS + 1);
    }
    return ERR_OK;
}

enum err sessions_end_one(struct db *db, struct arena *a, const struct tenant_event *e, bool *ended)
{
    struct db_query q = {.sql = SQL_SESSION_END};
    const struct db_rows *rows;
    tenant_audit_params(e, q.params);
    enum err err = db_run(db, a, &q, 1, &rows);
    if (err == ERR_OK)
        *ended = db_affected(rows) == 1;
    return err;
}

enum err sessions_end_all(struct db *db, struct arena *a, const struct tenant_event *e,
                          const struct id *keep)
{
    struct db_query q = {.sql = SQL_SESSIONS_END};
    tenant_audit_params(e, q.params);
    q.params[TENANT_AUDIT_PARAMS] = keep ? db_id(keep) : db_null();
    q.params[TENANT_AUDIT_PARAMS + 1] = db_null();
    return db_run(db, a, &q, 1, NULL);
}
