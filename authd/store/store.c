/* SPDX-License-Identifier: Apache-2.0
 *
 * Start and end of the storage floor.
 */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db_internal.h"
#include "store/db_sync.h"
#include "store/envelope.h"
#include "store/feed.h"
#include "store/migrate.h"
#include "store/registry_internal.h"
#include "store/upkeep.h"

struct store_config store_config;
const char *store_tenant_server;
static struct arena *config_memory;

enum { LOAD_TIMEOUT_MS = 30000 };

/* Opening */

static MUST_CHECK enum err check_root_key(const struct db_rows *instance)
{
    if (db_count(instance) == 0) {
        log_error("instance_missing", LOG_Z("remedy", "authd init"));
        return ERR_internal_error;
    }
    if (envelope_key_check_ok(store_config.root_key, db_get_text(instance, 0, 0),
                              db_get_text(instance, 0, 1)))
        return ERR_OK;
    log_error("root_key_wrong",
              LOG_Z("remedy", "root_key_file must hold the key that authd init made"));
    return ERR_internal_error;
}

static void set_budget(const struct db_rows *free_slots)
{
    int64_t slots = db_get_int(free_slots, 0, 0);
    if (store_config.connection_budget == 0)
        store_config.connection_budget = slots > 1 ? (unsigned)slots : 1;
    db_budget_set(store_config.connection_budget);
}

static MUST_CHECK enum err check(PGconn *c, struct arena *a)
{
    const struct db_rows *instance;
    const struct db_rows *free_slots;
    const struct sync_call calls[] = {{SQL_CONTROL_INSTANCE, NULL, &instance},
                                      {SQL_CONTROL_FREE_SLOTS, NULL, &free_slots}};
    enum err e = migrate_check(c, "control");
    if (e == ERR_tenant_not_provisioned)
        log_error("control_schema_outdated", LOG_Z("remedy", "authd migrate"));
    if (!e)
        e = sync_run_all(c, a, calls, sizeof(calls) / sizeof(*calls));
    if (!e)
        e = check_root_key(instance);
    if (!e)
        set_budget(free_slots);
    return e;
}

static MUST_CHECK enum err connect_control(PGconn **c)
{
    struct sync_target target = {.url = store_config.control_url,
                                 .schema = SCHEMA_CONTROL,
                                 .application = "authd feed",
                                 .connect_timeout_ms = store_config.connect_timeout_ms,
                                 .statement_timeout_ms = LOAD_TIMEOUT_MS};
    enum err e = sync_connect(&target, c);
    if (e == ERR_tenant_not_provisioned)
        log_error("control_database_missing", LOG_Z("remedy", "authd init"));
    else if (e)
        log_error("control_database_unreachable",
                  LOG_Z("remedy", "check control_database_url and that PostgreSQL runs"));
    return e;
}

static void create_loops(void)
{
    store_loops = xcalloc(store_config.loops, sizeof(*store_loops));
    for (unsigned i = 0; i < store_config.loops; i++) {
        struct store_loop *sl = &store_loops[i];
        pthread_mutex_init(&sl->lock, NULL);
        pthread_cond_init(&sl->connected, NULL);
        list_init(&sl->letters);
        sl->wake.fn = db_on_wake;
    }
}

static MUST_CHECK enum err find_tenant_server(void)
{
    bool apart = store_config.provisioner_url != NULL;
    config_memory = arena_create(256);
    struct str server = conninfo_of_server(config_memory, apart ? store_config.provisioner_url
                                                                : store_config.control_url);
    store_tenant_server = str_is_set(server) ? str_z(config_memory, server) : NULL;
    return store_tenant_server ? ERR_OK : ERR_internal_error;
}

enum err store_open(const struct store_config *config)
{
    PGconn *c;
    store_config = *config;
    enum err e = find_tenant_server();
    if (!e)
        e = connect_control(&c);
    if (e)
        return e;
    struct arena *a = arena_create(1024);
    e = check(c, a);
    arena_destroy(a);
    if (e) {
        sync_close(c);
        return e;
    }
    e = feed_load(c);
    if (!e)
        create_loops();
    return e;
}

/* Loops */

void store_loop_start(struct loop *l)
{
    assert(l->index < store_config.loops && !store_here);
    struct store_loop *sl = &store_loops[l->index];
    list_init(&sl->idle);
    list_init(&sl->busy);
    list_init(&sl->closing);
    list_init(&sl->starving);
    list_init(&sl->spare_batches);
    db_pool_init(&sl->control, sl, NULL);
    pthread_mutex_lock(&sl->lock);
    sl->loop = l;
    pthread_mutex_unlock(&sl->lock);
    store_here = sl;
    db_reaper_start(sl);
}

static void free_pools(struct store_loop *sl)
{
    size_t pos = 0;
    struct db *db;
    db_pool_clear(&sl->control);
    while ((db = map_each(&sl->pools, &pos))) {
        db_pool_clear(db);
        free(db);
    }
    map_free(&sl->pools);
}

static void forget_closing(struct store_loop *sl)
{
    while (!list_empty(&sl->closing))
        db_conn_forget(container_of(sl->closing.next, struct db_conn, link));
}

static void free_batches(struct store_loop *sl)
{
    struct list *link;
    while ((link = list_pop_front(&sl->spare_batches)))
        free(container_of(link, struct db_batch, link));
}

void store_loop_stop(struct loop *l)
{
    struct store_loop *sl = store_here;
    assert(sl && sl->loop == l);
    timer_cancel(l, &sl->reaper);
    db_connect_finish(sl);
    free_pools(sl);
    forget_closing(sl);
    free_batches(sl);
    pthread_mutex_lock(&sl->lock);
    sl->loop = NULL;
    pthread_mutex_unlock(&sl->lock);
    store_here = NULL;
}

enum err store_start_background(void)
{
    enum err e = feed_start();
    return e ? e : upkeep_start();
}

void store_close(void)
{
    upkeep_stop();
    feed_stop();
    registry_clear();
    for (unsigned i = 0; store_loops && i < store_config.loops; i++) {
        pthread_cond_destroy(&store_loops[i].connected);
        pthread_mutex_destroy(&store_loops[i].lock);
    }
    free(store_loops);
    store_loops = NULL;
    store_config = (struct store_config){0};
    store_tenant_server = NULL;
    arena_destroy(config_memory);
    config_memory = NULL;
}

void store_stats(struct store_stats *out)
{
    *out = (struct store_stats){
        .connections = atomic_load(&db_counters.used),
        .budget = store_config.connection_budget,
        .pools = atomic_load(&db_counters.pools),
        .waiting = atomic_load(&db_counters.waiting),
        .evicted = atomic_load(&db_counters.evicted),
        .connect_failures = atomic_load(&db_counters.connect_failures),
        .tenants = (unsigned)registry_count(),
        .feed_revision = feed_revision(),
        .feed_age_ms = feed_age_ms(),
    };
    for (unsigned i = 0; store_loops && i < store_config.loops; i++)
        out->calls += atomic_load(&store_loops[i].calls);
}
