/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing out: here, or everywhere.
 */
#ifndef AUTHD_FLOW_SIGN_OUT_H
#define AUTHD_FLOW_SIGN_OUT_H

#include "flow/call.h"

struct sign_out_request {
    struct str scope; /* "current" or "all"; NULL ptr = current */
};

/* in: struct sign_out_request; needs a user. */
MUST_CHECK enum err sign_out(struct call *c);

#endif
