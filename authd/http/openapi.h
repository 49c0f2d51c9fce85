/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table as OpenAPI 3.1, and what can be said of a route from its row.
 */
#ifndef AUTHD_HTTP_OPENAPI_H
#define AUTHD_HTTP_OPENAPI_H

#include "http/http.h"

/* The document, if there is one, names another public URL: by http_setup. */
void openapi_forget(void);
/* Direct handler of GET /openapi.json. */
enum err openapi_serve(struct call *c);

/* "publishable", "operator-write" …, for x-need and the docs. */
const char *need_name(enum need need);
const char *method_name(enum method method);
/* Every code that the route may answer with: what its need, input and rate imply, and its own. */
void route_errors(const struct route *route, bool codes[ERR_COUNT]);

#endif
