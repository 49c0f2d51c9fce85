/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain structs to answers.
 */
#include "flow/views.h"

struct user_view user_view_of(const struct user *u)
{
    return (struct user_view){
        .id = u->id,
        .email = u->email,
        .email_verified = u->email_verified,
        .name = u->name,
        .public_metadata = u->public_metadata,
        .created_at = u->created_at,
        .updated_at = u->updated_at,
    };
}

struct session_view session_view_of(const struct policy *p, const struct session *s)
{
    return (struct session_view){
        .id = s->id,
        .user_id = s->user_id,
        .client_id = s->client_id,
        .created_at = s->created_at,
        .refreshed_at = s->rotated_at,
        .expires_at = session_ends_at(p, s),
        .user_agent = s->user_agent,
        .address = s->address,
    };
}

enum err signed_in_answer(const struct call *c, const struct session *s, const struct user *u,
                          struct signed_in *out)
{
    struct user_view *user = arena_new(c->arena, struct user_view);
    struct session_tokens *tokens = arena_new(c->arena, struct session_tokens);
    enum err e = tokens_issue(c, s, u, 0, tokens);
    if (e != ERR_OK)
        return e;
    *user = user_view_of(u);
    *out = (struct signed_in){user, tokens};
    return ERR_OK;
}
