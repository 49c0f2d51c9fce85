/* SPDX-License-Identifier: Apache-2.0
 *
 * An endpoint is a row: method, path, need, input, output, handler, doc. Dispatch, 405 and Allow,
 * preflight, rate class, metric label, OpenAPI, docs and the completeness tests are derived from
 * the rows.
 */
#ifndef AUTHD_HTTP_ROUTE_H
#define AUTHD_HTTP_ROUTE_H

#include "flow/call.h"
#include "http/field.h"

enum method {
    METHOD_NONE = 0,
    METHOD_GET,
    METHOD_POST,
    METHOD_PATCH,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_HEAD,
    METHOD_OPTIONS
};

enum rate_class { RATE_CHEAP = 0, RATE_CREDENTIAL /* also counts per address */ };

struct route {
    enum method method;
    const char
        *path; /* "/v1/auth/sessions/{id}"; /t/{slug}/… routes are public and name their tenant */
    enum need need;
    enum rate_class rate;
    int status; /* of success: 200, 201, 204 */
    const struct fields *in;
    const struct fields *out; /* NULL with 204 */
    flow_fn handler;
    bool direct; /* answers from memory: no coroutine; the handler fills a struct prebuilt_reply */
    const char *tag; /* docs section */
    const char *doc;
    const char
        *errors; /* codes of its flow beyond what the other columns imply, "a|b"; NULL = none */
};

/* What a direct handler answers with: bytes that live as long as the call's tenant. */
struct prebuilt_reply {
    struct str body;
    struct str etag; /* with quotes */
    struct str content_type;
    int max_age_s;
};

/* All rows, joined from routes_parts.h before main runs. */
extern const struct route *const routes;
extern size_t route_count;

#endif
