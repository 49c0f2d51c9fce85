/* SPDX-License-Identifier: Apache-2.0
 *
 * What a refresh token is worth after storage's one UPDATE. A token is good once; the one before
 * may come back for a moment, because two tabs or a lost reply are not theft, and is then answered
 * with the same successor. Anything older is a copy in other hands and ends the session (RFC
 * 9700, 4.14.2).
 */
#include "domain/decide.h"

enum { REPLAY_WINDOW_MAX_S = 60 };

/* Whoever has the session id alone learns nothing: another client's token is no token. */
static bool asked_by_owner(const struct refresh_facts *f)
{
    return f->found && f->client_id.z[0] != '\0' && id_eq(&f->client_id, &f->session.client_id);
}

/* The successor is the newest generation: made by this call, or made a moment ago and not yet used.
 */
static bool successor_unused(const struct refresh_facts *f, int64_t now)
{
    return f->session.generation - f->presented == 1 &&
           now - f->session.rotated_at <= REPLAY_WINDOW_MAX_S * 1000;
}

/* The successor was refreshed in turn; the tenant's overlap still covers the token before it. */
static bool successor_used(const struct policy *policy, const struct refresh_facts *f, int64_t now)
{
    int64_t overlap = policy->refresh_overlap;
    if (overlap > REPLAY_WINDOW_MAX_S)
        overlap = REPLAY_WINDOW_MAX_S;
    return f->session.generation - f->presented == 2 && f->session.previous_rotated_at > 0 &&
           now - f->session.previous_rotated_at <= overlap * 1000;
}

static bool replayed(const struct policy *policy, const struct refresh_facts *f, int64_t now)
{
    return f->session.generation > f->presented && !successor_unused(f, now) &&
           !successor_used(policy, f, now);
}

enum refresh_decision decide_refresh(const struct policy *policy, const struct refresh_facts *f,
                                     int64_t now)
{
    if (!asked_by_owner(f) || f->presented < 0 || f->presented > f->session.generation)
        return REFRESH_DENY;
    enum session_decision session = decide_session(policy, &f->session, f->user_status, now);
    if (session == SESSION_ENDED)
        return REFRESH_ENDED;
    if (session == SESSION_EXPIRED)
        return REFRESH_EXPIRED;
    if (session != SESSION_LIVE && session != SESSION_BANNED)
        return REFRESH_DENY;
    if (replayed(policy, f, now))
        return REFRESH_REPLAYED;
    if (session == SESSION_BANNED)
        return REFRESH_BANNED;
    /* A living session whose current token did not advance: storage saw what we do not. */
    return f->session.generation > f->presented ? REFRESH_SUCCESSOR : REFRESH_DENY;
}

struct refresh_cutoffs refresh_cutoffs(const struct policy *policy, int64_t now)
{
    return (struct refresh_cutoffs){
        .created_after = now - policy->session_duration * 1000,
        .rotated_after = policy->session_idle == 0 ? INT64_MIN : now - policy->session_idle * 1000,
    };
}
