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

static bool read_text(const struct json_value *value, void *out)
{
    if (value->kind != JSON_TEXT_VALUE || value->text.len == 0)
        return false;
    *(struct str *)out = value->text;
    return true;
}

/* Whole seconds only: we issue no others. */
static bool read_time(const struct json_value *value, void *out)
{
    if (value->kind != JSON_INT_VALUE || value->num > LATEST_TIME)
        return false;
    *(int64_t *)out = value->num;
    return true;
}

static bool read_rows(const struct json_members *payload, const struct claim_row *rows, size_t n,
                      bool (*read)(const struct json_value *, void *), struct jwt_claims *c)
{
    for (size_t i = 0; i < n; i++) {
        const struct json_value *value = json_members_find(payload, str_of(rows[i].name));
        if (value ? !read(value, field_of(c, &rows[i])) : rows[i].required)
            return false;
    }
    return true;
}

static bool read_array_of_one(struct arena *a, struct str array, struct str *out)
{
    json_t *value;
    if (json_read(array, &value) != ERR_OK)
        return false;
    struct str text = json_array_size(value) == 1 && json_is_string(json_array_get(value, 0))
                          ? str_copy(a, json_text(json_array_get(value, 0)))
                          : STR_NONE;
    json_decref(value);
    *out = text;
    return text.len > 0;
}

/* A string, or an array of exactly one: a token for several audiences is none of ours. */
static bool read_audience(struct arena *a, const struct json_members *payload, struct str *out)
{
    const struct json_value *value = json_members_find(payload, STR("aud"));
    if (!value || value->kind == JSON_INT_VALUE)
        return false;
    return value->kind == JSON_TEXT_VALUE ? read_text(value, out)
                                          : read_array_of_one(a, value->text, out);
}

static bool read_claims(struct arena *a, const struct json_members *payload, struct jwt_claims *out)
{
    return read_rows(payload, text_claims, TEXT_CLAIMS, read_text, out) &&
           read_rows(payload, time_claims, TIME_CLAIMS, read_time, out) &&
           read_audience(a, payload, &out->aud);
}

enum err jwt_read_claims(struct arena *a, const struct jwt_parts *p, struct jwt_claims *out)
{
    *out = (struct jwt_claims){0};
    struct json_members payload;
    size_t room = p->payload.len / 4 * 3 + 3;
    char *text = arena_alloc(a, room);
    size_t n;
    if (base64url_decode(p->payload, text, room, &n) &&
        json_read_members(a, (struct str){text, n}, &payload) == ERR_OK &&
        read_claims(a, &payload, out))
        return ERR_OK;
    *out = (struct jwt_claims){0};
    return ERR_invalid_token;
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
