/* SPDX-License-Identifier: Apache-2.0
 *
 * Options that cannot be meant are refused when the verifier is made, not at the first token.
 */
#include "verify/exchange.h"
#include "verify/verifier.h"

enum { TEXT_MAX = 200 };

struct range_row {
    size_t offset;
    int min, max;
    const char *complaint;
};

/* clang-format off */
#define AT(member) offsetof(struct authd_verify_options, member)
static const struct range_row ranges[] = {
    {AT(leeway_s),               0,   60,     "leeway_s is not within 0 and 60"},
    {AT(timeout_ms),             100, 60000,  "timeout_ms is not within 100 and 60000"},
    {AT(stale_s),                0,   604800, "stale_s is not within 0 and 604800"},
    {AT(unknown_key_interval_s), 1,   86400,  "unknown_key_interval_s is not within 1 and 86400"},
    {AT(session_cache_s),        0,   60,     "session_cache_s is not within 0 and 60"},
};
/* clang-format on */

static const char *range_complaint(const struct authd_verify_options *o)
{
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        int value;
        memcpy(&value, (const char *)o + ranges[i].offset, sizeof(value));
        if (value < ranges[i].min || value > ranges[i].max)
            return ranges[i].complaint;
    }
    return NULL;
}

/* A key goes into a header: nothing may end the line early. */
static bool is_header_text(const char *s)
{
    size_t n = 0;
    for (; s[n]; n++) {
        if (s[n] <= ' ' || s[n] >= 127 || n >= TEXT_MAX)
            return false;
    }
    return n > 0;
}

const char *authdv_options_complaint(const struct authd_verify_options *o)
{
    const char *url = o->issuer ? o->issuer : o->public_url;
    if (!o->issuer == !o->public_url)
        return "exactly one of issuer and public_url has to be set";
    if (o->secret_key && !o->issuer)
        return "a secret key knows one tenant's sessions: it needs issuer, not public_url";
    if (o->secret_key && !is_header_text(o->secret_key))
        return "secret_key is not a key";
    if (o->audience && !*o->audience)
        return "audience is empty";
    const char *complaint = authdv_url_complaint(url, o->allow_http);
    return complaint ? complaint : range_complaint(o);
}
