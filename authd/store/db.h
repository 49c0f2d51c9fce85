/* SPDX-License-Identifier: Apache-2.0
 *
 * A PostgreSQL database as one loop sees it. db_run looks blocking to its coroutine; underneath,
 * the statements and their own sync are queued on a pipelined connection that other requests of the
 * same tenant share.
 *
 * One call = one round trip = one implicit transaction: either every statement took effect or none.
 * A write is acknowledged only after its sync, so an ERR_OK write is durable. No BEGIN, SET,
 * LISTEN, temporary table or session lock ever goes over these connections.
 *
 * A pool has one connection per loop and active tenant, up to four under load, all within the
 * process's connection budget; idle tenants give theirs up, least recently used first. A dead
 * connection that nothing was sent on is replaced and the call repeated once; everything else that
 * fails in transit is ERR_tenant_db_unavailable (or ERR_control_plane_unavailable), never a wrong
 * answer.
 */
#ifndef AUTHD_STORE_DB_H
#define AUTHD_STORE_DB_H

#include "base/err.h"
#include "base/id.h"
#include "base/loop.h"
#include "base/str.h"
#include "domain/tenant.h"
#include "sql_generated.h"

enum { DB_PARAMS_MAX = 20, DB_BATCH_MAX = 8 };

/* A parameter by value. Text and bytes point at memory that outlives the call. Statements cast what
 * is not text: $1::bigint, $2::timestamptz, $3::bytea, $4::boolean, $5::jsonb. */
struct db_param {
    enum { DB_NULL, DB_TEXT, DB_BYTES, DB_INT, DB_BOOL, DB_TIME, DB_JSON } type;
    struct str str;
    int64_t num;
};

static inline struct db_param db_text(struct str s)
{
    return (struct db_param){.type = s.ptr ? DB_TEXT : DB_NULL, .str = s};
}
static inline struct db_param db_id(const struct id *id)
{
    return db_text(id_str(id)); /* the caller's id must outlive the call */
}
static inline struct db_param db_bytes(const void *p, size_t n)
{
    return (struct db_param){.type = DB_BYTES, .str = {p, n}};
}
static inline struct db_param db_int(int64_t v)
{
    return (struct db_param){.type = DB_INT, .num = v};
}
static inline struct db_param db_bool(bool v)
{
    return (struct db_param){.type = DB_BOOL, .num = v};
}
/* Wall milliseconds -> timestamptz; 0 = NULL. */
static inline struct db_param db_time(int64_t wall_ms)
{
    return (struct db_param){.type = wall_ms ? DB_TIME : DB_NULL, .num = wall_ms};
}
static inline struct db_param db_json(struct str s)
{
    return (struct db_param){.type = s.ptr ? DB_JSON : DB_NULL, .str = s};
}
static inline struct db_param db_null(void)
{
    return (struct db_param){.type = DB_NULL};
}

struct db_query {
    enum sql sql;
    struct db_param params[DB_PARAMS_MAX]; /* as many as sql_statements[sql].params says */
};

/* Rows of one statement, binary format; released with the arena of the call. Column numbers are
 * those of the SELECT or RETURNING list; a wrong type or column is a programming error and aborts.
 */
struct db_rows;
size_t db_count(const struct db_rows *r);
size_t db_affected(const struct db_rows *r);
bool db_is_null(const struct db_rows *r, size_t row, int col);
struct str db_get_text(const struct db_rows *r, size_t row,
                       int col); /* text, jsonb, bytea; NULL ptr for NULL */
struct id db_get_id(const struct db_rows *r, size_t row, int col); /* zeroed for NULL */
int64_t db_get_int(const struct db_rows *r, size_t row, int col); /* int2, int4, int8; 0 for NULL */
bool db_get_bool(const struct db_rows *r, size_t row, int col);
int64_t db_get_time(const struct db_rows *r, size_t row, int col); /* wall ms; 0 for NULL */

struct db;

/* On the calling loop. The tenant's snapshot tells the route; a changed route replaces the
 * connections. */
struct db *db_tenant(const struct tenant *t);
struct db *db_control(void);

/* Runs n statements as one transaction in one round trip; rows[i] belongs to queries[i] (rows may
 * be NULL when nothing is read). A unique violation is ERR_conflict; 55P03 and 57014 (lock or
 * statement time-out), connection trouble and shutdown are 503s by plane; anything else is logged
 * with its SQLSTATE and ERR_internal_error. */
MUST_CHECK enum err db_run(struct db *db, struct arena *a, const struct db_query *queries, size_t n,
                           const struct db_rows **rows);

#ifdef AUTHD_FAULTS
/* Chaos tests: the environment's AUTHD_FAULT names a file that holds "STATEMENT_NAME before|after"
 * lines, read again when its mtime changes; such a statement's call fails before it is sent, or
 * after it was committed (the reply is lost). */
#endif

#endif
