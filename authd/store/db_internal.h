/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the asynchronous database layer as they see each other. Everything here belongs to
 * one loop's thread, but for the budget, the counters and the letters between loops.
 *
 *     db_run -> pool (which connection) -> connection (queue, send, collect) -> libpq
 *                 ^ db_connect.c opens connections on a worker; db_budget.c says how many
 *
 * A connection is in exactly one list of its loop: idle while it owes no answer, busy while it
 * does, closing from our good-bye until the server has hung up. Its slot of the budget is free only
 * then, so that the server never has more backends of ours than the budget says.
 */
#ifndef AUTHD_STORE_DB_INTERNAL_H
#define AUTHD_STORE_DB_INTERNAL_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/map.h"
#include "store/db.h"
#include "store/db_error.h"
#include "store/store.h"

enum {
    DB_GROW_AT = 2,            /* batches in flight on the least busy connection: open another */
    DB_IN_FLIGHT_MAX = 128,    /* batches on one connection; further ones wait */
    DB_WAITERS_MAX = 2048,     /* calls that wait for a connection of one pool */
    DB_CAPACITY_WAIT_MS = 1000 /* longest wait for room in the budget */
};

struct store_loop;

/* The statements of one db_run. Whoever leaves first, waiter or connection, leaves it whole: it
 * belongs to the connection until it is finished, then to the waiter or, without one, to nobody. */
struct db_batch {
    struct list link;  /* in db_conn.queue, or in store_loop.spare_batches */
    struct wait *wait; /* NULL once nobody waits */
    unsigned n;        /* statements */
    unsigned prepares; /* PREPAREs sent before them */
    unsigned step;     /* of prepares + n, how many are answered */
    bool answered;     /* the current step has its result */
    bool spoils;       /* the connection is of no more use */
    enum db_fault fault;
    bool failed;
    enum sql statements[DB_BATCH_MAX];
    enum sql prepared[DB_BATCH_MAX];
    PGresult *results[DB_BATCH_MAX];
};

struct db_conn {
    struct list link;    /* in store_loop.idle, .busy or .closing */
    struct list sibling; /* in db.conns */
    struct db *db;
    struct store_loop *loop;
    PGconn *pg; /* NULL while closing */
    int fd;     /* while closing: a dup of its socket */
    struct io *io;
    struct list queue; /* batches that were sent, oldest first */
    unsigned in_flight;
    unsigned generation; /* of the route it was made for */
    bool retired;        /* takes no more batches, closes once idle */
    bool proving;        /* was idle for long; a probe is under way */
    int64_t since_ms;    /* idle: since when; busy: since when its oldest batch is the oldest */
    uint64_t prepared[(SQL_COUNT + 63) / 64];
};

/* A pool: the connections of one loop to one database. */
struct db {
    struct store_loop *loop;
    struct tenant *tenant; /* whose route is used, referenced; NULL = the control database */
    struct list conns;
    unsigned conn_count;
    unsigned connecting;
    struct list waiters;
    unsigned waiting;
    struct list starving; /* in store_loop.starving while the budget has no room for it */
    bool is_starving;
    unsigned generation; /* counts changes of the route */
    unsigned failures;   /* failed connects in a row */
    int64_t retry_at_ms; /* no connect before */
    enum err last_error;
    int64_t touched_ms;
    struct list refreshes; /* that wait to go together: sessions_refresh.c */
    unsigned refreshes_waiting;
    unsigned refreshes_usual; /* how many went the last time or came meanwhile */
    unsigned refreshing;      /* statements under way */
    int64_t refreshed_at_ms;
};

/* A loop's part of the store. */
struct store_loop {
    struct loop *loop; /* NULL before start and after stop */
    struct db control;
    struct map pools; /* by tenant->shard */
    struct list idle; /* connections, longest idle first */
    struct list busy;
    struct list closing;
    struct list starving;
    struct list spare_batches;
    struct timer reaper;
    atomic_uint starving_count;
    atomic_uint_fast64_t calls;
    /* Letters from workers and other loops. */
    pthread_mutex_t lock;
    pthread_cond_t connected;
    struct list letters; /* finished connects */
    unsigned connecting; /* connects that have not become letters */
    struct message wake;
    bool wake_posted;
};

/* All loops of the process; indexed by loop->index. */
extern struct store_loop *store_loops;
extern _Thread_local struct store_loop *store_here;

static inline enum db_plane db_plane_of(const struct db *db)
{
    return db->tenant ? DB_PLANE_TENANT : DB_PLANE_CONTROL;
}
static inline enum err db_error(const struct db *db, enum db_fault fault)
{
    return db_fault_error(fault, db_plane_of(db));
}

/* db_conn.c */
/* Takes over pg. NULL when the process is out of descriptors: pg is closed. */
struct db_conn *db_conn_create(struct db *db, PGconn *pg, unsigned generation);
/* Unfinished batches fail as transient. why is for the log, NULL = nothing to tell. */
void db_conn_close(struct db_conn *c, const char *why);
/* Queues the batch and its sync; false: nothing of it can have taken effect, the connection is
 * closed and the batch is still the caller's. */
bool db_conn_send(struct db_conn *c, struct db_batch *b, struct arena *a,
                  const struct db_query *queries, size_t n);
/* A closing connection that is waited for no longer. */
void db_conn_forget(struct db_conn *c);
/* Looks at an idle connection without asking the server; a dead one is closed. */
bool db_conn_alive(struct db_conn *c);
struct db_batch *db_batch_take(struct store_loop *sl);
/* Clears what results are left. */
void db_batch_drop(struct store_loop *sl, struct db_batch *b);

/* db_pool.c */
void db_pool_init(struct db *db, struct store_loop *sl, struct tenant *t);
/* Closes everything; its waiters fail. */
void db_pool_clear(struct db *db);
/* A connection that takes a batch now; waits for one. */
MUST_CHECK enum err db_pool_acquire(struct db *db, struct db_conn **out);
/* Adopts the route of a newer snapshot. */
void db_pool_follow(struct db *db, const struct tenant *t);
/* A connect has ended: pg, or NULL with the fault. */
void db_pool_connected(struct db *db, PGconn *pg, unsigned generation, enum db_fault fault);
/* Wakes waiters that can be served, or starts what they need. */
void db_pool_serve(struct db *db);
/* A connection has become idle: it stays, or closes because it is retired or others starve. */
void db_pool_idle(struct db_conn *c);
/* Another attempt to get room for a starving pool. */
void db_pool_retry(struct db *db);

/* db_connect.c */
void db_connect_start(struct db *db);
/* The letters that have arrived. */
void db_connect_deliver(struct store_loop *sl);
/* Waits for every connect of the loop and throws their connections away. */
void db_connect_finish(struct store_loop *sl);

/* db_budget.c */
void db_budget_set(unsigned budget);
/* A slot for one more connection; a pool that does not starve leaves those who do theirs. The
 * control database's connections are outside of the budget. */
bool db_budget_take(struct db *db);
/* A slot that nobody waits for, for work in the background; from any thread. */
bool db_budget_take_unused(void);
void db_budget_release(void);
/* From now until db_starve_end the pool waits for a slot: somebody's idle connection closes. */
void db_starve(struct db *db);
void db_starve_end(struct db *db);
/* Whether an idle connection has to make room; not when enough are closing already. */
bool db_budget_wanted(void);
/* Has the loop look at its letters and at the budget; from any thread. */
void db_wake(struct store_loop *sl);
void db_on_wake(struct message *m);

/* db_reaper.c */
void db_reaper_start(struct store_loop *sl);

struct db_counters {
    atomic_uint used;    /* slots of the budget */
    atomic_uint closing; /* of these, how many are about to be free */
    atomic_uint pools;
    atomic_uint waiting;
    atomic_uint starving;
    atomic_uint_fast64_t evicted;
    atomic_uint_fast64_t connect_failures;
};
extern struct db_counters db_counters;

#endif
