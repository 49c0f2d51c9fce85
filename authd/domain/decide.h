/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules: facts, policy and time in, a decision out; no I/O, no clock, no memory. Every
 * decision's zero denies. Times are wall milliseconds, policy durations are seconds.
 */
#ifndef AUTHD_DOMAIN_DECIDE_H
#define AUTHD_DOMAIN_DECIDE_H

#include "base/err.h"
#include "domain/policy.h"
#include "domain/user.h"

/* ---- sign-in ---- */

enum { ATTEMPTS_HARD_STOP = 100 };

/* An identifier's attempts. Reserving an attempt is storage's part (one atomic statement); what a
 * count means is here: the wait in ms that `failures` in a row impose (0 below lockout_after; then
 * 1 s doubling up to lockout_delay). */
int64_t lockout_wait_ms(const struct policy *policy, int64_t failures);

struct attempt_facts {
    bool reserved;        /* this attempt was counted and may go on */
    int64_t failures;     /* including this one when reserved */
    int64_t locked_until; /* ms, 0 = not locked; when reserved: the wait this attempt imposes on the
                             next one */
    bool disabled;        /* hard stop reached before this attempt */
    int64_t recent; /* attempts in the running minute, this one included: rate_limit_identifier */
};

enum attempt_decision { ATTEMPT_DENY = 0, ATTEMPT_LOCKED, ATTEMPT_RATE_LIMITED, ATTEMPT_GO_ON };
/* *retry_after_s is set unless GO_ON. */
enum attempt_decision decide_attempt(const struct policy *policy, const struct attempt_facts *f,
                                     int64_t now, int64_t *retry_after_s);

struct sign_in_facts {
    bool user_exists;
    enum user_status status;
    bool has_password;
    bool password_matches; /* against the real hash or the decoy */
};
enum sign_in_decision { SIGN_IN_DENY = 0, SIGN_IN_BANNED, SIGN_IN_ALLOW };
/* A banned account is told so only after the right password. */
enum sign_in_decision decide_sign_in(const struct sign_in_facts *f);

/* ---- sign-up ---- */

enum sign_up_decision { SIGN_UP_DENY = 0, SIGN_UP_REFUSED_CLOSED, SIGN_UP_ALLOW };
enum sign_up_decision decide_sign_up(const struct policy *policy);

struct password_facts {
    struct str password; /* normalised: password_normalise */
    bool common;         /* crypto/strength: in the offline list, or made of the context words */
};
enum password_decision {
    PASSWORD_DENY = 0,
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_LONG,
    PASSWORD_TOO_COMMON,
    PASSWORD_ACCEPT
};
/* Length in code points of the normalised text, at most PASSWORD_MAX bytes, whole password against
 * list and context words; no composition rules (NIST SP 800-63B-4, section 3.1.1.2). */
enum password_decision decide_password(const struct policy *policy, const struct password_facts *f);

/* ---- sessions and tokens ---- */

/* Ends of a session's two lives, ms; INT64_MAX where idle is off. */
int64_t session_expires_at(const struct policy *policy, const struct session *s);
int64_t session_idle_expires_at(const struct policy *policy, const struct session *s);
/* exp of an access token issued now, in seconds: now + access_token_ttl, at most the end of either
 * life. */
int64_t access_token_expiry_s(const struct policy *policy, const struct session *s, int64_t now);

/* How many of a user's other living sessions stay when one more starts: the newest ones; INT64_MAX
 * = all. */
int64_t session_others_kept(const struct policy *policy);

enum session_decision {
    SESSION_DENY = 0,
    SESSION_ENDED,
    SESSION_EXPIRED,
    SESSION_BANNED,
    SESSION_LIVE
};
/* Every request with a user's token, with the policy of this moment. */
enum session_decision decide_session(const struct policy *policy, const struct session *s,
                                     enum user_status status, int64_t now);

/* Refresh. Storage's one UPDATE advanced the row when `presented` was current and the session
 * alive; the facts are the row afterwards. */
struct refresh_facts {
    bool found;
    struct session session; /* after the statement */
    enum user_status user_status;
    struct id client_id; /* who asks */
    int64_t presented;   /* generation in the token */
};
enum refresh_decision {
    REFRESH_DENY = 0, /* unknown, other client */
    REFRESH_ENDED,
    REFRESH_EXPIRED,
    REFRESH_BANNED,
    REFRESH_REPLAYED, /* end the session, write the audit event */
    REFRESH_SUCCESSOR /* answer with generation presented + 1 */
};
enum refresh_decision decide_refresh(const struct policy *policy, const struct refresh_facts *f,
                                     int64_t now);
/* What the UPDATE needs so that it decides as decide_refresh does: sessions created at or before
 * the first, or rotated at or before the second, do not advance (ms; INT64_MIN = no idle limit). */
struct refresh_cutoffs {
    int64_t created_after;
    int64_t rotated_after;
};
struct refresh_cutoffs refresh_cutoffs(const struct policy *policy, int64_t now);

/* ---- hashes ---- */

/* Whether a hash that just verified is replaced: another algorithm or weaker parameters than the
 * policy's. */
struct hash_facts {
    enum policy_password_hash algorithm;
    bool parameters_current;
};
bool decide_rehash(const struct policy *policy, const struct hash_facts *f);

/* ---- signing keys ---- */

/* When a new signing key signs, and when the one before leaves the JWKS, ms. A new key is published
 * long enough for every cached JWKS to know it before it signs; the old one stays until the last
 * token that it can have signed has expired. With revoke_old both are `now`; so it is for a
 * tenant's first key, which replaces none. */
struct rotation_times {
    int64_t signs_at;
    int64_t old_leaves_at;
};
struct rotation_times decide_rotation(int64_t now, bool revoke_old);
/* Age-based rotation is due; max_age_s 0 = never. */
bool rotation_due(int64_t newest_signs_at, int64_t max_age_s, int64_t now);

enum { JWKS_MAX_AGE_S = 300, CLOCK_SKEW_S = 60, ACCESS_TOKEN_TTL_MAX_S = 86400 };

#endif
