/* SPDX-License-Identifier: Apache-2.0
 *
 * A row of a tenant's audit log. Most are written by the statement that makes the change they tell
 * of, so that neither exists without the other; what changes nothing, such as a refused sign-in, is
 * added by itself.
 */
#ifndef AUTHD_STORE_TENANT_AUDIT_H
#define AUTHD_STORE_TENANT_AUDIT_H

#include "domain/event.h"
#include "store/db.h"

enum actor_type { ACTOR_SYSTEM = 0, ACTOR_USER, ACTOR_CLIENT };

struct tenant_event {
    struct id id; /* evt_ */
    int64_t at;
    enum event event;
    enum actor_type actor_type;
    struct id actor, user, session, client; /* zeroed = none */
    struct str address, user_agent, request_id;
    struct str detail; /* JSON object, NULL ptr = none; never a secret */
};

enum { TENANT_AUDIT_PARAMS = 12, TENANT_EVENTS_MAX = 2 };

/* Fills $1 to $12 of a statement that also logs; the event outlives the call. */
void tenant_audit_params(const struct tenant_event *e, struct db_param params[TENANT_AUDIT_PARAMS]);
/* At most TENANT_EVENTS_MAX rows, together or not at all. */
MUST_CHECK enum err tenant_audit_add(struct db *db, struct arena *a,
                                     const struct tenant_event *events, size_t n);

#endif
