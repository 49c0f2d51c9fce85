/* SPDX-License-Identifier: Apache-2.0
 *
 * How many tenant connections the process may have, over all loops: one atomic counter that never
 * exceeds the budget, connects under way and closes under way included. A pool that finds no slot
 * starves: the longest idle connection of its loop closes, or, where there is none, every loop is
 * woken and whoever has or gets an idle connection gives it up. A slot that becomes free wakes the
 * loops that starve.
 */
#include "store/db_internal.h"

struct store_loop *store_loops;
_Thread_local struct store_loop *store_here;
struct db_counters db_counters;

static atomic_uint budget;

void db_budget_set(unsigned n)
{
    atomic_store(&budget, n);
}

/* Takes a slot if `kept` are left free for others. */
static bool take(unsigned kept)
{
    unsigned used = atomic_load(&db_counters.used);
    do {
        if (used + kept >= atomic_load(&budget))
            return false;
    } while (!atomic_compare_exchange_weak(&db_counters.used, &used, used + 1));
    return true;
}

bool db_budget_take(struct db *db)
{
    if (!db->tenant)
        return true;
    return take(db->is_starving ? 0 : atomic_load(&db_counters.starving));
}

bool db_budget_take_unused(void)
{
    return take(atomic_load(&db_counters.starving));
}

/* Closes the longest idle tenant connection of the loop; false when there is none. */
static bool evict(struct store_loop *sl)
{
    list_for_each (at, &sl->idle) {
        struct db_conn *c = container_of(at, struct db_conn, link);
        if (!c->db->tenant)
            continue;
        atomic_fetch_add(&db_counters.evicted, 1);
        db_conn_close(c, NULL);
        return true;
    }
    return false;
}

static void wake_starving_loops(void)
{
    for (unsigned i = 0; i < store_config.loops; i++) {
        if (atomic_load(&store_loops[i].starving_count) > 0)
            db_wake(&store_loops[i]);
    }
}

void db_budget_release(void)
{
    atomic_fetch_sub(&db_counters.used, 1);
    if (atomic_load(&db_counters.starving) > 0)
        wake_starving_loops();
}

bool db_budget_wanted(void)
{
    unsigned starving = atomic_load(&db_counters.starving);
    unsigned used = atomic_load(&db_counters.used) - atomic_load(&db_counters.closing);
    unsigned all = atomic_load(&budget);
    return starving > (used < all ? all - used : 0);
}

static void make_room(struct store_loop *sl)
{
    while (db_budget_wanted() && evict(sl))
        continue;
}

void db_starve(struct db *db)
{
    if (db->is_starving)
        return;
    db->is_starving = true;
    list_push_back(&db->loop->starving, &db->starving);
    atomic_fetch_add(&db->loop->starving_count, 1);
    atomic_fetch_add(&db_counters.starving, 1);
    make_room(db->loop);
    for (unsigned i = 0; i < store_config.loops && db_budget_wanted(); i++)
        db_wake(&store_loops[i]);
}

void db_starve_end(struct db *db)
{
    if (!db->is_starving)
        return;
    db->is_starving = false;
    list_remove(&db->starving);
    atomic_fetch_sub(&db->loop->starving_count, 1);
    atomic_fetch_sub(&db_counters.starving, 1);
}

void db_wake(struct store_loop *sl)
{
    pthread_mutex_lock(&sl->lock);
    bool post = sl->loop && !sl->wake_posted;
    if (post) {
        sl->wake_posted = true;
        sl->loop->ops->post(sl->loop, &sl->wake);
    }
    pthread_mutex_unlock(&sl->lock);
}

/* Each starving pool once, the longest starving first; those that must go on starving stay in the
 * list, in order. */
static void retry_starving(struct store_loop *sl)
{
    for (unsigned left = atomic_load(&sl->starving_count); left > 0; left--) {
        struct list *first = sl->starving.next;
        if (first == &sl->starving)
            return;
        struct db *db = container_of(first, struct db, starving);
        db_pool_retry(db);
        if (db->is_starving)
            return; /* no slot: none for those behind it either */
    }
}

void db_on_wake(struct message *m)
{
    struct store_loop *sl = container_of(m, struct store_loop, wake);
    pthread_mutex_lock(&sl->lock);
    sl->wake_posted = false;
    bool stopped = !sl->loop;
    pthread_mutex_unlock(&sl->lock);
    if (stopped)
        return;
    db_connect_deliver(sl);
    make_room(sl);
    retry_starving(sl);
}
