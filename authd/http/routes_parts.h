/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table in parts, each a file of rows beside the fields its routes take and give:
 * routes_user.c (end users and resource servers), routes_control.c (operators), and routes.c, which
 * joins them and adds the few rows that describe this server itself. A part is an array and its
 * length:
 *
 *     const struct route routes_user[] = {{.method = METHOD_POST, .path = "/v1/auth/sign-in", …},
 * …}; const size_t routes_user_count = sizeof(routes_user) / sizeof(routes_user[0]);
 *
 * A row's `errors` names the codes its flow may answer with beyond those that need, fields and rate
 * class imply ("sign_up_closed|email_already_exists"): they go into OpenAPI and docs/api.md.
 */
#ifndef AUTHD_HTTP_ROUTES_PARTS_H
#define AUTHD_HTTP_ROUTES_PARTS_H

#include "http/route.h"

extern const struct route routes_user[];
extern const size_t routes_user_count;

extern const struct route routes_control[];
extern const size_t routes_control_count;

#endif
