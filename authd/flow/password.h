/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing one's own password.
 */
#ifndef AUTHD_FLOW_PASSWORD_H
#define AUTHD_FLOW_PASSWORD_H

#include "flow/call.h"

struct password_change_request {
    struct str current_password;
    struct str new_password;
};

/* in: struct password_change_request; needs a user. Ends every other session. Guesses at the
 * current password count like those at sign-in. ERR_invalid_credentials, ERR_account_locked,
 * ERR_rate_limited, and those of password_judge. */
MUST_CHECK enum err change_password(struct call *c);

#endif
