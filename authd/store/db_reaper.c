/* SPDX-License-Identifier: Apache-2.0
 *
 * Once a second every loop looks after its connections: idle ones close after the idle time-out, a
 * pool's second to fourth much sooner; one whose oldest batch has waited beyond every server-side
 * time-out has lost its server without a word, and a server that does not hang up is not waited for
 * for ever. Pools nobody has used for long are forgotten.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "store/db_internal.h"
#include "store/registry.h"

enum {
    TURN_MS = 1000,
    SPARE_IDLE_MS = 10000,      /* connections beyond a pool's first */
    STALL_SLACK_MS = 3000,      /* over two statement time-outs */
    HANG_UP_MS = 5000,          /* from our good-bye to the server's */
    FORGET_POOL_MS = 900 * 1000 /* beyond the longest request time-out: nobody holds it */
};

static struct db_conn *conn_of(struct list *link)
{
    return container_of(link, struct db_conn, link);
}

static bool has_idled_out(const struct db_conn *c, int64_t now)
{
    int64_t idle = now - c->since_ms;
    if (c->retired || (c->db->conn_count > 1 && idle > SPARE_IDLE_MS))
        return true;
    return store_config.idle_timeout_ms && c->db->tenant && idle > store_config.idle_timeout_ms;
}

/* Closing resumes coroutines, which may change the lists: start over after each. */
static bool close_one_idle(struct store_loop *sl, int64_t now)
{
    list_for_each (at, &sl->idle) {
        struct db_conn *c = conn_of(at);
        if (!has_idled_out(c, now))
            continue;
        db_conn_close(c, NULL);
        return true;
    }
    return false;
}

static bool close_one_stalled(struct store_loop *sl, int64_t now)
{
    int64_t longest = 2 * store_config.statement_timeout_ms + STALL_SLACK_MS;
    list_for_each (at, &sl->busy) {
        struct db_conn *c = conn_of(at);
        if (now - c->since_ms <= longest)
            continue;
        db_conn_close(c, "stalled");
        return true;
    }
    return false;
}

static bool forget_one_closing(struct store_loop *sl, int64_t now)
{
    struct db_conn *oldest = conn_of(sl->closing.next);
    if (list_empty(&sl->closing) || now - oldest->since_ms <= HANG_UP_MS)
        return false;
    db_conn_forget(oldest);
    return true;
}

static bool is_forgotten(const struct db *db, int64_t now)
{
    return db->conn_count == 0 && !db->connecting && !db->waiting && !db->refreshing &&
           !db->refreshes_waiting && now - db->touched_ms > FORGET_POOL_MS;
}

static bool forget_one_pool(struct store_loop *sl, int64_t now)
{
    size_t pos = 0;
    struct db *db;
    while ((db = map_each(&sl->pools, &pos))) {
        if (!is_forgotten(db, now))
            continue;
        map_remove(&sl->pools, db->tenant->shard, db);
        db_pool_clear(db);
        free(db);
        return true;
    }
    return false;
}

static void on_turn(struct timer *t)
{
    struct store_loop *sl = container_of(t, struct store_loop, reaper);
    int64_t now = clock_mono_ms();
    while (close_one_idle(sl, now) || close_one_stalled(sl, now) || forget_one_closing(sl, now) ||
           forget_one_pool(sl, now))
        continue;
    timer_set(sl->loop, t, now + TURN_MS);
}

void db_reaper_start(struct store_loop *sl)
{
    sl->reaper.fn = on_turn;
    timer_set(sl->loop, &sl->reaper, clock_mono_ms() + TURN_MS);
}
