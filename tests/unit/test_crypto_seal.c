/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealed values: they open where they were sealed and nowhere else, no nonce repeats, and derived
 * keys differ by context and purpose.
 */
#include "crypto/seal.h"

#include <stdlib.h>

#include "base/id.h"
#include "support/check.h"

enum { NONCE = 24, SAMPLE = 20000 };

static const uint8_t key[SEAL_KEY_LEN] = {7};
static const char secret[] = "JBSWY3DPEHPK3PXP";
enum { SECRET_LEN = sizeof(secret) - 1, SEALED_LEN = SECRET_LEN + SEAL_OVERHEAD };

static const struct seal_place home = {
    {"ten_1", 5}, {"factors", 7}, {"totp_secret", 11}, {"fac_1", 5}};

static int setup(void **state)
{
    (void)state;
    return crypto_setup();
}

static bool opens_at(const uint8_t k[SEAL_KEY_LEN], struct seal_place place, const uint8_t *sealed,
                     size_t len)
{
    uint8_t out[SECRET_LEN + 1];
    if (seal_open(k, &place, sealed, len, out) != ERR_OK)
        return false;
    assert_memory_equal(out, secret, SECRET_LEN);
    return true;
}

static void test_opens_at_home(void **state)
{
    (void)state;
    uint8_t sealed[SEALED_LEN];
    seal(key, &home, secret, SECRET_LEN, sealed);
    assert_int_equal(sealed[0], 1);
    assert_true(opens_at(key, home, sealed, sizeof(sealed)));
}

static void test_empty_value(void **state)
{
    (void)state;
    uint8_t sealed[SEAL_OVERHEAD];
    uint8_t out[1];
    seal(key, &home, NULL, 0, sealed);
    assert_int_equal(seal_open(key, &home, sealed, sizeof(sealed), out), ERR_OK);
}

static void test_value_copied_to_another_place_does_not_open(void **state)
{
    (void)state;
    uint8_t sealed[SEALED_LEN];
    seal(key, &home, secret, SECRET_LEN, sealed);
    struct seal_place elsewhere[] = {home, home, home, home, home};
    elsewhere[0].tenant = STR("ten_2");
    elsewhere[1].table = STR("users");
    elsewhere[2].column = STR("password_hash");
    elsewhere[3].row = STR("fac_2");
    elsewhere[4].row = STR_NONE;
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        assert_false(opens_at(key, elsewhere[i], sealed, sizeof(sealed)));
}

/* "ab" + "c" is not "a" + "bc". */
static void test_place_parts_do_not_run_together(void **state)
{
    (void)state;
    uint8_t sealed[SEALED_LEN];
    struct seal_place place = {STR("ab"), STR("c"), STR("d"), STR("e")};
    struct seal_place shifted = {STR("a"), STR("bc"), STR("d"), STR("e")};
    seal(key, &place, secret, SECRET_LEN, sealed);
    assert_true(opens_at(key, place, sealed, sizeof(sealed)));
    assert_false(opens_at(key, shifted, sealed, sizeof(sealed)));
}

static void test_another_key_does_not_open(void **state)
{
    (void)state;
    static const uint8_t other[SEAL_KEY_LEN] = {8};
    uint8_t sealed[SEALED_LEN];
    seal(key, &home, secret, SECRET_LEN, sealed);
    assert_false(opens_at(other, home, sealed, sizeof(sealed)));
}

static void test_any_changed_byte_does_not_open(void **state)
{
    (void)state;
    uint8_t sealed[SEALED_LEN];
    seal(key, &home, secret, SECRET_LEN, sealed);
    for (size_t i = 0; i < sizeof(sealed); i++) {
        for (int bit = 0; bit < 8; bit++) {
            sealed[i] ^= (uint8_t)(1 << bit);
            assert_false(opens_at(key, home, sealed, sizeof(sealed)));
            sealed[i] ^= (uint8_t)(1 << bit);
        }
    }
    assert_true(opens_at(key, home, sealed, sizeof(sealed)));
}

static void test_every_prefix_does_not_open(void **state)
{
    (void)state;
    uint8_t sealed[SEALED_LEN + 1] = {0};
    seal(key, &home, secret, SECRET_LEN, sealed);
    for (size_t len = 0; len < SEALED_LEN; len++)
        assert_false(opens_at(key, home, sealed, len));
    assert_false(opens_at(key, home, sealed, SEALED_LEN + 1));
}

static int compare_nonces(const void *a, const void *b)
{
    return memcmp(a, b, NONCE);
}

static void test_V11_3_4_nonces_are_unique(void **state)
{
    (void)state;
    static uint8_t nonces[SAMPLE][NONCE];
    uint8_t sealed[SEALED_LEN];
    for (size_t i = 0; i < SAMPLE; i++) {
        seal(key, &home, secret, SECRET_LEN, sealed);
        memcpy(nonces[i], sealed + 1, NONCE);
    }
    qsort(nonces, SAMPLE, NONCE, compare_nonces);
    for (size_t i = 1; i < SAMPLE; i++)
        assert_memory_not_equal(nonces[i - 1], nonces[i], NONCE);
}

static void test_derived_keys_differ(void **state)
{
    (void)state;
    uint8_t keys[4][SEAL_KEY_LEN];
    uint8_t again[SEAL_KEY_LEN];
    static const uint8_t other[SEAL_KEY_LEN] = {8};
    seal_derive(key, "refresh_", 1, keys[0]);
    seal_derive(key, "refresh_", 2, keys[1]);
    seal_derive(key, "attempts", 1, keys[2]);
    seal_derive(other, "refresh_", 1, keys[3]);
    seal_derive(key, "refresh_", 1, again);
    assert_memory_equal(keys[0], again, SEAL_KEY_LEN);
    for (int i = 0; i < 4; i++) {
        assert_memory_not_equal(keys[i], key, SEAL_KEY_LEN);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(keys[i], keys[j], SEAL_KEY_LEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_at_home),
        cmocka_unit_test(test_empty_value),
        cmocka_unit_test(test_value_copied_to_another_place_does_not_open),
        cmocka_unit_test(test_place_parts_do_not_run_together),
        cmocka_unit_test(test_another_key_does_not_open),
        cmocka_unit_test(test_any_changed_byte_does_not_open),
        cmocka_unit_test(test_every_prefix_does_not_open),
        cmocka_unit_test(test_V11_3_4_nonces_are_unique),
        cmocka_unit_test(test_derived_keys_differ),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
