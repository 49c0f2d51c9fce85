/* SPDX-License-Identifier: Apache-2.0
 *
 * Which connection a call goes over. A pool starts with none, opens its first when a call needs it
 * and further ones when all are busy; the budget has the last word. Calls that find none wait, not
 * for long and not too many. After a failed connect the pool answers the same failure at once until
 * its back-off is over.
 *
 * A changed route (new password, other host) does not interrupt anybody: old connections serve
 * until the first new one stands, then they retire.
 */
#include <assert.h>

#include "base/clock.h"
#include "base/coro.h"
#include "store/db_internal.h"
#include "store/feed.h"
#include "store/registry.h"

enum {
    PROBE_AFTER_MS = 30000, /* a connection idle for longer is probed before use */
    PROBE_WAIT_MS = 1000,
    BACKOFF_FIRST_MS = 500,
    BACKOFF_MAX_MS = 30000
};

/* A call without a connection; on its stack. */
struct waiter {
    struct list link;
    struct wait wait;
};

static struct db_conn *conn_of(struct list *sibling)
{
    return container_of(sibling, struct db_conn, sibling);
}

void db_pool_init(struct db *db, struct store_loop *sl, struct tenant *t)
{
    *db = (struct db){.loop = sl, .tenant = t};
    list_init(&db->conns);
    list_init(&db->waiters);
    list_init(&db->starving);
    list_init(&db->refreshes);
    db->last_error = db_error(db, DB_FAULT_TRANSIENT);
    db->touched_ms = clock_mono_ms();
}

/* Choosing */

static bool is_usable(const struct db_conn *c)
{
    return !c->retired && !c->proving && c->in_flight < DB_IN_FLIGHT_MAX;
}

/* The least busy one of the newest route. */
static struct db_conn *pick(const struct db *db)
{
    struct db_conn *best = NULL;
    list_for_each (at, &db->conns) {
        struct db_conn *c = conn_of(at);
        if (!is_usable(c))
            continue;
        if (!best || c->generation > best->generation ||
            (c->generation == best->generation && c->in_flight < best->in_flight))
            best = c;
    }
    return best;
}

/* An idle connection of an older route, or NULL; all of them take no more batches. */
static struct db_conn *retire_one(struct db *db, unsigned generation)
{
    struct db_conn *idle = NULL;
    list_for_each (at, &db->conns) {
        struct db_conn *c = conn_of(at);
        if (c->generation >= generation)
            continue;
        c->retired = true;
        if (list_empty(&c->queue))
            idle = c;
    }
    return idle;
}

/* Closing resumes others, which may change the list: look again after each. */
static void retire(struct db *db, unsigned generation)
{
    struct db_conn *idle;
    while ((idle = retire_one(db, generation)))
        db_conn_close(idle, NULL);
}

/* No further batches than the one that is about to be sent. */
static void retire_old_when_idle(struct db *db)
{
    list_for_each (at, &db->conns) {
        struct db_conn *c = conn_of(at);
        c->retired |= c->generation != db->generation;
    }
}

/* Opens another connection when the chosen one is busy or of an old route; never at the cost of
 * somebody else's. Where there is no room for a new route the old one makes it. */
static void grow(struct db *db, const struct db_conn *chosen)
{
    bool is_old = chosen->generation != db->generation;
    bool is_busy = chosen->in_flight >= DB_GROW_AT;
    bool has_room = db->conn_count < store_config.connections_per_tenant;
    if (db->connecting || !(is_old || (is_busy && has_room)))
        return;
    if (clock_mono_ms() < db->retry_at_ms)
        return;
    if (db_budget_take(db))
        db_connect_start(db);
    else if (is_old)
        retire_old_when_idle(db);
}

/* Waiting */

static void want_connection(struct db *db)
{
    if (db->connecting || clock_mono_ms() < db->retry_at_ms)
        return;
    if (!db_budget_take(db)) {
        db_starve(db);
        return;
    }
    db_starve_end(db);
    db_connect_start(db);
}

static void fail_waiters(struct db *db, enum err e)
{
    struct list *link;
    while ((link = list_pop_front(&db->waiters)))
        wait_finish(&container_of(link, struct waiter, link)->wait, e);
}

static void leave(struct db *db, struct waiter *w)
{
    list_remove(&w->link);
    db->waiting--;
    atomic_fetch_sub(&db_counters.waiting, 1);
    if (list_empty(&db->waiters))
        db_starve_end(db);
}

/* While a connect is under way it may take its time; room in the budget has to come soon. */
static int64_t wait_until(const struct db *db, int64_t since_ms)
{
    int64_t longest = DB_CAPACITY_WAIT_MS;
    if (db->connecting)
        longest += store_config.connect_timeout_ms;
    return since_ms + longest;
}

static enum err timeout_error(const struct db *db)
{
    if (db->connecting || !db->tenant)
        return db_error(db, DB_FAULT_TRANSIENT);
    return ERR_tenant_capacity;
}

/* ERR_OK: something has changed, look again. */
static enum err wait_for_connection(struct db *db, int64_t since_ms)
{
    if (db->waiting >= DB_WAITERS_MAX)
        return timeout_error(db);
    struct waiter w = {.link = LIST_INIT(w.link)};
    wait_init(&w.wait);
    list_push_back(&db->waiters, &w.link);
    db->waiting++;
    atomic_fetch_add(&db_counters.waiting, 1);
    want_connection(db);
    enum err e = wait_for(&w.wait, wait_until(db, since_ms), ERR_OK);
    leave(db, &w);
    if (!w.wait.done && clock_mono_ms() >= wait_until(db, since_ms))
        return timeout_error(db);
    if (!w.wait.done && coro_deadline() && clock_mono_ms() >= coro_deadline())
        return timeout_error(db);
    return e;
}

void db_pool_serve(struct db *db)
{
    while (!list_empty(&db->waiters) && pick(db)) {
        struct list *link = list_pop_front(&db->waiters);
        wait_finish(&container_of(link, struct waiter, link)->wait, ERR_OK);
    }
    if (!list_empty(&db->waiters) && !pick(db))
        want_connection(db);
}

/* Proving: an empty batch, because a firewall that forgot the connection tells nobody. */
static void prove(struct db_conn *c)
{
    struct store_loop *sl = c->db->loop;
    struct db_batch *b = db_batch_take(sl);
    struct wait wait;
    wait_init(&wait);
    b->wait = &wait;
    c->proving = true;
    if (!db_conn_send(c, b, NULL, NULL, 0)) {
        db_batch_drop(sl, b);
        return;
    }
    int64_t until = clock_mono_ms() + PROBE_WAIT_MS;
    enum err e = wait_for(&wait, until, ERR_overloaded);
    if (e) { /* or the caller's time is up, which says nothing about the connection */
        b->wait = NULL;
        if (clock_mono_ms() >= until)
            db_conn_close(c, "silent");
        return;
    }
    db_batch_drop(sl, b);
}

/* Whether c can be used as it is; else it was dealt with and the pool looks different now. */
static bool is_ready(struct db_conn *c)
{
    if (!list_empty(&c->queue))
        return true;
    if (clock_mono_ms() - c->since_ms < PROBE_AFTER_MS)
        return db_conn_alive(c);
    prove(c);
    return false;
}

static bool is_backing_off(const struct db *db)
{
    return db->conn_count == 0 && !db->connecting && clock_mono_ms() < db->retry_at_ms;
}

enum err db_pool_acquire(struct db *db, struct db_conn **out)
{
    int64_t since_ms = clock_mono_ms();
    db->touched_ms = since_ms;
    for (;;) {
        struct db_conn *c = pick(db);
        if (c && !is_ready(c))
            continue;
        if (c) {
            grow(db, c);
            *out = c;
            return ERR_OK;
        }
        if (is_backing_off(db))
            return db->last_error;
        enum err e = wait_for_connection(db, since_ms);
        if (e)
            return e;
    }
}

/* Connects */

static int64_t backoff_ms(unsigned failures)
{
    int64_t ms = failures < 8 ? (int64_t)BACKOFF_FIRST_MS << (failures - 1) : BACKOFF_MAX_MS;
    if (ms > BACKOFF_MAX_MS)
        ms = BACKOFF_MAX_MS;
    return ms * 3 / 4 + random_below((uint32_t)(ms / 2)); /* +- a quarter */
}

static void connect_failed(struct db *db, enum db_fault fault)
{
    db->failures++;
    db->last_error = db_error(db, fault);
    db->retry_at_ms = clock_mono_ms() + backoff_ms(db->failures);
    atomic_fetch_add(&db_counters.connect_failures, 1);
    if (db->tenant)
        db_budget_release();
    if (fault == DB_FAULT_CREDENTIALS && db->tenant)
        feed_reread(&db->tenant->id); /* perhaps the password has changed */
    if (db->conn_count == 0)
        fail_waiters(db, db->last_error);
}

/* The route has changed meanwhile: that the old one failed says nothing about the new. */
static void connect_outdated(struct db *db)
{
    db_budget_release(); /* only tenants' routes change */
    db_pool_serve(db);
}

void db_pool_connected(struct db *db, PGconn *pg, unsigned generation, enum db_fault fault)
{
    db->connecting--;
    if (!pg && generation != db->generation) {
        connect_outdated(db);
        return;
    }
    if (!pg) {
        connect_failed(db, fault);
        return;
    }
    if (!db_conn_create(db, pg, generation)) {
        connect_failed(db, DB_FAULT_TRANSIENT);
        return;
    }
    db->failures = 0;
    db->retry_at_ms = 0;
    retire(db, generation);
    db_pool_serve(db);
}

void db_pool_retry(struct db *db)
{
    if (list_empty(&db->waiters) || pick(db))
        db_starve_end(db);
    else
        want_connection(db);
}

void db_pool_idle(struct db_conn *c)
{
    struct db *db = c->db;
    if (c->retired) {
        db_conn_close(c, NULL);
        return;
    }
    if (!db->tenant || !list_empty(&db->waiters) || !db_budget_wanted())
        return;
    atomic_fetch_add(&db_counters.evicted, 1);
    db_conn_close(c, NULL);
}

/* Routes */

static bool same_route(const struct tenant *a, const struct tenant *b)
{
    return strcmp(a->db.database, b->db.database) == 0 && strcmp(a->db.role, b->db.role) == 0 &&
           a->db.password.len == b->db.password.len &&
           bytes_equal_secret(a->db.password.ptr, b->db.password.ptr, a->db.password.len);
}

void db_pool_follow(struct db *db, const struct tenant *t)
{
    struct tenant *old = db->tenant;
    if (t == old || t->build < old->build)
        return;
    struct tenant *newer = (struct tenant *)(uintptr_t)t; /* a reference is all that is taken */
    tenant_retain(newer);
    db->tenant = newer;
    if (!same_route(old, t)) {
        db->generation++;
        db->failures = 0;
        db->retry_at_ms = 0;
    }
    tenant_release(old);
}

void db_pool_clear(struct db *db)
{
    fail_waiters(db, db_error(db, DB_FAULT_TRANSIENT));
    while (!list_empty(&db->conns))
        db_conn_close(conn_of(db->conns.next), NULL);
    if (db->tenant)
        tenant_release(db->tenant);
    db->tenant = NULL;
}
