/* SPDX-License-Identifier: Apache-2.0
 *
 * Connecting takes milliseconds and may look up names, so it happens on a worker, with libpq's
 * non-blocking calls and poll(2), because only these keep to a deadline. Whatever the server says
 * about a refusal is reduced to its SQLSTATE (PQERRORS_SQLSTATE), which is language-independent and
 * names no host and no role.
 *
 * Startup options carry the time-outs and, where the role has no setting of its own, search_path; a
 * schema that does not exist connects without complaint, so current_schema() is asserted.
 *
 * Statements are prepared once and written for their indexes, and the options say so: planning one
 * anew for every call costs more than running it, and a plan that was made while a table was empty
 * would scan the table that it has become. Where a scan cannot be avoided its cost is made to look
 * so high that PostgreSQL would compile it; hence no jit.
 */
#include "store/db_connect.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db_internal.h"
#include "store/migrate.h"
#include "store/registry.h"

enum { IDLE_IN_TRANSACTION_MS = 5000, LOCK_TIMEOUT_MS = 250 };

/* Blocking connect */

static _Thread_local char last_sqlstate[SQLSTATE_LEN + 1];

const char *connect_sqlstate(void)
{
    return last_sqlstate;
}

/* "...failed: FATAL:  3D000\n": the last word, when it has the form of an SQLSTATE. */
static void read_sqlstate(const char *message)
{
    last_sqlstate[0] = '\0';
    size_t end = strlen(message);
    while (end > 0 && (message[end - 1] == '\n' || message[end - 1] == ' '))
        end--;
    if (end < SQLSTATE_LEN + 1 || message[end - SQLSTATE_LEN - 1] != ' ')
        return;
    const char *word = message + end - SQLSTATE_LEN;
    if (strspn(word, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") < SQLSTATE_LEN)
        return;
    memcpy(last_sqlstate, word, SQLSTATE_LEN);
    last_sqlstate[SQLSTATE_LEN] = '\0';
}

/* false when the deadline has passed. */
static bool await_socket(PGconn *pg, short events, int64_t deadline_ms)
{
    struct pollfd fd = {.fd = PQsocket(pg), .events = events};
    int64_t left = deadline_ms - clock_mono_ms();
    return left > 0 && poll(&fd, 1, (int)left) != 0;
}

static bool finish_connect(PGconn *pg, int64_t deadline_ms)
{
    for (PostgresPollingStatusType s = PGRES_POLLING_WRITING; s != PGRES_POLLING_OK;
         s = PQconnectPoll(pg)) {
        if (s == PGRES_POLLING_FAILED)
            return false;
        if (!await_socket(pg, s == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms))
            return false;
    }
    return true;
}

/* The server's answer to one statement; NULL when it does not come. */
static PGresult *ask(PGconn *pg, const char *statement, int64_t deadline_ms)
{
    if (!PQsendQuery(pg, statement))
        return NULL;
    while (PQisBusy(pg)) {
        if (!await_socket(pg, POLLIN, deadline_ms) || !PQconsumeInput(pg))
            return NULL;
    }
    PGresult *first = PQgetResult(pg);
    PQclear(PQgetResult(pg)); /* the NULL after it */
    return first;
}

static enum db_fault check_schema(PGconn *pg, const char *schema, int64_t deadline_ms)
{
    PGresult *r = ask(pg, "SELECT current_schema()", deadline_ms);
    enum db_fault fault = DB_FAULT_TRANSIENT;
    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        fault =
            strcmp(PQgetvalue(r, 0, 0), schema) == 0 ? DB_FAULT_UNKNOWN : DB_FAULT_NOT_PROVISIONED;
    if (fault == DB_FAULT_NOT_PROVISIONED)
        memcpy(last_sqlstate, "3F000", sizeof("3F000"));
    PQclear(r);
    return fault;
}

#define PLANNING "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off"

static void write_options(const struct connect_target *t, char *out, size_t size)
{
    int n =
        snprintf(out, size,
                 PLANNING " -c statement_timeout=%" PRId64 " -c lock_timeout=%" PRId64
                          " -c idle_in_transaction_session_timeout=%d%s%s",
                 t->statement_timeout_ms, t->lock_timeout_ms, IDLE_IN_TRANSACTION_MS,
                 t->search_path ? " -c search_path=" : "", t->search_path ? t->search_path : "");
    assert(n > 0 && (size_t)n < size);
}

static PGconn *start_connect(const struct connect_target *t)
{
    char options[384];
    write_options(t, options, sizeof(options));
    const char *const pairs[][2] = {
        {"dbname", t->url}, /* expanded; the next dbname replaces only the name */
        {t->dbname ? "dbname" : NULL, t->dbname},
        {"user", t->user},
        {"password", t->password},
        {"application_name", t->application},
        {"options", options},
        {"client_encoding", "UTF8"},
        {"gssencmode", "disable"},
        {"tcp_user_timeout", "10000"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "5"},
        {"keepalives_count", "3"},
    };
    const char *keywords[sizeof(pairs) / sizeof(*pairs) + 1];
    const char *values[sizeof(pairs) / sizeof(*pairs) + 1];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        if (!pairs[i][1])
            continue;
        keywords[n] = pairs[i][0];
        values[n++] = pairs[i][1];
    }
    keywords[n] = values[n] = NULL;
    return PQconnectStartParams(keywords, values, 1);
}

/* libpq would print them on stderr. */
static void ignore_notice(void *arg, const PGresult *notice)
{
    (void)arg, (void)notice;
}

/* DB_FAULT_UNKNOWN: none. */
static enum db_fault connect_fault(PGconn *pg, const struct connect_target *t)
{
    int64_t deadline_ms = clock_mono_ms() + t->connect_timeout_ms;
    last_sqlstate[0] = '\0';
    if (!pg || PQstatus(pg) == CONNECTION_BAD)
        return DB_FAULT_TRANSIENT;
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    PQsetErrorVerbosity(pg, PQERRORS_SQLSTATE);
    if (!finish_connect(pg, deadline_ms)) {
        read_sqlstate(PQerrorMessage(pg));
        enum db_fault fault = db_fault_of(last_sqlstate);
        return fault == DB_FAULT_UNKNOWN ? DB_FAULT_TRANSIENT : fault;
    }
    return t->schema ? check_schema(pg, t->schema, deadline_ms) : DB_FAULT_UNKNOWN;
}

PGconn *connect_blocking(const struct connect_target *t, enum db_fault *fault)
{
    PGconn *pg = start_connect(t);
    *fault = connect_fault(pg, t);
    if (*fault == DB_FAULT_UNKNOWN)
        return pg;
    log_warn("db_connect_failed", LOG_Z("application", t->application),
             LOG_Z("sqlstate", last_sqlstate[0] ? last_sqlstate : "none"));
    PQfinish(pg);
    return NULL;
}

/* Connects of pools, on a worker */

struct connect {
    struct worker_job job;
    struct list link; /* in store_loop.letters */
    struct db *db;    /* the worker does not touch it */
    struct store_loop *loop;
    struct tenant *tenant; /* referenced; NULL = control */
    unsigned generation;
    PGconn *pg;
    enum db_fault fault;
};

static void open_connection(struct connect *k)
{
    char application[64] = "authd control";
    struct connect_target target = {.url = store_config.control_url,
                                    .application = application,
                                    .schema = SCHEMA_CONTROL,
                                    .search_path = SCHEMA_CONTROL,
                                    .connect_timeout_ms = store_config.connect_timeout_ms,
                                    .statement_timeout_ms = store_config.statement_timeout_ms,
                                    .lock_timeout_ms = LOCK_TIMEOUT_MS};
    if (k->tenant) {
        target.url = store_tenant_server;
        target.dbname = k->tenant->db.database;
        target.user = k->tenant->db.role;
        target.password = k->tenant->db.password.len ? k->tenant->db.password.ptr : NULL;
        target.schema = SCHEMA_TENANT;
        target.search_path = NULL; /* by ALTER ROLE ... IN DATABASE, so that nobody can forget it */
        snprintf(application, sizeof(application), "authd %s", k->tenant->id.z);
    }
    k->pg = connect_blocking(&target, &k->fault);
}

/* The connect becomes a letter; from then on it is the loop's. */
static void run_connect(struct worker_job *job)
{
    struct connect *k = container_of(job, struct connect, job);
    struct store_loop *sl = k->loop;
    open_connection(k);
    pthread_mutex_lock(&sl->lock);
    list_push_back(&sl->letters, &k->link);
    sl->connecting--;
    pthread_cond_signal(&sl->connected);
    pthread_mutex_unlock(&sl->lock);
    db_wake(sl);
}

static void connect_free(struct connect *k)
{
    if (k->tenant)
        tenant_release(k->tenant);
    free(k);
}

static void count_connecting(struct store_loop *sl, int change)
{
    pthread_mutex_lock(&sl->lock);
    sl->connecting += (unsigned)change;
    pthread_mutex_unlock(&sl->lock);
}

void db_connect_start(struct db *db)
{
    struct connect *k = xcalloc(1, sizeof(*k));
    *k = (struct connect){
        .job.fn = run_connect, .db = db, .loop = db->loop, .generation = db->generation};
    list_init(&k->link);
    if (db->tenant) {
        tenant_retain(db->tenant);
        k->tenant = db->tenant;
    }
    db->connecting++;
    count_connecting(db->loop, 1);
    uint64_t key = db->tenant ? db->tenant->shard : 0;
    if (worker_submit(store_config.connectors, key, &k->job) == ERR_OK)
        return;
    count_connecting(db->loop, -1);
    connect_free(k);
    db_pool_connected(db, NULL, db->generation, DB_FAULT_TRANSIENT);
}

static struct connect *take_letter(struct store_loop *sl)
{
    pthread_mutex_lock(&sl->lock);
    struct list *link = list_pop_front(&sl->letters);
    pthread_mutex_unlock(&sl->lock);
    return link ? container_of(link, struct connect, link) : NULL;
}

void db_connect_deliver(struct store_loop *sl)
{
    struct connect *k;
    while ((k = take_letter(sl))) {
        db_pool_connected(k->db, k->pg, k->generation, k->fault);
        connect_free(k);
    }
}

/* Submitted jobs always run and keep to their deadline, so this ends. */
void db_connect_finish(struct store_loop *sl)
{
    pthread_mutex_lock(&sl->lock);
    while (sl->connecting > 0)
        pthread_cond_wait(&sl->connected, &sl->lock);
    pthread_mutex_unlock(&sl->lock);
    struct connect *k;
    while ((k = take_letter(sl))) {
        if (k->pg)
            PQfinish(k->pg);
        if (k->tenant)
            db_budget_release();
        k->db->connecting--;
        connect_free(k);
    }
}
