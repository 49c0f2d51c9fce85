/* SPDX-License-Identifier: Apache-2.0
 *
 * libauthd-verify: tokens that are refused by their form, by the row of the security promises they
 * break; and that it takes what authd signs.
 */
#include "verify/token.h"

#include <sodium.h>

#include "base/arena.h"
#include "crypto/jwt.h"
#include "support/check.h"
#include "support/vectors.h"
#include "support/verify_forge.h"

static struct forge f;

static int setup(void **state)
{
    (void)state;
    forge_init(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    forge_free(&f);
    return 0;
}

static bool is_accepted(struct str token)
{
    static struct token t;
    return authdv_token_split(slice_of_str(token), &t) && authdv_signature_valid(&t, f.public_key);
}

static struct str with_header(const char *header)
{
    return forge_token(&f, str_of(header), STR("{\"sub\":\"usr_1\"}"));
}

static struct str good_token(void)
{
    return with_header(FORGE_HEADER);
}

static void expect_refused(const char *const headers[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_accepted(with_header(headers[i])))
            fail_msg("accepted %s", headers[i]);
    }
}
#define EXPECT_REFUSED(list) expect_refused((list), sizeof(list) / sizeof((list)[0]))

static void test_what_authd_signs_is_accepted(void **state)
{
    (void)state;
    struct token t;
    struct str token =
        jwt_sign(f.arena, jwt_header(f.arena, "at+jwt", STR("key_1")), STR("{}"), f.secret_key);
    assert_true(authdv_token_split(slice_of_str(token), &t));
    assert_string_equal(t.kid, "key_1");
    assert_int_equal(t.payload_len, 2);
    assert_memory_equal(t.payload, "{}", 2);
    assert_true(authdv_signature_valid(&t, f.public_key));
    assert_true(is_accepted(with_header("{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"AT+JWT\"}")));
    assert_true(is_accepted(
        with_header("{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"Application/at+jwt\"}")));
}

static void test_J01_alg_none_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\"" FORGE_REST, "{\"alg\":\"None\"" FORGE_REST,
        "{\"alg\":\"NONE\"" FORGE_REST, "{\"alg\":\"\"" FORGE_REST,
        "{\"alg\":null" FORGE_REST,     "{\"typ\":\"at+jwt\",\"kid\":\"key_1\"}",
    };
    EXPECT_REFUSED(headers);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct str token = with_header(headers[i]);
        assert_false(is_accepted((struct str){token.ptr, token.len - 86}));
    }
}

static void test_J01_any_other_alg_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"ES256\"" FORGE_REST,    "{\"alg\":\"RS256\"" FORGE_REST,
        "{\"alg\":\"eddsa\"" FORGE_REST,    "{\"alg\":\"EdDSA \"" FORGE_REST,
        "{\"alg\":\"Ed25519\"" FORGE_REST,  "{\"alg\":\"Ed448\"" FORGE_REST,
        "{\"alg\":[\"EdDSA\"]" FORGE_REST,  "{\"alg\":1" FORGE_REST,
        "{\"Alg\":\"EdDSA\"" FORGE_REST,    "{\"alg\":\"HS256\"" FORGE_REST,
        "{\"alg\":\"EdDSA\\n\"" FORGE_REST,
    };
    EXPECT_REFUSED(headers);
}

static void test_J02_public_key_as_hmac_secret_refused(void **state)
{
    (void)state;
    uint8_t mac[64];
    struct buf b;
    buf_init(&b, f.arena, 0);
    buf_str(&b, forge_base64(&f, STR("{\"alg\":\"HS256\"" FORGE_REST)));
    buf_lit(&b, ".e30");
    crypto_auth_hmacsha256(mac, (const uint8_t *)b.ptr, b.len, f.public_key);
    buf_char(&b, '.');
    buf_str(&b, forge_base64(&f, (struct str){(const char *)mac, 32}));
    assert_false(is_accepted(buf_view(&b)));
}

static void test_J03_other_serialisations_refused(void **state)
{
    (void)state;
    struct str token = good_token();
    struct buf b;
    buf_init(&b, f.arena, 0);
    buf_str(&b, token);
    buf_lit(&b, ".e30.e30");
    assert_false(is_accepted(buf_view(&b)));
    assert_false(is_accepted(str_slice(buf_view(&b), 0, token.len + 1)));
    assert_false(is_accepted(STR("{\"payload\":\"e30\",\"signatures\":[]}")));
    assert_false(is_accepted(STR("")));
    assert_false(is_accepted(STR("..")));
    assert_false(is_accepted(str_slice(token, 0, token.len - 87)));
}

static void test_every_prefix_refused(void **state)
{
    (void)state;
    struct str token = good_token();
    for (size_t len = 0; len < token.len; len++)
        assert_false(is_accepted(str_slice(token, 0, len)));
    assert_true(is_accepted(token));
}

static void test_every_other_byte_refused(void **state)
{
    (void)state;
    struct str token = good_token();
    char *text = arena_alloc(f.arena, token.len);
    memcpy(text, token.ptr, token.len);
    for (size_t i = 0; i < token.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(token.ptr[i] ^ (1 << bit));
            assert_false(is_accepted((struct str){text, token.len}));
        }
        text[i] = token.ptr[i];
    }
}

/* One spelling of sixteen carries the signature's last two bits and no slack. */
static void test_J04_one_spelling(void **state)
{
    (void)state;
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= .\r\n";
    struct str token = good_token();
    char *text = arena_alloc(f.arena, token.len + 2);
    memcpy(text, token.ptr, token.len);
    for (size_t i = 0; letters[i]; i++) {
        text[token.len - 1] = letters[i];
        assert_int_equal(is_accepted((struct str){text, token.len}),
                         letters[i] == token.ptr[token.len - 1]);
    }
    memcpy(text, token.ptr, token.len);
    memcpy(text + token.len, "==", 2);
    assert_false(is_accepted((struct str){text, token.len + 1}));
    assert_false(is_accepted((struct str){text, token.len + 2}));
}

static void test_J06_J10_crit_and_its_kin_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"crit\":[\"exp\"],\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"crit\":[],\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"crit\":null,\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"b64\":false,\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"zip\":\"DEF\",\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"enc\":\"A256GCM\",\"alg\":\"EdDSA\"" FORGE_REST,
    };
    EXPECT_REFUSED(headers);
}

static void test_J07_duplicates_and_bad_text_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"alg\":\"none\",\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"alg\":\"EdDSA\",\"\\u0061lg\":\"none\"" FORGE_REST,
        "{\"x\":{\"a\":1,\"a\":2},\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"x\":\"\xC0\xAF\",\"alg\":\"EdDSA\"" FORGE_REST,
        "{\"x\":\"\\u0000\",\"alg\":\"EdDSA\"" FORGE_REST,
        "\xEF\xBB\xBF" FORGE_HEADER,
        FORGE_HEADER "{}",
        FORGE_HEADER "x",
        "[" FORGE_HEADER "]",
        "\"EdDSA\"",
        "null",
        "{",
    };
    EXPECT_REFUSED(headers);
    struct str nul = {FORGE_HEADER "\0", sizeof(FORGE_HEADER)};
    assert_false(is_accepted(forge_token(&f, nul, STR("{}"))));
}

static void test_J10_kid_of_wrong_form_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":1}",
        "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":null}",
        "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":[\"key_1\"]}",
    };
    EXPECT_REFUSED(headers);
    char kid[66] = {0};
    memset(kid, 'k', 64);
    assert_true(is_accepted(
        jwt_sign(f.arena, jwt_header(f.arena, "at+jwt", str_of(kid)), STR("{}"), f.secret_key)));
    kid[64] = 'k';
    assert_false(is_accepted(
        jwt_sign(f.arena, jwt_header(f.arena, "at+jwt", str_of(kid)), STR("{}"), f.secret_key)));
}

static void test_J11_J12_only_access_tokens(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":null}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"JWT\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"logout+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"application/\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"application/application/at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"text/at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"at+jwt \"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"xat+jwt\"}",
    };
    EXPECT_REFUSED(headers);
}

/* A token of exactly so many characters. */
static struct str token_of_size(size_t size)
{
    struct str header = jwt_header(f.arena, "at+jwt", STR("key"));
    size_t text = size - header.len - 1 - 86;
    size_t payload = text / 4 * 3 + (text % 4 ? text % 4 - 1 : 0);
    char *json = arena_alloc(f.arena, payload);
    memset(json, ' ', payload);
    memcpy(json, "{}", 2);
    return jwt_sign(f.arena, header, (struct str){json, payload}, f.secret_key);
}

static void test_J14_size_and_depth_caps(void **state)
{
    (void)state;
    assert_true(is_accepted(token_of_size(TOKEN_MAX)));
    assert_false(is_accepted(token_of_size(TOKEN_MAX + 2)));
    for (int depth = 30; depth < 36; depth++) {
        struct buf b;
        buf_init(&b, f.arena, 0);
        buf_lit(&b, "{\"x\":");
        for (int i = 1; i < depth; i++)
            buf_char(&b, '[');
        for (int i = 1; i < depth; i++)
            buf_char(&b, ']');
        buf_lit(&b, ",\"alg\":\"EdDSA\"" FORGE_REST);
        assert_int_equal(is_accepted(forge_token(&f, buf_view(&b), STR("{}"))), depth <= 32);
    }
}

static uint8_t nibble(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t unhex(const char *hex, uint8_t *out, size_t max)
{
    size_t n = hex ? strlen(hex) / 2 : 0;
    assert_true(n <= max);
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    return n;
}

static void verify_wycheproof(const json_t *group, const json_t *test)
{
    static uint8_t message[4096];
    uint8_t key[32];
    uint8_t signature[256];
    static struct token t;
    const json_t *public_key = json_object_get(group, "publicKey");
    assert_int_equal(unhex(json_string_value(json_object_get(public_key, "pk")), key, 32), 32);
    size_t n = unhex(json_string_value(json_object_get(test, "sig")), signature, 256);
    t.signing_input.ptr = (const char *)message;
    t.signing_input.len =
        unhex(json_string_value(json_object_get(test, "msg")), message, sizeof(message));
    memcpy(t.signature, signature, sizeof(t.signature));
    bool valid = n == sizeof(t.signature) && authdv_signature_valid(&t, key);
    const char *result = json_string_value(json_object_get(test, "result"));
    if (valid != (strcmp(result, "valid") == 0))
        fail_msg("tcId %d", (int)json_integer_value(json_object_get(test, "tcId")));
}

static void test_J04_wycheproof(void **state)
{
    (void)state;
    json_t *file = vectors_load("ed25519_test.json");
    if (!file)
        skip();
    vectors_each(file, verify_wycheproof);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_authd_signs_is_accepted),
        cmocka_unit_test(test_J01_alg_none_refused),
        cmocka_unit_test(test_J01_any_other_alg_refused),
        cmocka_unit_test(test_J02_public_key_as_hmac_secret_refused),
        cmocka_unit_test(test_J03_other_serialisations_refused),
        cmocka_unit_test(test_every_prefix_refused),
        cmocka_unit_test(test_every_other_byte_refused),
        cmocka_unit_test(test_J04_one_spelling),
        cmocka_unit_test(test_J06_J10_crit_and_its_kin_refused),
        cmocka_unit_test(test_J07_duplicates_and_bad_text_refused),
        cmocka_unit_test(test_J10_kid_of_wrong_form_refused),
        cmocka_unit_test(test_J11_J12_only_access_tokens),
        cmocka_unit_test(test_J14_size_and_depth_caps),
        cmocka_unit_test(test_J04_wycheproof),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
