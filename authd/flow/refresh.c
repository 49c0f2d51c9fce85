/* SPDX-License-Identifier: Apache-2.0
 *
 * Refresh: one statement advances the session or leaves it, and the row that comes back is judged.
 * Only a replay costs a second round trip, which ends the session.
 */
#include "flow/refresh.h"

#include "crypto/token.h"
#include "domain/decide.h"
#include "flow/event.h"
#include "store/sessions.h"

static struct refresh_request request_of(const struct call *c, const struct id *session,
                                         uint32_t generation)
{
    return (struct refresh_request){
        .session = *session,
        .presented = generation,
        .client = c->client->id,
        .cutoffs = refresh_cutoffs(&c->tenant->policy, c->now),
        .now = c->now,
    };
}

/* Somebody else has a copy: whoever holds the newest token loses it too. Ended already is fine. */
static enum err end_replayed(struct call *c, const struct session *s)
{
    struct tenant_event e = call_event(c, EVENT_REFRESH_REPLAYED);
    bool ended;
    e.user = s->user_id;
    e.session = s->id;
    e.detail = event_reason(c->arena, "refresh_replayed");
    enum err err = sessions_end_one(db_tenant(c->tenant), c->arena, &e, &ended);
    return err == ERR_OK ? ERR_session_revoked : err;
}

enum err refresh(struct call *c)
{
    const struct refresh_token_request *in = c->in;
    struct id session;
    uint32_t generation;
    if (!refresh_token_open(c->tenant->secrets->refresh, in->refresh_token, &session, &generation))
        return ERR_refresh_token_invalid;
    struct refresh_request request = request_of(c, &session, generation);
    struct session_with_user row = {0};
    bool found = false;
    enum err e = sessions_refresh(db_tenant(c->tenant), c->arena, &request, &row, &found);
    if (e != ERR_OK)
        return e;
    struct refresh_facts facts = {.found = found,
                                  .session = row.session,
                                  .user_status = row.user.status,
                                  .client_id = c->client->id,
                                  .presented = generation};
    switch (decide_refresh(&c->tenant->policy, &facts, c->now)) {
    case REFRESH_SUCCESSOR:
        return tokens_issue(c, &row.session, &row.user, request.presented + 1, c->out);
    case REFRESH_REPLAYED:
        return end_replayed(c, &row.session);
    case REFRESH_BANNED:
        return ERR_account_banned;
    case REFRESH_EXPIRED:
        return ERR_refresh_token_expired;
    case REFRESH_ENDED:
        return ERR_session_revoked;
    case REFRESH_DENY:
        break;
    }
    return ERR_refresh_token_invalid;
}
