/* SPDX-License-Identifier: Apache-2.0
 *
 * A payload as typed claims, and whether they are those of a token that belongs here.
 */
#ifndef AUTHD_VERIFY_CLAIMS_H
#define AUTHD_VERIFY_CLAIMS_H

#include "authd/verify.h"
#include "verify/text.h"

/* Claims in one block for authd_claims_free; NULL when a claim has a wrong type, one that is needed
 * is missing, or two disagree. */
struct authd_claims *authdv_claims_read(struct slice payload);

struct expectation {
    const char *issuer;     /* this one, or NULL */
    const char *public_url; /* one of {public_url}/t/{slug}, or NULL */
    const char *audience;   /* NULL: the tenant's id */
    int64_t leeway_s;
};
/* Pure: what speaks against these claims at `now` (seconds since 1970), or AUTHD_VERIFY_NONE. */
enum authd_verify_error authdv_claims_judge(const struct authd_claims *c,
                                            const struct expectation *e, int64_t now);

#endif
