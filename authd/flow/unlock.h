/* SPDX-License-Identifier: Apache-2.0
 *
 * Letting a locked identifier try again, at the word of the tenant's own server.
 */
#ifndef AUTHD_FLOW_UNLOCK_H
#define AUTHD_FLOW_UNLOCK_H

#include "flow/call.h"

struct unlock_request {
    struct str email;
};

/* in: struct unlock_request. Says nothing about whether there is such a user or anything was
 * locked. */
MUST_CHECK enum err unlock(struct call *c);

#endif
