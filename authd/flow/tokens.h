/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client gets for a session: the signed access token and the refresh token.
 */
#ifndef AUTHD_FLOW_TOKENS_H
#define AUTHD_FLOW_TOKENS_H

#include "flow/call.h"

/* The contract's `session`. */
struct session_tokens {
    struct id id;
    struct str access_token;
    struct str token_type;
    int64_t expires_in; /* seconds */
    int64_t access_token_expires_at;
    struct str refresh_token;
    int64_t refresh_token_expires_at;
};

/* When a session ends by itself if it is not refreshed: whichever of its two lives is shorter. */
int64_t session_ends_at(const struct policy *p, const struct session *s);

/* For the call's tenant and client. generation is that of the refresh token. ERR_internal_error
 * when the tenant has no key that signs now. */
MUST_CHECK enum err tokens_issue(const struct call *c, const struct session *s,
                                 const struct user *u, int64_t generation,
                                 struct session_tokens *out);

#endif
