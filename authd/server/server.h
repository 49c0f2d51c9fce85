/* SPDX-License-Identifier: Apache-2.0
 *
 * The running server: loops that share listening descriptors, their connections, and the requests
 * on them. Only this floor sees h2o; a request is touched by handler.c (in) and reply.c (out).
 */
#ifndef AUTHD_SERVER_SERVER_H
#define AUTHD_SERVER_SERVER_H

#include <h2o.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "http/http.h"
#include "server/listen.h"
#include "server/loop.h"
#include "server/metrics.h"
#include "server/settings.h"

enum { ADDRESS_TEXT_MAX = 46 };

/* A struct str in a static table. */
#define STR_INIT(literal)               \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }

/* A group of listening descriptors on one loop, and the connections it accepted. */
struct acceptor {
    struct server_loop *loop;
    h2o_accept_ctx_t h2o;
    h2o_socket_t *listeners[LISTEN_MAX];
    size_t listener_count;
    unsigned open;
    unsigned max;
    bool paused; /* at the cap: connections wait in the backlog */
};

struct connection {
    struct acceptor *acceptor;
    struct request *request; /* HTTP/1 has one at a time */
    struct http_address peer;
    char peer_text[ADDRESS_TEXT_MAX];
};

/* One request, recycled with its arena. */
struct request {
    struct list link; /* in loop->idle_requests */
    struct http_exchange x;
    struct server_loop *loop;
    struct connection *connection;
    h2o_req_t *h2o;
    h2o_generator_t generator;
    int64_t started_us;
    bool in_flight; /* counted in server->in_flight */
};

/* The text of the running second, so that a log line copies its time. */
struct time_cache {
    int64_t second;
    char text[32];
};

/* Something that every loop does once; the main thread waits for all of them. */
struct order {
    struct message message;
    void (*fn)(struct server_loop *loop);
    struct server_loop *loop;
};

struct server_loop {
    struct h2o_loop loop;
    struct server *server;
    pthread_t thread;
    h2o_context_t context;
    struct acceptor api;
    h2o_context_t admin_context; /* on the first loop only */
    struct acceptor admin;
    struct list idle_requests;
    unsigned busy; /* requests not yet finished */
    struct metrics_loop metrics;
    struct time_cache time_cache;
    struct order order;
    struct timer drain_timer;
    int64_t drain_until_ms;
    int64_t quiet_from_ms; /* from when kept-alive connections are not waited for */
    bool cut;              /* the drain's time was up before the requests' */
};

struct server {
    struct settings settings; /* reloadable members change on the main thread only */
    int64_t max_connections;  /* as set, or what the limit on descriptors leaves */
    h2o_globalconf_t api_config;
    h2o_globalconf_t admin_config;
    struct listen_set listen;
    struct server_loop *loops;
    unsigned loop_count;
    SSL_CTX *tls; /* the one context; loops hold references */
    struct workers *hashers;
    struct workers *connectors;
    sem_t done; /* posted for each order carried out and each loop started */
    atomic_uint in_flight;
    atomic_uint loops_running;
    atomic_bool access_log;
    bool log_json;
    bool quick_drain; /* do not wait for kept-alive connections */
    atomic_bool ready;
    atomic_bool draining;
};

/* server.c: on the main thread. */

/* Loops run, the admin listener answers, clients wait in the backlog. */
void server_start_loops(struct server *s);
/* Runs fn(arg) on a coroutine of the first loop and waits for it. */
void server_run_first(struct server *s, void (*fn)(void *), void *arg);
/* Serves clients from now on. */
void server_open(struct server *s);
/* Takes the reloadable settings over: certificates, proxies, log. */
void server_reload(struct server *s, const struct settings *fresh);
/* Stops accepting; every loop ends once its requests are answered or drain_timeout has passed, and
 * the process then gets SIGUSR1. */
void server_drain(struct server *s);
/* Whether every loop has ended; *cut: some requests were not finished. */
bool server_drained(struct server *s, bool *cut);
/* The oldest sign of life of any loop, monotonic ms. */
int64_t server_alive_ms(struct server *s);

/* accept.c */
void acceptor_start(struct acceptor *a, struct server_loop *loop, h2o_context_t *context,
                    const struct listen_set *set, bool admin, unsigned max);
/* No more connections; open ones go on. */
void acceptor_stop(struct acceptor *a);
void acceptor_set_tls(struct acceptor *a, SSL_CTX *tls); /* takes a reference; NULL = plain */

/* handler.c */
void api_config_init(struct server *s);
void admin_config_init(struct server *s);
static inline struct connection *connection_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}
void request_free_idle(struct server_loop *loop);

/* reply.c: sends r->x.reply. */
void reply_send(struct request *r);
void reply_send_text(h2o_req_t *req, int status, struct str content_type, struct str body);

/* access_log.c: one line about a finished request; a zeroed one where h2o refused it alone. */
void access_log_write(const struct connection *c, const struct request *r, int status, size_t bytes,
                      int64_t us);

/* health.c: what /healthz and /readyz say. */
int health_ready(const struct server *s, struct buf *b);

#endif
