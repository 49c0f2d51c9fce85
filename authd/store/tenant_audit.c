/* SPDX-License-Identifier: Apache-2.0
 *
 * Audit rows as parameters.
 */
#include "store/tenant_audit.h"

#include <assert.h>

static struct db_param id_or_null(const struct id *id)
{
    return id->z[0] ? db_id(id) : db_null();
}

static const char *actor_type_name(enum actor_type t)
{
    static const char *const names[] = {
        [ACTOR_SYSTEM] = "system", [ACTOR_USER] = "user", [ACTOR_CLIENT] = "client"};
    return names[t];
}

void tenant_audit_params(const struct tenant_event *e, struct db_param params[TENANT_AUDIT_PARAMS])
{
    assert(event_rows[e->event].plane == EVENT_PLANE_tenant);
    params[0] = db_id(&e->id);
    params[1] = db_time(e->at);
    params[2] = db_text(str_of(event_rows[e->event].name));
    params[3] = db_text(str_of(actor_type_name(e->actor_type)));
    params[4] = id_or_null(&e->actor);
    params[5] = id_or_null(&e->user);
    params[6] = id_or_null(&e->session);
    params[7] = id_or_null(&e->client);
    params[8] = db_text(e->address);
    params[9] = db_text(e->user_agent);
    params[10] = db_text(e->request_id);
    params[11] = db_json(e->detail);
}

enum err tenant_audit_add(struct db *db, struct arena *a, const struct tenant_event *events,
                          size_t n)
{
    struct db_query queries[TENANT_EVENTS_MAX];
    assert(n > 0 && n <= TENANT_EVENTS_MAX);
    for (size_t i = 0; i < n; i++) {
        queries[i].sql = SQL_TENANT_AUDIT_ADD;
        tenant_audit_params(&events[i], queries[i].params);
    }
    return db_run(db, a, queries, n, NULL);
}
