/* SPDX-License-Identifier: Apache-2.0
 *
 * libauthd-verify: key sets, URLs, Cache-Control, Authorization, and what a session's answer says.
 */
#include "verify/jwks.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/verify_forge.h"
#include "verify/exchange.h"
#include "verify/session.h"

#define X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define KEY(kid, more) \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"kid\":\"" kid "\"" more "}"
#define SET(keys) "{\"keys\":[" keys "],\"tenant\":\"tnt_1\"}"

static int keys_in(const char *text)
{
    struct key_set set;
    bool good = authdv_jwks_read(slice_of(text), &set);
    assert_true(good || (set.n == 0 && !set.owner[0]));
    return good ? (int)set.n : -1;
}

static void test_what_authd_publishes_is_read(void **state)
{
    (void)state;
    struct forge f;
    struct key_set set;
    forge_init(&f);
    assert_true(authdv_jwks_read(slice_of_str(forge_jwks(&f, "key_1", FORGE_TENANT)), &set));
    assert_string_equal(set.owner, FORGE_TENANT);
    assert_int_equal(set.n, 1);
    assert_memory_equal(authdv_key_find(&set, "key_1")->bytes, f.public_key, 32);
    assert_null(authdv_key_find(&set, "key_"));
    forge_free(&f);
}

static void test_other_keys_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(keys_in(SET("")), 0);
    assert_int_equal(keys_in(SET(KEY("a", ",\"use\":\"sig\",\"alg\":\"EdDSA\"") "," KEY("b", ""))),
                     2);
    assert_int_equal(keys_in(SET(KEY("a", ",\"use\":\"enc\"") "," KEY("b", ",\"alg\":\"ES256\""))),
                     0);
    assert_int_equal(
        keys_in(SET("{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\",\"kid\":\"a\"}," KEY("a", ""))),
        1);
    assert_int_equal(keys_in(SET("{\"kty\":\"oct\",\"k\":\"AQ\",\"kid\":\"a\"}")), 0);
    assert_int_equal(keys_in("{\"keys\":[],\"tenant\":\"tnt_1\",\"more\":{}}"), 0);
}

static void test_J10_malformed_sets_are_refused_whole(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "[]",
        "{}",
        "{\"keys\":[]}",
        "{\"keys\":{},\"tenant\":\"tnt_1\"}",
        "{\"keys\":[],\"tenant\":\"\"}",
        "{\"keys\":[],\"tenant\":1}",
        "{\"keys\":[],\"keys\":[],\"tenant\":\"tnt_1\"}",
        SET("") "x",
        SET("1"),
        SET(KEY("a", "") "," KEY("a", "")),
        SET(KEY("", "")),
        SET(KEY("a", ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"")),
        SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}"),
        SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "A\",\"kid\":\"a\"}"),
        SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "=\",\"kid\":\"a\"}"),
        SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qY\",\"kid\":\"a\"}"),
        SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":1,\"kid\":\"a\"}"),
        SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
            "7TyWQHOg7hcvPapiMlrwIaaPcHURp\",\"kid\":\"a\"}"),
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (keys_in(refused[i]) != -1)
            fail_msg("read %s", refused[i]);
    }
}

static void test_J14_a_set_is_bounded(void **state)
{
    (void)state;
    char *text = malloc(JWKS_MAX + 64);
    for (int n = KEYS_MAX; n <= KEYS_MAX + 1; n++) {
        int at = sprintf(text, "{\"tenant\":\"tnt_1\",\"keys\":[");
        for (int i = 0; i < n; i++)
            at += sprintf(text + at,
                          "%s{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"kid\":\"%d\"}",
                          i ? "," : "", i);
        sprintf(text + at, "]}");
        assert_int_equal(keys_in(text), n <= KEYS_MAX ? n : -1);
    }
    memset(text, ' ', JWKS_MAX + 1);
    memcpy(text, SET(""), sizeof(SET("")) - 1);
    text[JWKS_MAX] = '\0';
    assert_int_equal(keys_in(text), 0);
    memcpy(text + JWKS_MAX, " ", 2);
    assert_int_equal(keys_in(text), -1);
    free(text);
}

static void test_urls(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://a.example",  "https://a.example:8443/t/acme", "http://127.0.0.1:8080/t/acme",
        "http://localhost:1", "http://[::1]:80/t/acme",        "http://127.8.8.8",
    };
    static const char *const bad[] = {
        "",
        "a.example",
        "https://",
        "ftp://a.example",
        "file:///etc/passwd",
        "http://a.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "http://[::2]",
        "https://a.example/",
        "https://user@a.example",
        "https://a.example?x",
        "https://a.example#x",
        "https://a.example/ x",
        "https://a.ex\tample",
        "https:\\\\a.example",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(authdv_url_complaint(good[i], false));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (!authdv_url_complaint(bad[i], false))
            fail_msg("accepted %s", bad[i]);
    }
    assert_null(authdv_url_complaint("http://auth.internal/t/acme", true));
    assert_non_null(authdv_url_complaint("ftp://auth.internal", true));
}

static void test_cache_control(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t max_age;
    } rows[] = {
        {"public, max-age=300", 300},
        {"max-age=300", 300},
        {"Max-Age=60, public", 60},
        {"no-store", 0},
        {"max-age=300, no-cache", 0},
        {"public", -1},
        {"", -1},
        {"max-age", -1},
        {"max-age=", -1},
        {"max-age=-1", -1},
        {"max-age=\"300\"", -1},
        {"max-age=3x", -1},
        {"s-maxage=9, max-age=3", 3},
        {"x-max-age=9", -1},
        {"no-storeage, max-age=2", 2},
        {"max-age=0", 0},
        {"max-agent=3", -1},
        {",,, max-age=7 ,", 7},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (authdv_max_age(rows[i].text) != rows[i].max_age)
            fail_msg("%s: %d", rows[i].text, (int)authdv_max_age(rows[i].text));
    }
}

static void test_bearer(void **state)
{
    (void)state;
    static const char *const none[] = {"",
                                       "Bearer",
                                       "Bearer ",
                                       "Bearer  a.b.c",
                                       "Basic a.b.c",
                                       "Bearera.b.c",
                                       "Bearer\ta.b.c",
                                       "Bearer a b",
                                       "Bearer a,b",
                                       " Bearer a"};
    size_t n;
    assert_string_equal(authd_bearer_token("Bearer a.b-_c", &n), "a.b-_c");
    assert_int_equal(n, 6);
    assert_non_null(authd_bearer_token("bEARER a.b.c", &n));
    assert_null(authd_bearer_token(NULL, &n));
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        if (authd_bearer_token(none[i], &n) || n != 0)
            fail_msg("took a token from %s", none[i]);
    }
}

static void test_session_verdicts(void **state)
{
    (void)state;
    static const char *const none[] = {"",
                                       "{}",
                                       "true",
                                       "{\"active\":\"true\"}",
                                       "{\"active\":1}",
                                       "{\"active\":null}",
                                       "{\"active\":false,\"active\":true}",
                                       "{\"active\":true"};
    assert_int_equal(authdv_session_verdict(SLICE("{\"active\":true,\"user\":{}}")),
                     AUTHD_VERIFY_NONE);
    assert_int_equal(authdv_session_verdict(SLICE("{\"active\":false}")),
                     AUTHD_VERIFY_SESSION_ENDED);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(authdv_session_verdict(slice_of(none[i])), AUTHD_VERIFY_UNAVAILABLE);
}

static void test_every_error_refuses(void **state)
{
    (void)state;
    assert_int_equal(authd_verify_error_status(AUTHD_VERIFY_NONE), 200);
    for (int e = AUTHD_VERIFY_NONE + 1; e <= AUTHD_VERIFY_UNAVAILABLE; e++) {
        int status = authd_verify_error_status((enum authd_verify_error)e);
        assert_true(status == 401 || status == 503);
        assert_true(authd_verify_error_code((enum authd_verify_error)e)[0] != '\0');
        assert_true(authd_verify_error_text((enum authd_verify_error)e)[0] != '\0');
    }
    assert_int_equal(authd_verify_error_status((enum authd_verify_error)99), 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_authd_publishes_is_read),
        cmocka_unit_test(test_other_keys_are_passed_over),
        cmocka_unit_test(test_J10_malformed_sets_are_refused_whole),
        cmocka_unit_test(test_J14_a_set_is_bounded),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_cache_control),
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_session_verdicts),
        cmocka_unit_test(test_every_error_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
