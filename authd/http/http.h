/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP as this program knows it, without sockets: the server floor fills a request, asks for the
 * reply, sends it.
 */
#ifndef AUTHD_HTTP_HTTP_H
#define AUTHD_HTTP_HTTP_H

#include "http/route.h"

/* A client address: IPv4 is stored v4-mapped. */
struct http_address {
    uint8_t bytes[16];
};

/* The headers anybody here reads; an absent one has a NULL ptr. Repeated headers that must be
 * single (Authorization, X-Client-Id, Origin, Content-Type, If-Match) are flagged. */
struct http_request {
    enum method method;
    struct str target; /* raw request target: path and query */
    struct str authorization, client_id, origin, content_type, if_match, if_none_match;
    struct str user_agent, forwarded_for, tenant_id, request_method, request_headers, request_id;
    bool repeated_header;
    bool has_body; /* Content-Length > 0 or chunked */
    struct str body;
    struct http_address peer; /* the socket's */
    bool tls;
};

enum { HTTP_HEADERS_MAX = 16 };

struct http_header {
    struct str name; /* lower case, static */
    struct str value;
};

struct http_reply {
    int status;
    struct str body;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    bool close; /* answer Connection: close */
};

/* The only way to set a header: CR, LF and NUL are refused (the header is dropped and logged). name
 * is static. */
void http_set_header(struct http_reply *r, struct str name, struct str value);

/* One request and its reply. Owned by the server; lives in its arena until the reply is sent. */
struct http_exchange {
    struct arena *arena;
    struct http_request request;
    struct http_reply reply;
    struct call call;
    const struct route *route; /* NULL when none matched */
    struct str path;           /* without query */
    struct field_values path_values, query_values;
    struct str user_token;       /* the bearer that is no key, unverified; NULL ptr = none */
    struct tenant *tenant;       /* reference, dropped by http_end */
    enum err error;              /* what was answered, for log and metrics */
    char request_id[ID_LEN + 1]; /* ours; an X-Request-Id of the client is not taken over */
    struct http_address client;  /* after trusted proxies */
    struct str
        allow_origin;   /* Access-Control-Allow-Origin of the reply; NULL ptr = no CORS headers */
    int64_t rate_limit; /* with ERR_rate_limited: the limit a minute that was reached */
};

/* Everything that needs no I/O: request id, match, 404/405, preflight, key -> tenant, origin, rate,
 * size, content type, direct routes. True: the reply is complete. False: http_run must be called on
 * a coroutine. */
bool http_begin(struct http_exchange *x);
/* Decodes, authenticates users, runs the flow, encodes. On a coroutine. */
void http_run(struct http_exchange *x);
/* Releases the tenant; call once the reply was handed to the network. */
void http_end(struct http_exchange *x);
/* An error reply for what the server itself refuses (smuggling shapes, overload, a deadline),
 * before or instead of http_begin. CORS headers included where the origin is known. The reply to a
 * malformed request closes the connection. */
void http_refuse(struct http_exchange *x, enum err e);

/* Bytes up to and including the blank line, LF CRLF as the server library sees it; all of raw when
 * there is none. */
size_t http_head_length(struct str raw);

/* The raw head as received: request line and headers up to the blank line. ERR_bad_request for
 * duplicate or conflicting Host, Content-Length, Transfer-Encoding, missing Host, bare LF,
 * obs-fold, absolute-form targets; ERR_request_header_fields_too_large above 16 KiB. */
MUST_CHECK enum err http_check_head(struct str raw);

struct http_config {
    const char *public_url;
    struct http_network { /* trusted proxies */
        struct http_address address;
        unsigned prefix; /* bits of the 128 */
    } * proxies;
    size_t proxy_count;
};
/* Before the loops run; http_reconfigure swaps the proxies on SIGHUP. */
MUST_CHECK enum err http_setup(const struct http_config *config);
void http_reconfigure(const struct http_config *config);

/* The OpenAPI 3.1 document of the routes; built by the first call. Any thread. */
struct str openapi_document(void);

#endif
