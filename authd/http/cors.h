/* SPDX-License-Identifier: Apache-2.0
 *
 * Which browser origins may call, and what they are told.
 */
#ifndef AUTHD_HTTP_CORS_H
#define AUTHD_HTTP_CORS_H

#include "http/http.h"
#include "http/match.h"

/* The three kinds of route. */
enum cors_rule {
    CORS_SAME_ORIGIN = 0, /* control plane: browsers only from this server's own origin */
    CORS_TENANT,          /* the origins that the request's tenant lists */
    CORS_PUBLIC           /* discovery, keys, metadata: everybody */
};
enum cors_rule cors_rule_of(const struct route *route);

/* Judges the request by its tenant, before anything is done for it, and sets x->allow_origin.
 * ERR_origin_not_allowed, or ERR_OK also without an Origin. tenant is NULL where the rule needs
 * none. */
MUST_CHECK enum err cors_judge(struct http_exchange *x, enum cors_rule rule,
                               const struct tenant *tenant);

/* For replies that no tenant judged (404, 405, an unknown key, overload): sets x->allow_origin by
 * the rule; for CORS_TENANT when the tenant that the URL names, or with none named any active
 * tenant, lists the origin. Never refuses. */
void cors_allow_error(struct http_exchange *x, enum cors_rule rule);

/* Answers OPTIONS. */
void cors_preflight(struct http_exchange *x, const struct endpoint *endpoint);

#endif
