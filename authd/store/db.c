/* SPDX-License-Identifier: Apache-2.0
 *
 * One call: find the connection, send the batch, wait, hand out the rows. The batch may outlive the
 * call: a caller whose deadline has passed leaves it to the connection.
 */
#include "store/db.h"

#include <assert.h>
#include <stdlib.h>

#include "store/db_inject.h"
#include "store/db_internal.h"
#include "store/db_value.h"
#include "store/registry.h"

static struct db *find_pool(const struct store_loop *sl, const struct tenant *t)
{
    size_t pos = 0;
    struct db *db;
    while ((db = map_next(&sl->pools, t->shard, &pos))) {
        if (id_eq(&db->tenant->id, &t->id))
            return db;
    }
    return NULL;
}

static struct db *create_pool(struct store_loop *sl, const struct tenant *t)
{
    struct db *db = xcalloc(1, sizeof(*db));
    struct tenant *referenced = (struct tenant *)(uintptr_t)t; /* only its count changes */
    tenant_retain(referenced);
    db_pool_init(db, sl, referenced);
    map_put(&sl->pools, t->shard, db);
    return db;
}

struct db *db_tenant(const struct tenant *t)
{
    assert(t && store_here);
    struct db *db = find_pool(store_here, t);
    if (!db)
        return create_pool(store_here, t);
    db_pool_follow(db, t);
    return db;
}

struct db *db_control(void)
{
    assert(store_here);
    return &store_here->control;
}

/* A dead connection on which nothing was sent is replaced once. */
static enum err send_batch(struct db *db, struct db_batch *b, struct arena *a,
                           const struct db_query *queries, size_t n)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        struct db_conn *c;
        enum err e = db_pool_acquire(db, &c);
        if (e)
            return e;
        if (db_conn_send(c, b, a, queries, n))
            return ERR_OK;
        b->prepares = 0;
    }
    return db_error(db, DB_FAULT_TRANSIENT);
}

static void keep_rows(struct arena *a, struct db_batch *b, const struct db_rows **rows)
{
    for (unsigned i = 0; rows && i < b->n; i++) {
        rows[i] = db_rows_keep(a, b->results[i]);
        b->results[i] = NULL;
    }
}

static enum err run(struct db *db, struct arena *a, const struct db_query *queries, size_t n,
                    const struct db_rows **rows)
{
    struct store_loop *sl = db->loop;
    struct db_batch *b = db_batch_take(sl);
    struct wait wait;
    wait_init(&wait);
    b->wait = &wait; /* sending may already finish it */
    enum err e = send_batch(db, b, a, queries, n);
    if (e) {
        db_batch_drop(sl, b);
        return e;
    }
    e = wait_for(&wait, 0, db_error(db, DB_FAULT_TRANSIENT));
    if (!wait.done) {
        b->wait = NULL;
        return e;
    }
    e = b->failed ? db_error(db, b->fault) : ERR_OK;
    if (!e)
        keep_rows(a, b, rows);
    db_batch_drop(sl, b);
    return e;
}

enum err db_run(struct db *db, struct arena *a, const struct db_query *queries, size_t n,
                const struct db_rows **rows)
{
    assert(db && n > 0 && n <= DB_BATCH_MAX);
    enum db_inject inject = db_inject_of(queries, n);
    atomic_fetch_add_explicit(&db->loop->calls, 1, memory_order_relaxed);
    if (inject == DB_INJECT_BEFORE)
        return db_error(db, DB_FAULT_TRANSIENT);
    enum err e = run(db, a, queries, n, rows);
    if (inject == DB_INJECT_AFTER && !e)
        return db_error(db, DB_FAULT_TRANSIENT); /* committed, and the caller cannot know */
    return e;
}
