/* SPDX-License-Identifier: Apache-2.0
 *
 * libauthd-verify: what a payload may say, and whether claims belong here and now.
 */
#include "verify/claims.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

#define IDS                          \
    "\"iss\":\"https://a.example/t/" \
    "acme\",\"sub\":\"usr_1\",\"aud\":\"tnt_1\",\"tenant\":\"tnt_1\""
#define TIMES "\"exp\":2000,\"iat\":1000"
#define WITH(more) "{" IDS "," TIMES "," more "}"

static bool is_read(const char *payload)
{
    struct authd_claims *c = authdv_claims_read(slice_of(payload));
    authd_claims_free(c);
    return c != NULL;
}

static void expect_refused(const char *const payloads[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_read(payloads[i]))
            fail_msg("read %s", payloads[i]);
    }
}
#define EXPECT_REFUSED(list) expect_refused((list), sizeof(list) / sizeof((list)[0]))

static void test_T1_every_claim_comes_out(void **state)
{
    (void)state;
    struct authd_claims *c = authdv_claims_read(slice_of(WITH(
        "\"jti\":\"j\",\"client_id\":\"cli_1\",\"sid\":\"ses_1\",\"tenant_id\":\"tnt_1\","
        "\"tenantId\":\"tnt_1\",\"org_id\":\"org_1\",\"org_role\":\"admin\",\"permissions\":"
        "[\"a:read\",\"a:write\"],\"roles\":[\"support\"],\"amr\":[\"pwd\",\"otp\"],\"acr\":\"2\","
        "\"scope\":\"\",\"email\":\"\\u0061@b.example\",\"name\":\"A \\\"B\\\"\","
        "\"email_verified\":true,\"nbf\":1001,\"auth_time\":999,\"plan\":{\"seats\":3}")));
    assert_non_null(c);
    assert_string_equal(c->issuer, "https://a.example/t/acme");
    assert_string_equal(c->subject, "usr_1");
    assert_string_equal(c->audience, "tnt_1");
    assert_string_equal(c->tenant_id, "tnt_1");
    assert_string_equal(c->token_id, "j");
    assert_string_equal(c->client_id, "cli_1");
    assert_string_equal(c->session_id, "ses_1");
    assert_string_equal(c->org_id, "org_1");
    assert_string_equal(c->org_role, "admin");
    assert_int_equal(c->permissions.n, 2);
    assert_string_equal(c->permissions.items[1], "a:write");
    assert_string_equal(c->roles.items[0], "support");
    assert_int_equal(c->amr.n, 2);
    assert_string_equal(c->amr.items[1], "otp");
    assert_string_equal(c->acr, "2");
    assert_string_equal(c->scope, "");
    assert_string_equal(c->email, "a@b.example");
    assert_string_equal(c->name, "A \"B\"");
    assert_true(c->email_verified);
    assert_int_equal(c->expires_at, 2000);
    assert_int_equal(c->issued_at, 1000);
    assert_int_equal(c->not_before, 1001);
    assert_int_equal(c->authenticated_at, 999);
    assert_non_null(strstr(c->json, "\"plan\":{\"seats\":3}"));
    assert_true(authd_claims_permit(c, "a:read"));
    assert_false(authd_claims_permit(c, "a"));
    assert_false(authd_claims_permit(NULL, "a:read"));
    authd_claims_free(c);
    authd_claims_free(NULL);
}

static void test_absent_claims_are_absent(void **state)
{
    (void)state;
    struct authd_claims *c = authdv_claims_read(slice_of("{" IDS "," TIMES "}"));
    assert_non_null(c);
    assert_null(c->session_id);
    assert_null(c->org_id);
    assert_null(c->org_role);
    assert_null(c->email);
    assert_int_equal(c->permissions.n + c->roles.n + c->amr.n, 0);
    assert_int_equal(c->not_before, 0);
    assert_false(c->email_verified);
    authd_claims_free(c);
}

static void test_J08_J09_what_is_needed(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "{\"sub\":\"s\",\"aud\":\"a\",\"tenant\":\"t\"," TIMES "}",
        "{\"iss\":\"i\",\"aud\":\"a\",\"tenant\":\"t\"," TIMES "}",
        "{\"iss\":\"i\",\"sub\":\"s\",\"tenant\":\"t\"," TIMES "}",
        "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":\"a\"," TIMES "}",
        "{\"iss\":\"\",\"sub\":\"s\",\"aud\":\"a\",\"tenant\":\"t\"," TIMES "}",
        "{\"iss\":1,\"sub\":\"s\",\"aud\":\"a\",\"tenant\":\"t\"," TIMES "}",
        "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[],\"tenant\":\"t\"," TIMES "}",
        "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[\"a\",\"b\"],\"tenant\":\"t\"," TIMES "}",
        "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[[\"a\"]],\"tenant\":\"t\"," TIMES "}",
        "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":null,\"tenant\":\"t\"," TIMES "}",
        "{" IDS ",\"iat\":1000}",
        "{" IDS ",\"exp\":2000}",
        "[" IDS "]",
        "",
    };
    EXPECT_REFUSED(refused);
    assert_true(
        is_read("{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[\"a\"],\"tenant\":\"t\"," TIMES "}"));
}

static void test_J13_J14_numbers(void **state)
{
    (void)state;
#define EXP(value) "{" IDS ",\"iat\":1000,\"exp\":" value "}"
    static const char *const refused[] = {
        EXP("-1"),
        EXP("9223372036854775808"),
        EXP("1e300"),
        EXP("2000.5"),
        EXP("2e3"),
        EXP("\"2000\""),
        EXP("253402300800"),
        EXP("9223372036854775807"),
        EXP("true"),
        EXP("[2000]"),
        EXP("null"),
        WITH("\"nbf\":\"1\""),
        WITH("\"auth_time\":-1"),
    };
    EXPECT_REFUSED(refused);
    assert_true(is_read(EXP("253402300799")));
}

static void test_wrong_types_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        WITH("\"sid\":null"),
        WITH("\"sid\":\"\""),
        WITH("\"org_id\":1"),
        WITH("\"org_id\":null"),
        WITH("\"org_id\":\"org_1\",\"permissions\":\"a:read\""),
        WITH("\"org_id\":\"org_1\",\"permissions\":[1]"),
        WITH("\"org_id\":\"org_1\",\"permissions\":[\"\"]"),
        WITH("\"roles\":{}"),
        WITH("\"amr\":\"pwd\""),
        WITH("\"email_verified\":\"true\""),
        WITH("\"email\":1"),
        WITH("\"x\":\"\\u0000\""),
        WITH("\"sub\":\"usr_2\""),
        WITH("\"\\u0073ub\":\"usr_2\""),
    };
    EXPECT_REFUSED(refused);
}

static void test_an_alias_that_disagrees_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        WITH("\"tenant_id\":\"tnt_2\""),
        WITH("\"tenantId\":\"tnt_2\""),
        WITH("\"tenant_id\":\"tnt_1\",\"tenantId\":\"tnt_11\""),
        WITH("\"tenant_id\":null"),
        WITH("\"tenantId\":[\"tnt_1\"]"),
    };
    EXPECT_REFUSED(refused);
}

static void test_a_role_needs_its_organization(void **state)
{
    (void)state;
    static const char *const refused[] = {WITH("\"org_role\":\"owner\""),
                                          WITH("\"permissions\":[\"a:read\"]")};
    EXPECT_REFUSED(refused);
    assert_true(is_read(WITH("\"permissions\":[]")));
}

/* The smallest elements there are, as many as a token can hold: the block's room is enough. */
static void test_the_longest_lists_fit(void **state)
{
    (void)state;
    enum { N = 1900 };
    char *text = malloc(4 * N + 200);
    int n = sprintf(text, "{" IDS "," TIMES ",\"roles\":[");
    for (int i = 0; i < N; i++)
        n += sprintf(text + n, "\"a\"%s", i + 1 < N ? "," : "]}");
    struct authd_claims *c = authdv_claims_read((struct slice){text, (size_t)n});
    assert_non_null(c);
    assert_int_equal(c->roles.n, N);
    assert_string_equal(c->roles.items[N - 1], "a");
    authd_claims_free(c);
    free(text);
}

static const struct expectation pinned = {.issuer = "https://a.example/t/acme", .leeway_s = 30};
static const struct expectation any = {.public_url = "https://a.example", .leeway_s = 0};

static enum authd_verify_error judge(const struct expectation *e, int64_t now,
                                     struct authd_claims change)
{
    struct authd_claims c = {.issuer = "https://a.example/t/acme",
                             .audience = "tnt_1",
                             .tenant_id = "tnt_1",
                             .expires_at = 2000,
                             .issued_at = 1000};
    if (change.issuer)
        c.issuer = change.issuer;
    if (change.audience)
        c.audience = change.audience;
    c.not_before = change.not_before;
    return authdv_claims_judge(&c, e, now);
}
#define CHANGE(...) ((struct authd_claims){__VA_ARGS__})

static void test_J13_times_and_leeway(void **state)
{
    (void)state;
    struct authd_claims same = {0};
    assert_int_equal(judge(&pinned, 1500, same), AUTHD_VERIFY_NONE);
    assert_int_equal(judge(&pinned, 2029, same), AUTHD_VERIFY_NONE);
    assert_int_equal(judge(&pinned, 2030, same), AUTHD_VERIFY_EXPIRED);
    assert_int_equal(judge(&any, 1999, same), AUTHD_VERIFY_NONE);
    assert_int_equal(judge(&any, 2000, same), AUTHD_VERIFY_EXPIRED);
    assert_int_equal(judge(&pinned, 970, same), AUTHD_VERIFY_NONE);
    assert_int_equal(judge(&pinned, 969, same), AUTHD_VERIFY_NOT_YET_VALID);
    assert_int_equal(judge(&pinned, 1500, CHANGE(.not_before = 1531)), AUTHD_VERIFY_NOT_YET_VALID);
    assert_int_equal(judge(&pinned, 1500, CHANGE(.not_before = 1530)), AUTHD_VERIFY_NONE);
}

static void test_J08_J15_issuer_forms(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "https://a.example",
        "https://a.example/t/",
        "https://a.example/t/a",
        "https://a.example/t/Acme",
        "https://a.example/t/acme/",
        "https://a.example/t/acme/x",
        "https://a.example/t/1acme",
        "https://a.example/t/ac me",
        "https://a.example/t/acme?x",
        "https://a.example/t/../x",
        "https://a.example.evil/t/acme",
        "http://a.example/t/acme",
        "https://a.example/t/acme#x",
        "https://A.example/t/acme",
        "https://a.example//t/acme",
        "https://a.example/t/a23456789012345678901234567890123",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct authd_claims c = {.issuer = refused[i]};
        assert_int_equal(judge(&any, 1500, c), AUTHD_VERIFY_WRONG_ISSUER);
        assert_int_equal(judge(&pinned, 1500, c), AUTHD_VERIFY_WRONG_ISSUER);
    }
    struct authd_claims other = {.issuer = "https://a.example/t/globex-2"};
    assert_int_equal(judge(&any, 1500, other), AUTHD_VERIFY_NONE);
    assert_int_equal(judge(&pinned, 1500, other), AUTHD_VERIFY_WRONG_ISSUER);
    other.issuer = "https://a.example/t/a2345678901234567890123456789012";
    assert_int_equal(judge(&any, 1500, other), AUTHD_VERIFY_NONE);
}

static void test_J09_audience_is_the_tenant_or_what_was_set(void **state)
{
    (void)state;
    struct expectation named = pinned;
    struct authd_claims other = {.audience = "https://api.acme.example"};
    named.audience = "https://api.acme.example";
    assert_int_equal(judge(&pinned, 1500, other), AUTHD_VERIFY_WRONG_AUDIENCE);
    assert_int_equal(judge(&named, 1500, other), AUTHD_VERIFY_NONE);
    assert_int_equal(judge(&named, 1500, (struct authd_claims){0}), AUTHD_VERIFY_WRONG_AUDIENCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_T1_every_claim_comes_out),
        cmocka_unit_test(test_absent_claims_are_absent),
        cmocka_unit_test(test_J08_J09_what_is_needed),
        cmocka_unit_test(test_J13_J14_numbers),
        cmocka_unit_test(test_wrong_types_refused),
        cmocka_unit_test(test_an_alias_that_disagrees_is_refused),
        cmocka_unit_test(test_a_role_needs_its_organization),
        cmocka_unit_test(test_the_longest_lists_fit),
        cmocka_unit_test(test_J13_times_and_leeway),
        cmocka_unit_test(test_J08_J15_issuer_forms),
        cmocka_unit_test(test_J09_audience_is_the_tenant_or_what_was_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
