/* SPDX-License-Identifier: Apache-2.0
 *
 * How many guesses an identifier gets. The wait grows with every failure, so that an owner who
 * mistypes is back soon while a guesser is not; after a hundred failures in a row the password
 * stops working until recovery (NIST SP 800-63B-4, 3.2.2). The attempt was counted before the
 * password is looked at: a thousand parallel guesses are a thousand.
 */
#include "domain/decide.h"

enum { FIRST_WAIT_MS = 1000, DOUBLINGS_MAX = 32, MINUTE_S = 60 };

int64_t lockout_wait_ms(const struct policy *policy, int64_t failures)
{
    if (failures < policy->lockout_after)
        return 0;
    int64_t most = policy->lockout_delay * 1000;
    int64_t doublings = failures - policy->lockout_after;
    if (doublings > DOUBLINGS_MAX)
        return most;
    int64_t wait = (int64_t)FIRST_WAIT_MS << doublings;
    return wait < most ? wait : most;
}

static int64_t seconds_until(int64_t at_ms, int64_t now)
{
    return at_ms > now ? (at_ms - now + 999) / 1000 : 1;
}

static bool over_rate(const struct policy *policy, const struct attempt_facts *f)
{
    return policy->rate_limit_identifier > 0 && f->recent > policy->rate_limit_identifier;
}

enum attempt_decision decide_attempt(const struct policy *policy, const struct attempt_facts *f,
                                     int64_t now, int64_t *retry_after_s)
{
    *retry_after_s = policy->lockout_delay > 0 ? policy->lockout_delay : 1;
    if (f->disabled || f->failures > ATTEMPTS_HARD_STOP)
        return ATTEMPT_LOCKED;
    if (!f->reserved && f->locked_until > now) {
        *retry_after_s = seconds_until(f->locked_until, now);
        return ATTEMPT_LOCKED;
    }
    if (over_rate(policy, f)) {
        *retry_after_s = MINUTE_S;
        return ATTEMPT_RATE_LIMITED;
    }
    *retry_after_s = 1;
    if (!f->reserved || f->failures < 1)
        return ATTEMPT_DENY;
    *retry_after_s = 0;
    return ATTEMPT_GO_ON;
}
