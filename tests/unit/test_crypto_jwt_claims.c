/* SPDX-License-Identifier: Apache-2.0
 *
 * What a payload may say, and when a token is valid.
 */
#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"
#include "support/check.h"

#define IDS "\"iss\":\"https://a.example/t/acme\",\"sub\":\"usr_1\",\"aud\":\"ten_1\""
#define TIMES "\"exp\":2000,\"iat\":1000"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_create(0);
    json_setup();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static enum err read_bytes(struct str payload, struct jwt_claims *claims)
{
    char *text = arena_alloc(arena, BASE64URL_LEN(payload.len) + 1);
    size_t n = base64url_encode(text, payload.ptr, payload.len);
    struct jwt_parts p = {.payload = {text, n}};
    return jwt_read_claims(arena, &p, claims);
}

static bool is_read(const char *payload)
{
    struct jwt_claims claims;
    enum err e = read_bytes(str_of(payload), &claims);
    assert_true(e == ERR_OK || e == ERR_invalid_token);
    assert_int_equal(e == ERR_OK, claims.iss.ptr != NULL);
    return e == ERR_OK;
}

static void expect_refused(const char *const payloads[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_read(payloads[i]))
            fail_msg("read %s", payloads[i]);
    }
}
#define EXPECT_REFUSED(list) expect_refused((list), sizeof(list) / sizeof((list)[0]))

static void test_reads_all_claims(void **state)
{
    (void)state;
    struct jwt_claims c;
    assert_int_equal(read_bytes(STR("{" IDS ",\"client_id\":\"cli_1\",\"sid\":\"ses_1\","
                                    "\"jti\":\"j\",\"tenant\":\"ten_1\",\"nbf\":1001,"
                                    "\"auth_time\":999," TIMES ",\"roles\":[\"a\"],\"x\":{}}"),
                                &c),
                     ERR_OK);
    check_str(c.iss, "https://a.example/t/acme");
    check_str(c.sub, "usr_1");
    check_str(c.aud, "ten_1");
    check_str(c.client_id, "cli_1");
    check_str(c.sid, "ses_1");
    check_str(c.jti, "j");
    check_str(c.tenant, "ten_1");
    assert_int_equal(c.exp, 2000);
    assert_int_equal(c.iat, 1000);
    assert_int_equal(c.nbf, 1001);
    assert_int_equal(c.auth_time, 999);
}

static void test_optional_claims_are_absent(void **state)
{
    (void)state;
    struct jwt_claims c;
    assert_int_equal(read_bytes(STR("{" IDS "," TIMES "}"), &c), ERR_OK);
    assert_false(str_is_set(c.client_id) || str_is_set(c.sid) || str_is_set(c.jti) ||
                 str_is_set(c.tenant));
    assert_int_equal(c.nbf, 0);
    assert_int_equal(c.auth_time, 0);
}

static void test_J09_audience_forms(void **state)
{
    (void)state;
#define WITH_AUD(aud) "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":" aud "," TIMES "}"
    static const char *const refused[] = {
        WITH_AUD("[]"),   WITH_AUD("[\"a\",\"b\"]"),
        WITH_AUD("[1]"),  WITH_AUD("[[\"a\"]]"),
        WITH_AUD("null"), WITH_AUD("1"),
        WITH_AUD("{}"),   WITH_AUD("\"\""),
        WITH_AUD("true"), "{\"iss\":\"i\",\"sub\":\"s\"," TIMES "}",
    };
    EXPECT_REFUSED(refused);
    struct jwt_claims c;
    assert_int_equal(read_bytes(STR(WITH_AUD("[\"ten_1\"]")), &c), ERR_OK);
    check_str(c.aud, "ten_1");
}

static void test_J08_issuer_and_subject_required(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "{\"sub\":\"s\",\"aud\":\"a\"," TIMES "}",
        "{\"iss\":\"i\",\"aud\":\"a\"," TIMES "}",
        "{\"iss\":\"\",\"sub\":\"s\",\"aud\":\"a\"," TIMES "}",
        "{\"iss\":1,\"sub\":\"s\",\"aud\":\"a\"," TIMES "}",
        "{\"iss\":\"i\",\"sub\":[\"s\"],\"aud\":\"a\"," TIMES "}",
        "{\"iss\":\"i\",\"sub\":null,\"aud\":\"a\"," TIMES "}",
        "{" IDS ",\"tenant\":1," TIMES "}",
        "{" IDS ",\"sid\":null," TIMES "}",
    };
    EXPECT_REFUSED(refused);
}

static void test_J13_missing_times_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "{" IDS ",\"iat\":1000}",
        "{" IDS ",\"exp\":2000}",
        "{" IDS "}",
        "{" IDS ",\"exp\":null,\"iat\":1000}",
    };
    EXPECT_REFUSED(refused);
}

static void test_J14_number_ranges(void **state)
{
    (void)state;
#define WITH_EXP(exp) "{" IDS ",\"iat\":1000,\"exp\":" exp "}"
    static const char *const refused[] = {
        WITH_EXP("-1"),
        WITH_EXP("9223372036854775808"),
        WITH_EXP("1e300"),
        WITH_EXP("2000.5"),
        WITH_EXP("2e3"),
        WITH_EXP("\"2000\""),
        WITH_EXP("true"),
        WITH_EXP("253402300800"),
        WITH_EXP("9223372036854775807"),
        WITH_EXP("[2000]"),
        WITH_EXP("1e999"),
        WITH_EXP("-0.0"),
        WITH_EXP("2000,\"nbf\":-5"),
        WITH_EXP("2000,\"auth_time\":\"x\""),
    };
    EXPECT_REFUSED(refused);
    assert_true(is_read(WITH_EXP("0")));
    assert_true(is_read(WITH_EXP("253402300799")));
}

static void test_J07_duplicates_and_bad_text_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "{" IDS "," TIMES ",\"sub\":\"usr_2\"}",
        "{" IDS "," TIMES ",\"\\u0073ub\":\"usr_2\"}",
        "{" IDS "," TIMES ",\"x\":\"\xFF\"}",
        "{" IDS "," TIMES ",\"x\":\"\\u0000\"}",
        "{" IDS "," TIMES ",\"x\":\"\\uD800\"}",
        "{" IDS "," TIMES "}{}",
        "[{" IDS "," TIMES "}]",
        "\""
        "x"
        "\"",
        "",
    };
    EXPECT_REFUSED(refused);
    struct jwt_claims c;
    struct jwt_parts p = {.payload = STR("e30=")};
    assert_int_equal(jwt_read_claims(arena, &p, &c), ERR_invalid_token);
    p.payload = STR("e3\n0");
    assert_int_equal(jwt_read_claims(arena, &p, &c), ERR_invalid_token);
}

static enum err at(int64_t now, int64_t skew)
{
    struct jwt_claims c = {.exp = 2000, .iat = 1000, .nbf = 1100};
    return jwt_check_times(&c, now, skew);
}

static void test_J13_times(void **state)
{
    (void)state;
    assert_int_equal(at(1500, 0), ERR_OK);
    assert_int_equal(at(1999, 0), ERR_OK);
    assert_int_equal(at(2000, 0), ERR_token_expired);
    assert_int_equal(at(2029, 30), ERR_OK);
    assert_int_equal(at(2030, 30), ERR_token_expired);
    assert_int_equal(at(1099, 0), ERR_invalid_token);
    assert_int_equal(at(1100, 0), ERR_OK);
    assert_int_equal(at(1070, 30), ERR_OK);
    assert_int_equal(at(1069, 30), ERR_invalid_token);
}

static void test_J13_skew_is_at_most_a_minute(void **state)
{
    (void)state;
    assert_int_equal(at(2059, 3600), ERR_OK);
    assert_int_equal(at(2060, 3600), ERR_token_expired);
    assert_int_equal(at(1039, 3600), ERR_invalid_token);
    assert_int_equal(at(2000, -5), ERR_token_expired);
    assert_int_equal(at(1999, -5), ERR_OK);
}

static void test_J13_issued_in_the_future_refused(void **state)
{
    (void)state;
    struct jwt_claims c = {.exp = 9000, .iat = 5000};
    assert_int_equal(jwt_check_times(&c, 4000, 60), ERR_invalid_token);
    assert_int_equal(jwt_check_times(&c, 4940, 60), ERR_OK);
}

static void test_zeroed_claims_are_expired(void **state)
{
    (void)state;
    struct jwt_claims c = {0};
    assert_int_equal(jwt_check_times(&c, 1700000000, 60), ERR_token_expired);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_all_claims),
        cmocka_unit_test(test_optional_claims_are_absent),
        cmocka_unit_test(test_J07_duplicates_and_bad_text_refused),
        cmocka_unit_test(test_J08_issuer_and_subject_required),
        cmocka_unit_test(test_J09_audience_forms),
        cmocka_unit_test(test_J13_missing_times_refused),
        cmocka_unit_test(test_J13_times),
        cmocka_unit_test(test_J13_skew_is_at_most_a_minute),
        cmocka_unit_test(test_J13_issued_in_the_future_refused),
        cmocka_unit_test(test_J14_number_ranges),
        cmocka_unit_test(test_zeroed_claims_are_expired),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
