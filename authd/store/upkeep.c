/* SPDX-License-Identifier: Apache-2.0
 *
 * Rounds of background work. They start every ROUND_MS and whenever somebody asks; a round that
 * fails is repeated at the next turn, so nothing here retries on its own.
 */
#include "store/upkeep.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/control_sync.h"
#include "store/janitor.h"
#include "store/provisioner.h"
#include "store/rotate.h"
#include "store/store.h"

enum { ROUND_MS = 10 * 1000 };

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    pthread_t thread;
    bool running;
    bool stopping;
    bool wanted;
} upkeep = {.mutex = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};

static enum err first_of(enum err first, enum err next)
{
    return first == ERR_OK ? next : first;
}

/* Ids first, work afterwards: one that fails does not hide the others. */
static enum err unfinished_work(struct provisioner *p, struct arena *a, int64_t now)
{
    const struct db_rows *rows;
    struct db_param params[1] = {db_time(now)};
    enum err e = sync_run(p->control, a, SQL_PROVISION_WORK, params, &rows);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < db_count(rows) && !upkeep_stopping(); i++) {
        int64_t revision;
        struct str tenant = db_get_text(rows, i, 0);
        enum err one = db_get_bool(rows, i, 1) ? provision_drop(p, tenant)
                                               : provision_tenant(p, tenant, false, now, &revision);
        e = first_of(e, one);
    }
    return e;
}

static enum err spares(struct provisioner *p, int64_t now)
{
    bool made = true;
    enum err e = ERR_OK;
    while (e == ERR_OK && made && !upkeep_stopping())
        e = provision_spare(p, store_config.spare_databases, now, &made);
    return e;
}

static enum err provisioning(struct arena *a, int64_t now)
{
    struct provisioner p;
    enum err e = provisioner_open(&p, store_config.control_url, store_config.provisioner_url);
    if (e != ERR_OK)
        return e;
    e = unfinished_work(&p, a, now);
    e = first_of(e, spares(&p, now));
    provisioner_close(&p);
    return e;
}

enum err upkeep_round(int64_t now)
{
    struct arena *a = arena_create(16 * 1024);
    enum err e = provisioning(a, now);
    PGconn *control = NULL;
    enum err connected = control_sync_connect(&control);
    if (connected == ERR_OK) {
        e = first_of(e, rotate_aged_keys(control, a, now));
        e = first_of(e, janitor_round(control, a, now));
        sync_close(control);
    }
    arena_destroy(a);
    return first_of(e, connected);
}

bool upkeep_stopping(void)
{
    pthread_mutex_lock(&upkeep.mutex);
    bool stopping = upkeep.stopping;
    pthread_mutex_unlock(&upkeep.mutex);
    return stopping;
}

void upkeep_wake(void)
{
    pthread_mutex_lock(&upkeep.mutex);
    upkeep.wanted = true;
    pthread_cond_signal(&upkeep.woken);
    pthread_mutex_unlock(&upkeep.mutex);
}

/* False: stop. */
static bool wait_for_turn(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ROUND_MS / 1000;
    pthread_mutex_lock(&upkeep.mutex);
    while (!upkeep.stopping && !upkeep.wanted) {
        if (pthread_cond_timedwait(&upkeep.woken, &upkeep.mutex, &until) != 0)
            break;
    }
    upkeep.wanted = false;
    bool go_on = !upkeep.stopping;
    pthread_mutex_unlock(&upkeep.mutex);
    return go_on;
}

static void *upkeep_run(void *unused)
{
    (void)unused;
    do {
        if (upkeep_round(clock_wall_ms()) != ERR_OK)
            log_warn("upkeep_round_incomplete", LOG_INT("again_in_ms", ROUND_MS));
    } while (wait_for_turn());
    return NULL;
}

enum err upkeep_start(void)
{
    upkeep.stopping = false;
    if (pthread_create(&upkeep.thread, NULL, upkeep_run, NULL) != 0)
        return ERR_internal_error;
    upkeep.running = true;
    return ERR_OK;
}

void upkeep_stop(void)
{
    if (!upkeep.running)
        return;
    pthread_mutex_lock(&upkeep.mutex);
    upkeep.stopping = true;
    pthread_cond_signal(&upkeep.woken);
    pthread_mutex_unlock(&upkeep.mutex);
    pthread_join(upkeep.thread, NULL);
    upkeep.running = false;
}
