/* SPDX-License-Identifier: Apache-2.0
 *
 * Who sends this access token, at this very moment: the guard of every route that needs a user.
 */
#ifndef AUTHD_FLOW_AUTHENTICATE_H
#define AUTHD_FLOW_AUTHENTICATE_H

#include "flow/call.h"
#include "flow/verify_token.h"
#include "store/sessions.h"

/* Verifies the token and reads its session and user in one statement; on a coroutine. On success
 * the call has tenant (the key's, or the token's own where there is no key), session and user.
 * ERR_invalid_token (another tenant's token included), ERR_token_expired, ERR_session_revoked,
 * ERR_account_banned, ERR_tenant_suspended. */
MUST_CHECK enum err authenticate_user(struct call *c, struct str bearer);

/* The second half: whether the verified token's session lives under the tenant's policy of now. */
MUST_CHECK enum err session_check(struct arena *a, const struct verified_token *token, int64_t now,
                                  struct session_with_user *out);

#endif
