/* SPDX-License-Identifier: Apache-2.0
 *
 * What a token claims, as a typed struct, and whether it is valid at a moment. Reading checks form
 * only; whether issuer, audience and tenant are the right ones is for the caller to decide.
 */
#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"

enum { SKEW_MAX = 60 };
#define LATEST_TIME INT64_C(253402300799) /* the last second of the year 9999 */

struct claim_row {
    const char *name;
    size_t offset;
    bool required;
};

/* clang-format off */
static const struct claim_row text_claims[] = {
    {"iss",       offsetof(struct jwt_claims, iss),       true},
    {"sub",       offsetof(struct jwt_claims, sub),       true},
    {"client_id", offsetof(struct jwt_claims, client_id), false},
    {"sid",       offsetof(struct jwt_claims, sid),       false},
    {"jti",       offsetof(struct jwt_claims, jti),       false},
    {"tenant",    offsetof(struct jwt_claims, tenant),    false},
};
static const struct claim_row time_claims[] = {
    {"exp",       offsetof(struct jwt_claims, exp),       true},
    {"iat",       offsetof(struct jwt_claims, iat),       true},
    {"nbf",       offsetof(struct jwt_claims, nbf),       false},
    {"auth_time", offsetof(struct jwt_claims, auth_time), false},
};
/* clang-format on */
enum {
    TEXT_CLAIMS = sizeof(text_claims) / sizeof(text_claims[0]),
    TIME_CLAIMS = sizeof(time_claims) / sizeof(time_claims[0]),
};

static void *field_of(struct jwt_claims *c, const struct claim_row *row)
{
    return (char *)c + row->offset;
}

static bool read_text(struct arena *a, const json_t *value, struct str *out)
{
    if (!json_is_string(value) || json_string_length(value) == 0)
        return false;
    *out = str_copy(a, json_text(value));
    return true;
}

/* Whole seconds only: we issue no others. */
static bool read_time(const json_t *value, int64_t *out)
{
    if (!json_is_integer(value))
        return false;
    *out = json_integer_value(value);
    return *out >= 0 && *out <= LATEST_TIME;
}

static bool read_text_claims(struct arena *a, const json_t *payload, struct jwt_claims *c)
{
    for (size_t i = 0; i < TEXT_CLAIMS; i++) {
        const json_t *value = json_object_get(payload, text_claims[i].name);
        if (value ? !read_text(a, value, field_of(c, &text_claims[i])) : text_claims[i].required)
            return false;
    }
    return true;
}

static bool read_time_claims(const json_t *payload, struct jwt_claims *c)
{
    for (size_t i = 0; i < TIME_CLAIMS; i++) {
        const json_t *value = json_object_get(payload, time_claims[i].name);
        if (value ? !read_time(value, field_of(c, &time_claims[i])) : time_claims[i].required)
            return false;
    }
    return true;
}

/* A string, or an array of exactly one: a token for several audiences is none of ours. */
static bool read_audience(struct arena *a, const json_t *payload, struct str *out)
{
    const json_t *value = json_object_get(payload, "aud");
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    return read_text(a, value, out);
}

static bool read_claims(struct arena *a, const json_t *payload, struct jwt_claims *out)
{
    return json_is_object(payload) && read_text_claims(a, payload, out) &&
           read_time_claims(payload, out) && read_audience(a, payload, &out->aud);
}

enum err jwt_read_claims(struct arena *a, const struct jwt_parts *p, struct jwt_claims *out)
{
    *out = (struct jwt_claims){0};
    json_t *payload;
    size_t room = p->payload.len / 4 * 3 + 3;
    char *text = arena_alloc(a, room);
    size_t n;
    if (!base64url_decode(p->payload, text, room, &n) ||
        json_read((struct str){text, n}, &payload) != ERR_OK)
        return ERR_invalid_token;
    bool well_formed = read_claims(a, payload, out);
    json_decref(payload);
    if (!well_formed)
        *out = (struct jwt_claims){0};
    return well_formed ? ERR_OK : ERR_invalid_token;
}

enum err jwt_check_times(const struct jwt_claims *c, int64_t now, int64_t skew)
{
    if (skew < 0)
        skew = 0;
    if (skew > SKEW_MAX)
        skew = SKEW_MAX;
    if (now - skew >= c->exp)
        return ERR_token_expired;
    return c->nbf > now + skew || c->iat > now + skew ? ERR_invalid_token : ERR_OK;
}
