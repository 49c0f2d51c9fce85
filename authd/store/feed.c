/* SPDX-License-Identifier: Apache-2.0
 *
 * The feed thread. It owns one plain connection to the control database: LISTEN, poll(2) on it and
 * on an eventfd, read `change`. Revisions have no gaps, because writers take them one after the
 * other; a gap therefore means that rows were pruned while we were away, a step back that the
 * database was restored, and then everything is read again. While the control database is away the
 * registry serves what it has.
 */
#include "store/feed.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/db_sync.h"
#include "store/feed_wait.h"
#include "store/load.h"
#include "store/migrate.h"
#include "store/registry_internal.h"
#include "store/snapshot.h"
#include "store/store.h"

enum {
    TURN_MS = 500,
    STATEMENT_TIMEOUT_MS = 10000,
    BACKOFF_MAX_MS = 1000,
    KEY_USES_EVERY_MS = 5000,
    REREAD_MAX = 64
};

static struct {
    pthread_t thread;
    bool started;
    int wake;
    atomic_bool stopping;
    atomic_int_fast64_t revision;
    atomic_int_fast64_t read_at_ms;
    PGconn *conn;
    int64_t backoff_ms;
    int64_t retry_at_ms;
    int64_t uses_at_ms;
} feed = {.wake = -1};

/* Tenants to read again without a change. */
static pthread_mutex_t reread_lock = PTHREAD_MUTEX_INITIALIZER;
static struct id reread[REREAD_MAX];
static size_t reread_count;

int64_t feed_revision(void)
{
    return atomic_load(&feed.revision);
}

int64_t feed_age_ms(void)
{
    return clock_mono_ms() - atomic_load(&feed.read_at_ms);
}

void feed_wake(void)
{
    if (feed.wake >= 0)
        eventfd_write(feed.wake, 1);
}

/* A full list is no loss: who asks also retries. */
void feed_reread(const struct id *tenant)
{
    pthread_mutex_lock(&reread_lock);
    if (reread_count < REREAD_MAX)
        reread[reread_count++] = *tenant;
    pthread_mutex_unlock(&reread_lock);
    feed_wake();
}

/* Reading */

static void reached(int64_t revision)
{
    atomic_store(&feed.revision, revision);
    feed_wait_reached(revision);
}

static MUST_CHECK enum err read_all(PGconn *c)
{
    int64_t head;
    enum err e = load_all(c, &head);
    if (!e)
        reached(head);
    return e;
}

struct touched {
    struct buf tenants; /* comma-separated */
    bool operators;
};

static void touch(struct touched *t, struct str tenant)
{
    if (!tenant.ptr) {
        t->operators = true;
        return;
    }
    if (t->tenants.len > 0)
        buf_char(&t->tenants, ',');
    buf_str(&t->tenants, tenant);
}

static MUST_CHECK enum err reload(PGconn *c, const struct touched *t)
{
    enum err e = ERR_OK;
    if (t->tenants.len > 0)
        e = load_tenants(c, buf_view(&t->tenants));
    if (!e && t->operators)
        e = load_operators(c);
    return e;
}

static MUST_CHECK enum err apply_changes(PGconn *c, struct arena *a, const struct db_rows *changes)
{
    struct touched touched = {.operators = false};
    size_t n = db_count(changes);
    if (n == 0)
        return ERR_OK;
    if (db_get_int(changes, 0, 0) != feed_revision() + 1) {
        log_warn("feed_gap", LOG_INT("seen", feed_revision()),
                 LOG_INT("next", db_get_int(changes, 0, 0)));
        return read_all(c);
    }
    buf_init(&touched.tenants, a, 256);
    for (size_t i = 0; i < n; i++)
        touch(&touched, db_get_text(changes, i, 1));
    enum err e = reload(c, &touched);
    if (!e)
        reached(db_get_int(changes, n - 1, 0));
    return e;
}

static MUST_CHECK enum err read_changes(PGconn *c)
{
    struct arena *a = arena_create(1024);
    struct db_param params[] = {db_int(feed_revision())};
    const struct db_rows *changes;
    enum err e = sync_run(c, a, SQL_CONTROL_CHANGES, params, &changes);
    if (!e)
        e = apply_changes(c, a, changes);
    if (!e)
        atomic_store(&feed.read_at_ms, clock_mono_ms());
    arena_destroy(a);
    return e;
}

static MUST_CHECK enum err reread_asked(PGconn *c)
{
    struct arena *a = arena_create(1024);
    struct touched touched = {.operators = false};
    buf_init(&touched.tenants, a, 256);
    pthread_mutex_lock(&reread_lock);
    for (size_t i = 0; i < reread_count; i++)
        touch(&touched, id_str(&reread[i]));
    reread_count = 0;
    pthread_mutex_unlock(&reread_lock);
    enum err e = reload(c, &touched);
    arena_destroy(a);
    return e;
}

/* Writing back */

static MUST_CHECK enum err write_key_uses(PGconn *c)
{
    if (clock_mono_ms() < feed.uses_at_ms)
        return ERR_OK;
    feed.uses_at_ms = clock_mono_ms() + KEY_USES_EVERY_MS;
    struct arena *a = arena_create(1024);
    struct key_uses uses;
    enum err e = ERR_OK;
    if (key_uses_take(a, &uses)) {
        struct db_param params[] = {db_text(uses.ids), db_text(uses.times)};
        e = sync_run(c, a, SQL_CONTROL_CLIENT_KEYS_USED, params, NULL);
        if (!e)
            e = sync_run(c, a, SQL_CONTROL_OPERATOR_KEYS_USED, params, NULL);
    }
    arena_destroy(a);
    return e;
}

/* Needs no database: a key's time has come. */
static void refresh_stale(void)
{
    int64_t now = clock_wall_ms();
    struct tenant *t;
    while ((t = registry_next_stale(now))) {
        registry_put(snapshot_refresh(t, now));
        tenant_release(t);
    }
}

/* The thread */

static void disconnect(void)
{
    sync_close(feed.conn);
    feed.conn = NULL;
}

static void connect_later(void)
{
    feed.backoff_ms = feed.backoff_ms ? feed.backoff_ms * 2 : TURN_MS;
    if (feed.backoff_ms > BACKOFF_MAX_MS)
        feed.backoff_ms = BACKOFF_MAX_MS;
    feed.retry_at_ms =
        clock_mono_ms() + feed.backoff_ms / 2 + random_below((uint32_t)feed.backoff_ms / 2);
}

static MUST_CHECK enum err listen_to(PGconn *c)
{
    return sync_script(c, "feed_listen", "LISTEN " FEED_CHANNEL);
}

static void connect_now(void)
{
    struct sync_target target = {.url = store_config.control_url,
                                 .schema = SCHEMA_CONTROL,
                                 .application = "authd feed",
                                 .connect_timeout_ms = store_config.connect_timeout_ms,
                                 .statement_timeout_ms = STATEMENT_TIMEOUT_MS};
    enum err e = sync_connect(&target, &feed.conn);
    if (!e)
        e = listen_to(feed.conn);
    if (!e) {
        log_info("feed_connected", LOG_INT("revision", feed_revision()));
        feed.backoff_ms = 0;
        return;
    }
    disconnect();
    connect_later();
}

static void drain_notifications(void)
{
    if (!PQconsumeInput(feed.conn))
        return; /* the next statement fails and says why */
    PGnotify *n;
    while ((n = PQnotifies(feed.conn)))
        PQfreemem(n);
}

static void turn(void)
{
    if (!feed.conn && clock_mono_ms() >= feed.retry_at_ms)
        connect_now();
    if (!feed.conn)
        return;
    drain_notifications();
    enum err e = read_changes(feed.conn);
    if (!e)
        e = reread_asked(feed.conn);
    if (!e)
        e = write_key_uses(feed.conn);
    if (e)
        disconnect();
}

static void await(void)
{
    struct pollfd fds[] = {{.fd = feed.wake, .events = POLLIN},
                           {.fd = feed.conn ? PQsocket(feed.conn) : -1, .events = POLLIN}};
    eventfd_t count;
    if (poll(fds, 2, TURN_MS) > 0 && fds[0].revents)
        eventfd_read(feed.wake, &count);
}

static void *feed_main(void *arg)
{
    (void)arg;
    pthread_setname_np(pthread_self(), "feed");
    while (!atomic_load(&feed.stopping)) {
        turn();
        refresh_stale();
        await();
    }
    feed.uses_at_ms = 0;
    if (feed.conn && write_key_uses(feed.conn) != ERR_OK)
        log_warn("key_uses_lost", LOG_Z("reason", "stopping"));
    return NULL;
}

enum err feed_load(PGconn *c)
{
    feed.conn = c;
    atomic_store(&feed.revision, 0);
    enum err e = listen_to(c);
    if (!e)
        e = read_all(c);
    if (!e)
        atomic_store(&feed.read_at_ms, clock_mono_ms());
    else
        disconnect();
    return e;
}

enum err feed_start(void)
{
    feed.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    atomic_store(&feed.stopping, false);
    feed_wait_open();
    if (feed.wake < 0 || pthread_create(&feed.thread, NULL, feed_main, NULL) != 0) {
        log_error("feed_start_failed", LOG_Z("remedy", "raise the limits on files and threads"));
        return ERR_internal_error;
    }
    feed.started = true;
    return ERR_OK;
}

void feed_stop(void)
{
    feed_wait_close();
    if (feed.started) {
        atomic_store(&feed.stopping, true);
        feed_wake();
        pthread_join(feed.thread, NULL);
        feed.started = false;
    }
    if (feed.wake >= 0)
        close(feed.wake);
    feed.wake = -1;
    disconnect();
}
