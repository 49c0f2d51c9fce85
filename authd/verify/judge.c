/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether claims belong here and now. Judged before any key is looked for: a token that would be
 * refused anyway makes nobody fetch anything.
 */
#include "verify/claims.h"

enum { SLUG_MIN = 2, SLUG_MAX = 32 };

static bool slug_char(char c, bool first)
{
    if (c >= 'a' && c <= 'z')
        return true;
    return !first && ((c >= '0' && c <= '9') || c == '-');
}

/* ^[a-z][a-z0-9-]{1,31}$: nothing in it can change the path or the host that keys come from. */
static bool is_slug(const char *s)
{
    size_t n = strlen(s);
    if (n < SLUG_MIN || n > SLUG_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!slug_char(s[i], i == 0))
            return false;
    }
    return true;
}

static bool is_issuer_of(const char *public_url, const char *issuer)
{
    size_t n = strlen(public_url);
    return strncmp(issuer, public_url, n) == 0 && strncmp(issuer + n, "/t/", 3) == 0 &&
           is_slug(issuer + n + 3);
}

static bool issuer_fits(const struct expectation *e, const char *issuer)
{
    return e->issuer ? strcmp(issuer, e->issuer) == 0 : is_issuer_of(e->public_url, issuer);
}

enum authd_verify_error authdv_claims_judge(const struct authd_claims *c,
                                            const struct expectation *e, int64_t now)
{
    if (!issuer_fits(e, c->issuer))
        return AUTHD_VERIFY_WRONG_ISSUER;
    if (strcmp(c->audience, e->audience ? e->audience : c->tenant_id) != 0)
        return AUTHD_VERIFY_WRONG_AUDIENCE;
    if (now - e->leeway_s >= c->expires_at)
        return AUTHD_VERIFY_EXPIRED;
    if (c->not_before > now + e->leeway_s || c->issued_at > now + e->leeway_s)
        return AUTHD_VERIFY_NOT_YET_VALID;
    return AUTHD_VERIFY_NONE;
}
