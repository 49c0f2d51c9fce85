/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole control plane on a private PostgreSQL, made by control_init, and operators' flows called
 * as the http floor would.
 */
#ifndef TESTS_SUPPORT_CONTROL_FIXTURE_H
#define TESTS_SUPPORT_CONTROL_FIXTURE_H

#include "flow/call.h"
#include "flow/tenants.h"
#include "support/store_fixture.h"

/* PostgreSQL, control_init, the store and its feed (no upkeep thread: tests run its rounds). */
void control_create(struct fixture *f, const char *settings);
void control_destroy(struct fixture *f);
/* The same for a second process on the first one's cluster: after fork, before anything else. */
void control_join(struct fixture *f);
void control_leave(struct fixture *f);

/* Runs a flow in a coroutine as the first operator. The answer lives until the next control_reset.
 */
enum err control_call(struct fixture *f, flow_fn flow, const void *in, void *out);
/* What the last flow left: problems, ETag. */
extern struct call control_last;
/* If-Match of the next calls; NULL = none. */
extern const char *control_if_match;
void control_reset(void);

/* A tenant through tenant_create_flow; must succeed. */
struct tenant_created control_tenant(struct fixture *f, const char *slug);
/* Connects as a login role (0 or 1) of a tenant to a database, NULL = its own. The connection may
 * have failed. */
PGconn *control_role_connect(struct fixture *f, const char *tenant_id, int role,
                             const char *database);
/* The tenant is active and its roles can read its tables; aborts otherwise. */
void control_check_served(struct fixture *f, const char *slug);

#endif
