/* SPDX-License-Identifier: Apache-2.0
 *
 * Users and sessions as answers show them.
 */
#ifndef AUTHD_FLOW_VIEWS_H
#define AUTHD_FLOW_VIEWS_H

#include "flow/tokens.h"

/* The contract's `user`. */
struct user_view {
    struct id id;
    struct str email;
    bool email_verified;
    struct str name; /* NULL ptr = null */
    struct str_list roles;
    struct str public_metadata; /* JSON object */
    int64_t created_at;
    int64_t updated_at;
};
struct user_view user_view_of(const struct user *u);

/* A session in a list or a verification: no tokens. */
struct session_view {
    struct id id;
    struct id user_id;
    struct id client_id;
    int64_t created_at;
    int64_t refreshed_at;
    int64_t expires_at; /* by both lives, if it is not refreshed */
    struct str user_agent;
    struct str address;
    bool current; /* the session of the request's own token */
};
struct session_view session_view_of(const struct policy *p, const struct session *s);

/* What sign-up and sign-in answer. */
struct signed_in {
    const struct user_view *user;
    const struct session_tokens *session;
};
/* Issues the tokens of a fresh session, generation 0. */
MUST_CHECK enum err signed_in_answer(const struct call *c, const struct session *s,
                                     const struct user *u, struct signed_in *out);

#endif
