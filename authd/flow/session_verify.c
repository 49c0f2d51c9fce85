/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification for others, by the same two steps that guard our own endpoints. A token that is not
 * this tenant's, expired, or of an ended session answers alike.
 */
#include "flow/session_verify.h"

#include "flow/authenticate.h"

/* 401 and 403 are verdicts on the token; the rest (a database that is down) is no verdict. */
static bool is_verdict(enum err e)
{
    return err_rows[e].status == 401 || err_rows[e].status == 403;
}

static void answer_active(const struct call *c, struct str token, const struct session_with_user *s)
{
    struct session_verify_answer *out = c->out;
    struct session_view *session = arena_new(c->arena, struct session_view);
    struct user_view *user = arena_new(c->arena, struct user_view);
    *session = session_view_of(&c->tenant->policy, &s->session);
    *user = user_view_of(&s->user);
    out->active = true;
    out->session = session;
    out->user = user;
    out->claims = token_payload(c->arena, token);
}

enum err session_verify(struct call *c)
{
    const struct session_verify_request *in = c->in;
    struct verified_token token;
    struct session_with_user row = {0};
    enum err e = token_verify(c->arena, c->tenant, in->token, c->now, &token);
    if (e == ERR_OK)
        e = session_check(c->arena, &token, c->now, &row);
    if (e != ERR_OK)
        return is_verdict(e) ? ERR_OK : e;
    answer_active(c, in->token, &row);
    return ERR_OK;
}
