/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens that must be refused, by the row of the security promises they break. The forger here
 * holds our signing key: what is refused is refused by form, not by a failing signature.
 */
#include "crypto/jwt.h"

#include <sodium.h>

#include "base/arena.h"
#include "base/json.h"
#include "crypto/seal.h"
#include "support/check.h"
#include "support/vectors.h"

#define GOOD_HEADER "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"key_1\"}"
#define REST ",\"typ\":\"at+jwt\",\"kid\":\"key_1\"}"
#define GOOD_PAYLOAD "{\"iss\":\"https://a.example\",\"sub\":\"usr_1\"}"

static struct arena *arena;
static uint8_t public_key[32];
static uint8_t secret_key[64];

static int setup(void **state)
{
    (void)state;
    arena = arena_create(0);
    json_setup();
    int failed = crypto_setup();
    ed25519_generate(public_key, secret_key);
    return failed;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct str encode(struct str bytes, const char *tail)
{
    struct buf b;
    buf_init(&b, arena, 0);
    b.len += base64url_encode(buf_reserve(&b, BASE64URL_LEN(bytes.len)), bytes.ptr, bytes.len);
    buf_str(&b, str_of(tail));
    return buf_view(&b);
}

/* Signed with our key, whatever the header says. */
static struct str forge_bytes(struct str header, struct str payload)
{
    return jwt_sign(arena, encode(header, "."), payload, secret_key);
}

static struct str forge(const char *header)
{
    return forge_bytes(str_of(header), STR(GOOD_PAYLOAD));
}

static struct str good_token(void)
{
    return jwt_sign(arena, jwt_header(arena, "at+jwt", STR("key_1")), STR(GOOD_PAYLOAD),
                    secret_key);
}

static bool is_accepted_as(const char *typ, struct str token)
{
    struct jwt_parts p;
    enum err e = jwt_split(arena, token, typ, &p);
    assert_true(e == ERR_OK || e == ERR_invalid_token);
    return e == ERR_OK && jwt_signature_valid(&p, public_key);
}

static bool is_accepted(struct str token)
{
    return is_accepted_as("at+jwt", token);
}

static void expect_refused(const char *const headers[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_accepted(forge(headers[i])))
            fail_msg("accepted %s", headers[i]);
    }
}
#define EXPECT_REFUSED(list) expect_refused((list), sizeof(list) / sizeof((list)[0]))

static void test_our_own_token_is_accepted(void **state)
{
    (void)state;
    struct jwt_parts p;
    struct str token = good_token();
    assert_int_equal(jwt_split(arena, token, "at+jwt", &p), ERR_OK);
    check_str(p.kid, "key_1");
    assert_true(jwt_signature_valid(&p, public_key));
    assert_true(is_accepted(forge(GOOD_HEADER)));
    check_str(jwt_header(arena, "at+jwt", STR("key_1")),
              "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImtleV8xIn0.");
}

static void test_J01_alg_none_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\"" REST, "{\"alg\":\"None\"" REST, "{\"alg\":\"NONE\"" REST,
        "{\"alg\":\"nOnE\"" REST, "{\"alg\":\"\"" REST,     "{\"alg\":null" REST,
    };
    EXPECT_REFUSED(headers);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct str token = forge(headers[i]);
        struct str unsigned_token = {token.ptr, token.len - 86};
        assert_false(is_accepted(unsigned_token));
    }
    /* RFC 7515 appendix A.5 */
    assert_false(is_accepted(STR("eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsD"
                                 "QogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.")));
}

static void test_J01_any_other_alg_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"ES256\"" REST,  "{\"alg\":\"RS256\"" REST,
        "{\"alg\":\"PS256\"" REST,  "{\"alg\":\"eddsa\"" REST,
        "{\"alg\":\"EDDSA\"" REST,  "{\"alg\":\"EdDSA \"" REST,
        "{\"alg\":\" EdDSA\"" REST, "{\"alg\":\"Ed25519\"" REST,
        "{\"alg\":\"Ed448\"" REST,  "{\"alg\":[\"EdDSA\"]" REST,
        "{\"alg\":{}" REST,         "{\"alg\":1" REST,
        "{\"alg\":true" REST,       "{\"Alg\":\"EdDSA\"" REST,
        "{\"ALG\":\"EdDSA\"" REST,  "{\"typ\":\"at+jwt\",\"kid\":\"key_1\"}",
    };
    EXPECT_REFUSED(headers);
}

static void test_J02_public_key_as_hmac_secret_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {"{\"alg\":\"HS256\"" REST, "{\"alg\":\"HS384\"" REST,
                                          "{\"alg\":\"HS512\"" REST};
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct buf b;
        buf_init(&b, arena, 0);
        buf_str(&b, encode(str_of(headers[i]), "."));
        buf_str(&b, encode(STR(GOOD_PAYLOAD), ""));
        crypto_auth_hmacsha256(mac, (const uint8_t *)b.ptr, b.len, public_key);
        buf_char(&b, '.');
        buf_str(&b, encode((struct str){(const char *)mac, sizeof(mac)}, ""));
        assert_false(is_accepted(buf_view(&b)));
    }
    EXPECT_REFUSED(headers);
    /* RFC 7515 appendix A.1 */
    assert_false(is_accepted(STR(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogI"
        "mh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_"
        "wW1gFWFOEjXk")));
}

static void test_J03_other_serialisations_refused(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, arena, 0);
    buf_str(&b, good_token());
    buf_lit(&b, ".e30.e30"); /* a JWE has five parts */
    assert_false(is_accepted(buf_view(&b)));
    assert_false(is_accepted(STR("{\"payload\":\"e30\",\"signatures\":[]}")));
    struct str token = good_token();
    assert_false(is_accepted(str_slice(token, 0, token.len - 87))); /* no third part */
    assert_false(is_accepted(str_slice(token, 0, token.len - 86)));
}

/* The payload of an outer token that is itself a token has no claims; it is not unwrapped. */
static void test_J03_nested_token_refused(void **state)
{
    (void)state;
    struct jwt_parts p;
    struct jwt_claims claims;
    struct str outer = forge_bytes(STR(GOOD_HEADER), good_token());
    assert_int_equal(jwt_split(arena, outer, "at+jwt", &p), ERR_OK);
    assert_int_equal(jwt_read_claims(arena, &p, &claims), ERR_invalid_token);
}

static void test_J04_signature_of_wrong_length_refused(void **state)
{
    (void)state;
    struct str token = good_token();
    struct buf b;
    for (size_t len = 0; len <= 90; len++) {
        buf_init(&b, arena, 0);
        buf_str(&b, str_slice(token, 0, token.len - 86));
        for (size_t i = 0; i < len; i++)
            buf_char(&b, i < 86 ? token.ptr[token.len - 86 + i] : 'A');
        assert_int_equal(is_accepted(buf_view(&b)), len == 86);
    }
}

static void test_every_prefix_refused(void **state)
{
    (void)state;
    struct str token = good_token();
    for (size_t len = 0; len < token.len; len++)
        assert_false(is_accepted(str_slice(token, 0, len)));
    assert_false(is_accepted(STR_NONE));
}

static void test_every_other_byte_refused(void **state)
{
    (void)state;
    struct str token = good_token();
    char *text = arena_alloc(arena, token.len);
    memcpy(text, token.ptr, token.len);
    for (size_t i = 0; i < token.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(token.ptr[i] ^ (1 << bit));
            assert_false(is_accepted((struct str){text, token.len}));
        }
        text[i] = token.ptr[i];
    }
    assert_true(is_accepted((struct str){text, token.len}));
}

/* The last character of 64 bytes carries two bits and four slack bits: one spelling of sixteen is
 * right. */
static void test_slack_bits_and_padding_refused(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= .\r\n";
    struct str token = good_token();
    char *text = arena_alloc(arena, token.len + 2);
    memcpy(text, token.ptr, token.len);
    for (size_t i = 0; alphabet[i]; i++) {
        text[token.len - 1] = alphabet[i];
        bool same = alphabet[i] == token.ptr[token.len - 1];
        assert_int_equal(is_accepted((struct str){text, token.len}), same);
    }
    memcpy(text, token.ptr, token.len);
    memcpy(text + token.len, "==", 2);
    assert_false(is_accepted((struct str){text, token.len + 1}));
    assert_false(is_accepted((struct str){text, token.len + 2}));
}

static void test_J06_compression_and_encryption_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"zip\":\"DEF\",\"alg\":\"EdDSA\"" REST,
        "{\"enc\":\"A256GCM\",\"alg\":\"EdDSA\"" REST,
        "{\"alg\":\"PBES2-HS256+A128KW\",\"p2c\":2147483647,\"p2s\":\"AA\"" REST,
        "{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"zip\":\"DEF\"" REST,
    };
    EXPECT_REFUSED(headers);
}

/* RFC 7515 section 4.1.11: an extension that must be understood and is not. */
static void test_crit_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"crit\":[\"exp\"],\"alg\":\"EdDSA\"" REST,
        "{\"crit\":[],\"alg\":\"EdDSA\"" REST,
        "{\"crit\":null,\"alg\":\"EdDSA\"" REST,
        "{\"crit\":[\"b64\"],\"b64\":false,\"alg\":\"EdDSA\"" REST,
        "{\"b64\":false,\"alg\":\"EdDSA\"" REST,
    };
    EXPECT_REFUSED(headers);
}

static void test_J07_duplicates_and_bad_text_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"" REST,
        "{\"alg\":\"none\",\"alg\":\"EdDSA\"" REST,
        "{\"alg\":\"EdDSA\",\"\\u0061lg\":\"none\"" REST,
        "{\"x\":{\"a\":1,\"a\":2},\"alg\":\"EdDSA\"" REST,
        "{\"x\":\"\xC0\xAF\",\"alg\":\"EdDSA\"" REST,
        "{\"x\":\"\xED\xA0\x80\",\"alg\":\"EdDSA\"" REST,
        "{\"x\":\"\\u0000\",\"alg\":\"EdDSA\"" REST,
        "\xEF\xBB\xBF" GOOD_HEADER,
        GOOD_HEADER "{}",
        GOOD_HEADER "x",
        "[" GOOD_HEADER "]",
        "\"EdDSA\"",
        "null",
        "{",
        "",
    };
    EXPECT_REFUSED(headers);
    assert_false(is_accepted(
        forge_bytes((struct str){GOOD_HEADER "\0", sizeof(GOOD_HEADER)}, STR(GOOD_PAYLOAD))));
}

static void test_J10_kid_is_opaque_bytes(void **state)
{
    (void)state;
    static const char *const kids[] = {"../../../../etc/passwd",
                                       "' OR '1'='1",
                                       "http://evil.example/",
                                       "k\xC3\xA9y",
                                       "\t",
                                       "%00",
                                       " key_1",
                                       "key_1 "};
    for (size_t i = 0; i < sizeof(kids) / sizeof(kids[0]); i++) {
        struct jwt_parts p;
        struct str token = jwt_sign(arena, jwt_header(arena, "at+jwt", str_of(kids[i])),
                                    STR(GOOD_PAYLOAD), secret_key);
        assert_int_equal(jwt_split(arena, token, "at+jwt", &p), ERR_OK);
        assert_true(str_eqz(p.kid, kids[i]));
    }
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
        jwt_sign(arena, jwt_header(arena, "at+jwt", str_of(kid)), STR(GOOD_PAYLOAD), secret_key)));
    kid[64] = 'k';
    assert_false(is_accepted(
        jwt_sign(arena, jwt_header(arena, "at+jwt", str_of(kid)), STR(GOOD_PAYLOAD), secret_key)));
}

/* Signed by the attacker, whose key the header offers: only our key counts. */
static void test_J10_keys_in_headers_ignored(void **state)
{
    (void)state;
    uint8_t their_public[32];
    uint8_t their_secret[64];
    struct buf b;
    struct jwt_parts p;
    ed25519_generate(their_public, their_secret);
    buf_init(&b, arena, 0);
    buf_lit(&b, "{\"jwk\":");
    jwk_write(&b, STR("key_1"), their_public);
    buf_lit(&b, ",\"jku\":\"https://evil.example/jwks.json\",\"x5u\":\"https://evil.example/c\","
                "\"x5c\":[\"AA==\"],\"alg\":\"EdDSA\"" REST);
    struct str token = jwt_sign(arena, encode(buf_view(&b), "."), STR(GOOD_PAYLOAD), their_secret);
    assert_int_equal(jwt_split(arena, token, "at+jwt", &p), ERR_OK);
    assert_true(jwt_signature_valid(&p, their_public));
    assert_false(jwt_signature_valid(&p, public_key));
}

static void test_J11_type_matrix(void **state)
{
    (void)state;
    static const char *const types[] = {"at+jwt", "JWT", "logout+jwt", "dpop+jwt", "secevent+jwt"};
    for (size_t i = 0; i < 5; i++) {
        struct str token = jwt_sign(arena, jwt_header(arena, types[i], STR("key_1")),
                                    STR(GOOD_PAYLOAD), secret_key);
        for (size_t j = 0; j < 5; j++)
            assert_int_equal(is_accepted_as(types[j], token), i == j);
    }
}

static void test_J11_type_spellings(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":null}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":[\"at+jwt\"]}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"application/\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"application/jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"application/application/at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"text/at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"at+jwt \"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"at+jwt;v=1\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"key_1\",\"typ\":\"xat+jwt\"}",
    };
    EXPECT_REFUSED(refused);
    assert_true(is_accepted(forge("{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"AT+JWT\"}")));
    assert_true(is_accepted(forge("{\"alg\":\"EdDSA\",\"kid\":\"k\","
                                  "\"typ\":\"application/at+jwt\"}")));
    assert_true(is_accepted(forge("{\"alg\":\"EdDSA\",\"kid\":\"k\","
                                  "\"typ\":\"Application/At+Jwt\"}")));
}

static struct str token_of_size(size_t size)
{
    struct str header = jwt_header(arena, "at+jwt", STR("key"));
    size_t payload_text = size - header.len - 1 - 86;
    size_t payload = payload_text / 4 * 3 + (payload_text % 4 ? payload_text % 4 - 1 : 0);
    char *json = arena_alloc(arena, payload);
    memset(json, ' ', payload);
    memcpy(json, "{}", 2);
    return jwt_sign(arena, header, (struct str){json, payload}, secret_key);
}

static void test_J14_size_cap(void **state)
{
    (void)state;
    assert_int_equal(token_of_size(JWT_MAX).len, JWT_MAX);
    assert_true(is_accepted(token_of_size(JWT_MAX)));
    assert_int_equal(token_of_size(JWT_MAX + 2).len, JWT_MAX + 2);
    assert_false(is_accepted(token_of_size(JWT_MAX + 2)));
}

static void test_J14_depth_cap(void **state)
{
    (void)state;
    for (int depth = 28; depth < 36; depth++) {
        struct buf b;
        buf_init(&b, arena, 0);
        buf_lit(&b, "{\"x\":");
        for (int i = 1; i < depth; i++)
            buf_char(&b, '[');
        for (int i = 1; i < depth; i++)
            buf_char(&b, ']');
        buf_lit(&b, ",\"alg\":\"EdDSA\"" REST);
        assert_int_equal(is_accepted(forge_bytes(buf_view(&b), STR(GOOD_PAYLOAD))),
                         depth <= JSON_DEPTH_MAX);
    }
}

/* Nothing in Wycheproof's files is signed with Ed25519: all of it is refused before any key is
 * looked for. */
static void expect_refused_jws(const json_t *group, const json_t *test)
{
    (void)group;
    const json_t *jws = json_object_get(test, "jws");
    if (json_is_string(jws))
        assert_false(is_accepted(json_text(jws)));
}

static void test_J01_wycheproof_has_nothing_for_us(void **state)
{
    (void)state;
    static const char *const files[] = {"json_web_signature_test.json", "json_web_key_test.json"};
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        json_t *file = vectors_load(files[i]);
        found = found || file;
        vectors_each(file, expect_refused_jws);
        json_decref(file);
    }
    if (!found)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_own_token_is_accepted),
        cmocka_unit_test(test_J01_alg_none_refused),
        cmocka_unit_test(test_J01_any_other_alg_refused),
        cmocka_unit_test(test_J01_wycheproof_has_nothing_for_us),
        cmocka_unit_test(test_J02_public_key_as_hmac_secret_refused),
        cmocka_unit_test(test_J03_other_serialisations_refused),
        cmocka_unit_test(test_J03_nested_token_refused),
        cmocka_unit_test(test_J04_signature_of_wrong_length_refused),
        cmocka_unit_test(test_every_prefix_refused),
        cmocka_unit_test(test_every_other_byte_refused),
        cmocka_unit_test(test_slack_bits_and_padding_refused),
        cmocka_unit_test(test_J06_compression_and_encryption_refused),
        cmocka_unit_test(test_crit_refused),
        cmocka_unit_test(test_J07_duplicates_and_bad_text_refused),
        cmocka_unit_test(test_J10_kid_is_opaque_bytes),
        cmocka_unit_test(test_J10_kid_of_wrong_form_refused),
        cmocka_unit_test(test_J10_keys_in_headers_ignored),
        cmocka_unit_test(test_J11_type_matrix),
        cmocka_unit_test(test_J11_type_spellings),
        cmocka_unit_test(test_J14_size_cap),
        cmocka_unit_test(test_J14_depth_cap),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
