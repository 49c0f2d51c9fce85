/* SPDX-License-Identifier: Apache-2.0
 *
 * Reply headers. The server library writes whatever it is given, so this is the one place that
 * sets a header, and it refuses what would end a line. Also here: the headers every reply carries,
 * so that an error reply has them as surely as a success.
 */
#include "base/log.h"
#include "http/reply.h"

struct http_site http_site;

static bool ends_a_line(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0')
            return true;
    }
    return false;
}

void http_set_header(struct http_reply *r, struct str name, struct str value)
{
    if (ends_a_line(value) || r->header_count == HTTP_HEADERS_MAX) {
        log_error("header_refused", LOG_STR("name", name));
        return;
    }
    r->headers[r->header_count++] = (struct http_header){name, value};
}

void reply_set_int(struct http_exchange *x, struct str name, int64_t value)
{
    struct buf b;
    buf_init(&b, x->arena, 24);
    buf_int(&b, value);
    http_set_header(&x->reply, name, buf_view(&b));
}

/* ASVS 3.4.1, 3.4.3 to 3.4.6: replies are data, never a page, whatever a browser takes them for. */
static void set_security_headers(struct http_reply *r)
{
    http_set_header(r, STR("x-content-type-options"), STR("nosniff"));
    http_set_header(r, STR("referrer-policy"), STR("no-referrer"));
    http_set_header(r, STR("content-security-policy"),
                    STR("default-src 'none'; frame-ancestors 'none'"));
    if (http_site.https)
        http_set_header(r, STR("strict-transport-security"),
                        STR("max-age=31536000; includeSubDomains"));
}

static void set_cors_headers(struct http_exchange *x)
{
    struct http_reply *r = &x->reply;
    if (!x->allow_origin.ptr)
        return;
    http_set_header(r, STR("access-control-allow-origin"), x->allow_origin);
    http_set_header(r, STR("access-control-expose-headers"),
                    STR("x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, "
                        "ratelimit-reset, etag, link, www-authenticate"));
    if (!str_eq(x->allow_origin, STR("*")))
        http_set_header(r, STR("vary"), STR("Origin"));
}

void reply_start(struct http_exchange *x, int status)
{
    struct http_reply *r = &x->reply;
    r->status = status;
    r->body = STR("");
    r->header_count = 0;
    http_set_header(r, STR("x-request-id"), (struct str){x->request_id, ID_LEN});
    set_security_headers(r);
    set_cors_headers(x);
}

void reply_set_json(struct http_exchange *x, struct str body)
{
    http_set_header(&x->reply, STR("content-type"), STR("application/json"));
    http_set_header(&x->reply, STR("cache-control"), STR("no-store"));
    x->reply.body = body;
}
