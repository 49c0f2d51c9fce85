/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be said of a route from its row alone: the words for its columns, and every error it may
 * answer with. OpenAPI, docs/api.md and the tests read these, so that no list of errors is kept by
 * hand beside the code that gives them.
 */
#include "http/guard.h"
#include "http/openapi.h"

const char *need_name(enum need need)
{
    static const char *const names[] = {
        [NEED_NOTHING] = "nothing",   [NEED_PUBLISHABLE] = "publishable-key",
        [NEED_SECRET] = "secret-key", [NEED_USER] = "user-token",
        [NEED_OPERATOR] = "operator", [NEED_OPERATOR_WRITE] = "operator-admin"};
    return names[need];
}

const char *method_name(enum method method)
{
    static const char *const names[] = {
        [METHOD_NONE] = "",       [METHOD_GET] = "GET",        [METHOD_POST] = "POST",
        [METHOD_PATCH] = "PATCH", [METHOD_PUT] = "PUT",        [METHOD_DELETE] = "DELETE",
        [METHOD_HEAD] = "HEAD",   [METHOD_OPTIONS] = "OPTIONS"};
    return names[method];
}

static bool is_tenant_need(enum need need)
{
    return need == NEED_PUBLISHABLE || need == NEED_SECRET || need == NEED_USER;
}

static bool is_operator_need(enum need need)
{
    return need == NEED_OPERATOR || need == NEED_OPERATOR_WRITE;
}

static bool always(const struct route *r)
{
    return r->method != METHOD_NONE;
}

static bool has_key(const struct route *r)
{
    return r->need != NEED_NOTHING;
}

static bool has_user(const struct route *r)
{
    return r->need == NEED_USER;
}

static bool has_tenant(const struct route *r)
{
    return is_tenant_need(r->need);
}

static bool is_control(const struct route *r)
{
    return is_operator_need(r->need);
}

static bool asks_rank(const struct route *r)
{
    return r->need == NEED_SECRET || r->need == NEED_OPERATOR_WRITE;
}

static bool names_resource(const struct route *r)
{
    return strchr(r->path, '{') != NULL;
}

static bool may_have_body(const struct route *r)
{
    return r->method != METHOD_GET;
}

/* A malformed id in the path is no such resource, not a wrong field. */
static bool has_input(const struct route *r)
{
    for (size_t i = 0; r->in && i < r->in->n; i++) {
        if (r->in->rows[i].place != IN_PATH)
            return true;
    }
    return false;
}

static bool runs_flow(const struct route *r)
{
    return !r->direct;
}

static bool uses_tenant_database(const struct route *r)
{
    return !r->direct && is_tenant_need(r->need);
}

static bool uses_control_database(const struct route *r)
{
    return !r->direct && is_operator_need(r->need);
}

/* clang-format off */
static const struct implied {
    enum err code;
    bool (*when)(const struct route *);
} implied[] = {
    {ERR_bad_request,               always},
    {ERR_request_header_fields_too_large, always},
    {ERR_invalid_client_key,        has_key},
    {ERR_origin_not_allowed,        has_key},
    {ERR_missing_token,             has_user},
    {ERR_invalid_token,             has_user},
    {ERR_token_expired,             has_user},
    {ERR_session_revoked,           has_user},
    {ERR_account_banned,            has_user},
    {ERR_tenant_mismatch,           has_tenant},
    {ERR_tenant_suspended,          has_tenant},
    {ERR_rate_limited,              has_tenant},
    {ERR_insufficient_permissions,  asks_rank},
    {ERR_operator_key_required,     is_control},
    {ERR_not_found,                 names_resource},
    {ERR_invalid_json,              may_have_body},
    {ERR_body_too_large,            may_have_body},
    {ERR_unsupported_media_type,    may_have_body},
    {ERR_unknown_field,             may_have_body},
    {ERR_validation_failed,         has_input},
    {ERR_internal_error,            runs_flow},
    {ERR_overloaded,                runs_flow},
    {ERR_tenant_db_unavailable,     uses_tenant_database},
    {ERR_tenant_not_provisioned,    uses_tenant_database},
    {ERR_tenant_capacity,           uses_tenant_database},
    {ERR_control_plane_unavailable, uses_control_database},
};
/* clang-format on */

static void add_own_errors(const struct route *route, bool codes[ERR_COUNT])
{
    char name[64];
    struct str rest = str_of(route->errors);
    struct str piece;
    while (str_split(&rest, '|', &piece)) {
        if (piece.len >= sizeof(name))
            continue;
        memcpy(name, piece.ptr, piece.len);
        name[piece.len] = '\0';
        codes[err_from_code(name)] = true;
    }
    codes[ERR_OK] = false;
}

void route_errors(const struct route *route, bool codes[ERR_COUNT])
{
    memset(codes, 0, ERR_COUNT * sizeof(codes[0]));
    for (size_t i = 0; i < sizeof(implied) / sizeof(implied[0]); i++)
        codes[implied[i].code] |= implied[i].when(route);
    add_own_errors(route, codes);
}
