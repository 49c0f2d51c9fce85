/* SPDX-License-Identifier: Apache-2.0
 *
 * Ends the session of the request, or every session of its user. That it has ended meanwhile is
 * what the caller wanted.
 */
#include "flow/sign_out.h"

#include "flow/event.h"
#include "store/sessions.h"

enum err sign_out(struct call *c)
{
    const struct sign_out_request *in = c->in;
    struct db *db = db_tenant(c->tenant);
    struct tenant_event e = call_event(c, EVENT_SESSION_ENDED);
    bool ended;
    if (str_eqz(in->scope, "all")) {
        e.detail = event_reason(c->arena, "sign_out_all");
        return sessions_end_all(db, c->arena, &e, NULL);
    }
    e.detail = event_reason(c->arena, "sign_out");
    return sessions_end_one(db, c->arena, &e, &ended);
}
