/* SPDX-License-Identifier: Apache-2.0
 *
 * Control writes that block.
 */
#include "store/control_sync.h"

#include "store/migrate.h"
#include "store/store.h"

enum { CONTROL_SYNC_TIMEOUT_MS = 30 * 1000 };

enum err control_sync_connect(PGconn **out)
{
    struct sync_target target = {.url = store_config.control_url,
                                 .schema = SCHEMA_CONTROL,
                                 .application = "authd upkeep",
                                 .statement_timeout_ms = CONTROL_SYNC_TIMEOUT_MS};
    return sync_connect(&target, out);
}

struct sync_write {
    struct arena *arena;
    const struct control_write *write;
    const struct db_query *query;
    const struct db_rows **rows;
};

static enum err write_run(PGconn *c, void *arg)
{
    struct sync_write *x = arg;
    struct db_param publish[1] = {db_id(&x->write->audit_id)};
    enum err e = sync_run(c, x->arena, SQL_CONTROL_LOCK, NULL, NULL);
    if (e == ERR_OK)
        e = sync_run(c, x->arena, x->query->sql, x->query->params, x->rows);
    if (e == ERR_OK)
        e = sync_run(c, x->arena, SQL_CONTROL_PUBLISH, publish, NULL);
    return e;
}

enum err control_sync_run(PGconn *c, struct arena *a, const struct control_write *w,
                          const struct db_query *query, const struct db_rows **rows)
{
    struct sync_write x = {a, w, query, rows};
    return sync_tx(c, write_run, &x);
}
