/* SPDX-License-Identifier: Apache-2.0
 *
 * One request from head to reply. http_begin does what needs no I/O, in the order in which a
 * request may be refused: path, method, preflight, guard; most refusals and every prebuilt answer
 * end there. http_run does the rest on a coroutine: user, body, flow, reply.
 */
#include "http/http.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "flow/authenticate.h"
#include "http/address.h"
#include "http/cors.h"
#include "http/guard.h"
#include "http/match.h"
#include "http/openapi.h"
#include "http/rate.h"
#include "http/reply.h"
#include "store/registry.h"

/* ---- setting up ---- */

static struct arena *site_arena;

/* scheme://host[:port] of the public URL, as browsers send it; false when it is no such URL. */
static bool read_public_url(struct str url)
{
    size_t scheme = str_starts(url, STR("https://")) ? 8 : 7;
    struct str host = str_slice(url, scheme, url.len);
    struct str origin = str_slice(url, 0, scheme + str_find(host, '/'));
    while (str_ends(url, STR("/")))
        url = str_slice(url, 0, url.len - 1);
    http_site.public_url = str_copy(site_arena, url);
    http_site.https = scheme == 8;
    return origin_parse(site_arena, origin, &http_site.origin);
}

enum err http_setup(const struct http_config *config)
{
    arena_destroy(site_arena);
    site_arena = arena_create(1024);
    if (!config->public_url || !read_public_url(str_of(config->public_url)))
        return ERR_internal_error;
    http_reconfigure(config);
    match_setup();
    openapi_forget();
    return ERR_OK;
}

void http_reconfigure(const struct http_config *config)
{
    address_set_proxies(config->proxies, config->proxy_count);
}

/* ---- before a coroutine ---- */

/* Idempotent, because a refusal may come before http_begin. */
static void start(struct http_exchange *x)
{
    if (x->request_id[0])
        return;
    x->call.now = clock_wall_ms();
    struct id id = id_new("req_", x->call.now);
    memcpy(x->request_id, id.z, sizeof(x->request_id));
    x->client = address_of_client(x->request.peer, x->request.forwarded_for);
    x->call.arena = x->arena;
    x->call.problems.arena = x->arena;
    x->call.request_id = (struct str){x->request_id, ID_LEN};
}

static enum err find_endpoint(struct http_exchange *x, const struct endpoint **endpoint)
{
    struct path_segments segments;
    struct str target = x->request.target;
    size_t end = str_find(target, '?');
    x->path = str_slice(target, 0, end);
    enum err e = path_split(x->arena, x->path, &segments);
    if (!e && end < target.len)
        e = query_parse(x->arena, str_slice(target, end + 1, target.len), &x->query_values);
    if (e)
        return e;
    *endpoint = match_path(&segments, &x->path_values);
    if (!*endpoint)
        return ERR_not_found;
    x->route = (*endpoint)->by_method[x->request.method];
    return x->route || x->request.method == METHOD_OPTIONS ? ERR_OK : ERR_method_not_allowed;
}

/* The endpoint is NULL when not even the path was found. */
static void answer_unmatched(struct http_exchange *x, enum err e, const struct endpoint *endpoint)
{
    cors_allow_error(x, endpoint ? cors_rule_of(endpoint->any) : CORS_TENANT);
    reply_error(x, e, endpoint ? endpoint->allow : STR_NONE);
}

static void answer_direct(struct http_exchange *x)
{
    struct prebuilt_reply prebuilt = {0};
    x->call.out = &prebuilt;
    enum err e = x->route->handler(&x->call);
    x->call.out = NULL;
    if (e)
        reply_error(x, e, STR_NONE);
    else
        reply_prebuilt(x, &prebuilt);
}

bool http_begin(struct http_exchange *x)
{
    const struct endpoint *endpoint = NULL;
    start(x);
    enum err e = find_endpoint(x, &endpoint);
    if (e) {
        answer_unmatched(x, e, endpoint);
        return true;
    }
    if (x->request.method == METHOD_OPTIONS) {
        cors_preflight(x, endpoint);
        return true;
    }
    e = guard_admit(x);
    if (e) {
        reply_error(x, e, STR_NONE);
        return true;
    }
    if (!x->route->direct)
        return false;
    answer_direct(x);
    return true;
}

void http_refuse(struct http_exchange *x, enum err e)
{
    start(x);
    cors_allow_error(x, x->route ? cors_rule_of(x->route) : CORS_TENANT);
    reply_error(x, e, STR_NONE);
    x->reply.close = err_rows[e].status < 500;
}

/* ---- on a coroutine ---- */

enum { USER_AGENT_MAX = 256 };

/* Headers may hold any bytes; what is stored is text. */
static struct str clean_text(struct arena *a, struct str raw, size_t max)
{
    if (!raw.ptr)
        return STR_NONE;
    struct buf b;
    uint32_t c;
    buf_init(&b, a, raw.len < max ? raw.len : max);
    for (size_t at = 0; at < raw.len;) {
        size_t n = utf8_decode(raw, at, &c);
        bool shown = n > 0 && c >= 0x20 && (c < 0x7F || c >= 0xA0);
        if (b.len + (shown ? n : 1) > max)
            break;
        if (shown)
            buf_add(&b, raw.ptr + at, n);
        else
            buf_char(&b, '?');
        at += n > 0 ? n : 1;
    }
    return buf_view(&b);
}

/* The inside of one quoted ETag. "*" asks for nothing that the flow does not check anyway; a weak
 * or malformed one matches no ETag of ours. */
static struct str read_if_match(struct str raw)
{
    if (raw.len >= 2 && raw.ptr[0] == '"' && raw.ptr[raw.len - 1] == '"')
        return str_slice(raw, 1, raw.len - 1);
    return str_eq(raw, STR("*")) ? STR_NONE : raw;
}

static void describe_caller(struct http_exchange *x)
{
    char *address = arena_alloc(x->arena, ADDRESS_TEXT_MAX);
    address_format(&x->client, address);
    x->call.address = str_of(address);
    x->call.user_agent = clean_text(x->arena, x->request.user_agent, USER_AGENT_MAX);
    x->call.if_match = read_if_match(x->request.if_match);
}

static enum err authenticate(struct http_exchange *x)
{
    if (x->route->need != NEED_USER)
        return ERR_OK;
    return x->user_token.ptr ? authenticate_user(&x->call, x->user_token) : ERR_missing_token;
}

static bool has_row(const struct fields *in, const char *name)
{
    for (size_t i = 0; in && i < in->n; i++) {
        if (in->rows[i].place == IN_BODY && strcmp(in->rows[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A body may repeat the tenant that its key names; it decides nothing (contract section 2). */
static enum err judge_tenant_member(struct http_exchange *x, json_t *body)
{
    static const char *const names[] = {"tenant", "tenant_id", "tenantId"};
    for (size_t i = 0; x->tenant && i < sizeof(names) / sizeof(names[0]); i++) {
        const json_t *value = json_object_get(body, names[i]);
        if (!value || has_row(x->route->in, names[i]))
            continue;
        struct str named = json_is_string(value) ? json_text(value) : STR("");
        if (x->call.key_kind != KEY_NONE && !str_eq(named, id_str(&x->tenant->id)) &&
            !str_eq(named, x->tenant->slug))
            return ERR_tenant_mismatch;
        json_object_del(body, names[i]);
    }
    return ERR_OK;
}

/* A misspelt ?scop=all would do less than was asked; client_id may be there for the preflight. */
static enum err judge_query_names(struct http_exchange *x)
{
    const struct fields *in = x->route->in;
    for (size_t i = 0; x->route->method != METHOD_GET && i < x->query_values.n; i++) {
        struct str name = x->query_values.names[i];
        bool known = str_eq(name, STR("client_id"));
        for (size_t row = 0; in && row < in->n && !known; row++)
            known = in->rows[row].place == IN_QUERY && str_eqz(name, in->rows[row].name);
        if (!known)
            problem_add(&x->call.problems, str_slice(name, 0, 64), "unknown_field",
                        "is not a query parameter here");
    }
    return x->call.problems.n > 0 ? ERR_unknown_field : ERR_OK;
}

static const struct fields no_fields = {.name = "", .size = 1, .rows = NULL, .n = 0};

static enum err decode(struct http_exchange *x, json_t *body)
{
    const struct fields *in = x->route->in ? x->route->in : &no_fields;
    void *input = arena_alloc(x->arena, in->size);
    enum err e = judge_query_names(x);
    if (!e && body)
        e = judge_tenant_member(x, body);
    if (!e)
        e = fields_decode(x->arena, in, body, &x->path_values, &x->query_values, input,
                          &x->call.problems);
    x->call.in = input;
    return e;
}

static enum err read_input(struct http_exchange *x)
{
    json_t *body = NULL;
    bool sent = x->request.body.len > 0;
    if (sent || route_requires_body(x->route)) {
        enum err e = json_read(x->request.body, &body);
        if (e)
            return e;
    }
    enum err e = decode(x, body);
    json_decref(body);
    return e;
}

static enum err perform(struct http_exchange *x)
{
    describe_caller(x);
    enum err e = authenticate(x);
    if (!e)
        e = read_input(x);
    if (e)
        return e;
    if (x->route->out)
        x->call.out = arena_alloc(x->arena, x->route->out->size);
    e = x->route->handler(&x->call);
    if (e == ERR_rate_limited && x->tenant)
        x->rate_limit = rate_limit(&x->tenant->policy, RATE_IDENTIFIER);
    return e;
}

void http_run(struct http_exchange *x)
{
    enum err e = perform(x);
    if (e)
        reply_error(x, e, STR_NONE);
    else
        reply_result(x);
}

void http_end(struct http_exchange *x)
{
    if (x->tenant)
        tenant_release(x->tenant);
    x->tenant = NULL;
    x->call.tenant = NULL;
}
