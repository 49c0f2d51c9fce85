/* SPDX-License-Identifier: Apache-2.0
 *
 * What a token claims, as a struct for the caller. Everything lies in one block behind the struct:
 * a decoded JSON string is never longer than its spelling, so the payload's length bounds all
 * strings together, and freeing is one call that wipes one block.
 */
#include "verify/claims.h"

#include <sodium.h>
#include <stdlib.h>

#define LATEST_TIME INT64_C(253402300799) /* the last second of the year 9999 */

struct claims_block {
    struct authd_claims claims; /* first: a claims pointer is a block pointer */
    size_t size;
    const char **next_pointer;
    char *next_char;
};

enum claim_need { OPTIONAL, REQUIRED, OPTIONAL_MAY_BE_EMPTY };

struct claim_row {
    const char *name;
    size_t offset;
    enum claim_need need;
};

/* clang-format off */
#define AT(member) offsetof(struct authd_claims, member)
static const struct claim_row texts[] = {
    {"iss",       AT(issuer),     REQUIRED},
    {"sub",       AT(subject),    REQUIRED},
    {"tenant",    AT(tenant_id),  REQUIRED},
    {"jti",       AT(token_id),   OPTIONAL},
    {"client_id", AT(client_id),  OPTIONAL},
    {"sid",       AT(session_id), OPTIONAL},
    {"org_id",    AT(org_id),     OPTIONAL},
    {"org_role",  AT(org_role),   OPTIONAL},
    {"acr",       AT(acr),        OPTIONAL},
    {"scope",     AT(scope),      OPTIONAL_MAY_BE_EMPTY},
    {"email",     AT(email),      OPTIONAL_MAY_BE_EMPTY},
    {"name",      AT(name),       OPTIONAL_MAY_BE_EMPTY},
};
static const struct claim_row lists[] = {
    {"permissions", AT(permissions), OPTIONAL},
    {"roles",       AT(roles),       OPTIONAL},
    {"amr",         AT(amr),         OPTIONAL},
};
static const struct claim_row times[] = {
    {"exp",       AT(expires_at),       REQUIRED},
    {"iat",       AT(issued_at),        REQUIRED},
    {"nbf",       AT(not_before),       OPTIONAL},
    {"auth_time", AT(authenticated_at), OPTIONAL},
};
/* clang-format on */

static const char *const tenant_aliases[] = {"tenant_id", "tenantId"};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void *field_of(struct claims_block *b, const struct claim_row *row)
{
    return (char *)&b->claims + row->offset;
}

static const char *keep_text(struct claims_block *b, const char *text, size_t len)
{
    char *kept = b->next_char;
    memcpy(kept, text, len);
    kept[len] = '\0';
    b->next_char += len + 1;
    return kept;
}

static bool read_text(struct claims_block *b, const json_t *value, bool may_be_empty,
                      const char **out)
{
    if (!json_is_string(value) || (json_string_length(value) == 0 && !may_be_empty))
        return false;
    *out = keep_text(b, json_string_value(value), json_string_length(value));
    return true;
}

static bool read_list(struct claims_block *b, const json_t *value, struct authd_string_list *out)
{
    if (!json_is_array(value))
        return false;
    *out = (struct authd_string_list){b->next_pointer, json_array_size(value)};
    b->next_pointer += out->n;
    const char **item = b->next_pointer - out->n;
    for (size_t i = 0; i < out->n; i++) {
        if (!read_text(b, json_array_get(value, i), false, item + i))
            return false;
    }
    return true;
}

/* Whole seconds only: authd issues no others. */
static bool read_time(const json_t *value, int64_t *out)
{
    if (!json_is_integer(value))
        return false;
    *out = json_integer_value(value);
    return *out >= 0 && *out <= LATEST_TIME;
}

static bool read_texts(struct claims_block *b, const json_t *payload)
{
    for (size_t i = 0; i < ROWS(texts); i++) {
        const json_t *value = json_object_get(payload, texts[i].name);
        bool may_be_empty = texts[i].need == OPTIONAL_MAY_BE_EMPTY;
        if (value ? !read_text(b, value, may_be_empty, field_of(b, &texts[i]))
                  : texts[i].need == REQUIRED)
            return false;
    }
    return true;
}

static bool read_times(struct claims_block *b, const json_t *payload)
{
    for (size_t i = 0; i < ROWS(times); i++) {
        const json_t *value = json_object_get(payload, times[i].name);
        if (value ? !read_time(value, field_of(b, &times[i])) : times[i].need == REQUIRED)
            return false;
    }
    return true;
}

static bool read_lists(struct claims_block *b, const json_t *payload)
{
    for (size_t i = 0; i < ROWS(lists); i++) {
        const json_t *value = json_object_get(payload, lists[i].name);
        if (value && !read_list(b, value, field_of(b, &lists[i])))
            return false;
    }
    return true;
}

/* A string, or an array of exactly one: a token for several audiences is none of authd's. */
static bool read_audience(struct claims_block *b, const json_t *payload)
{
    const json_t *value = json_object_get(payload, "aud");
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    return read_text(b, value, false, &b->claims.audience);
}

static bool read_email_verified(struct claims_block *b, const json_t *payload)
{
    const json_t *value = json_object_get(payload, "email_verified");
    b->claims.email_verified = json_is_true(value);
    return !value || json_is_boolean(value);
}

/* The aliases are for other people's libraries; one that says something else is a trap. */
static bool aliases_agree(const struct authd_claims *c, const json_t *payload)
{
    for (size_t i = 0; i < ROWS(tenant_aliases); i++) {
        const json_t *value = json_object_get(payload, tenant_aliases[i]);
        if (value &&
            !slice_eq(authdv_json_text(payload, tenant_aliases[i]), slice_of(c->tenant_id)))
            return false;
    }
    return true;
}

/* A role or a permission means something within an organization only. */
static bool organization_is_whole(const struct authd_claims *c)
{
    return c->org_id || (!c->org_role && c->permissions.n == 0);
}

static bool read_claims(struct claims_block *b, const json_t *payload)
{
    return read_texts(b, payload) && read_times(b, payload) && read_lists(b, payload) &&
           read_audience(b, payload) && read_email_verified(b, payload) &&
           aliases_agree(&b->claims, payload) && organization_is_whole(&b->claims);
}

/* Room for the payload itself, for every string in it (each had two quotes, so a NUL fits) and for
 * a pointer to each element (at least three bytes long). */
static struct claims_block *block_for(struct slice payload)
{
    size_t pointers = payload.len / 3 + 1;
    size_t size = sizeof(struct claims_block) + pointers * sizeof(char *) + 2 * (payload.len + 1);
    struct claims_block *b = calloc(1, size);
    if (!b)
        return NULL;
    b->size = size;
    b->next_pointer = (const char **)(b + 1);
    b->next_char = (char *)(b->next_pointer + pointers);
    b->claims.json = keep_text(b, payload.ptr, payload.len);
    return b;
}

struct authd_claims *authdv_claims_read(struct slice payload)
{
    json_t *object = authdv_json_object(payload);
    struct claims_block *b = object ? block_for(payload) : NULL;
    bool good = b && read_claims(b, object);
    json_decref(object);
    if (good)
        return &b->claims;
    if (b)
        authd_claims_free(&b->claims);
    return NULL;
}

void authd_claims_free(struct authd_claims *claims)
{
    struct claims_block *b = (struct claims_block *)claims;
    if (!b)
        return;
    sodium_memzero(b, b->size);
    free(b);
}

bool authd_claims_permit(const struct authd_claims *claims, const char *permission)
{
    for (size_t i = 0; claims && i < claims->permissions.n; i++) {
        if (strcmp(claims->permissions.items[i], permission) == 0)
            return true;
    }
    return false;
}
