/* SPDX-License-Identifier: Apache-2.0
 *
 * From h2o's request to ours and on its way: copy what anybody reads into the request's own arena,
 * wipe h2o's copies of secrets, check the raw head, answer at once what needs no I/O, and run the
 * rest on a coroutine with the deadline. h2o parses leniently (of two Host headers the last one
 * wins), so the head is judged as it arrived: it still stands in the socket's input buffer.
 *
 * A request ends when h2o has written the reply or lost the client: h2o then calls our logger,
 * which logs, counts and recycles.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/coro.h"
#include "server/server.h"

enum { ARENA_BYTES = 8192, BODY_MAX = 64 * 1024, REQUEST_TIMEOUT_MS = 10000, HANDSHAKE_MS = 5000 };

static struct request *request_take(struct server_loop *loop)
{
    struct list *idle = list_pop_front(&loop->idle_requests);
    loop->busy++;
    if (idle)
        return container_of(idle, struct request, link);
    struct request *r = xcalloc(1, sizeof(*r));
    list_init(&r->link);
    r->loop = loop;
    r->x.arena = arena_create(ARENA_BYTES);
    return r;
}

static void request_recycle(struct request *r)
{
    struct arena *arena = r->x.arena;
    http_end(&r->x);
    arena_reset(arena);
    memset(&r->x, 0, sizeof(r->x));
    r->x.arena = arena;
    r->h2o = NULL;
    r->connection = NULL;
    r->loop->busy--;
    list_push_front(&r->loop->idle_requests, &r->link);
}

void request_free_idle(struct server_loop *loop)
{
    struct list *idle;
    while ((idle = list_pop_front(&loop->idle_requests))) {
        struct request *r = container_of(idle, struct request, link);
        arena_destroy(r->x.arena);
        free(r);
    }
}

/* The headers that anybody reads. single: a repetition makes the request ambiguous. */
static const struct {
    struct str name;
    size_t offset;
    bool single;
    bool secret;
} wanted[] = {
#define HEADER(name, member, single, secret)                                  \
    {                                                                         \
        STR_INIT(name), offsetof(struct http_request, member), single, secret \
    }
    HEADER("authorization", authorization, true, true),
    HEADER("x-client-id", client_id, true, true),
    HEADER("origin", origin, true, false),
    HEADER("content-type", content_type, true, false),
    HEADER("if-match", if_match, true, false),
    HEADER("if-none-match", if_none_match, false, false),
    HEADER("user-agent", user_agent, false, false),
    HEADER("x-forwarded-for", forwarded_for, false, false),
    HEADER("x-tenant-id", tenant_id, false, false),
    HEADER("access-control-request-method", request_method, false, false),
    HEADER("access-control-request-headers", request_headers, false, false),
    HEADER("x-request-id", request_id, false, false),
#undef HEADER
};
enum { WANTED = sizeof(wanted) / sizeof(wanted[0]) };

static size_t find_wanted(const h2o_iovec_t *name)
{
    size_t i = 0;
    while (i < WANTED && (wanted[i].name.len != name->len ||
                          memcmp(wanted[i].name.ptr, name->base, name->len) != 0))
        i++;
    return i;
}

/* Repeated list headers become one, in order; of the others the first one counts. */
static void put_repeated(struct request *r, size_t i, struct str *member, struct str value)
{
    struct buf b;
    r->x.request.repeated_header |= wanted[i].single;
    if (wanted[i].offset != offsetof(struct http_request, forwarded_for))
        return;
    buf_init(&b, r->x.arena, member->len + value.len + 2);
    buf_str(&b, *member);
    buf_lit(&b, ", ");
    buf_str(&b, value);
    *member = buf_view(&b);
}

static void copy_headers(struct request *r, h2o_headers_t *headers)
{
    for (size_t n = 0; n < headers->size; n++) {
        h2o_header_t *h = &headers->entries[n];
        size_t i = find_wanted(h->name);
        if (i == WANTED)
            continue;
        struct str *member = (struct str *)(void *)((char *)&r->x.request + wanted[i].offset);
        struct str value = {h->value.base, h->value.len};
        if (str_is_set(*member))
            put_repeated(r, i, member, value);
        else
            *member = str_copy(r->x.arena, value);
        if (wanted[i].secret)
            bytes_wipe(h->value.base, h->value.len);
    }
}

static enum method method_parse(h2o_iovec_t m)
{
    static const struct {
        struct str name;
        enum method method;
    } methods[] = {
        {STR_INIT("GET"), METHOD_GET},         {STR_INIT("POST"), METHOD_POST},
        {STR_INIT("PATCH"), METHOD_PATCH},     {STR_INIT("PUT"), METHOD_PUT},
        {STR_INIT("DELETE"), METHOD_DELETE},   {STR_INIT("HEAD"), METHOD_HEAD},
        {STR_INIT("OPTIONS"), METHOD_OPTIONS},
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (str_eq(methods[i].name, (struct str){m.base, m.len}))
            return methods[i].method;
    return METHOD_NONE;
}

/* The head as it arrived, up to the blank line. */
static struct str raw_head(h2o_req_t *req)
{
    h2o_buffer_t *input = req->conn->callbacks->get_socket(req->conn)->input;
    struct str received = {input->bytes, input->size};
    return str_slice(received, 0, http_head_length(received));
}

/* The request line stays: h2o still reads the method. */
static void wipe_head(struct str head)
{
    size_t line = str_find(head, '\n');
    bytes_wipe((char *)(uintptr_t)head.ptr + line, head.len - line);
}

static enum err request_fill(struct request *r, h2o_req_t *req)
{
    struct http_request *in = &r->x.request;
    struct str head = raw_head(req);
    enum err e = http_check_head(head);
    in->method = method_parse(req->input.method);
    in->target = str_copy(r->x.arena, (struct str){req->input.path.base, req->input.path.len});
    in->peer = r->connection->peer;
    in->tls = req->conn->callbacks->get_socket(req->conn)->ssl != NULL;
    copy_headers(r, &req->headers);
    if (req->entity.len > 0) {
        in->has_body = true;
        in->body = str_copy(r->x.arena, (struct str){req->entity.base, req->entity.len});
        bytes_wipe(req->entity.base, req->entity.len);
    }
    wipe_head(head);
    return e;
}

/* A place among the requests that wait for something. */
static bool place_take(struct request *r)
{
    struct server *s = r->loop->server;
    unsigned before = atomic_fetch_add_explicit(&s->in_flight, 1, memory_order_relaxed);
    r->in_flight = before < (unsigned)s->settings.max_requests;
    if (r->in_flight)
        return true;
    atomic_fetch_sub_explicit(&s->in_flight, 1, memory_order_relaxed);
    metrics_add(&r->loop->metrics.overloaded, 1);
    return false;
}

static void place_leave(struct request *r)
{
    if (r->in_flight)
        atomic_fetch_sub_explicit(&r->loop->server->in_flight, 1, memory_order_relaxed);
    r->in_flight = false;
}

static void run(void *arg)
{
    struct request *r = arg;
    http_run(&r->x);
    place_leave(r);
    reply_send(r);
}

static void refuse(struct request *r, enum err e)
{
    http_refuse(&r->x, e);
    reply_send(r);
}

static void request_start(struct request *r, enum err head)
{
    int64_t timeout_ms = r->loop->server->settings.request_timeout * 1000;
    if (head != ERR_OK) {
        r->x.reply.close = true; /* where the next request would start is anybody's guess */
        refuse(r, head);
        return;
    }
    if (http_begin(&r->x))
        reply_send(r);
    else if (!place_take(r))
        refuse(r, ERR_overloaded);
    else
        coro_spawn(run, r, clock_mono_ms() + timeout_ms);
    metrics_set(&r->loop->metrics.coroutines, coro_alive());
}

static int on_request(h2o_handler_t *self, h2o_req_t *req)
{
    struct connection *c = connection_of(req);
    struct request *r = request_take(c->acceptor->loop);
    int64_t watch = watch_start();
    (void)self;
    r->started_us = clock_mono_us();
    r->connection = c;
    r->h2o = req;
    c->request = r;
    request_start(r, request_fill(r, req));
    watch_end(watch, "request");
    return 0;
}

/* h2o is done with a request: ours, or one that it refused before our handler ran. */
static void on_request_done(h2o_logger_t *self, h2o_req_t *req)
{
    static const struct request nobody;
    struct connection *c = connection_of(req);
    struct server_loop *loop = c->acceptor->loop;
    struct request *r = c->request;
    int64_t us = r ? clock_mono_us() - r->started_us : 0;
    (void)self;
    if (req->res.status == 0)
        return;
    if (atomic_load_explicit(&loop->server->access_log, memory_order_relaxed))
        access_log_write(c, r ? r : &nobody, req->res.status, req->bytes_sent, us);
    metrics_count(&loop->metrics, r ? r->x.route : NULL, req->res.status, us);
    c->request = NULL;
    if (r)
        request_recycle(r);
    metrics_set(&loop->metrics.coroutines, coro_alive());
}

static void add_logger(h2o_pathconf_t *path)
{
    h2o_create_logger(path, sizeof(h2o_logger_t))->log_access = on_request_done;
}

void api_config_init(struct server *s)
{
    h2o_globalconf_t *config = &s->api_config;
    h2o_config_init(config);
    config->server_name = h2o_iovec_init("", 0);
    config->max_request_entity_size = BODY_MAX;
    config->handshake_timeout = HANDSHAKE_MS;
    config->http1.req_timeout = REQUEST_TIMEOUT_MS;
    config->http1.upgrade_to_http2 = 0;
    h2o_hostconf_t *host =
        h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_request;
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = on_request;
    add_logger(path);
    add_logger(&host->fallback_path);
}
