/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocking statements. Results are binary, as on the loops, so that the same readers serve both.
 */
#include "store/db_sync.h"

#include <assert.h>

#include "base/log.h"
#include "store/db_connect.h"
#include "store/db_error.h"
#include "store/db_value.h"

enum { CONNECT_TIMEOUT_MS = 5000 };

static _Thread_local char last_sqlstate[SQLSTATE_LEN + 1];
static _Thread_local const char *expected;

const char *sync_sqlstate(void)
{
    return last_sqlstate;
}

void sync_expect(const char *sqlstates)
{
    expected = sqlstates;
}

static void note_sqlstate(const char *sqlstate)
{
    struct str s = str_slice(str_of(sqlstate ? sqlstate : ""), 0, SQLSTATE_LEN);
    memcpy(last_sqlstate, s.ptr, s.len);
    last_sqlstate[s.len] = '\0';
}

enum err sync_connect(const struct sync_target *t, PGconn **out)
{
    struct connect_target target = {.url = t->url,
                                    .dbname = t->dbname,
                                    .user = t->user,
                                    .password = t->password,
                                    .application = t->application ? t->application : "authd",
                                    .search_path = t->schema,
                                    .schema = t->schema,
                                    .connect_timeout_ms = t->connect_timeout_ms,
                                    .statement_timeout_ms = t->statement_timeout_ms};
    if (!target.connect_timeout_ms)
        target.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    enum db_fault fault;
    *out = connect_blocking(&target, &fault);
    note_sqlstate(*out ? "" : connect_sqlstate());
    if (*out)
        return ERR_OK;
    return fault == DB_FAULT_NOT_PROVISIONED ? ERR_tenant_not_provisioned
                                             : ERR_control_plane_unavailable;
}

void sync_close(PGconn *c)
{
    if (c)
        PQfinish(c);
}

/* The fault of a result that is not what was asked for. */
static enum err fail(const char *name, const PGresult *r)
{
    note_sqlstate(PQresultErrorField(r, PG_DIAG_SQLSTATE));
    bool is_expected = expected && last_sqlstate[0] && strstr(expected, last_sqlstate);
    expected = NULL;
    if (!is_expected)
        log_warn("db_statement_failed", LOG_Z("statement", name),
                 LOG_Z("sqlstate", last_sqlstate[0] ? last_sqlstate : "none"));
    return db_fault_error(db_fault_of(last_sqlstate), DB_PLANE_CONTROL);
}

static bool is_good(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

static enum err take(struct arena *a, const char *name, PGresult *r, const struct db_rows **rows)
{
    if (!is_good(r)) {
        enum err e = fail(name, r);
        PQclear(r);
        return e;
    }
    note_sqlstate("");
    expected = NULL;
    if (rows)
        *rows = db_rows_keep(a, r);
    else
        PQclear(r);
    return ERR_OK;
}

enum err sync_exec(PGconn *c, struct arena *a, const char *name, const char *text,
                   const struct db_param *params, int n, const struct db_rows **rows)
{
    struct db_encoded e;
    db_encode(&e, a, params, n);
    PGresult *r = PQexecParams(c, text, n, NULL, e.values, e.lengths, e.formats, 1);
    return take(a, name, r, rows);
}

enum err sync_run(PGconn *c, struct arena *a, enum sql sql, const struct db_param *params,
                  const struct db_rows **rows)
{
    const struct sql_statement *s = &sql_statements[sql];
    return sync_exec(c, a, s->name, s->text, params, s->params, rows);
}

static bool send_call(PGconn *c, struct arena *a, const struct sync_call *call)
{
    const struct sql_statement *s = &sql_statements[call->sql];
    struct db_encoded e;
    db_encode(&e, a, call->params, s->params);
    return PQsendQueryParams(c, s->text, s->params, NULL, e.values, e.lengths, e.formats, 1);
}

static bool send_all(PGconn *c, struct arena *a, const struct sync_call *calls, size_t n)
{
    bool sent = PQenterPipelineMode(c);
    for (size_t i = 0; i < n && sent; i++)
        sent = send_call(c, a, &calls[i]);
    return sent && PQpipelineSync(c);
}

enum err sync_run_all(PGconn *c, struct arena *a, const struct sync_call *calls, size_t n)
{
    enum err e = send_all(c, a, calls, n) ? ERR_OK : fail("pipeline", NULL);
    for (size_t i = 0; i < n && !e; i++) {
        e = take(a, sql_statements[calls[i].sql].name, PQgetResult(c), calls[i].rows);
        if (!e)
            PQclear(PQgetResult(c)); /* the NULL after it */
    }
    if (e)
        return e;
    PQclear(PQgetResult(c)); /* the sync */
    return PQexitPipelineMode(c) ? ERR_OK : fail("pipeline", NULL);
}

enum err sync_script(PGconn *c, const char *name, const char *text)
{
    return take(NULL, name, PQexec(c, text), NULL);
}

enum err sync_tx(PGconn *c, enum err (*fn)(PGconn *, void *), void *arg)
{
    enum err e = sync_script(c, "begin", "BEGIN");
    if (e)
        return e;
    e = fn(c, arg);
    if (!e)
        return sync_script(c, "commit", "COMMIT");
    char why[sizeof(last_sqlstate)];
    memcpy(why, last_sqlstate, sizeof(why));
    enum err rolled_back = sync_script(c, "rollback", "ROLLBACK");
    (void)
        rolled_back; /* a connection that cannot even do that is lost, and so is the transaction */
    memcpy(last_sqlstate, why, sizeof(why));
    return e;
}

static const char *keep(struct arena *a, char *quoted)
{
    assert(quoted); /* only invalid encoding fails, and names and values are ours */
    const char *copy = str_z(a, str_of(quoted));
    bytes_wipe(quoted, strlen(quoted)); /* a verifier, perhaps */
    PQfreemem(quoted);
    return copy;
}

const char *sync_identifier(PGconn *c, struct arena *a, struct str name)
{
    return keep(a, PQescapeIdentifier(c, name.ptr, name.len));
}

const char *sync_literal(PGconn *c, struct arena *a, struct str value)
{
    return keep(a, PQescapeLiteral(c, value.ptr, value.len));
}
