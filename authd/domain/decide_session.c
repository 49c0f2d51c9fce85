/* SPDX-License-Identifier: Apache-2.0
 *
 * The two lives of a session: absolute from sign-in, idle from the last refresh. Ends are computed
 * from the policy of this moment and never stored, so a shortened duration bites on the next
 * request.
 */
#include "domain/decide.h"

int64_t session_expires_at(const struct policy *policy, const struct session *s)
{
    return s->created_at + policy->session_duration * 1000;
}

int64_t session_idle_expires_at(const struct policy *policy, const struct session *s)
{
    if (policy->session_idle == 0)
        return INT64_MAX;
    return s->rotated_at + policy->session_idle * 1000;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t session_end(const struct policy *policy, const struct session *s)
{
    return least(session_expires_at(policy, s), session_idle_expires_at(policy, s));
}

int64_t access_token_expiry_s(const struct policy *policy, const struct session *s, int64_t now)
{
    return least(now / 1000 + policy->access_token_ttl, session_end(policy, s) / 1000);
}

int64_t session_others_kept(const struct policy *policy)
{
    return policy->max_sessions_per_user > 0 ? policy->max_sessions_per_user - 1 : INT64_MAX;
}

enum session_decision decide_session(const struct policy *policy, const struct session *s,
                                     enum user_status status, int64_t now)
{
    if (s->id.z[0] == '\0' || s->created_at <= 0 || status == USER_NONE)
        return SESSION_DENY;
    if (s->ended_at != 0)
        return SESSION_ENDED;
    if (now >= session_end(policy, s))
        return SESSION_EXPIRED;
    return status == USER_ACTIVE ? SESSION_LIVE : SESSION_BANNED;
}
