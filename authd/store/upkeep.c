/* SPDX-License-Identifier: Apache-2.0
 *
 * Rounds of background work. They start every ROUND_MS and whenever somebody asks; a round that
 * fails is repeated at the next turn, so nothing here retries on its own.
 */
#include "store/upkeep.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/control_sync.h"
#include "store/janitor.h"
#include "store/migrate.h"
#include "store/provisioner.h"
#include "store/rotate.h"
#include "store/store.h"

enum { ROUND_MS = 2 * 1000, ROTATION_MS = 60 * 1000, PROVISIONER_IDLE_MS = 60 * 1000 };

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    pthread_t thread;
    bool running;
    bool stopping;
    bool wanted;
    PGcancel *cancel; /* of the statement that may run for long */
} upkeep = {.mutex = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};

static enum err first_of(enum err first, enum err next)
{
    return first == ERR_OK ? next : first;
}

/* Whether work of this period is due; a clock that was set back does not put it off. */
static bool due(int64_t *next, int64_t now, int64_t period)
{
    if (now < *next && now >= *next - period)
        return false;
    *next = now + period;
    return true;
}

/* One that fails does not hide the others. */
static enum err unfinished_work(struct provisioner *p, const struct db_rows *work, int64_t now)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < db_count(work) && !upkeep_stopping(); i++) {
        int64_t revision;
        struct str tenant = db_get_text(work, i, 0);
        enum err one = db_get_bool(work, i, 1) ? provision_drop(p, tenant)
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

/* What thread_stop may interrupt: a statement on a provisioner's connection takes its time. */
static void set_interruptible(PGcancel *cancel)
{
    pthread_mutex_lock(&upkeep.mutex);
    PGcancel *before = upkeep.cancel;
    upkeep.cancel = cancel;
    pthread_mutex_unlock(&upkeep.mutex);
    PQfreeCancel(before);
}

/* Looks first: a provisioner is taken only when there is something to do. */
static enum err provisioning(PGconn *control, struct arena *a, int64_t now)
{
    const struct db_rows *work;
    const struct db_rows *count;
    struct db_param at[1] = {db_time(now)};
    struct db_param version[1] = {db_int(migrate_latest("tenant"))};
    struct provisioner p;
    enum err e = sync_run(control, a, SQL_PROVISION_WORK, at, &work);
    if (e != ERR_OK || (e = sync_run(control, a, SQL_SPARE_COUNT, version, &count)) != ERR_OK)
        return e;
    if (db_count(work) == 0 && db_get_int(count, 0, 0) >= (int64_t)store_config.spare_databases)
        return ERR_OK;
    if ((e = provisioner_take(&p)) != ERR_OK)
        return e;
    set_interruptible(PQgetCancel(p.admin));
    e = unfinished_work(&p, work, now);
    e = first_of(e, spares(&p, now));
    set_interruptible(NULL);
    provisioner_give(&p, e);
    return e;
}

static enum err work(PGconn *control, struct arena *a, int64_t now)
{
    static int64_t rotation;
    enum err e = provisioning(control, a, now);
    if (due(&rotation, now, ROTATION_MS))
        e = first_of(e, rotate_aged_keys(control, a, now));
    return first_of(e, janitor_round(control, a, now));
}

/* The connection is kept from round to round, and given up when anything failed. */
static PGconn *kept;

enum err upkeep_round(int64_t now)
{
    struct arena *a = arena_create(16 * 1024);
    enum err e = kept ? ERR_OK : control_sync_connect(&kept);
    if (e == ERR_OK)
        e = work(kept, a, now);
    arena_destroy(a);
    provisioner_close_idle(clock_mono_ms() - PROVISIONER_IDLE_MS);
    if (e == ERR_OK)
        return ERR_OK;
    sync_close(kept);
    kept = NULL;
    return e;
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
    if (pthread_create(&upkeep.thread, NULL, upkeep_run, NULL) != 0)
        return ERR_internal_error;
    upkeep.running = true;
    return ERR_OK;
}

static void interrupt(void)
{
    char why[256];
    pthread_mutex_lock(&upkeep.mutex);
    upkeep.stopping = true;
    if (upkeep.cancel && !PQcancel(upkeep.cancel, why, sizeof(why)))
        log_warn("upkeep_not_interrupted", LOG_INT("again_in_ms", 1000));
    pthread_cond_signal(&upkeep.woken);
    pthread_mutex_unlock(&upkeep.mutex);
}

/* Between two statements there is nothing to interrupt, so it is asked again. */
static void thread_stop(void)
{
    struct timespec until;
    do {
        interrupt();
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
    } while (pthread_timedjoin_np(upkeep.thread, NULL, &until) == ETIMEDOUT);
    upkeep.running = false;
    upkeep.stopping = false;
}

void upkeep_stop(void)
{
    if (upkeep.running)
        thread_stop();
    provisioner_close_idle(INT64_MAX);
    sync_close(kept);
    kept = NULL;
}
