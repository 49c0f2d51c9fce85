/* SPDX-License-Identifier: Apache-2.0
 *
 * Trading a refresh token for the next pair of tokens.
 */
#ifndef AUTHD_FLOW_REFRESH_H
#define AUTHD_FLOW_REFRESH_H

#include "flow/tokens.h"

struct refresh_token_request {
    struct str refresh_token;
};

/* in: struct refresh_token_request; out: struct session_tokens. ERR_refresh_token_invalid,
 * ERR_refresh_token_expired, ERR_session_revoked, ERR_account_banned. */
MUST_CHECK enum err refresh(struct call *c);

#endif
