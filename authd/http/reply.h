/* SPDX-License-Identifier: Apache-2.0
 *
 * Building replies: what every reply carries, and the three kinds: error, result, prebuilt.
 */
#ifndef AUTHD_HTTP_REPLY_H
#define AUTHD_HTTP_REPLY_H

#include "http/http.h"

/* What http_setup was told, read-only afterwards. */
struct http_site {
    struct str public_url;
    struct str origin; /* of public_url */
    bool https;
};
extern struct http_site http_site;

/* Starts over: status, request id, security headers, and the CORS headers when x->allow_origin is
 * set. */
void reply_start(struct http_exchange *x, int status);
/* For values made of a number. */
void reply_set_int(struct http_exchange *x, struct str name, int64_t value);
void reply_set_json(struct http_exchange *x, struct str body);

/* The error's body and headers; problems and retry_after_s come from x->call, Allow from allow
 * (NULL ptr = none). */
void reply_error(struct http_exchange *x, enum err e, struct str allow);
/* 200, or 304 when If-None-Match names its ETag. */
void reply_prebuilt(struct http_exchange *x, const struct prebuilt_reply *prebuilt);
/* The route's status and its output struct. */
void reply_result(struct http_exchange *x);

/* Link: <…?cursor=…>; rel="next" of a list whose output has next_cursor (RFC 8288). */
void reply_link_next(struct http_exchange *x);

/* Whether an If-None-Match list names the ETag, by weak comparison (RFC 9110 section 13.1.2). */
bool etag_listed(struct str if_none_match, struct str etag);

#endif
