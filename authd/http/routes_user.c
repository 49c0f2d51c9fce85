/* SPDX-License-Identifier: Apache-2.0
 *
 * The end users' API, what a tenant's own servers ask about its users' sessions, and what resource
 * servers fetch under the issuer: fields and routes.
 */
#include "domain/decide.h"
#include "flow/discovery.h"
#include "flow/lockout.h"
#include "flow/me.h"
#include "flow/password.h"
#include "flow/password_hash.h"
#include "flow/refresh.h"
#include "flow/session_verify.h"
#include "flow/sessions.h"
#include "flow/sign_in.h"
#include "flow/sign_in_config.h"
#include "flow/sign_out.h"
#include "flow/sign_up.h"
#include "flow/unlock.h"
#include "http/routes_parts.h"

/* clang-format off */
#define ROWS(a) (a), sizeof(a) / sizeof((a)[0])
#define AT(type, member) .offset = offsetof(struct type, member)
/* Offset 0 means "not wanted": a struct that begins with such a member does not compile. */
#define SENT(type, member) .present = offsetof(struct type, member) + 0 * sizeof(char[offsetof(struct type, member) ? 1 : -1])

/* ---- what goes out ---- */

static const struct field user_rows[] = {
    {.name = "id", .type = FIELD_ID, AT(user_view, id), .choices = "usr_", .doc = "The user; `sub` of the tokens."},
    {.name = "email", .type = FIELD_TEXT, AT(user_view, email), .max = EMAIL_MAX, .doc = "As it was typed at sign-up."},
    {.name = "email_verified", .type = FIELD_BOOL, AT(user_view, email_verified), .doc = "Whether the address was proven."},
    {.name = "name", .type = FIELD_TEXT, AT(user_view, name), .max = NAME_MAX_BYTES, .flags = FIELD_NULLABLE, .doc = "What the user wants to be called."},
    {.name = "roles", .type = FIELD_TEXTS, AT(user_view, roles), .doc = "Tenant-level roles."},
    {.name = "public_metadata", .type = FIELD_JSON, AT(user_view, public_metadata), .max = METADATA_MAX, .doc = "The application's own data, readable and writable by the user."},
    {.name = "created_at", .type = FIELD_TIME, AT(user_view, created_at), .doc = "When the user signed up."},
    {.name = "updated_at", .type = FIELD_TIME, AT(user_view, updated_at), .doc = "When the profile last changed."},
};
static const struct fields user_fields = {"User", sizeof(struct user_view), ROWS(user_rows)};

static const struct field tokens_rows[] = {
    {.name = "id", .type = FIELD_ID, AT(session_tokens, id), .choices = "ses_", .doc = "The session; `sid` of the token."},
    {.name = "access_token", .type = FIELD_SECRET, AT(session_tokens, access_token), .flags = FIELD_ONCE, .doc = "JWT for `Authorization: Bearer`; verify it with the issuer's JWKS."},
    {.name = "token_type", .type = FIELD_TEXT, AT(session_tokens, token_type), .doc = "Always Bearer."},
    {.name = "expires_in", .type = FIELD_INT, AT(session_tokens, expires_in), .doc = "Seconds the access token lives."},
    {.name = "access_token_expires_at", .type = FIELD_TIME, AT(session_tokens, access_token_expires_at), .doc = "The token's `exp`."},
    {.name = "refresh_token", .type = FIELD_SECRET, AT(session_tokens, refresh_token), .flags = FIELD_ONCE, .doc = "Good for one refresh."},
    {.name = "refresh_token_expires_at", .type = FIELD_TIME, AT(session_tokens, refresh_token_expires_at), .doc = "When the session ends if it is not refreshed."},
};
static const struct fields tokens_fields = {"Session", sizeof(struct session_tokens), ROWS(tokens_rows)};

static const struct field signed_in_rows[] = {
    {.name = "user", .type = FIELD_OBJECT, AT(signed_in, user), .sub = &user_fields, .doc = "Who signed in."},
    {.name = "session", .type = FIELD_OBJECT, AT(signed_in, session), .sub = &tokens_fields, .doc = "The new session and its tokens."},
};
static const struct fields signed_in_fields = {"SignedIn", sizeof(struct signed_in), ROWS(signed_in_rows)};

/* What a resource server may know of a session, and what its own user sees beside. */
#define SESSION_ROWS \
    {.name = "id", .type = FIELD_ID, AT(session_view, id), .choices = "ses_", .doc = "The session."}, \
    {.name = "user_id", .type = FIELD_ID, AT(session_view, user_id), .choices = "usr_", .doc = "Whose it is."}, \
    {.name = "client_id", .type = FIELD_ID, AT(session_view, client_id), .choices = "cli_", .doc = "The client that opened it."}, \
    {.name = "created_at", .type = FIELD_TIME, AT(session_view, created_at), .doc = "When the user signed in."}, \
    {.name = "refreshed_at", .type = FIELD_TIME, AT(session_view, refreshed_at), .doc = "The last refresh, or the sign-in."}, \
    {.name = "expires_at", .type = FIELD_TIME, AT(session_view, expires_at), .doc = "When it ends if it is not refreshed."}

static const struct field verified_session_rows[] = {SESSION_ROWS};
static const struct fields verified_session_fields = {"VerifiedSession", sizeof(struct session_view), ROWS(verified_session_rows)};

static const struct field session_rows[] = {
    SESSION_ROWS,
    {.name = "user_agent", .type = FIELD_TEXT, AT(session_view, user_agent), .flags = FIELD_OMIT_EMPTY, .doc = "The User-Agent of the sign-in."},
    {.name = "address", .type = FIELD_TEXT, AT(session_view, address), .flags = FIELD_OMIT_EMPTY, .doc = "The client address of the sign-in."},
    {.name = "current", .type = FIELD_BOOL, AT(session_view, current), .doc = "Whether it is the session of this request."},
};
static const struct fields session_fields = {"SessionInfo", sizeof(struct session_view), ROWS(session_rows)};

static const struct field session_list_rows[] = {
    {.name = "data", .type = FIELD_LIST, AT(session_list_answer, data), .sub = &session_fields, .doc = "The page, newest first."},
    {.name = "has_more", .type = FIELD_BOOL, AT(session_list_answer, has_more), .doc = "Whether there is another page."},
    {.name = "next_cursor", .type = FIELD_TEXT, AT(session_list_answer, next_cursor), .flags = FIELD_NULLABLE, .doc = "Send as `cursor` for the next page."},
};
static const struct fields session_list_fields = {"SessionList", sizeof(struct session_list_answer), ROWS(session_list_rows)};

static const struct field verify_answer_rows[] = {
    {.name = "active", .type = FIELD_BOOL, AT(session_verify_answer, active), .doc = "Whether the token is good and its session lives."},
    {.name = "session", .type = FIELD_OBJECT, AT(session_verify_answer, session), .sub = &verified_session_fields, .flags = FIELD_OMIT_EMPTY, .doc = "Its session."},
    {.name = "user", .type = FIELD_OBJECT, AT(session_verify_answer, user), .sub = &user_fields, .flags = FIELD_OMIT_EMPTY, .doc = "Its user as of now."},
    {.name = "claims", .type = FIELD_JSON, AT(session_verify_answer, claims), .flags = FIELD_OMIT_EMPTY, .doc = "The token's payload."},
};
static const struct fields verify_answer_fields = {"SessionVerification", sizeof(struct session_verify_answer), ROWS(verify_answer_rows)};

static const struct field config_rows[] = {
    {.name = "sign_up", .type = FIELD_CHOICE, AT(sign_in_config, sign_up), .choices = "open|closed", .doc = "Whether users may sign up."},
    {.name = "password_min_length", .type = FIELD_INT, AT(sign_in_config, password_min_length), .doc = "Shortest password in characters."},
    {.name = "methods", .type = FIELD_TEXTS, AT(sign_in_config, methods), .doc = "Ways to sign in."},
};
static const struct fields config_fields = {"SignInConfig", sizeof(struct sign_in_config), ROWS(config_rows)};

/* ---- what comes in ---- */

static const struct field sign_up_rows[] = {
    {.name = "email", .type = FIELD_TEXT, AT(sign_up_request, email), .min = 1, .max = EMAIL_MAX, .flags = FIELD_REQUIRED, .doc = "The address; unique in the tenant, whatever its case."},
    {.name = "password", .type = FIELD_SECRET, AT(sign_up_request, password), .min = 1, .max = PASSWORD_TYPED_MAX, .flags = FIELD_REQUIRED, .doc = "Any Unicode, at most 256 bytes, never trimmed or cut."},
    {.name = "name", .type = FIELD_TEXT, AT(sign_up_request, name), .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_NULLABLE, .doc = "What the user wants to be called."},
    {.name = "metadata", .type = FIELD_JSON, AT(sign_up_request, metadata), .max = METADATA_MAX, .flags = FIELD_NULLABLE, .doc = "Becomes public_metadata."},
};
static const struct fields sign_up_fields = {"SignUp", sizeof(struct sign_up_request), ROWS(sign_up_rows)};

static const struct field sign_in_rows[] = {
    {.name = "email", .type = FIELD_TEXT, AT(sign_in_request, email), .min = 1, .max = EMAIL_MAX, .flags = FIELD_REQUIRED, .doc = "The address, in any case."},
    {.name = "password", .type = FIELD_SECRET, AT(sign_in_request, password), .min = 1, .max = PASSWORD_TYPED_MAX, .flags = FIELD_REQUIRED, .doc = "The password."},
};
static const struct fields sign_in_fields = {"SignIn", sizeof(struct sign_in_request), ROWS(sign_in_rows)};

static const struct field refresh_rows[] = {
    {.name = "refresh_token", .type = FIELD_SECRET, AT(refresh_token_request, refresh_token), .min = 1, .max = 512, .flags = FIELD_REQUIRED, .doc = "Of the last answer, sent with a key of the same client."},
};
static const struct fields refresh_fields = {"Refresh", sizeof(struct refresh_token_request), ROWS(refresh_rows)};

static const struct field sign_out_rows[] = {
    {.name = "scope", .place = IN_QUERY, .type = FIELD_CHOICE, AT(sign_out_request, scope), .choices = "current|all", .doc = "`all` ends every session of the user."},
};
static const struct fields sign_out_fields = {"SignOut", sizeof(struct sign_out_request), ROWS(sign_out_rows)};

static const struct field me_rows[] = {
    {.name = "name", .type = FIELD_TEXT, AT(me_changes, name), SENT(me_changes, has_name), .min = 1, .max = NAME_MAX_BYTES, .flags = FIELD_NULLABLE, .doc = "null removes it."},
    {.name = "metadata", .type = FIELD_JSON, AT(me_changes, metadata), SENT(me_changes, has_metadata), .max = METADATA_MAX, .flags = FIELD_NULLABLE, .doc = "Replaces public_metadata as a whole."},
};
static const struct fields me_fields = {"UserUpdate", sizeof(struct me_changes), ROWS(me_rows)};

static const struct field password_change_rows[] = {
    {.name = "current_password", .type = FIELD_SECRET, AT(password_change_request, current_password), .min = 1, .max = PASSWORD_TYPED_MAX, .flags = FIELD_REQUIRED, .doc = "Counts as a sign-in attempt when wrong."},
    {.name = "new_password", .type = FIELD_SECRET, AT(password_change_request, new_password), .min = 1, .max = PASSWORD_TYPED_MAX, .flags = FIELD_REQUIRED, .doc = "Judged as at sign-up."},
};
static const struct fields password_change_fields = {"PasswordChange", sizeof(struct password_change_request), ROWS(password_change_rows)};

static const struct field list_rows[] = {
    {.name = "limit", .place = IN_QUERY, .type = FIELD_INT, AT(session_list_request, limit), .min = 1, .max = 100, .doc = "Items per page, 20 unless given."},
    {.name = "cursor", .place = IN_QUERY, .type = FIELD_TEXT, AT(session_list_request, cursor), .min = 1, .max = 256, .doc = "next_cursor of the page before."},
};
static const struct fields list_fields = {"SessionListQuery", sizeof(struct session_list_request), ROWS(list_rows)};

static const struct field session_end_rows[] = {
    {.name = "id", .place = IN_PATH, .type = FIELD_ID, AT(session_end_request, id), .choices = "ses_", .flags = FIELD_REQUIRED, .doc = "One of the user's own sessions."},
};
static const struct fields session_end_fields = {"SessionEnd", sizeof(struct session_end_request), ROWS(session_end_rows)};

static const struct field verify_rows[] = {
    {.name = "token", .type = FIELD_SECRET, AT(session_verify_request, token), .min = 1, .max = 8192, .flags = FIELD_REQUIRED, .doc = "An access token."},
};
static const struct fields verify_fields = {"SessionVerify", sizeof(struct session_verify_request), ROWS(verify_rows)};

static const struct field unlock_rows[] = {
    {.name = "email", .type = FIELD_TEXT, AT(unlock_request, email), .min = 1, .max = EMAIL_MAX, .flags = FIELD_REQUIRED, .doc = "The identifier whose failed attempts are forgotten."},
};
static const struct fields unlock_fields = {"Unlock", sizeof(struct unlock_request), ROWS(unlock_rows)};

static const struct field lockout_query_rows[] = {
    {.name = "email", .place = IN_QUERY, .type = FIELD_TEXT, AT(lockout_request, email), .min = 1, .max = EMAIL_MAX, .flags = FIELD_REQUIRED, .doc = "The identifier, as somebody types it."},
};
static const struct fields lockout_query_fields = {"LockoutQuery", sizeof(struct lockout_request), ROWS(lockout_query_rows)};

static const struct field lockout_rows[] = {
    {.name = "failures", .type = FIELD_INT, AT(lockout_answer, failures), .doc = "Failed attempts in a row."},
    {.name = "locked_until", .type = FIELD_TIME, AT(lockout_answer, locked_until), .doc = "When the next attempt is looked at; null = now."},
    {.name = "disabled", .type = FIELD_BOOL, AT(lockout_answer, disabled), .doc = "At the hard stop of 100 failures: only an unlock helps."},
};
static const struct fields lockout_fields = {"Lockout", sizeof(struct lockout_answer), ROWS(lockout_rows)};
/* clang-format on */

/* ---- from memory ---- */

static enum err reply_document(struct call *c, const struct document *document)
{
    *(struct prebuilt_reply *)c->out = (struct prebuilt_reply){
        .body = document->body,
        .etag = document->etag,
        .content_type = STR("application/json"),
        .max_age_s = JWKS_MAX_AGE_S,
    };
    return ERR_OK;
}

static enum err jwks(struct call *c)
{
    return reply_document(c, &tenant_documents(c->tenant, c->now)->jwks);
}

static enum err oauth_metadata(struct call *c)
{
    return reply_document(c, &tenant_documents(c->tenant, c->now)->oauth_metadata);
}

static enum err openid_metadata(struct call *c)
{
    return reply_document(c, &tenant_documents(c->tenant, c->now)->openid_metadata);
}

/* clang-format off */
const struct route routes_user[] = {
    {METHOD_POST, "/v1/auth/sign-up", NEED_PUBLISHABLE, RATE_CREDENTIAL, 201, &sign_up_fields, &signed_in_fields, sign_up,
     .tag = "Users", .doc = "Create a user and sign in.", .errors = "sign_up_closed|email_already_exists|password_too_short|password_too_common|overloaded"},
    {METHOD_POST, "/v1/auth/sign-in", NEED_PUBLISHABLE, RATE_CREDENTIAL, 200, &sign_in_fields, &signed_in_fields, sign_in,
     .tag = "Users", .doc = "Sign in with e-mail and password.", .errors = "invalid_credentials|account_locked|account_banned|rate_limited|overloaded"},
    {METHOD_POST, "/v1/auth/token/refresh", NEED_PUBLISHABLE, RATE_CHEAP, 200, &refresh_fields, &tokens_fields, refresh,
     .tag = "Users", .doc = "Trade a refresh token for new tokens. For refresh_overlap the token before it answers with the same successor; an older one ends the session.",
     .errors = "refresh_token_invalid|refresh_token_expired|session_revoked|account_banned"},
    {METHOD_POST, "/v1/auth/sign-out", NEED_USER, RATE_CHEAP, 204, &sign_out_fields, NULL, sign_out,
     .tag = "Users", .doc = "End this session, or with scope=all every session of the user."},
    {METHOD_GET, "/v1/auth/me", NEED_USER, RATE_CHEAP, 200, NULL, &user_fields, me_read,
     .tag = "Users", .doc = "The signed-in user."},
    {METHOD_PATCH, "/v1/auth/me", NEED_USER, RATE_CHEAP, 200, &me_fields, &user_fields, me_update,
     .tag = "Users", .doc = "Change one's own profile."},
    {METHOD_POST, "/v1/auth/password/change", NEED_USER, RATE_CREDENTIAL, 204, &password_change_fields, NULL, change_password,
     .tag = "Users", .doc = "Change the password; every other session ends.", .errors = "invalid_credentials|account_locked|rate_limited|password_too_short|password_too_common|overloaded"},
    {METHOD_GET, "/v1/auth/sessions", NEED_USER, RATE_CHEAP, 200, &list_fields, &session_list_fields, own_sessions_list,
     .tag = "Users", .doc = "One's own living sessions."},
    {METHOD_DELETE, "/v1/auth/sessions/{id}", NEED_USER, RATE_CHEAP, 204, &session_end_fields, NULL, own_sessions_end_one,
     .tag = "Users", .doc = "End one of one's own sessions.", .errors = "not_found"},
    {METHOD_DELETE, "/v1/auth/sessions", NEED_USER, RATE_CHEAP, 204, NULL, NULL, own_sessions_end_others,
     .tag = "Users", .doc = "End every session but this one."},
    {METHOD_GET, "/v1/auth/config", NEED_PUBLISHABLE, RATE_CHEAP, 200, NULL, &config_fields, sign_in_config_read,
     .tag = "Users", .doc = "What a sign-in form has to show."},
    {METHOD_POST, "/v1/sessions/verify", NEED_SECRET, RATE_CHEAP, 200, &verify_fields, &verify_answer_fields, session_verify,
     .tag = "Server", .doc = "Check an access token's signature and session. Whatever is wrong with it, the answer is active: false."},
    {METHOD_GET, "/v1/users/lockout", NEED_SECRET, RATE_CHEAP, 200, &lockout_query_fields, &lockout_fields, lockout_read,
     .tag = "Server", .doc = "Why somebody cannot sign in: an identifier's failed attempts and its wait."},
    {METHOD_POST, "/v1/users/unlock", NEED_SECRET, RATE_CHEAP, 204, &unlock_fields, NULL, unlock,
     .tag = "Server", .doc = "Forget an identifier's failed attempts: the way out of the hard stop at 100."},
    {METHOD_GET, "/t/{slug}/.well-known/jwks.json", NEED_NOTHING, RATE_CHEAP, 200, NULL, NULL, jwks, .direct = true,
     .tag = "Issuer", .doc = "The tenant's public signing keys (RFC 7517)."},
    {METHOD_GET, "/t/{slug}/.well-known/oauth-authorization-server", NEED_NOTHING, RATE_CHEAP, 200, NULL, NULL, oauth_metadata, .direct = true,
     .tag = "Issuer", .doc = "Metadata of the issuer (RFC 8414)."},
    {METHOD_GET, "/.well-known/oauth-authorization-server/t/{slug}", NEED_NOTHING, RATE_CHEAP, 200, NULL, NULL, oauth_metadata, .direct = true,
     .tag = "Issuer", .doc = "The same, in the path that RFC 8414 builds."},
    {METHOD_GET, "/t/{slug}/.well-known/openid-configuration", NEED_NOTHING, RATE_CHEAP, 200, NULL, NULL, openid_metadata, .direct = true,
     .tag = "Issuer", .doc = "Issuer and jwks_uri, for those who look here."},
};
const size_t routes_user_count = sizeof(routes_user) / sizeof(routes_user[0]);
/* clang-format on */
