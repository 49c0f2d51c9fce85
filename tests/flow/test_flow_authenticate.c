/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "crypto/jwt.h"
#include "flow/claims.h"
#include "flow/flow_fixture.h"
#include "flow/me.h"
#include "flow/session_verify.h"
#include "flow/sign_out.h"

#define EMAIL "ann@example.com"
#define PASSWORD "correct horse battery"

/* Claims of a live session of tenant a, to be bent. */
struct forged {
    struct jwt_claims c;
    const char *typ;
    const struct signing_key *key;
    const char *kid;
};

static struct forged honest(const struct signed_in *u)
{
    return (struct forged){
        .c = {.iss = fx.a->issuer,
              .sub = id_str(&u->user->id),
              .aud = id_str(&fx.a->id),
              .client_id = id_str(&fx.a->clients[0].id),
              .sid = id_str(&u->session->id),
              .tenant = id_str(&fx.a->id),
              .iat = fx.now / 1000,
              .exp = fx.now / 1000 + 900},
        .typ = "at+jwt",
        .key = &fx.a->signing_keys[0],
        .kid = fx.a->signing_keys[0].kid.z,
    };
}

static void member(struct json_writer *w, const char *name, struct str value)
{
    if (!str_is_set(value))
        return;
    json_key(w, str_of(name));
    json_str_value(w, value);
}

static struct str forge(const struct forged *f)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, fx.arena, 512);
    json_start(&w, &b);
    json_object_start(&w);
    member(&w, "iss", f->c.iss);
    member(&w, "sub", f->c.sub);
    member(&w, "aud", f->c.aud);
    member(&w, "client_id", f->c.client_id);
    member(&w, "sid", f->c.sid);
    member(&w, "tenant", f->c.tenant);
    json_member(&w, "iat");
    json_int_value(&w, f->c.iat);
    if (f->c.nbf) {
        json_member(&w, "nbf");
        json_int_value(&w, f->c.nbf);
    }
    if (f->c.exp) {
        json_member(&w, "exp");
        json_int_value(&w, f->c.exp);
    }
    json_object_end(&w);
    return jwt_sign(fx.arena, jwt_header(fx.arena, f->typ, str_of(f->kid)), buf_view(&b),
                    f->key->secret_key);
}

/* With the tenant's key, and without any. */
static void check_forged(const struct forged *f, enum err expected)
{
    struct str token = forge(f);
    check_err(do_me(fx.a, token), expected);
    check_err(do_me(NULL, token), expected);
}

static void honest_token_opens_with_and_without_key(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct forged f = honest(&u);
    check_forged(&f, ERR_OK);
    /* The second time from the cache. */
    check_err(do_me(fx.a, u.session->access_token), ERR_OK);
    check_err(do_me(NULL, u.session->access_token), ERR_OK);
    check_err(do_me(fx.a, u.session->access_token), ERR_OK);
}

/* J08: iss and sub as a pair; the tenant comes from the key's owner. J09: aud. */
static void j08_j09_issuer_subject_tenant_and_audience(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct signed_in other = new_user(fx.a, "eve@example.com", PASSWORD);
    struct forged f = honest(&u);
    f.c.iss = fx.b->issuer;
    check_forged(&f, ERR_invalid_token);
    f = honest(&u);
    f.c.tenant = id_str(&fx.b->id);
    check_forged(&f, ERR_invalid_token);
    f.c.tenant = STR_NONE;
    check_forged(&f, ERR_invalid_token);
    f = honest(&u);
    f.c.sub = id_str(&other.user->id); /* somebody else's session */
    check_forged(&f, ERR_session_revoked);
    f.c.sub = f.c.client_id;
    check_forged(&f, ERR_invalid_token);
    f = honest(&u);
    f.c.aud = id_str(&fx.b->id);
    check_forged(&f, ERR_invalid_token);
    f.c.aud = STR_NONE;
    check_forged(&f, ERR_invalid_token);
    f = honest(&u);
    f.c.client_id = STR("cli_00000000000000000000000000");
    check_forged(&f, ERR_invalid_token);
    f = honest(&u);
    f.c.sid = STR_NONE; /* a client's own token is no user's */
    check_forged(&f, ERR_invalid_token);
}

static void j09_audience_follows_client_and_policy(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct forged f = honest(&u);
    fx.a->policy.audience = STR("https://api.acme.com");
    fx.a->build++; /* as every change does, the client's own too */
    check_forged(&f, ERR_invalid_token);
    f.c.aud = STR("https://api.acme.com");
    check_forged(&f, ERR_OK);
    struct signed_in in = new_user(fx.a, "bob@example.com", PASSWORD);
    check_str(claim(in.session->access_token, "aud"), "https://api.acme.com");
    fx.a->build++;
}

/* J11, J12: every kind of token has its own type. */
static void j11_j12_other_types_are_refused(void **state)
{
    (void)state;
    static const char *const types[] = {"JWT", "jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", ""};
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct forged f = honest(&u);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        f.typ = types[i];
        check_forged(&f, ERR_invalid_token);
    }
}

/* J13: skew is at most a minute, and none for our own exp. */
static void j13_times(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct forged f = honest(&u);
    int64_t now = fx.now / 1000;
    f.c.exp = now + 1;
    check_forged(&f, ERR_OK);
    f.c.exp = now;
    check_forged(&f, ERR_token_expired);
    f.c.exp = now - 1;
    check_forged(&f, ERR_token_expired);
    f.c.exp = 0;
    check_forged(&f, ERR_invalid_token);
    f = honest(&u);
    f.c.iat = now + 60;
    check_forged(&f, ERR_OK);
    f.c.iat = now + 61;
    check_forged(&f, ERR_invalid_token);
    f = honest(&u);
    f.c.nbf = now + 61;
    check_forged(&f, ERR_invalid_token);
}

/* Expired code lives on (CVE-2024-7318's class): the cache forgets at exp, not after. */
static void cached_token_dies_at_exp(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct str token = u.session->access_token;
    check_err(do_me(fx.a, token), ERR_OK);
    fx.now = u.session->access_token_expires_at - 1;
    check_err(do_me(fx.a, token), ERR_OK);
    fx.now = u.session->access_token_expires_at;
    check_err(do_me(fx.a, token), ERR_token_expired);
}

/* J15: also when kids collide; a cached token included. */
static void j15_token_of_another_tenant_is_refused(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct str token = u.session->access_token;
    check_err(do_me(fx.a, token), ERR_OK);
    check_err(do_me(fx.b, token), ERR_invalid_token);
    struct id kid = fx.b->signing_keys[0].kid;
    fx.b->signing_keys[0].kid = fx.a->signing_keys[0].kid;
    check_err(do_me(fx.b, token), ERR_invalid_token);
    struct forged f = honest(&u);
    f.key = &fx.b->signing_keys[0]; /* b's key, a's kid */
    check_err(do_me(fx.a, forge(&f)), ERR_invalid_token);
    fx.b->signing_keys[0].kid = kid;
}

/* J16: until the key leaves the JWKS, and then not, cached or not. */
static void j16_rotated_key_verifies_until_it_leaves(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct forged f = honest(&u);
    f.c.exp += 3600;
    check_forged(&f, ERR_OK);
    fx.a->signing_keys[0].leaves_at = fx.now + 1000;
    check_forged(&f, ERR_OK);
    fx.now += 1000;
    check_forged(&f, ERR_invalid_token);
    fx.a->signing_keys[0].leaves_at = 0;
    f.kid = "key_00000000000000000000000000";
    check_forged(&f, ERR_invalid_token);
}

/* J01, J03: each byte of the token matters. */
static void j03_every_changed_character_is_refused(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct str token = u.session->access_token;
    char *copy = arena_alloc(fx.arena, token.len);
    for (size_t i = 0; i < token.len; i += 3) {
        memcpy(copy, token.ptr, token.len);
        copy[i] = copy[i] == 'x' ? 'y' : 'x';
        check_err(do_me(fx.a, (struct str){copy, token.len}), ERR_invalid_token);
        check_err(do_me(fx.a, str_slice(token, 0, i)), ERR_invalid_token);
    }
}

/* J14: the size is capped before anything is looked at. */
static void j14_oversize_is_refused(void **state)
{
    (void)state;
    char *big = arena_alloc(fx.arena, 1 << 20);
    memset(big, 'a', 1 << 20);
    check_err(do_me(fx.a, (struct str){big, 1 << 20}), ERR_invalid_token);
    check_err(do_me(NULL, STR("")), ERR_invalid_token);
}

/* V7 7.4.1, 7.4.2: at once, though the token verifies elsewhere until it expires. */
static void v7_ended_banned_and_suspended_are_refused_at_once(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct str token = u.session->access_token;
    struct sign_out_request in = {STR_NONE};
    check_err(do_me(NULL, token), ERR_OK);
    fx.a->status = TENANT_SUSPENDED;
    check_err(do_me(NULL, token), ERR_tenant_suspended);
    fx.a->status = TENANT_ACTIVE;
    sql(fx.db_a, "UPDATE app_user SET status = 'disabled'");
    check_err(do_me(NULL, token), ERR_account_banned);
    sql(fx.db_a, "UPDATE app_user SET status = 'active'");
    check_err(call_run_user(call_new(fx.a, &in, NULL), token, sign_out), ERR_OK);
    check_err(do_me(fx.a, token), ERR_session_revoked);
    sql(fx.db_a, "DELETE FROM session");
    check_err(do_me(fx.a, token), ERR_session_revoked);
}

static void verify(const struct tenant *t, struct str token, struct session_verify_answer *out)
{
    struct session_verify_request in = {token};
    *out = (struct session_verify_answer){0};
    check_err(call_run(call_new(t, &in, out), session_verify), ERR_OK);
}

static void check_inactive(const struct tenant *t, struct str token)
{
    struct session_verify_answer out;
    verify(t, token, &out);
    assert_false(out.active);
    assert_null(out.session);
    assert_null(out.user);
    assert_false(str_is_set(out.claims));
}

static void verify_endpoint_knows_signature_and_session(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct str token = u.session->access_token;
    struct session_verify_answer out;
    for (int i = 0; i < 2; i++) { /* afresh and cached */
        verify(fx.a, token, &out);
        assert_true(out.active);
        assert_true(id_eq(&out.session->id, &u.session->id));
        assert_true(id_eq(&out.user->id, &u.user->id));
        assert_true(str_eq(claim(token, "sub"), id_str(&out.user->id)));
        assert_true(str_starts(out.claims, STR("{\"iss\":")));
    }
    check_inactive(fx.b, token);
    check_inactive(fx.a, STR("no token"));
    check_inactive(fx.a, u.session->refresh_token);
    sql(fx.db_a, "UPDATE app_user SET status = 'banned'");
    check_inactive(fx.a, token);
    sql(fx.db_a, "UPDATE app_user SET status = 'active'; UPDATE session SET ended_at = now()");
    check_inactive(fx.a, token);
    fx.now = u.session->access_token_expires_at;
    check_inactive(fx.a, token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        flow_test(honest_token_opens_with_and_without_key),
        flow_test(j08_j09_issuer_subject_tenant_and_audience),
        flow_test(j09_audience_follows_client_and_policy),
        flow_test(j11_j12_other_types_are_refused),
        flow_test(j13_times),
        flow_test(cached_token_dies_at_exp),
        flow_test(j15_token_of_another_tenant_is_refused),
        flow_test(j16_rotated_key_verifies_until_it_leaves),
        flow_test(j03_every_changed_character_is_refused),
        flow_test(j14_oversize_is_refused),
        flow_test(v7_ended_banned_and_suspended_are_refused_at_once),
        flow_test(verify_endpoint_knows_signature_and_session),
    };
    return flow_tests(tests);
}
