/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing up with e-mail and password.
 */
#ifndef AUTHD_FLOW_SIGN_UP_H
#define AUTHD_FLOW_SIGN_UP_H

#include "flow/views.h"

enum { METADATA_MAX = 8192 };

struct sign_up_request {
    struct str email;
    struct str password;
    struct str name;     /* NULL ptr = none */
    struct str metadata; /* JSON object -> public_metadata; NULL ptr = {} */
};

/* in: struct sign_up_request; out: struct signed_in. ERR_sign_up_closed, ERR_email_already_exists,
 * and those of password_judge. */
MUST_CHECK enum err sign_up(struct call *c);

#endif
