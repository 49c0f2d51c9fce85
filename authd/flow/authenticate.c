/* SPDX-License-Identifier: Apache-2.0
 *
 * The token is verified here or remembered as verified; the session is read every time, so that an
 * ended session, a banned user or a shortened policy is refused at once.
 */
#include "flow/authenticate.h"

#include "domain/decide.h"

static enum err tenant_usable(const struct tenant *t)
{
    if (t->status == TENANT_SUSPENDED)
        return ERR_tenant_suspended;
    return t->status == TENANT_ACTIVE ? ERR_OK : ERR_invalid_token;
}

enum err session_check(struct arena *a, const struct verified_token *token, int64_t now,
                       struct session_with_user *out)
{
    const struct tenant *t = token->tenant;
    bool found = false;
    enum err e =
        sessions_read(db_tenant(t), a, &token->facts.session, &token->facts.user, out, &found);
    if (e != ERR_OK)
        return e;
    if (!found) /* swept: it ended long ago */
        return ERR_session_revoked;
    switch (decide_session(&t->policy, &out->session, out->user.status, now)) {
    case SESSION_LIVE:
        return ERR_OK;
    case SESSION_BANNED:
        return ERR_account_banned;
    case SESSION_ENDED:
    case SESSION_EXPIRED:
    case SESSION_DENY:
        break;
    }
    return ERR_session_revoked;
}

enum err authenticate_user(struct call *c, struct str bearer)
{
    struct verified_token token;
    enum err e = token_verify(c->arena, c->tenant, bearer, c->now, &token);
    if (e == ERR_OK)
        e = tenant_usable(token.tenant);
    if (e != ERR_OK)
        return e;
    struct session_with_user *row = arena_new(c->arena, struct session_with_user);
    e = session_check(c->arena, &token, c->now, row);
    if (e != ERR_OK)
        return e;
    c->tenant = token.tenant;
    c->session = &row->session;
    c->user = &row->user;
    return ERR_OK;
}
