/* SPDX-License-Identifier: Apache-2.0
 *
 * libauthd-verify: whose request is this? Verifies the access tokens of an authd in a server that
 * is not authd: signature through the issuer's JWKS, issuer, audience, time, tenant, and on request
 * whether the session still lives. authd_verify(3) is the manual.
 *
 *     struct authd_verify_options o = AUTHD_VERIFY_OPTIONS;
 *     o.issuer = "https://auth.example.com/t/acme";
 *     struct authd_verifier *v = authd_verifier_new(&o, &why_not);
 *     struct authd_claims *who = authd_verify(v, token, length, &error);
 *
 * Claims that are not NULL are the permission; nothing else is. One verifier serves all threads. It
 * may wait for the network, at most timeout_ms: when it has no key yet, when keys are due, when a
 * token names an unknown key, and when sessions are asked about.
 */
#ifndef AUTHD_VERIFY_H
#define AUTHD_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Name, wire code (RFC 6750 and authd's own), HTTP status to answer with, what happened. */
/* clang-format off */
#define AUTHD_VERIFY_ERRORS(ROW) \
    ROW(NONE,            "ok",            200, "the token is good") \
    ROW(MISSING_TOKEN,   "missing_token", 401, "there is no bearer token") \
    ROW(MALFORMED,       "invalid_token", 401, "not an access token of authd by its form") \
    ROW(WRONG_ISSUER,    "invalid_token", 401, "issued by somebody else") \
    ROW(WRONG_AUDIENCE,  "invalid_token", 401, "meant for somebody else") \
    ROW(WRONG_TENANT,    "invalid_token", 401, "its tenant does not own the key that signed it") \
    ROW(NOT_YET_VALID,   "invalid_token", 401, "issued or valid only in the future") \
    ROW(EXPIRED,         "token_expired", 401, "expired") \
    ROW(UNKNOWN_KEY,     "invalid_token", 401, "its issuer publishes no such key") \
    ROW(BAD_SIGNATURE,   "invalid_token", 401, "the signature does not match") \
    ROW(SESSION_ENDED,   "session_revoked", 401, "its session has ended") \
    ROW(UNAVAILABLE,     "unavailable",   503, "keys or session could not be had; try again")
/* clang-format on */

#define AUTHD_VERIFY_ERROR_NAME(name, code, status, text) AUTHD_VERIFY_##name,
enum authd_verify_error { AUTHD_VERIFY_ERRORS(AUTHD_VERIFY_ERROR_NAME) };
#undef AUTHD_VERIFY_ERROR_NAME

/* Start from AUTHD_VERIFY_OPTIONS; the library copies what it needs. Exactly one of issuer and
 * public_url is set. */
struct authd_verify_options {
    size_t size; /* of this struct, as the caller knows it */
    /* One tenant: its issuer, letter by letter; every other is refused. */
    const char *issuer;
    /* Every tenant of an instance: {public_url}/t/{slug} and nothing else. */
    const char *public_url;
    /* What aud has to be; NULL: the id of the token's tenant, as authd has it by default. */
    const char *audience;
    /* sk_… of the issuer's tenant: every token's session is asked about. Only with issuer. */
    const char *secret_key;
    /* PEM file of certificate authorities; NULL: the system's. */
    const char *ca_file;
    int leeway_s;               /* for clocks that differ: 0 to 60 */
    int timeout_ms;             /* of one exchange with the issuer: 100 to 60000 */
    int stale_s;                /* how long keys go on that cannot be fetched anew: 0 to 604800 */
    int unknown_key_interval_s; /* an unknown key fetches at most so often: 1 to 86400 */
    int session_cache_s;        /* how long an answer about a session is kept: 0 to 60 */
    bool allow_http;            /* http beyond loopback, where tokens could be read or forged */
    /* One line for the operator when the issuer cannot be had; never a token or a key. From any
     * thread, with no lock held. */
    void (*log)(void *arg, const char *line);
    void *log_arg;
};

/* clang-format off */
#define AUTHD_VERIFY_OPTIONS                                                     \
    {sizeof(struct authd_verify_options), NULL, NULL, NULL, NULL, NULL, 30, 5000, \
     3600, 300, 5, false, NULL, NULL}
/* clang-format on */

struct authd_string_list {
    const char *const *items;
    size_t n;
};

/* What a verified token says. Strings end with a NUL and live as long as the claims; an absent
 * claim is NULL, 0 or an empty list. */
struct authd_claims {
    const char *issuer;
    const char *subject; /* usr_… or, of a machine client, cli_… */
    const char *audience;
    const char *token_id; /* jti */
    const char *client_id;
    const char *session_id; /* NULL: a machine client */
    const char *tenant_id;  /* tnt_…, the owner of the key that signed */
    const char *org_id;     /* NULL: not acting within an organization */
    const char *org_role;
    struct authd_string_list permissions; /* within org_id */
    struct authd_string_list roles;       /* in the tenant */
    struct authd_string_list amr;         /* how the user signed in */
    const char *acr;
    const char *scope;
    const char *email;
    const char *name;
    bool email_verified;
    int64_t expires_at; /* seconds since 1970, as all of these */
    int64_t issued_at;
    int64_t not_before;
    int64_t authenticated_at;
    const char *json; /* the whole payload, for claims of the tenant's own */
};

struct authd_verifier;

#pragma GCC visibility push(default)

/* NULL when the options are not usable; *why_not (may be NULL) is then a constant sentence. Does
 * not talk to anybody. */
struct authd_verifier *authd_verifier_new(const struct authd_verify_options *options,
                                          const char **why_not);
/* After the last authd_verify has returned. NULL is ignored. */
void authd_verifier_free(struct authd_verifier *verifier);

/* Claims that the caller frees, or NULL and *error (may be NULL). The token needs no NUL. */
struct authd_claims *authd_verify(struct authd_verifier *verifier, const char *token, size_t length,
                                  enum authd_verify_error *error)
    __attribute__((warn_unused_result));
/* Wipes and frees; NULL is ignored. */
void authd_claims_free(struct authd_claims *claims);

/* Whether the token's permissions within its organization name this one. NULL claims permit
 * nothing. */
bool authd_claims_permit(const struct authd_claims *claims, const char *permission);

/* The token within the value of an Authorization header (RFC 6750 section 2.1), or NULL: another
 * scheme, or not exactly one blank and a token. */
const char *authd_bearer_token(const char *authorization, size_t *length);

/* The columns of AUTHD_VERIFY_ERRORS. */
const char *authd_verify_error_code(enum authd_verify_error error);
int authd_verify_error_status(enum authd_verify_error error);
const char *authd_verify_error_text(enum authd_verify_error error);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
