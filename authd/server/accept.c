/* SPDX-License-Identifier: Apache-2.0
 *
 * Accepting connections. Every loop watches a duplicate of the same listening descriptor; at its
 * share of max_connections a loop stops watching, so that further connections wait in the kernel's
 * backlog and are served once others close. h2o itself has no cap: without one, running out of
 * descriptors would make the level-triggered listener spin.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/log.h"
#include "server/server.h"

static void on_acceptable(h2o_socket_t *listener, const char *err);

static void pause_at_cap(struct acceptor *a)
{
    if (a->open < a->max || a->paused)
        return;
    a->paused = true;
    for (size_t i = 0; i < a->listener_count; i++)
        h2o_socket_read_stop(a->listeners[i]);
}

static void resume_below_cap(struct acceptor *a)
{
    if (!a->paused || a->open >= a->max)
        return;
    a->paused = false;
    for (size_t i = 0; i < a->listener_count; i++)
        h2o_socket_read_start(a->listeners[i], on_acceptable);
}

static void count_open(struct acceptor *a)
{
    metrics_set(&a->loop->metrics.connections, a->loop->api.open);
}

static void on_connection_closed(void *data)
{
    struct connection *c = data;
    struct acceptor *a = c->acceptor;
    a->open--;
    count_open(a);
    resume_below_cap(a);
    free(c);
}

static void set_peer(struct connection *c, h2o_socket_t *sock)
{
    struct sockaddr_storage sa = {0};
    (void)h2o_socket_getpeername(sock, (void *)&sa);
    if (sa.ss_family == AF_INET6) {
        memcpy(c->peer.bytes, &((struct sockaddr_in6 *)&sa)->sin6_addr, 16);
        inet_ntop(AF_INET6, c->peer.bytes, c->peer_text, sizeof(c->peer_text));
        return;
    }
    c->peer = (struct http_address){{[10] = 0xff, [11] = 0xff}};
    memcpy(c->peer.bytes + 12, &((struct sockaddr_in *)&sa)->sin_addr, 4);
    inet_ntop(AF_INET, c->peer.bytes + 12, c->peer_text, sizeof(c->peer_text));
}

static void on_acceptable(h2o_socket_t *listener, const char *err)
{
    struct acceptor *a = listener->data;
    h2o_socket_t *sock;
    if (err || !(sock = h2o_evloop_socket_accept(listener)))
        return;
    struct connection *c = xcalloc(1, sizeof(*c));
    c->acceptor = a;
    set_peer(c, sock);
    sock->on_close.cb = on_connection_closed;
    sock->on_close.data = c;
    a->open++;
    metrics_add(&a->loop->metrics.accepted, 1);
    count_open(a);
    pause_at_cap(a);
    h2o_accept(&a->h2o, sock);
}

static void listen_on(struct acceptor *a, int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        abort();
    h2o_socket_t *sock =
        h2o_evloop_socket_create(a->loop->loop.ev, copy, H2O_SOCKET_FLAG_DONT_READ);
    sock->data = a;
    a->listeners[a->listener_count++] = sock;
    h2o_socket_read_start(sock, on_acceptable);
}

void acceptor_start(struct acceptor *a, struct server_loop *loop, h2o_context_t *context,
                    const struct listen_set *set, bool admin, unsigned max)
{
    a->loop = loop;
    a->max = max;
    a->h2o.ctx = context;
    a->h2o.hosts = context->globalconf->hosts;
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].admin == admin)
            listen_on(a, set->items[i].fd);
}

void acceptor_stop(struct acceptor *a)
{
    for (size_t i = 0; i < a->listener_count; i++) {
        h2o_socket_read_stop(a->listeners[i]);
        h2o_socket_close(a->listeners[i]);
    }
    a->listener_count = 0;
    a->paused = false;
}

void acceptor_set_tls(struct acceptor *a, SSL_CTX *tls)
{
    if (tls)
        SSL_CTX_up_ref(tls);
    if (a->h2o.ssl_ctx)
        SSL_CTX_free(a->h2o.ssl_ctx);
    a->h2o.ssl_ctx = tls;
}
