/* SPDX-License-Identifier: Apache-2.0
 *
 * Sign-in: reserve the guess and read the facts, hash, decide, then one transaction that opens the
 * session or one that records the failure. Two round trips and one hash whatever comes out, so that
 * nothing tells an unknown user from a wrong password.
 */
#include "flow/sign_in.h"

#include "flow/event.h"
#include "flow/guess.h"
#include "store/sessions.h"

static struct session fresh_session(const struct call *c, const struct user *u)
{
    return (struct session){
        .id = id_new("ses_", c->now),
        .user_id = u->id,
        .client_id = c->client->id,
        .created_at = c->now,
        .rotated_at = c->now,
        .amr = STR("pwd"),
    };
}

static struct tenant_event session_event(const struct call *c, const struct session *s,
                                         enum event event)
{
    struct tenant_event e = call_event(c, event);
    e.actor_type = ACTOR_USER;
    e.actor = e.user = s->user_id;
    e.session = s->id;
    return e;
}

static enum err open_session(struct call *c, const struct guess *g)
{
    const struct user *user = &g->facts.user;
    struct session session = fresh_session(c, user);
    struct session_opening opening = {
        .event = session_event(c, &session, EVENT_USER_SIGNED_IN),
        .trimmed_event = session_event(c, &session, EVENT_SESSION_ENDED),
        .identifier = g->identifier,
        .verified_changed_at = g->facts.password_changed_at,
        .amr = session.amr,
        .better_hash = g->better_hash,
        .others_kept = session_others_kept(&c->tenant->policy),
    };
    bool opened = false;
    opening.trimmed_event.detail = event_reason(c->arena, "max_sessions");
    enum err e = sessions_open(db_tenant(c->tenant), c->arena, &opening, &opened);
    if (e != ERR_OK)
        return e;
    /* Banned, or the password changed, while we hashed. */
    if (!opened)
        return guess_refused(c, g, ERR_invalid_credentials);
    return signed_in_answer(c, &session, user, c->out);
}

enum err sign_in(struct call *c)
{
    const struct sign_in_request *in = c->in;
    struct guess g = {.password_field = STR("password")};
    enum err e = guess_begin(c, in->email, in->password, &g);
    if (e == ERR_OK)
        e = guess_compare(c, &g);
    if (e != ERR_OK)
        return e;
    struct sign_in_facts facts = {.user_exists = g.facts.user_exists,
                                  .status = g.facts.user.status,
                                  .has_password = str_is_set(g.facts.hash),
                                  .password_matches = g.matches};
    switch (decide_sign_in(&facts)) {
    case SIGN_IN_ALLOW:
        return open_session(c, &g);
    case SIGN_IN_BANNED:
        return guess_refused(c, &g, ERR_account_banned);
    case SIGN_IN_DENY:
        break;
    }
    return guess_refused(c, &g, ERR_invalid_credentials);
}
