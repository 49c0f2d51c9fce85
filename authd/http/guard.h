/* SPDX-License-Identifier: Apache-2.0
 *
 * What a route needs, judged from memory alone: key or token to tenant, origin, status, kind of
 * credential, rate, and the form of the body.
 */
#ifndef AUTHD_HTTP_GUARD_H
#define AUTHD_HTTP_GUARD_H

#include "http/http.h"

enum { HTTP_BODY_MAX = 64 * 1024 };

/* Whether the request may go on. Fills x->tenant, x->call's tenant, client, key_kind and operator,
 * and x->allow_origin. NEED_USER still has to be proven by authenticate_user. */
MUST_CHECK enum err guard_admit(struct http_exchange *x);

/* The tenant that the URL names ({slug}, ?client_id=pk_…), with a reference, or NULL. *named:
 * whether it names one at all, existing or not. */
struct tenant *guard_tenant_of_url(const struct http_exchange *x, bool *named);

/* 413, 415 and bodies where none belong. */
MUST_CHECK enum err guard_body(const struct http_request *request, const struct route *route);
/* Whether any member of the route's input stands in the body, and whether one is required. */
bool route_takes_body(const struct route *route);
bool route_requires_body(const struct route *route);

#endif
