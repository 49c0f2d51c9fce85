/* SPDX-License-Identifier: Apache-2.0
 *
 * The token bucket. All integers: a bucket counts in 1/60,000 of a request, so that one millisecond
 * gives back exactly `per_minute` of them and nothing is ever rounded away.
 */
#include "domain/rate.h"

enum { REQUEST = 60000, MINUTE_MS = 60000 };

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    if (v < low)
        return low;
    return v > high ? high : v;
}

/* What is still used up at now_ms. A limit that was lowered meanwhile caps the debt. */
static int64_t used_at(const struct rate_bucket *b, int64_t per_minute, int64_t now_ms)
{
    int64_t capacity = per_minute * REQUEST;
    int64_t elapsed = clamp(now_ms - b->at_ms, 0, MINUTE_MS);
    return clamp(clamp(b->used, 0, capacity) - elapsed * per_minute, 0, capacity);
}

bool rate_take(struct rate_bucket *b, int64_t per_minute, int64_t now_ms, int64_t *retry_after_s)
{
    *retry_after_s = 0;
    if (per_minute <= 0)
        return true;
    b->used = used_at(b, per_minute, now_ms);
    if (now_ms > b->at_ms)
        b->at_ms = now_ms;
    int64_t missing = b->used + REQUEST - per_minute * REQUEST;
    if (missing > 0) {
        int64_t per_second = per_minute * 1000;
        *retry_after_s = (missing + per_second - 1) / per_second;
        return false;
    }
    b->used += REQUEST;
    return true;
}

int64_t rate_limit(const struct policy *policy, enum rate_scope scope)
{
    switch (scope) {
    case RATE_ADDRESS:
        return policy->rate_limit_address;
    case RATE_IDENTIFIER:
        return policy->rate_limit_identifier;
    case RATE_KEY:
        return policy->rate_limit_key;
    case RATE_TENANT:
        return policy->rate_limit_tenant;
    }
    return 0;
}

struct rate_address rate_address_prefix(const uint8_t *bytes, size_t len)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct rate_address out = {0};
    if (len == 16 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        bytes += sizeof(mapped);
        len = 4;
    }
    if (len == 4) {
        out.family = 4;
        memcpy(out.prefix, bytes, 4);
    } else if (len == 16) {
        out.family = 6;
        memcpy(out.prefix, bytes, 8);
    }
    return out;
}
