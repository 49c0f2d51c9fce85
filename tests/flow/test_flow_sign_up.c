/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow_fixture.h"
#include "flow/sign_up.h"

#define PASSWORD "correct horse battery"

static void creates_user_and_session(void **state)
{
    (void)state;
    struct sign_up_request in = {.email = STR("Ann@Example.com"),
                                 .password = STR(PASSWORD),
                                 .name = STR("Ann"),
                                 .metadata = STR("{\"plan\":\"free\"}")};
    struct signed_in out = {0};
    check_err(call_run(call_new(fx.a, &in, &out), sign_up), ERR_OK);
    check_str(out.user->email, "Ann@Example.com");
    check_str(out.user->name, "Ann");
    assert_int_equal(out.user->roles.n, 0);
    assert_false(out.user->email_verified);
    check_str(out.session->token_type, "Bearer");
    assert_int_equal(out.session->expires_in, 900);
    check_err(do_me(fx.a, out.session->access_token), ERR_OK);
    check_str(text(fx.db_a, "SELECT public_metadata->>'plan' FROM app_user"), "free");
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit WHERE event = 'user.signed_up'"),
                     1);
    assert_int_equal(
        number(fx.db_a, "SELECT count(*) FROM password WHERE hash LIKE '$argon2id$%%'"), 1);
}

static void claims_are_those_of_the_contract(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, "ann@example.com", PASSWORD);
    struct str token = u.session->access_token;
    assert_true(str_eq(claim(token, "iss"), fx.a->issuer));
    assert_true(str_eq(claim(token, "sub"), id_str(&u.user->id)));
    assert_true(str_eq(claim(token, "sid"), id_str(&u.session->id)));
    assert_true(str_eq(claim(token, "aud"), id_str(&fx.a->id)));
    assert_true(str_eq(claim(token, "client_id"), id_str(&fx.a->clients[0].id)));
    assert_true(str_eq(claim(token, "tenant"), id_str(&fx.a->id)));
    assert_true(str_eq(claim(token, "tenant_id"), id_str(&fx.a->id)));
    assert_true(str_eq(claim(token, "tenantId"), id_str(&fx.a->id)));
    check_str(claim(token, "email"), "ann@example.com");
    check_str(claim(token, "acr"), "urn:authd:acr:1");
    assert_int_equal(claim(token, "jti").len, 22);
    assert_false(str_is_set(claim(token, "name")));
}

static void taken_email_is_refused_in_any_case(void **state)
{
    (void)state;
    struct signed_in out;
    new_user(fx.a, "ann@example.com", PASSWORD);
    check_err(do_sign_up(fx.a, "ANN@Example.COM", PASSWORD, &out), ERR_email_already_exists);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM app_user"), 1);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session"), 1);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit"), 1);
    /* The same address in another tenant is another user. */
    new_user(fx.b, "ann@example.com", PASSWORD);
}

static enum err raced[20];

static void sign_up_once(size_t i)
{
    struct signed_in out;
    do
        raced[i] = do_sign_up(fx.a, "race@example.com", PASSWORD, &out);
    while (told_to_come_again(raced[i]));
}

static void parallel_sign_ups_make_one_user(void **state)
{
    (void)state;
    size_t ok = 0;
    in_parallel(20, sign_up_once);
    for (size_t i = 0; i < 20; i++) {
        ok += raced[i] == ERR_OK;
        assert_true(raced[i] == ERR_OK || raced[i] == ERR_email_already_exists);
    }
    assert_int_equal(ok, 1);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM app_user"), 1);
}

static void closed_refuses_before_anything(void **state)
{
    (void)state;
    struct signed_in out;
    uint64_t hashed = hashes();
    fx.a->policy.sign_up = SIGN_UP_CLOSED;
    check_err(do_sign_up(fx.a, "ann@example.com", PASSWORD, &out), ERR_sign_up_closed);
    assert_int_equal(hashes(), hashed);
}

/* V6 6.2.1, 6.2.9, 6.2.11, 6.2.12; N-1, N-2. */
static void v6_n1_n2_password_rules(void **state)
{
    (void)state;
    struct signed_in out;
    char longest[PASSWORD_MAX + 2];
    check_err(do_sign_up(fx.a, "ann@example.com", "short77", &out), ERR_password_too_short);
    check_err(do_sign_up(fx.a, "ann@example.com", "password", &out), ERR_password_too_common);
    check_err(do_sign_up(fx.a, "annabella@example.com", "annabella1", &out),
              ERR_password_too_common);
    memset(longest, 'x', sizeof(longest));
    for (size_t i = 0; i < sizeof(longest); i += 3)
        longest[i] = (char)('a' + i % 26);
    longest[PASSWORD_MAX + 1] = '\0';
    check_err(do_sign_up(fx.a, "ann@example.com", longest, &out), ERR_validation_failed);
    longest[PASSWORD_MAX] = '\0';
    new_user(fx.a, "ann@example.com", longest);
    check_err(do_sign_in(fx.a, "ann@example.com", longest, &out), ERR_OK);
    longest[PASSWORD_MAX - 1] = '\0'; /* never cut */
    check_err(do_sign_in(fx.a, "ann@example.com", longest, &out), ERR_invalid_credentials);
    fx.a->policy.password_blocklist = BLOCKLIST_OFF;
    new_user(fx.a, "eve@example.com", "password");
}

/* N-1: Unicode is counted per code point and normalised once. */
static void n1_unicode_forms_are_one_password(void **state)
{
    (void)state;
    struct signed_in out;
    new_user(fx.a, "ann@example.com", "caf\xc3\xa9 au lait \xc3\xa0 neuf");
    check_err(do_sign_in(fx.a, "ann@example.com", "cafe\xcc\x81 au lait a\xcc\x80 neuf", &out),
              ERR_OK);
    check_err(do_sign_up(fx.a, "bob@example.com", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", &out),
              ERR_password_too_short);
}

static void malformed_email_is_named(void **state)
{
    (void)state;
    struct sign_up_request in = {.email = STR("not an address"), .password = STR(PASSWORD)};
    struct signed_in out;
    struct call *c = call_new(fx.a, &in, &out);
    check_err(call_run(c, sign_up), ERR_validation_failed);
    assert_int_equal(c->problems.n, 1);
    check_str(c->problems.list[0].field, "email");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        flow_test(creates_user_and_session),           flow_test(claims_are_those_of_the_contract),
        flow_test(taken_email_is_refused_in_any_case), flow_test(parallel_sign_ups_make_one_user),
        flow_test(closed_refuses_before_anything),     flow_test(v6_n1_n2_password_rules),
        flow_test(n1_unicode_forms_are_one_password),  flow_test(malformed_email_is_named),
    };
    return flow_tests(tests);
}
