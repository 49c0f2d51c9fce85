/* SPDX-License-Identifier: Apache-2.0
 *
 * The times of a signing key. The old key stays for the longest life that any access token can
 * have, not for the tenant's present access_token_ttl: that may have been longer while tokens were
 * signed, and may be raised again until the new key takes over. A day more in the JWKS costs
 * nothing; a token that stops verifying costs a sign-in.
 */
#include "domain/decide.h"

struct rotation_times decide_rotation(int64_t now, bool revoke_old)
{
    if (revoke_old)
        return (struct rotation_times){.signs_at = now, .old_leaves_at = now};
    int64_t signs_at = now + (JWKS_MAX_AGE_S + CLOCK_SKEW_S) * INT64_C(1000);
    return (struct rotation_times){
        .signs_at = signs_at,
        .old_leaves_at = signs_at + (ACCESS_TOKEN_TTL_MAX_S + CLOCK_SKEW_S) * INT64_C(1000),
    };
}

bool rotation_due(int64_t newest_signs_at, int64_t max_age_s, int64_t now)
{
    return max_age_s > 0 && now - newest_signs_at >= max_age_s * 1000;
}
