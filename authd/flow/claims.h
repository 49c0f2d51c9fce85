/* SPDX-License-Identifier: Apache-2.0
 *
 * What an access token says (RFC 9068): the one place where its payload is written.
 */
#ifndef AUTHD_FLOW_CLAIMS_H
#define AUTHD_FLOW_CLAIMS_H

#include "base/str.h"
#include "domain/user.h"

/* acr of a session that one factor opened. There is no registry that fits (NIST's and eIDAS' levels
 * promise more than we can know), so the value is our own; the second factor will bring level 2. */
#define ACR_ONE_FACTOR "urn:authd:acr:1"

struct token_claims {
    const struct tenant *tenant;
    const struct client *client;
    const struct session *session;
    const struct user *user;
    int64_t issued_at; /* seconds */
    int64_t expires_at;
};
/* The payload as JSON. jti is fresh. */
struct str claims_write(struct arena *a, const struct token_claims *c);

#endif
