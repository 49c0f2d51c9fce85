/* SPDX-License-Identifier: Apache-2.0
 *
 * Client keys and refresh tokens: form, checksum and MAC, and that nothing near a valid one is
 * accepted.
 */
#include "crypto/token.h"

#include "crypto/seal.h"
#include "support/check.h"

static const uint8_t tenant_key[32] = {1, 2, 3};

static int setup(void **state)
{
    (void)state;
    return crypto_setup();
}

static bool key_is_good(const char *text)
{
    size_t prefix_len;
    bool good = key_check(str_of(text), &prefix_len);
    assert_int_equal(good, prefix_len > 0);
    return good;
}

static void test_keys_of_every_prefix(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"pk_live_", "pk_test_", "pk_dev_", "sk_live_",
                                           "sk_test_", "sk_dev_",  "op_"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        char key[KEY_TEXT_MAX + 1];
        size_t prefix_len;
        key_generate(prefixes[i], key);
        assert_true(key_check(str_of(key), &prefix_len));
        assert_int_equal(prefix_len, strlen(prefixes[i]));
        assert_int_equal(strlen(key), prefix_len + KEY_RANDOM_LEN + KEY_CHECK_LEN);
        assert_memory_equal(key, prefixes[i], prefix_len);
    }
}

/* 24 characters of base62 are 142 bits; a thousand keys use all 62 and repeat none of them. */
static void test_V11_5_1_keys_are_random(void **state)
{
    (void)state;
    static char keys[1000][KEY_TEXT_MAX + 1];
    bool seen[256] = {false};
    int kinds = 0;
    for (size_t i = 0; i < 1000; i++) {
        key_generate("sk_live_", keys[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(keys[i], keys[j]);
        for (int c = 8; c < 8 + KEY_RANDOM_LEN; c++)
            seen[(uint8_t)keys[i][c]] = true;
    }
    for (int c = 0; c < 256; c++)
        kinds += seen[c];
    assert_int_equal(kinds, 62);
}

/* The checksum of "op_" and 24 zeros, computed with Python's zlib: keys must keep working across
 * releases. */
static void test_key_checksum_is_crc32_in_base62(void **state)
{
    (void)state;
    assert_true(key_is_good("op_0000000000000000000000001B7BUX"));
    assert_false(key_is_good("op_0000000000000000000000001B7BUa"));
    assert_false(key_is_good("op_0000000000000000000000011B7BUX"));
}

static void test_key_with_a_typo_is_refused(void **state)
{
    (void)state;
    char key[KEY_TEXT_MAX + 1];
    key_generate("pk_live_", key);
    for (size_t i = 0; key[i]; i++) {
        char kept = key[i];
        for (int c = 1; c < 256; c++) {
            key[i] = (char)c;
            assert_int_equal(key_is_good(key), key[i] == kept);
        }
        key[i] = kept;
    }
}

static void test_key_transposition_is_refused(void **state)
{
    (void)state;
    char key[KEY_TEXT_MAX + 1];
    key_generate("pk_live_", key);
    for (size_t i = 8; key[i + 1]; i++) {
        char first = key[i];
        key[i] = key[i + 1];
        key[i + 1] = first;
        assert_int_equal(key_is_good(key), key[i] == key[i + 1]);
        key[i + 1] = key[i];
        key[i] = first;
    }
}

static void test_key_of_wrong_shape_is_refused(void **state)
{
    (void)state;
    char key[KEY_TEXT_MAX + 2];
    size_t prefix_len;
    key_generate("pk_live_", key);
    size_t n = strlen(key);
    for (size_t len = 0; len < n; len++)
        assert_false(key_check((struct str){key, len}, &prefix_len));
    key[n] = '0';
    assert_false(key_check((struct str){key, n + 1}, &prefix_len));
    assert_false(key_check(STR_NONE, &prefix_len));
    assert_false(key_check((struct str){key + 1, n - 1}, &prefix_len));
}

static void test_key_hash_is_sha256(void **state)
{
    (void)state;
    uint8_t hash[TOKEN_HASH_LEN];
    char hex[65] = {0};
    key_hash(STR("abc"), hash);
    hex_encode(hex, hash, sizeof(hash));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* BLAKE2b-256 of "abc" under the key 00 01 02 … 1f, computed with Python's hashlib. */
static void test_keyed_hash_is_blake2b(void **state)
{
    (void)state;
    uint8_t key[32];
    uint8_t hash[32];
    char hex[65] = {0};
    for (uint8_t i = 0; i < 32; i++)
        key[i] = i;
    keyed_hash(key, STR("abc"), hash);
    hex_encode(hex, hash, sizeof(hash));
    assert_string_equal(hex, "d63a32d3e44738d7907f964316c241adaba0abfeabc32349677578a15a203f7f");
}

static void test_refresh_token_round_trip(void **state)
{
    (void)state;
    static const uint32_t generations[] = {0, 1, 255, 256, 0x01020304, UINT32_MAX};
    for (size_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
        struct id session = id_new("ses_", 1469918176385);
        struct id opened;
        uint32_t generation;
        char token[REFRESH_TOKEN_LEN + 1];
        refresh_token_make(tenant_key, &session, generations[i], token);
        assert_int_equal(strlen(token), REFRESH_TOKEN_LEN);
        assert_memory_equal(token, "rft_", 4);
        assert_true(refresh_token_open(tenant_key, str_of(token), &opened, &generation));
        assert_true(id_eq(&session, &opened));
        assert_int_equal(generation, generations[i]);
    }
}

static void test_refresh_token_is_deterministic(void **state)
{
    (void)state;
    struct id session = id_new("ses_", 1469918176385);
    char first[REFRESH_TOKEN_LEN + 1];
    char again[REFRESH_TOKEN_LEN + 1];
    char next[REFRESH_TOKEN_LEN + 1];
    refresh_token_make(tenant_key, &session, 7, first);
    refresh_token_make(tenant_key, &session, 7, again);
    refresh_token_make(tenant_key, &session, 8, next);
    assert_string_equal(first, again);
    assert_string_not_equal(first, next);
}

static bool refresh_token_opens(struct str token)
{
    struct id session;
    uint32_t generation;
    bool opened = refresh_token_open(tenant_key, token, &session, &generation);
    assert_int_equal(opened, session.z[0] != 0);
    return opened;
}

/* Every position, the prefix, the session, the generation and all of the MAC included. */
static void test_V11_2_4_refresh_token_with_any_other_byte_is_refused(void **state)
{
    (void)state;
    struct id session = id_new("ses_", 1469918176385);
    char token[REFRESH_TOKEN_LEN + 1];
    refresh_token_make(tenant_key, &session, 3, token);
    for (size_t i = 0; i < REFRESH_TOKEN_LEN; i++) {
        char kept = token[i];
        for (int c = 0; c < 256; c++) {
            token[i] = (char)c;
            struct str text = {token, REFRESH_TOKEN_LEN};
            assert_int_equal(refresh_token_opens(text), token[i] == kept);
        }
        token[i] = kept;
    }
}

static void test_refresh_token_of_other_length_is_refused(void **state)
{
    (void)state;
    struct id session = id_new("ses_", 1469918176385);
    char token[REFRESH_TOKEN_LEN + 4] = {0};
    refresh_token_make(tenant_key, &session, 3, token);
    for (size_t len = 0; len < REFRESH_TOKEN_LEN; len++)
        assert_false(refresh_token_opens((struct str){token, len}));
    memcpy(token + REFRESH_TOKEN_LEN, "AAA", 3);
    for (size_t len = REFRESH_TOKEN_LEN + 1; len < sizeof(token); len++)
        assert_false(refresh_token_opens((struct str){token, len}));
    assert_false(refresh_token_opens(STR_NONE));
}

static void test_J15_refresh_token_of_another_tenant_is_refused(void **state)
{
    (void)state;
    static const uint8_t other_key[32] = {1, 2, 4};
    struct id session = id_new("ses_", 1469918176385);
    char token[REFRESH_TOKEN_LEN + 1];
    refresh_token_make(other_key, &session, 3, token);
    assert_false(refresh_token_opens(str_of(token)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_every_prefix),
        cmocka_unit_test(test_V11_5_1_keys_are_random),
        cmocka_unit_test(test_key_checksum_is_crc32_in_base62),
        cmocka_unit_test(test_key_with_a_typo_is_refused),
        cmocka_unit_test(test_key_transposition_is_refused),
        cmocka_unit_test(test_key_of_wrong_shape_is_refused),
        cmocka_unit_test(test_key_hash_is_sha256),
        cmocka_unit_test(test_keyed_hash_is_blake2b),
        cmocka_unit_test(test_refresh_token_round_trip),
        cmocka_unit_test(test_refresh_token_is_deterministic),
        cmocka_unit_test(test_V11_2_4_refresh_token_with_any_other_byte_is_refused),
        cmocka_unit_test(test_refresh_token_of_other_length_is_refused),
        cmocka_unit_test(test_J15_refresh_token_of_another_tenant_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
