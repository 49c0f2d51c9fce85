/* SPDX-License-Identifier: Apache-2.0
 *
 * One pipelined connection. Batches are queued with a sync each and answered in order. PREPAREs go
 * before the statements of the batch that first needs them, so that a failing statement cannot take
 * a PREPARE of the same batch with it.
 *
 * Waking a coroutine can lead anywhere, back into this connection or to its end: a batch is
 * finished only after the connection was left in order, and the connection is not touched after.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db_internal.h"
#include "store/db_value.h"

static struct db_batch *batch_of(struct list *link)
{
    return container_of(link, struct db_batch, link);
}

struct db_batch *db_batch_take(struct store_loop *sl)
{
    struct list *spare = list_pop_front(&sl->spare_batches);
    struct db_batch *b = spare ? batch_of(spare) : xcalloc(1, sizeof(*b));
    *b = (struct db_batch){0};
    list_init(&b->link);
    return b;
}

void db_batch_drop(struct store_loop *sl, struct db_batch *b)
{
    for (unsigned i = 0; i < b->n; i++)
        PQclear(b->results[i]);
    list_push_front(&sl->spare_batches, &b->link);
}

/* Hands finished batches to those who wait for them; the rest is dropped. */
static void finish_all(struct store_loop *sl, struct list *done)
{
    struct list *link;
    while ((link = list_pop_front(done))) {
        struct db_batch *b = batch_of(link);
        if (b->wait)
            wait_finish(b->wait, ERR_OK);
        else
            db_batch_drop(sl, b);
    }
}

/* Busy and idle */

static void become_busy(struct db_conn *c)
{
    list_remove(&c->link);
    list_push_back(&c->db->loop->busy, &c->link);
    c->since_ms = clock_mono_ms();
}

static void become_idle(struct db_conn *c)
{
    list_remove(&c->link);
    list_push_back(&c->db->loop->idle, &c->link);
    c->since_ms = clock_mono_ms();
    db_pool_idle(c);
}

/* Receiving */

static void note_failure(struct db_batch *b, enum sql sql, const PGresult *r)
{
    const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    b->failed = true;
    b->fault = db_fault_of(sqlstate);
    b->spoils = db_fault_spoils(sqlstate);
    if (b->fault == DB_FAULT_CONFLICT)
        return;
    enum log_level level = b->fault == DB_FAULT_UNKNOWN ? LOG_ERROR : LOG_WARN;
    LOG_CALL(level, "db_statement_failed", LOG_Z("statement", sql_statements[sql].name),
             LOG_Z("sqlstate", sqlstate ? sqlstate : "none"));
}

static void forget_prepared(struct db_conn *c, enum sql sql)
{
    c->prepared[sql / 64] &= ~(UINT64_C(1) << (sql % 64));
}

/* The result of the batch's current step. */
static void take_result(struct db_conn *c, struct db_batch *b, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    bool is_prepare = b->step < b->prepares;
    b->answered = true;
    if (is_prepare && !good)
        forget_prepared(c, b->prepared[b->step]);
    if (!good && !b->failed)
        note_failure(b, is_prepare ? b->prepared[b->step] : b->statements[b->step - b->prepares],
                     r);
    if (is_prepare || !good)
        PQclear(r);
    else
        b->results[b->step - b->prepares] = r;
}

static void complete(struct db_conn *c, struct db_batch *b, struct list *done)
{
    list_remove(&b->link);
    list_push_back(done, &b->link);
    c->in_flight--;
    c->since_ms = clock_mono_ms();
    if (b->n == 0)
        c->proving = false;
    if (b->spoils)
        c->retired = true;
}

enum step { STEP_MORE, STEP_LOST };

/* One answer of the server: a result, the end of a step (NULL), or the end of the batch. */
static enum step collect_one(struct db_conn *c, struct list *done)
{
    struct db_batch *b = batch_of(c->queue.next);
    PGresult *r = PQgetResult(c->pg);
    bool all_answered = b->step == b->prepares + b->n;
    if (r && PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
        PQclear(r);
        if (all_answered)
            complete(c, b, done);
        return all_answered ? STEP_MORE : STEP_LOST;
    }
    if (all_answered || (r && b->answered) || (!r && !b->answered)) {
        PQclear(r);
        return STEP_LOST; /* out of step with the server: only libpq's own end looks like this */
    }
    if (r) {
        take_result(c, b, r);
        return STEP_MORE;
    }
    b->step++;
    b->answered = false;
    return STEP_MORE;
}

static enum step collect(struct db_conn *c, struct list *done)
{
    while (!list_empty(&c->queue) && !PQisBusy(c->pg)) {
        if (collect_one(c, done) == STEP_LOST)
            return STEP_LOST;
    }
    return STEP_MORE;
}

/* Batches whose sync has arrived are committed, even when the connection is lost right after. */
static void on_readable(struct db_conn *c)
{
    struct store_loop *sl = c->db->loop;
    struct db *db = c->db;
    struct list done = LIST_INIT(done);
    bool lost = !PQconsumeInput(c->pg);
    lost |= collect(c, &done) == STEP_LOST;
    if (lost || PQstatus(c->pg) == CONNECTION_BAD)
        db_conn_close(c, "lost");
    else if (list_empty(&c->queue) && !list_empty(&done))
        become_idle(c);
    bool answered = !list_empty(&done);
    finish_all(sl, &done);
    if (answered)
        db_pool_serve(db);
}

static void flush(struct db_conn *c)
{
    int left = PQflush(c->pg);
    if (left > 0)
        c->db->loop->loop->ops->io_want_write(c->io);
    /* On -1 reading tells what the server had to say. */
}

/* Whatever the server still says after our good-bye, up to its own. */
static void await_hang_up(struct db_conn *c)
{
    char bytes[512];
    ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        db_conn_forget(c);
}

static void on_io(void *arg, int ready)
{
    struct db_conn *c = arg;
    if (!c->pg) {
        await_hang_up(c);
        return;
    }
    if (ready & IO_WRITE)
        flush(c);
    if (ready & IO_READ)
        on_readable(c);
}

/* Sending */

static bool is_prepared(const struct db_conn *c, enum sql sql)
{
    return c->prepared[sql / 64] >> (sql % 64) & 1;
}

static bool send_prepares(struct db_conn *c, struct db_batch *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        enum sql sql = b->statements[i];
        if (is_prepared(c, sql))
            continue;
        if (!PQsendPrepare(c->pg, sql_statements[sql].name, sql_statements[sql].text, 0, NULL))
            return false;
        c->prepared[sql / 64] |= UINT64_C(1) << (sql % 64);
        b->prepared[b->prepares++] = sql;
    }
    return true;
}

static bool send_statement(struct db_conn *c, struct arena *a, const struct db_query *q)
{
    const struct sql_statement *sql = &sql_statements[q->sql];
    struct db_encoded e;
    db_encode(&e, a, q->params, sql->params);
    return PQsendQueryPrepared(c->pg, sql->name, sql->params, e.values, e.lengths, e.formats, 1);
}

static bool send_statements(struct db_conn *c, struct arena *a, const struct db_query *queries,
                            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!send_statement(c, a, &queries[i]))
            return false;
    }
    return true;
}

/* Without its sync a batch cannot commit, so up to there a failure has had no effect. */
bool db_conn_send(struct db_conn *c, struct db_batch *b, struct arena *a,
                  const struct db_query *queries, size_t n)
{
    assert(n <= DB_BATCH_MAX);
    b->n = (unsigned)n;
    for (size_t i = 0; i < n; i++)
        b->statements[i] = queries[i].sql;
    if (!send_prepares(c, b) || !send_statements(c, a, queries, n)) {
        db_conn_close(c, "lost");
        return false;
    }
    if (list_empty(&c->queue))
        become_busy(c);
    list_push_back(&c->queue, &b->link);
    c->in_flight++;
    if (!PQpipelineSync(c->pg)) {
        db_conn_close(c, "lost"); /* finishes the batch, which may have reached the server */
        return true;
    }
    flush(c);
    return true;
}

/* Life */

/* What stands in the socket of an idle connection is a notice, or the last words of the server with
 * its end behind them. */
static bool socket_stands(PGconn *pg)
{
    for (;;) {
        char byte;
        ssize_t n = recv(PQsocket(pg), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN;
        if (n == 0 || !PQconsumeInput(pg) || PQstatus(pg) != CONNECTION_OK)
            return false;
    }
}

bool db_conn_alive(struct db_conn *c)
{
    if (socket_stands(c->pg))
        return true;
    db_conn_close(c, "lost");
    return false;
}

struct db_conn *db_conn_create(struct db *db, PGconn *pg, unsigned generation)
{
    struct db_conn *c = xcalloc(1, sizeof(*c));
    c->db = db;
    c->loop = db->loop;
    c->pg = pg;
    c->generation = generation;
    c->since_ms = clock_mono_ms();
    list_init(&c->queue);
    list_init(&c->sibling);
    if (PQsetnonblocking(pg, 1) != 0 || !PQenterPipelineMode(pg))
        abort(); /* only a connection in use refuses either */
    c->io = db->loop->loop->ops->io_open(db->loop->loop, PQsocket(pg), on_io, c);
    if (!c->io) {
        PQfinish(pg);
        free(c);
        return NULL;
    }
    list_push_back(&db->loop->idle, &c->link);
    list_push_back(&db->conns, &c->sibling);
    if (db->conn_count++ == 0 && db->tenant)
        atomic_fetch_add(&db_counters.pools, 1);
    return c;
}

static void leave_pool(struct db_conn *c)
{
    list_remove(&c->link);
    list_remove(&c->sibling);
    if (--c->db->conn_count == 0 && c->db->tenant)
        atomic_fetch_sub(&db_counters.pools, 1);
}

static void fail_queue(struct db_conn *c, struct list *failed)
{
    struct list *link;
    while ((link = list_pop_front(&c->queue))) {
        struct db_batch *b = batch_of(link);
        b->fault = b->failed ? b->fault : DB_FAULT_TRANSIENT;
        b->failed = true;
        list_push_back(failed, link);
    }
}

/* Our good-bye: Terminate, and the end of what we send. */
static void hang_up(struct db_conn *c)
{
    c->fd = dup(PQsocket(c->pg));
    PQfinish(c->pg);
    c->pg = NULL;
    c->since_ms = clock_mono_ms();
    list_push_back(&c->loop->closing, &c->link);
    atomic_fetch_add(&db_counters.closing, 1);
    if (c->fd < 0 || shutdown(c->fd, SHUT_WR) != 0)
        db_conn_forget(c); /* it has gone already */
}

void db_conn_forget(struct db_conn *c)
{
    list_remove(&c->link);
    c->loop->loop->ops->io_close(c->io);
    if (c->fd >= 0)
        close(c->fd);
    free(c);
    atomic_fetch_sub(&db_counters.closing, 1);
    db_budget_release();
}

static void log_closed(const struct db_conn *c, const char *why)
{
    log_info("db_connection_closed", LOG_Z("reason", why),
             LOG_STR("tenant", c->db->tenant ? id_str(&c->db->tenant->id) : STR("control")),
             LOG_INT("in_flight", c->in_flight));
}

void db_conn_close(struct db_conn *c, const char *why)
{
    struct db *db = c->db;
    struct list failed = LIST_INIT(failed);
    if (why)
        log_closed(c, why);
    leave_pool(c);
    fail_queue(c, &failed);
    if (db->tenant) {
        hang_up(c);
    } else {
        c->loop->loop->ops->io_close(c->io);
        PQfinish(c->pg);
        free(c);
    }
    finish_all(db->loop, &failed);
    db_pool_serve(db);
}
