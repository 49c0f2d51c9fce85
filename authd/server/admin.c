/* SPDX-License-Identifier: Apache-2.0
 *
 * The listener for operators' machines: /metrics, /healthz and /readyz, on an address of its own
 * that is loopback unless set, with an h2o context of its own on the first loop.
 */
#include "server/server.h"
#include "store/store.h"

enum { FEED_STALE_MS = 5000, ADMIN_BODY_MAX = 1024, ADMIN_ARENA = 16384 };

/* Draining is not ready. A node cut off from the control plane says so, but stays ready: it serves
 * what it knows. */
int health_ready(const struct server *s, struct buf *b)
{
    struct store_stats stats = {0};
    store_stats(&stats);
    bool up = atomic_load(&s->ready) && !atomic_load(&s->draining);
    bool stale = stats.feed_age_ms > FEED_STALE_MS;
    const char *status = !up     ? atomic_load(&s->draining) ? "draining" : "starting"
                         : stale ? "degraded"
                                 : "ready";
    buf_printf(b,
               "{\"status\":\"%s\",\"control_plane\":\"%s\",\"feed_age_ms\":%lld,\"tenants\":%u}\n",
               status, stale ? "stale" : "ok", (long long)stats.feed_age_ms, stats.tenants);
    return up ? 200 : 503;
}

static int answer_metrics(struct server *s, struct buf *b)
{
    metrics_write(b, s);
    return 200;
}

static int answer_health(struct server *s, struct buf *b)
{
    (void)s;
    buf_lit(b, "{\"status\":\"ok\"}\n");
    return 200;
}

static int answer_ready(struct server *s, struct buf *b)
{
    return health_ready(s, b);
}

static const struct {
    struct str path;
    struct str content_type;
    int (*answer)(struct server *s, struct buf *b);
} pages[] = {
    {STR_INIT("/metrics"), STR_INIT("text/plain; version=0.0.4"), answer_metrics},
    {STR_INIT("/healthz"), STR_INIT("application/json"), answer_health},
    {STR_INIT("/readyz"), STR_INIT("application/json"), answer_ready},
};

static int on_admin_request(h2o_handler_t *self, h2o_req_t *req)
{
    struct server *s = connection_of(req)->acceptor->loop->server;
    struct str path = {req->input.path.base, req->input.path.len};
    (void)self;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (!str_eq(path, pages[i].path))
            continue;
        struct arena *a = arena_create(ADMIN_ARENA);
        struct buf b;
        buf_init(&b, a, ADMIN_ARENA / 2);
        int status = pages[i].answer(s, &b);
        reply_send_text(req, status, pages[i].content_type, buf_view(&b));
        arena_destroy(a);
        return 0;
    }
    reply_send_text(req, 404, STR("text/plain"), STR("/metrics, /healthz, /readyz\n"));
    return 0;
}

void admin_config_init(struct server *s)
{
    h2o_globalconf_t *config = &s->admin_config;
    h2o_config_init(config);
    config->server_name = h2o_iovec_init("", 0);
    config->max_request_entity_size = ADMIN_BODY_MAX;
    config->http1.upgrade_to_http2 = 0;
    h2o_hostconf_t *host =
        h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_admin_request;
}
