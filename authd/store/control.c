/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame around every control write; see control.sql for why it is what it is.
 */
#include "store/control.h"

#include <assert.h>

struct db_query control_query(enum sql sql, const struct control_write *w)
{
    return (struct db_query){.sql = sql,
                             .params = {db_id(&w->audit_id), db_time(w->now),
                                        db_text(w->operator_id), db_text(w->address),
                                        db_text(w->request_id)}};
}

enum err control_run(struct arena *a, const struct control_write *w, const struct db_query *queries,
                     size_t n, const struct db_rows **rows, int64_t *revision)
{
    assert(n >= 1 && n <= CONTROL_QUERIES_MAX);
    struct db_query batch[CONTROL_QUERIES_MAX + 2] = {{.sql = SQL_CONTROL_LOCK}};
    const struct db_rows *all[CONTROL_QUERIES_MAX + 2];
    for (size_t i = 0; i < n; i++)
        batch[i + 1] = queries[i];
    batch[n + 1] = (struct db_query){.sql = SQL_CONTROL_PUBLISH, .params = {db_id(&w->audit_id)}};
    enum err e = db_run(db_control(), a, batch, n + 2, all);
    if (e != ERR_OK)
        return e;
    *rows = all[n];
    *revision = db_count(all[n + 1]) ? db_get_int(all[n + 1], 0, 0) : 0;
    return ERR_OK;
}

enum err control_read(struct arena *a, const struct db_query *query, const struct db_rows **rows)
{
    return db_run(db_control(), a, query, 1, rows);
}

void control_key_params(struct db_param out[3], const struct key_record *key)
{
    bool some = key && key->id.z[0];
    out[0] = some ? db_id(&key->id) : db_null();
    out[1] = some ? db_bytes(key->hash, sizeof(key->hash)) : db_null();
    out[2] = some ? db_text(str_of(key->hint)) : db_null();
}
