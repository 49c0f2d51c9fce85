/* SPDX-License-Identifier: Apache-2.0
 *
 * SCRAM verifiers as PostgreSQL stores them: the proof that a client makes from the password (RFC
 * 5802 section 3) must satisfy the verifier, and no other password's proof may.
 */
#include <sodium.h>
#include <stdio.h>

#include "crypto/seal.h"
#include "crypto/token.h"
#include "support/check.h"

enum {
    MAC = 32,
    SALT = 16,
    SALT_AT = 16,
    STORED_AT = SALT_AT + 24 + 1,
    SERVER_AT = STORED_AT + 45
};

static int setup(void **state)
{
    (void)state;
    return crypto_setup();
}

static void hmac(const uint8_t *key, size_t key_len, const void *data, size_t n, uint8_t out[MAC])
{
    crypto_auth_hmacsha256_state h;
    crypto_auth_hmacsha256_init(&h, key, key_len);
    crypto_auth_hmacsha256_update(&h, data, n);
    crypto_auth_hmacsha256_final(&h, out);
}

static void decode(const char *text, size_t text_len, uint8_t *out, size_t n)
{
    size_t decoded;
    assert_int_equal(sodium_base642bin(out, n, text, text_len, NULL, &decoded, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(decoded, n);
}

/* What the server does with a proof: it recovers ClientKey and compares its hash. */
static bool satisfies(struct str password, const char *verifier)
{
    uint8_t salt[SALT + 4], salted[MAC], client[MAC], server[MAC], stored[MAC], expected[MAC];
    decode(verifier + SALT_AT, 24, salt, SALT);
    memcpy(salt + SALT, "\0\0\0\1", 4);
    hmac((const uint8_t *)password.ptr, password.len, salt, sizeof(salt), salted);
    hmac(salted, MAC, "Client Key", 10, client);
    hmac(salted, MAC, "Server Key", 10, server);
    crypto_hash_sha256(stored, client, MAC);
    decode(verifier + STORED_AT, 44, expected, MAC);
    if (memcmp(stored, expected, MAC) != 0)
        return false;
    decode(verifier + SERVER_AT, 44, expected, MAC);
    return memcmp(server, expected, MAC) == 0;
}

static void test_verifier_has_postgres_form(void **state)
{
    (void)state;
    char verifier[SCRAM_VERIFIER_MAX];
    scram_verifier(STR("pencil"), verifier);
    assert_memory_equal(verifier, "SCRAM-SHA-256$1:", SALT_AT);
    assert_int_equal(verifier[STORED_AT - 1], '$');
    assert_int_equal(verifier[SERVER_AT - 1], ':');
    assert_int_equal(strlen(verifier), SERVER_AT + 44);
    assert_true(strlen(verifier) <= 140);
}

static void test_proof_of_the_password_satisfies(void **state)
{
    (void)state;
    char password[44];
    char verifier[SCRAM_VERIFIER_MAX];
    random_password(password);
    scram_verifier(str_of(password), verifier);
    assert_true(satisfies(str_of(password), verifier));
    password[0] ^= 1;
    assert_false(satisfies(str_of(password), verifier));
}

static void test_verifiers_are_salted(void **state)
{
    (void)state;
    char a[SCRAM_VERIFIER_MAX];
    char b[SCRAM_VERIFIER_MAX];
    scram_verifier(STR("pencil"), a);
    scram_verifier(STR("pencil"), b);
    assert_memory_not_equal(a + SALT_AT, b + SALT_AT, 24);
    assert_memory_not_equal(a + STORED_AT, b + STORED_AT, 44);
}

static void test_V11_5_1_random_passwords_have_256_bits(void **state)
{
    (void)state;
    static char passwords[200][44];
    for (size_t i = 0; i < 200; i++) {
        uint8_t bytes[32];
        size_t n;
        random_password(passwords[i]);
        assert_int_equal(strlen(passwords[i]), 43);
        assert_true(base64url_decode(str_of(passwords[i]), bytes, sizeof(bytes), &n));
        assert_int_equal(n, sizeof(bytes));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(passwords[i], passwords[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verifier_has_postgres_form),
        cmocka_unit_test(test_proof_of_the_password_satisfies),
        cmocka_unit_test(test_verifiers_are_salted),
        cmocka_unit_test(test_V11_5_1_random_passwords_have_256_bits),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
