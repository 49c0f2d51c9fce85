/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocking database access for threads that may block: start-up, migration, provisioning, the feed
 * and the janitor. Never on a loop. Rows are read with the same functions as those of db_run.
 *
 * Failures are logged once, with the statement's name and the SQLSTATE; never the text of the
 * statement, its parameters, a conninfo or the server's message.
 */
#ifndef AUTHD_STORE_DB_SYNC_H
#define AUTHD_STORE_DB_SYNC_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "store/db.h"

/* Where and how to connect. url is libpq conninfo or URI; what is set below wins over it. */
struct sync_target {
    const char *url;
    const char *dbname;
    const char *user;
    const char *password;         /* not part of any conninfo string */
    const char *schema;           /* becomes search_path and must exist; NULL = whatever is set */
    const char *application;      /* application_name; never a customer's name */
    int64_t connect_timeout_ms;   /* 0 = 5 s */
    int64_t statement_timeout_ms; /* 0 = none */
};

/* ERR_tenant_not_provisioned: no such database, or the schema is not there or not ours to use;
 * ERR_control_plane_unavailable: everything else. */
MUST_CHECK enum err sync_connect(const struct sync_target *target, PGconn **out);
void sync_close(PGconn *c); /* NULL is ignored */

/* One named statement with as many parameters as it has; rows may be NULL. ERR_conflict for a
 * unique violation, ERR_control_plane_unavailable when the connection is lost or a time-out
 * struck, else ERR_internal_error. */
MUST_CHECK enum err sync_run(PGconn *c, struct arena *a, enum sql sql,
                             const struct db_param *params, const struct db_rows **rows);
/* Several of them in one round trip and one transaction. After a failure the connection is good for
 * nothing but closing. */
struct sync_call {
    enum sql sql;
    const struct db_param *params;
    const struct db_rows **rows;
};
MUST_CHECK enum err sync_run_all(PGconn *c, struct arena *a, const struct sync_call *calls,
                                 size_t n);
/* sync_run for a statement that has no name; `name` is for the log. */
MUST_CHECK enum err sync_exec(PGconn *c, struct arena *a, const char *name, const char *text,
                              const struct db_param *params, int n, const struct db_rows **rows);
/* One or more statements without parameters and rows, such as DDL. Several of them are one
 * transaction. Quote names with sync_identifier, values with sync_literal. */
MUST_CHECK enum err sync_script(PGconn *c, const char *name, const char *text);
/* Runs fn between BEGIN and COMMIT; rolls back when it fails. */
MUST_CHECK enum err sync_tx(PGconn *c, enum err (*fn)(PGconn *, void *), void *arg);

/* SQLSTATE of this thread's last failed call of this module ("" = none or no connection), for
 * those to whom a failure is an answer, such as 42P04 (the database exists). */
const char *sync_sqlstate(void);
/* The next failure of this thread with one of these SQLSTATEs, separated by spaces, is expected and
 * not logged. */
void sync_expect(const char *sqlstates);

/* Quoted for a script, in the arena. */
const char *sync_identifier(PGconn *c, struct arena *a, struct str name);
const char *sync_literal(PGconn *c, struct arena *a, struct str value);

/* Host, port, TLS and the like of `url`, but no database, role or password: how tenants' databases
 * are reached. NULL ptr when url is malformed. */
struct str conninfo_of_server(struct arena *a, const char *url);

#endif
