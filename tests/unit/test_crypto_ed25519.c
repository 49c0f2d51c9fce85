/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519 as this program uses it: RFC 8032's vectors, RFC 8037's key, signature and thumbprint,
 * and every malformed signature and key that Wycheproof and the small-order literature know.
 */
#include <sodium.h>

#include "base/arena.h"
#include "crypto/jwt.h"
#include "crypto/seal.h"
#include "support/check.h"
#include "support/vectors.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_create(0);
    return crypto_setup();
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

/* The bytes of a hex string, in the arena. */
static struct str unhex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *bytes = arena_alloc(arena, n + 1);
    assert_int_equal(sodium_hex2bin(bytes, n, hex, strlen(hex), NULL, NULL, NULL), 0);
    return (struct str){(const char *)bytes, n};
}

static bool verifies(struct str key, struct str message, struct str signature)
{
    struct jwt_parts p = {.signing_input = message};
    assert_int_equal(key.len, 32);
    assert_int_equal(signature.len, 64);
    memcpy(p.signature, signature.ptr, 64);
    return jwt_signature_valid(&p, (const uint8_t *)key.ptr);
}

struct vector {
    const char *key;
    const char *message;
    const char *signature;
};

/* Section 7.1: tests 1, 2, 3 and SHA(abc). */
static const struct vector rfc8032[] = {
    {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
    {"ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
     "ebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431"
     "e0303dca179c138ac17ad9bef1177331a704"},
};

static void test_rfc8032_vectors_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rfc8032) / sizeof(rfc8032[0]); i++) {
        struct str key = unhex(rfc8032[i].key);
        struct str signature = unhex(rfc8032[i].signature);
        assert_true(verifies(key, unhex(rfc8032[i].message), signature));
        assert_false(verifies(key, STR("another message"), signature));
    }
}

/* RFC 8037 appendix A.1 and A.2: d, then x. */
static const char rfc8037_secret[] =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

static void test_rfc8037_key(void **state)
{
    (void)state;
    struct str secret = unhex(rfc8037_secret);
    struct buf b;
    char thumbprint[44];
    buf_init(&b, arena, 0);
    jwk_write(&b, STR("key_1"), (const uint8_t *)secret.ptr + 32);
    check_str(buf_view(&b), "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
                            "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
                            "\"kid\":\"key_1\",\"use\":\"sig\",\"alg\":\"EdDSA\"}");
    jwk_thumbprint((const uint8_t *)secret.ptr + 32, thumbprint);
    assert_string_equal(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

/* Appendix A.4. */
static void test_rfc8037_signature(void **state)
{
    (void)state;
    struct str secret = unhex(rfc8037_secret);
    struct str token = jwt_sign(arena, STR("eyJhbGciOiJFZERTQSJ9."),
                                STR("Example of Ed25519 signing"), (const uint8_t *)secret.ptr);
    check_str(token, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
                     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvp"
                     "Ar_MuM0KAg");
}

static void test_J05_fresh_keys_differ_and_match(void **state)
{
    (void)state;
    uint8_t public_key[2][32];
    uint8_t secret_key[2][64];
    for (int i = 0; i < 2; i++) {
        ed25519_generate(public_key[i], secret_key[i]);
        assert_memory_equal(secret_key[i] + 32, public_key[i], 32);
    }
    assert_memory_not_equal(public_key[0], public_key[1], 32);
    assert_memory_not_equal(secret_key[0], secret_key[1], 32);
}

/* S + L verifies in a careless implementation: the same signature, spelled otherwise. */
static void test_J04_non_canonical_s_is_refused(void **state)
{
    (void)state;
    struct str order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    for (size_t i = 0; i < sizeof(rfc8032) / sizeof(rfc8032[0]); i++) {
        uint8_t altered[64];
        unsigned carry = 0;
        memcpy(altered, unhex(rfc8032[i].signature).ptr, 64);
        for (int j = 0; j < 32; j++) {
            carry += altered[32 + j] + (uint8_t)order.ptr[j];
            altered[32 + j] = (uint8_t)carry;
            carry >>= 8;
        }
        assert_int_equal(carry, 0);
        assert_false(verifies(unhex(rfc8032[i].key), unhex(rfc8032[i].message),
                              (struct str){(const char *)altered, 64}));
    }
}

/* Every encoding of a point of order 1, 2, 4 or 8, the non-canonical ones included. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};
enum { SMALL_ORDER = sizeof(small_order) / sizeof(small_order[0]) };

/* With a public key of small order, R = B and S = 1 signs about every eighth message at least; with
 * the identity as the key it signs every message. */
static void test_J04_small_order_public_keys_are_refused(void **state)
{
    (void)state;
    struct str signature =
        unhex("5866666666666666666666666666666666666666666666666666666666666666"
              "0100000000000000000000000000000000000000000000000000000000000000");
    for (size_t i = 0; i < SMALL_ORDER; i++) {
        for (uint8_t message = 0; message < 32; message++)
            assert_false(
                verifies(unhex(small_order[i]), (struct str){(char *)&message, 1}, signature));
    }
}

static void test_J04_small_order_r_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMALL_ORDER; i++) {
        uint8_t signature[64] = {0};
        memcpy(signature, unhex(small_order[i]).ptr, 32);
        struct str s = {(const char *)signature, 64};
        assert_false(verifies(unhex(rfc8032[0].key), STR(""), s));
        assert_false(verifies(unhex(small_order[i]), STR(""), s));
    }
}

static void verify_wycheproof(const json_t *group, const json_t *test)
{
    const json_t *key = json_object_get(group, "publicKey");
    const char *result = json_string_value(json_object_get(test, "result"));
    struct str signature = unhex(json_string_value(json_object_get(test, "sig")));
    bool valid = signature.len == 64 &&
                 verifies(unhex(json_string_value(json_object_get(key, "pk"))),
                          unhex(json_string_value(json_object_get(test, "msg"))), signature);
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
        cmocka_unit_test(test_rfc8032_vectors_verify),
        cmocka_unit_test(test_rfc8037_key),
        cmocka_unit_test(test_rfc8037_signature),
        cmocka_unit_test(test_J05_fresh_keys_differ_and_match),
        cmocka_unit_test(test_J04_non_canonical_s_is_refused),
        cmocka_unit_test(test_J04_small_order_public_keys_are_refused),
        cmocka_unit_test(test_J04_small_order_r_is_refused),
        cmocka_unit_test(test_J04_wycheproof),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
