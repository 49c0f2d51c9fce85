/* SPDX-License-Identifier: Apache-2.0
 *
 * A resource server asks whether an access token is good right now: signature and session.
 */
#ifndef AUTHD_FLOW_SESSION_VERIFY_H
#define AUTHD_FLOW_SESSION_VERIFY_H

#include "flow/views.h"

struct session_verify_request {
    struct str token;
};
/* Where active is false nothing else is said. */
struct session_verify_answer {
    bool active;
    const struct session_view *session;
    const struct user_view *user;
    struct str claims; /* the token's payload */
};

/* in: struct session_verify_request; out: struct session_verify_answer. Whatever is wrong with the
 * token is no error; only that we cannot tell is. */
MUST_CHECK enum err session_verify(struct call *c);

#endif
