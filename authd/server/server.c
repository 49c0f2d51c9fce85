/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of the loops: start, orders from the main thread, drain. A loop's thread is not joined
 * but parks when it is done: h2o keeps thread-local memory that has no other end than the process.
 */
#include "server/server.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/coro.h"
#include "base/log.h"
#include "server/tls.h"
#include "store/store.h"

enum { ADMIN_CONNECTIONS = 64, DRAIN_TICK_MS = 20, KEEP_ALIVE_MS = 10000 };

static void on_order(struct message *m)
{
    struct order *o = container_of(m, struct order, message);
    struct server *s = o->loop->server;
    o->fn(o->loop);
    sem_post(&s->done);
}

static void wait_done(struct server *s, unsigned n)
{
    while (n > 0)
        if (sem_wait(&s->done) == 0)
            n--;
}

static void order_all(struct server *s, void (*fn)(struct server_loop *))
{
    for (unsigned i = 0; i < s->loop_count; i++) {
        struct server_loop *l = &s->loops[i];
        l->order = (struct order){.message.fn = on_order, .fn = fn, .loop = l};
        l->loop.base.ops->post(&l->loop.base, &l->order.message);
    }
    wait_done(s, s->loop_count);
}

/* max_connections shared out, so that no loop has to know of another. */
static unsigned connection_share(const struct server *s, unsigned index)
{
    unsigned all = (unsigned)s->max_connections;
    return all / s->loop_count + (index < all % s->loop_count ? 1 : 0);
}

static void begin(struct server_loop *l)
{
    struct server *s = l->server;
    list_init(&l->idle_requests);
    h2o_context_init(&l->context, l->loop.ev, &s->api_config);
    if (l->loop.base.index == 0) {
        h2o_context_init(&l->admin_context, l->loop.ev, &s->admin_config);
        acceptor_start(&l->admin, l, &l->admin_context, &s->listen, true, ADMIN_CONNECTIONS);
    }
    store_loop_start(&l->loop.base);
}

static void park(void)
{
    for (;;)
        pause();
}

static void *loop_main(void *arg)
{
    struct server_loop *l = arg;
    struct server *s = l->server;
    h2o_loop_init(&l->loop, (unsigned)(l - s->loops));
    begin(l);
    sem_post(&s->done);
    h2o_loop_run(&l->loop);
    if (!l->cut)
        store_loop_stop(&l->loop.base);
    request_free_idle(l);
    log_flush();
    if (atomic_fetch_sub(&s->loops_running, 1) == 1)
        kill(getpid(), SIGUSR1);
    park();
    return NULL;
}

void server_start_loops(struct server *s)
{
    s->loops = xcalloc(s->loop_count, sizeof(*s->loops));
    sem_init(&s->done, 0, 0);
    api_config_init(s);
    admin_config_init(s);
    atomic_store(&s->loops_running, s->loop_count);
    for (unsigned i = 0; i < s->loop_count; i++) {
        struct server_loop *l = &s->loops[i];
        l->server = s;
        metrics_init(&l->metrics);
        if (pthread_create(&l->thread, NULL, loop_main, l) != 0)
            abort();
        pthread_detach(l->thread);
    }
    wait_done(s, s->loop_count);
}

struct first {
    struct message message;
    struct server *server;
    void (*fn)(void *);
    void *arg;
};

static void first_run(void *arg)
{
    struct first *f = arg;
    f->fn(f->arg);
    sem_post(&f->server->done);
}

static void on_first(struct message *m)
{
    coro_spawn(first_run, container_of(m, struct first, message), 0);
}

void server_run_first(struct server *s, void (*fn)(void *), void *arg)
{
    struct first f = {.message.fn = on_first, .server = s, .fn = fn, .arg = arg};
    s->loops[0].loop.base.ops->post(&s->loops[0].loop.base, &f.message);
    wait_done(s, 1);
}

static void open_loop(struct server_loop *l)
{
    struct server *s = l->server;
    acceptor_set_tls(&l->api, s->tls);
    acceptor_start(&l->api, l, &l->context, &s->listen, false,
                   connection_share(s, l->loop.base.index));
}

void server_open(struct server *s)
{
    order_all(s, open_loop);
    atomic_store(&s->ready, true);
}

static void reload_loop(struct server_loop *l)
{
    acceptor_set_tls(&l->api, l->server->tls);
}

static void reload_tls(struct server *s)
{
    SSL_CTX *old = s->tls;
    if (!*s->settings.tls_certificate || !old) {
        if (*s->settings.tls_certificate || old)
            log_warn("setting_needs_restart", LOG_Z("setting", "tls_certificate"));
        return;
    }
    SSL_CTX *fresh = tls_create(&s->settings);
    if (!fresh) /* logged; the old certificate goes on */
        return;
    s->tls = fresh;
    order_all(s, reload_loop);
    SSL_CTX_free(old);
}

void server_reload(struct server *s, const struct settings *fresh)
{
    settings_apply_reload(&s->settings, fresh);
    log_setup((enum log_level)s->settings.log_level, s->log_json, STDERR_FILENO);
    watch_enable(s->settings.log_level == LOG_DEBUG);
    atomic_store(&s->access_log, s->settings.access_log);
    http_reconfigure(&(struct http_config){.public_url = s->settings.public_url,
                                           .proxies = s->settings.trusted_proxies.items,
                                           .proxy_count = s->settings.trusted_proxies.n});
    reload_tls(s);
    log_info("reloaded", LOG_BOOL("tls", s->tls != NULL));
}

static bool quiet(const struct server_loop *l, int64_t now)
{
    return l->busy == 0 && (l->api.open == 0 || now >= l->quiet_from_ms);
}

static void on_drain_timer(struct timer *t)
{
    struct server_loop *l = container_of(t, struct server_loop, drain_timer);
    int64_t now = clock_mono_ms();
    l->cut = !quiet(l, now) && now >= l->drain_until_ms;
    if (l->cut || quiet(l, now))
        h2o_loop_stop(&l->loop);
    else
        timer_set(&l->loop.base, t, now + DRAIN_TICK_MS);
}

static void drain_loop(struct server_loop *l)
{
    struct server *s = l->server;
    int64_t now = clock_mono_ms();
    acceptor_stop(&l->api);
    h2o_context_request_shutdown(&l->context);
    l->quiet_from_ms = s->quick_drain ? now : now + KEEP_ALIVE_MS;
    l->drain_until_ms = now + s->settings.drain_timeout * 1000;
    l->drain_timer.fn = on_drain_timer;
    timer_set(&l->loop.base, &l->drain_timer, now + 1);
}

void server_drain(struct server *s)
{
    atomic_store(&s->draining, true);
    order_all(s, drain_loop);
    listen_close(&s->listen);
}

bool server_drained(struct server *s, bool *cut)
{
    *cut = false;
    if (atomic_load(&s->loops_running) > 0)
        return false;
    for (unsigned i = 0; i < s->loop_count; i++)
        *cut = *cut || s->loops[i].cut;
    return true;
}

int64_t server_alive_ms(struct server *s)
{
    int64_t oldest = INT64_MAX;
    for (unsigned i = 0; i < s->loop_count; i++) {
        int64_t alive = atomic_load_explicit(&s->loops[i].loop.alive_ms, memory_order_relaxed);
        oldest = alive < oldest ? alive : oldest;
    }
    return oldest;
}
