/* SPDX-License-Identifier: Apache-2.0
 *
 * Password hashes: known answers, each algorithm verifying the other's text, nothing about the
 * password lost, and decoys that cost the same and match nothing.
 */
#include "crypto/pwhash.h"

#include <libscrypt.h>
#include <sodium.h>
#include <stdio.h>

#include "crypto/seal.h"
#include "support/check.h"

static const enum pwhash_algorithm both[] = {PWHASH_ARGON2ID, PWHASH_SCRYPT};

static int setup(void **state)
{
    (void)state;
    return crypto_setup() != ERR_OK || pwhash_setup(true) != ERR_OK;
}

static int teardown(void **state)
{
    (void)state;
    pwhash_thread_cleanup();
    return 0;
}

static bool matches(const char *text, struct str password)
{
    bool yes = true;
    assert_int_equal(pwhash_verify(str_of(text), password, &yes), ERR_OK);
    return yes;
}

static void test_V11_4_2_parameters_are_the_minima(void **state)
{
    (void)state;
    char text[PWHASH_TEXT_MAX];
    assert_int_equal(pwhash_create(PWHASH_ARGON2ID, STR("pass"), text), ERR_OK);
    assert_true(str_starts(str_of(text), STR("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_int_equal(pwhash_create(PWHASH_SCRYPT, STR("pass"), text), ERR_OK);
    assert_true(str_starts(str_of(text), STR("$s1$0f0803$")));
}

static void test_each_verifies_what_the_other_wrote(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[PWHASH_TEXT_MAX];
        bool current = false;
        assert_int_equal(pwhash_create(both[i], STR("correct horse"), text), ERR_OK);
        assert_int_equal(pwhash_inspect(str_of(text), &current), both[i]);
        assert_true(current);
        assert_true(matches(text, STR("correct horse")));
        assert_false(matches(text, STR("correct hors")));
        assert_false(matches(text, STR("Correct horse")));
        assert_false(matches(text, STR("correct horse ")));
        assert_false(matches(text, STR("")));
    }
}

static void test_salts_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char a[PWHASH_TEXT_MAX];
        char b[PWHASH_TEXT_MAX];
        assert_int_equal(pwhash_create(both[i], STR("same"), a), ERR_OK);
        assert_int_equal(pwhash_create(both[i], STR("same"), b), ERR_OK);
        assert_string_not_equal(a, b);
    }
}

/* V6.2.8: nothing is trimmed, cut off or ended by a NUL; 6.2.9: long ones are accepted. */
static void test_V6_2_8_every_byte_counts(void **state)
{
    (void)state;
    char long_one[1024];
    char text[PWHASH_TEXT_MAX];
    memset(long_one, 'x', sizeof(long_one));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pwhash_create(both[i], (struct str){long_one, 1024}, text), ERR_OK);
        assert_true(matches(text, (struct str){long_one, 1024}));
        assert_false(matches(text, (struct str){long_one, 1023}));
        assert_int_equal(pwhash_create(both[i], STR("a\0b"), text), ERR_OK);
        assert_true(matches(text, STR("a\0b")));
        assert_false(matches(text, STR("a\0c")));
        assert_false(matches(text, STR("a")));
    }
}

static void test_empty_password(void **state)
{
    (void)state;
    char text[PWHASH_TEXT_MAX];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pwhash_create(both[i], STR_NONE, text), ERR_OK);
        assert_true(matches(text, STR("")));
        assert_false(matches(text, STR("x")));
    }
}

/* From the reference implementation's own tests: "password" and the salt "somesalt". */
static void test_argon2id_known_answers(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        bool current = true;
        assert_true(matches(texts[i], STR("password")));
        assert_false(matches(texts[i], STR("passwore")));
        assert_int_equal(pwhash_inspect(str_of(texts[i]), &current), PWHASH_ARGON2ID);
        assert_false(current);
    }
}

struct scrypt_vector {
    const char *password;
    const char *salt;
    uint64_t n;
    uint32_t r;
    uint32_t p;
    const char *hex;
};

/* RFC 7914 section 12; the fourth wants a gigabyte. */
static const struct scrypt_vector rfc7914[] = {
    {"", "", 16, 1, 1,
     "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
     "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"},
    {"password", "NaCl", 1024, 8, 16,
     "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
     "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"},
    {"pleaseletmein", "SodiumChloride", 16384, 8, 1,
     "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
     "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"},
};

static void test_rfc7914_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rfc7914) / sizeof(rfc7914[0]); i++) {
        const struct scrypt_vector *v = &rfc7914[i];
        uint8_t out[64];
        char hex[129] = {0};
        assert_int_equal(libscrypt_scrypt((const uint8_t *)v->password, strlen(v->password),
                                          (const uint8_t *)v->salt, strlen(v->salt), v->n, v->r,
                                          v->p, out, sizeof(out)),
                         0);
        hex_encode(hex, out, sizeof(out));
        assert_string_equal(hex, v->hex);
    }
}

/* The third vector as a text: salt and hash in base64, N = 2^14. */
static void test_rfc7914_vector_as_text(void **state)
{
    (void)state;
    uint8_t hash[64];
    char base64[89];
    char text[PWHASH_TEXT_MAX];
    sodium_hex2bin(hash, sizeof(hash), rfc7914[2].hex, 128, NULL, NULL, NULL);
    sodium_bin2base64(base64, sizeof(base64), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
    snprintf(text, sizeof(text), "$s1$0e0801$U29kaXVtQ2hsb3JpZGU=$%s", base64);
    assert_true(matches(text, STR("pleaseletmein")));
    assert_false(matches(text, STR("pleaseletmeim")));
}

static void test_libscrypt_and_we_read_each_other(void **state)
{
    (void)state;
    char theirs[SCRYPT_MCF_LEN];
    char ours[PWHASH_TEXT_MAX];
    bool current = true;
    assert_true(libscrypt_hash(theirs, "swordfish", 1024, 8, 1) > 0);
    assert_true(matches(theirs, STR("swordfish")));
    assert_false(matches(theirs, STR("swordfisk")));
    assert_int_equal(pwhash_inspect(str_of(theirs), &current), PWHASH_SCRYPT);
    assert_false(current);
    assert_int_equal(pwhash_create(PWHASH_SCRYPT, STR("swordfish"), ours), ERR_OK);
    assert_true(libscrypt_check(ours, "swordfish") > 0);
}

static void test_V6_3_8_decoys_have_current_parameters_and_match_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char decoy[PWHASH_TEXT_MAX] = {0};
        char real[PWHASH_TEXT_MAX];
        bool current = false;
        memcpy(decoy, pwhash_decoy(both[i]).ptr, pwhash_decoy(both[i]).len);
        assert_int_equal(pwhash_setup(true), ERR_OK); /* as the next process would */
        assert_false(str_eqz(pwhash_decoy(both[i]), decoy));
        assert_int_equal(pwhash_inspect(str_of(decoy), &current), both[i]);
        assert_true(current);
        assert_false(matches(decoy, STR("")));
        assert_false(matches(decoy, STR("password")));
        assert_int_equal(pwhash_create(both[i], STR("pass"), real), ERR_OK);
        assert_int_equal(strlen(real), strlen(decoy));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_V11_4_2_parameters_are_the_minima),
        cmocka_unit_test(test_each_verifies_what_the_other_wrote),
        cmocka_unit_test(test_salts_differ),
        cmocka_unit_test(test_V6_2_8_every_byte_counts),
        cmocka_unit_test(test_empty_password),
        cmocka_unit_test(test_argon2id_known_answers),
        cmocka_unit_test(test_rfc7914_vectors),
        cmocka_unit_test(test_rfc7914_vector_as_text),
        cmocka_unit_test(test_libscrypt_and_we_read_each_other),
        cmocka_unit_test(test_V6_3_8_decoys_have_current_parameters_and_match_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
