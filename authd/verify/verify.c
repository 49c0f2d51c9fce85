/* SPDX-License-Identifier: Apache-2.0
 *
 * The verifier: what it is made of, and the order in which a token is refused. What costs nothing
 * comes first; what talks to the issuer comes last; and the owner of the key that signed, never a
 * claim, decides whose token it is.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "verify/claims.h"
#include "verify/keys.h"
#include "verify/session.h"
#include "verify/token.h"
#include "verify/verifier.h"

enum { LINE_MAX_LEN = 1400, URL_SIZE = 1200 };

struct authd_verifier {
    struct expectation expected;
    char *issuer, *public_url, *audience;
    struct exchanger *exchanger;
    struct key_store *keys;
    struct session_cache *sessions; /* NULL: not asked about */
    void (*log)(void *arg, const char *line);
    void *log_arg;
};

/* ---- for the operator ---- */

static void say(const struct authd_verifier *v, const char *what, const char *complaint)
{
    char line[LINE_MAX_LEN];
    if (!v->log)
        return;
    snprintf(line, sizeof(line), "authd-verify: %s: %s", what, complaint);
    v->log(v->log_arg, line);
}

static void say_status(const struct authd_verifier *v, const char *what, long status)
{
    char text[48];
    snprintf(text, sizeof(text), "answered with status %ld", status);
    say(v, what, text);
}

/* ---- keys ---- */

static enum fetch_result read_keys(const struct authd_verifier *v, const char *url,
                                   const struct answer *answer, struct key_set *out)
{
    if (answer->status != 200) {
        say_status(v, url, answer->status);
        return answer->status == 404 || answer->status == 410 ? FETCH_GONE : FETCH_FAILED;
    }
    if (authdv_jwks_read((struct slice){answer->body, answer->len}, out))
        return FETCH_DONE;
    say(v, url, "not a key set with an owner");
    return FETCH_FAILED;
}

static enum fetch_result fetch_keys(void *arg, const char *issuer, struct key_set *out,
                                    int64_t *fresh_s)
{
    const struct authd_verifier *v = arg;
    char url[URL_SIZE];
    struct answer answer;
    snprintf(url, sizeof(url), "%s/.well-known/jwks.json", issuer);
    const char *complaint = authdv_get(v->exchanger, url, &answer);
    if (complaint) {
        say(v, url, complaint);
        return FETCH_FAILED;
    }
    enum fetch_result result = read_keys(v, url, &answer, out);
    *fresh_s = answer.fresh_s;
    authdv_answer_free(&answer);
    return result;
}

/* ---- making one ---- */

/* The API is where the issuer is: {public_url}/t/{slug}, or a host of the tenant's own. */
static void session_url(const char *issuer, char out[URL_SIZE])
{
    const char *slash = strrchr(issuer, '/');
    size_t n = strlen(issuer);
    if (slash && slash - issuer >= 2 && strncmp(slash - 2, "/t/", 3) == 0)
        n = (size_t)(slash - 2 - issuer);
    snprintf(out, URL_SIZE, "%.*s/v1/sessions/verify", (int)n, issuer);
}

/* The caller's struct may be an older, shorter one, whose missing options have their defaults. */
static bool copy_options(const struct authd_verify_options *from, struct authd_verify_options *to)
{
    *to = (struct authd_verify_options)AUTHD_VERIFY_OPTIONS;
    if (from->size == 0 || from->size > sizeof(*to))
        return false;
    memcpy(to, from, from->size);
    return true;
}

static char *copy_text(const char *text, bool *complete)
{
    char *copy = text ? strdup(text) : NULL;
    *complete = *complete && (copy || !text);
    return copy;
}

static bool fill(struct authd_verifier *v, const struct authd_verify_options *o)
{
    bool complete = true;
    char url[URL_SIZE];
    v->issuer = copy_text(o->issuer, &complete);
    v->public_url = copy_text(o->public_url, &complete);
    v->audience = copy_text(o->audience, &complete);
    v->expected = (struct expectation){v->issuer, v->public_url, v->audience, o->leeway_s};
    v->log = o->log;
    v->log_arg = o->log_arg;
    v->exchanger = authdv_exchanger_new(o);
    v->keys = authdv_keys_new(o, (struct key_source){fetch_keys, v});
    if (o->secret_key) {
        session_url(o->issuer, url);
        v->sessions = authdv_sessions_new(url, o->session_cache_s);
    }
    return complete && v->exchanger && v->keys && (v->sessions || !o->secret_key);
}

static struct authd_verifier *make(const struct authd_verify_options *options, const char **why)
{
    struct authd_verify_options o;
    *why = "size is not that of struct authd_verify_options";
    if (!copy_options(options, &o))
        return NULL;
    *why = authdv_options_complaint(&o);
    if (*why)
        return NULL;
    *why = "libsodium cannot be set up";
    if (sodium_init() < 0)
        return NULL;
    *why = "out of memory";
    struct authd_verifier *v = calloc(1, sizeof(*v));
    if (v && fill(v, &o))
        return v;
    authd_verifier_free(v);
    return NULL;
}

struct authd_verifier *authd_verifier_new(const struct authd_verify_options *options,
                                          const char **why_not)
{
    const char *why;
    struct authd_verifier *v = make(options, &why);
    if (why_not)
        *why_not = v ? NULL : why;
    return v;
}

void authd_verifier_free(struct authd_verifier *v)
{
    if (!v)
        return;
    authdv_sessions_free(v->sessions);
    authdv_keys_free(v->keys);
    authdv_exchanger_free(v->exchanger);
    free(v->issuer);
    free(v->public_url);
    free(v->audience);
    free(v);
}

/* ---- verifying ---- */

static enum authd_verify_error check_signature(const struct authd_verifier *v,
                                               const struct token *t, const struct authd_claims *c,
                                               int64_t now)
{
    struct found_key key;
    enum authd_verify_error e = authdv_key_for(v->keys, c->issuer, t->kid, now, &key);
    if (e)
        return e;
    if (!authdv_signature_valid(t, key.bytes))
        return AUTHD_VERIFY_BAD_SIGNATURE;
    return strcmp(key.owner, c->tenant_id) == 0 ? AUTHD_VERIFY_NONE : AUTHD_VERIFY_WRONG_TENANT;
}

/* A machine client has no session that could end. */
static enum authd_verify_error check_session(const struct authd_verifier *v, struct slice token,
                                             const struct authd_claims *c, int64_t now)
{
    const char *complaint = NULL;
    if (!v->sessions || !c->session_id)
        return AUTHD_VERIFY_NONE;
    enum authd_verify_error e =
        authdv_session_check(v->sessions, v->exchanger, token, now, &complaint);
    if (complaint)
        say(v, "asking about a session", complaint);
    return e;
}

struct authd_claims *authdv_verify_at(struct authd_verifier *v, const char *token, size_t length,
                                      struct moment now, enum authd_verify_error *error)
{
    struct slice text = {token, length};
    struct token t;
    *error = token ? AUTHD_VERIFY_MALFORMED : AUTHD_VERIFY_MISSING_TOKEN;
    if (!token || !authdv_token_split(text, &t))
        return NULL;
    struct authd_claims *c = authdv_claims_read((struct slice){t.payload, t.payload_len});
    if (!c)
        return NULL;
    *error = authdv_claims_judge(c, &v->expected, now.wall_s);
    if (!*error)
        *error = check_signature(v, &t, c, now.run_s);
    if (!*error)
        *error = check_session(v, text, c, now.run_s);
    if (!*error)
        return c;
    authd_claims_free(c);
    return NULL;
}

static int64_t seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec;
}

struct authd_claims *authd_verify(struct authd_verifier *v, const char *token, size_t length,
                                  enum authd_verify_error *error)
{
    enum authd_verify_error ignored;
    struct moment now = {seconds_of(CLOCK_REALTIME), seconds_of(CLOCK_MONOTONIC)};
    return authdv_verify_at(v, token, length, now, error ? error : &ignored);
}
