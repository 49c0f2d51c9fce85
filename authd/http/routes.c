/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table: the parts joined, and the row that describes this server itself.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "http/openapi.h"
#include "http/routes_parts.h"

/* clang-format off */
static const struct route routes_own[] = {
    {.method = METHOD_GET, .path = "/openapi.json", .need = NEED_NOTHING, .status = 200, .direct = true,
     .handler = openapi_serve, .tag = "Server",
     .doc = "This API as an OpenAPI 3.1 document."},
};
/* clang-format on */

enum { ROUTES_MAX = 256, OWN_COUNT = sizeof(routes_own) / sizeof(routes_own[0]) };

static struct route table[ROUTES_MAX];
const struct route *const routes = table;
size_t route_count;

static void add_part(const struct route *rows, size_t n)
{
    if (n > ROUTES_MAX - route_count)
        abort();
    memcpy(&table[route_count], rows, n * sizeof(*rows));
    route_count += n;
}

/* The parts are constants of other files, whose lengths are not known here at compile time. */
__attribute__((constructor)) static void join_parts(void)
{
    add_part(routes_user, routes_user_count);
    add_part(routes_control, routes_control_count);
    add_part(routes_own, OWN_COUNT);
}
