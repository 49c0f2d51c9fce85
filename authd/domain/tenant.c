/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about one tenant: which of its keys signs and which are published, how it may be called,
 * and the words for its environment and status.
 */
#include "domain/tenant.h"

#include "domain/decide.h"
#include "domain/names.h"

enum { SLUG_MIN = 2, SLUG_MAX = 32 };

static const char *const environments[] = {
    [ENV_LIVE] = "live", [ENV_TEST] = "test", [ENV_DEV] = "dev"};
static const char *const statuses[] = {[TENANT_PROVISIONING] = "provisioning",
                                       [TENANT_ACTIVE] = "active",
                                       [TENANT_SUSPENDED] = "suspended",
                                       [TENANT_DELETED] = "deleted"};
enum {
    ENVIRONMENTS = sizeof(environments) / sizeof(*environments),
    STATUSES = sizeof(statuses) / sizeof(*statuses)
};

/* The node that made the key may have a clock ahead of ours; to publish early harms nobody. */
bool signing_key_published(const struct signing_key *k, int64_t now)
{
    if (k->published_at <= 0 || now + CLOCK_SKEW_S * INT64_C(1000) < k->published_at)
        return false;
    return k->leaves_at == 0 || now < k->leaves_at;
}

static bool signing_key_signs(const struct signing_key *k, int64_t now)
{
    return k->secret_key && k->signs_at > 0 && k->signs_at <= now && signing_key_published(k, now);
}

/* The list is newest first, so the first that signs has replaced all behind it. Where none does by
 * our clock, a new tenant's key or the one after a revocation, the oldest one has to. */
const struct signing_key *tenant_signing_key(const struct tenant *t, int64_t now)
{
    const struct signing_key *oldest = NULL;
    for (size_t i = 0; i < t->signing_key_count; i++) {
        const struct signing_key *k = &t->signing_keys[i];
        if (signing_key_signs(k, now))
            return k;
        if (k->secret_key && signing_key_published(k, now))
            oldest = k;
    }
    return oldest;
}

static bool slug_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool slug_form(struct str s)
{
    if (s.len < SLUG_MIN || s.len > SLUG_MAX || s.ptr[0] < 'a' || s.ptr[0] > 'z')
        return false;
    for (size_t i = 1; i < s.len; i++) {
        if (!slug_char(s.ptr[i]))
            return false;
    }
    return true;
}

bool slug_valid(struct str s, struct problems *p, struct str field)
{
    if (slug_form(s))
        return true;
    problem_add(p, field, "malformed",
                "must be 2 to 32 of a-z, 0-9 and '-', starting with a letter");
    return false;
}

const char *environment_name(enum environment e)
{
    return name_of(environments, ENVIRONMENTS, (int)e);
}

bool environment_parse(struct str s, enum environment *out)
{
    int found = name_find(environments, ENVIRONMENTS, s);
    if (found < 0)
        return false;
    *out = (enum environment)found;
    return true;
}

const char *tenant_status_name(enum tenant_status s)
{
    return name_of(statuses, STATUSES, (int)s);
}

bool tenant_status_parse(struct str s, enum tenant_status *out)
{
    int found = name_find(statuses, STATUSES, s);
    if (found < 0)
        return false;
    *out = (enum tenant_status)found;
    return true;
}
