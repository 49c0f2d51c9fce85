/* SPDX-License-Identifier: Apache-2.0
 *
 * Claims that come from settings. A name that a tenant chooses can never overwrite a registered
 * claim or one that authd itself vouches for: resource servers trust those.
 */
#include "domain/claims.h"

enum { CLAIM_NAME_MAX = 64 };

/* RFC 7519, RFC 9068, OpenID Connect Core, and section 4 of our contract. */
static const char *const reserved[] = {
    "iss",   "sub",         "aud",       "exp",    "iat",
    "nbf",   "jti",         "client_id", "sid",    "auth_time",
    "amr",   "acr",         "tenant",    "org_id", "org_role",
    "owner", "permissions", "roles",     "email",  "email_verified",
    "name",  "scope",       "typ",       "azp",    "type",
};

struct str token_audience(const struct tenant *t, const struct client *client)
{
    if (client && client->audience.len)
        return client->audience;
    if (t->policy.audience.len)
        return t->policy.audience;
    return id_str(&t->id);
}

void claims_write_tenant(struct json_writer *w, const struct tenant *t)
{
    const struct str_list *aliases = &t->policy.tenant_claim_aliases;
    struct str id = id_str(&t->id);
    json_member(w, "tenant");
    json_str_value(w, id);
    for (size_t i = 0; i < aliases->n; i++) {
        json_key(w, aliases->items[i]);
        json_str_value(w, id);
    }
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool claim_name_valid(struct str name)
{
    if (name.len == 0 || name.len > CLAIM_NAME_MAX)
        return false;
    if (!is_letter(name.ptr[0]) && name.ptr[0] != '_')
        return false;
    for (size_t i = 1; i < name.len; i++) {
        char c = name.ptr[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && (c == '\0' || !strchr("_.:/-", c)))
            return false;
    }
    return true;
}

bool claim_name_reserved(struct str name)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
        if (str_eqz(name, reserved[i]))
            return true;
    }
    return false;
}
