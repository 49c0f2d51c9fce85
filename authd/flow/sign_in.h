/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in with a password.
 */
#ifndef AUTHD_FLOW_SIGN_IN_H
#define AUTHD_FLOW_SIGN_IN_H

#include "flow/views.h"

struct sign_in_request {
    struct str email;
    struct str password;
};

/* in: struct sign_in_request; out: struct signed_in. ERR_invalid_credentials, ERR_account_locked,
 * ERR_rate_limited, ERR_account_banned. */
MUST_CHECK enum err sign_in(struct call *c);

#endif
