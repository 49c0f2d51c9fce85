/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text is an access token of a tenant here: signature, type, issuer, audience, tenant,
 * subject and times (RFC 8725, RFC 9068 section 4). No I/O: whether its session lives is another
 * question.
 */
#ifndef AUTHD_FLOW_VERIFY_TOKEN_H
#define AUTHD_FLOW_VERIFY_TOKEN_H

#include "domain/tenant.h"
#include "flow/verify_cache.h"

struct verified_token {
    const struct tenant *tenant; /* a reference that the arena holds, or the one given */
    struct token_facts facts;
};

/* tenant: the one that the request's key names, and then no other's token is good; NULL without a
 * key, and then the tenant that owns the token's kid. ERR_invalid_token, ERR_token_expired. */
MUST_CHECK enum err token_verify(struct arena *a, const struct tenant *tenant, struct str token,
                                 int64_t now, struct verified_token *out);
/* The payload of a token that was verified, as the JSON that was signed. */
struct str token_payload(struct arena *a, struct str token);

#endif
