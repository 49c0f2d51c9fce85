/* SPDX-License-Identifier: Apache-2.0
 *
 * Hostile hash texts: malformed ones, and ones that would take gigabytes or hours, are refused
 * before anything is computed.
 */
#include "base/clock.h"
#include "crypto/pwhash_text.h"
#include "crypto/seal.h"
#include "support/check.h"

#define A_SALT "c29tc2FsdHNvbWVzYWx0MQ"
#define A_HASH "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
#define ARGON2ID(params) "$argon2id$" params "$" A_SALT "$" A_HASH
#define S_SALT "c29tc2FsdHNvbWVzYWx0MQ=="
#define S_HASH \
    "dn+9ujljVc5JTJMC2fYu1ZEHdJyqYkOurmcrBQbMHUfnD6qxbTmNiR075ohNBZjvp66E2aV1pfOrmyNHUefjMg=="
#define SCRYPT(params) "$s1$" params "$" S_SALT "$" S_HASH

static int setup(void **state)
{
    (void)state;
    return crypto_setup();
}

/* Refused, and before anything is computed: a hash would take longer than this. What a busy machine
 * steals from us it does not steal every time. */
enum { CHEAP_US = 5000, TRIES = 10 };

static int64_t refusal_costs_us(const char *text)
{
    bool current = true;
    bool matches = true;
    int64_t before = clock_thread_cpu_us();
    enum err e = pwhash_verify(str_of(text), STR("password"), &matches);
    if (e != ERR_OK || matches || pwhash_inspect(str_of(text), &current) != PWHASH_UNKNOWN ||
        current)
        fail_msg("not refused: %s", text);
    return clock_thread_cpu_us() - before;
}

static void expect_refused(const char *const texts[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int tries = TRIES;
        while (tries && refusal_costs_us(texts[i]) >= CHEAP_US)
            tries--;
        assert_true(tries);
    }
}
#define EXPECT_REFUSED(list) expect_refused((list), sizeof(list) / sizeof((list)[0]))

static void expect_read(const char *const texts[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct pwhash_text t;
        char again[PWHASH_TEXT_MAX];
        if (!pwhash_text_parse(str_of(texts[i]), &t))
            fail_msg("refused: %s", texts[i]);
        pwhash_text_print(&t, again);
        assert_string_equal(again, texts[i]);
    }
}
#define EXPECT_READ(list) expect_read((list), sizeof(list) / sizeof((list)[0]))

static void test_argon2id_within_bounds(void **state)
{
    (void)state;
    static const char *const texts[] = {
        ARGON2ID("v=19$m=19456,t=2,p=1"),
        ARGON2ID("v=19$m=65536,t=10,p=1"),
        ARGON2ID("v=19$m=8,t=1,p=1"),
        ARGON2ID("v=19$m=4097,t=3,p=1"),
        ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" A_HASH),
    };
    EXPECT_READ(texts);
}

static void test_argon2id_beyond_bounds_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        ARGON2ID("v=19$m=65537,t=2,p=1"),
        ARGON2ID("v=19$m=4294967295,t=2,p=1"),
        ARGON2ID("v=19$m=4294986752,t=2,p=1"), /* 19456 modulo 2^32 */
        ARGON2ID("v=19$m=18446744073709571072,t=2,p=1"),
        ARGON2ID("v=19$m=19456,t=11,p=1"),
        ARGON2ID("v=19$m=19456,t=4294967298,p=1"),
        ARGON2ID("v=19$m=19456,t=0,p=1"),
        ARGON2ID("v=19$m=7,t=1,p=1"),
        ARGON2ID("v=19$m=19456,t=2,p=2"),
        ARGON2ID("v=19$m=19456,t=2,p=0"),
        ARGON2ID("v=16$m=19456,t=2,p=1"),
        "$argon2i$v=19$m=19456,t=2,p=1$" A_SALT "$" A_HASH,
        "$argon2d$v=19$m=19456,t=2,p=1$" A_SALT "$" A_HASH,
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$" A_HASH,      /* salt of four bytes */
        "$argon2id$v=19$m=19456,t=2,p=1$" A_SALT "$c29tc2Fs", /* hash of six */
        "$argon2id$v=19$m=19456,t=2,p=1$" A_SALT "$",
    };
    EXPECT_REFUSED(texts);
}

static void test_argon2id_other_spellings_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        ARGON2ID("m=19456,t=2,p=1"),
        ARGON2ID("v=19$t=2,m=19456,p=1"),
        ARGON2ID("v=19$m=019456,t=2,p=1"),
        ARGON2ID("v=19$m=+19456,t=2,p=1"),
        ARGON2ID("v=19$m=-19456,t=2,p=1"),
        ARGON2ID("v=19$m= 19456,t=2,p=1"),
        ARGON2ID("v=19$m=0x4c00,t=2,p=1"),
        ARGON2ID("v=19$m=19456,t=2,p=1,keyid=AA"),
        ARGON2ID("v=19$m=19456,t=2,p=1,"),
        ARGON2ID("v=19$m=19456,t=2"),
        ARGON2ID("v=19$"),
        ARGON2ID("v=19$m=19456,t=2,p=1") "$",
        ARGON2ID("v=19$m=19456,t=2,p=1") "=",
        ARGON2ID("v=19$m=19456,t=2,p=1") "\n",
        " " ARGON2ID("v=19$m=19456,t=2,p=1"),
        "$argon2id$v=19$m=19456,t=2,p=1$" A_SALT "$nf65EOgLrQMR_uIPnA4rEsF5h7TKyQwu9U1bMCHGi_4",
        "$argon2id$v=19$m=19456,t=2,p=1$" A_SALT "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/5",
        ("$argon2id$v=19$m=19456,t=2,p=1$$" A_HASH),
        /* libsodium's decoder takes this byte for a slash */
        "$argon2id$v=19$m=19456,t=2,p=1$" A_SALT "$AAAAAAAAAAA\x8DZAAAAAAAAA",
    };
    EXPECT_REFUSED(texts);
}

static void test_scrypt_within_bounds(void **state)
{
    (void)state;
    static const char *const texts[] = {
        SCRYPT("0f0803"), /* ours */
        SCRYPT("0e0810"), /* libscrypt's default */
        SCRYPT("100801"), /* 64 MiB */
        SCRYPT("010101"), ("$s1$0f0803$c29tZXNhbHQ=$" S_HASH),
    };
    EXPECT_READ(texts);
}

static void test_scrypt_beyond_bounds_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        SCRYPT("110801"), SCRYPT("0f08ff"), SCRYPT("0e0811"), SCRYPT("0fff01"), SCRYPT("1e0801"),
        SCRYPT("3f0801"), SCRYPT("400801"), SCRYPT("ff0801"), SCRYPT("ffffff"), SCRYPT("14ffff"),
        SCRYPT("000803"), SCRYPT("0f0003"), SCRYPT("0f0800"), SCRYPT("000000"),
    };
    EXPECT_REFUSED(texts);
}

static void test_scrypt_other_spellings_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        SCRYPT("0F0803"),
        SCRYPT("f0803"),
        SCRYPT("00f0803"),
        SCRYPT("0x0803"),
        SCRYPT("0f:803"),
        SCRYPT(" 0f080"),
        SCRYPT(""),
        SCRYPT("0f0803") "$",
        SCRYPT("0f0803") "=",
        SCRYPT("0f0803") " ",
        "$s2$0f0803$" S_SALT "$" S_HASH,
        "$s1$0f0803$" S_SALT "$",
        "$s1$0f0803$" S_SALT,
        "$s1$0f0803$$" S_HASH,
        "$s1$0f0803$c29tZXNhbHQ$" S_HASH,    /* no padding */
        "$s1$0f0803$c2FsdA==$" S_HASH,       /* salt of four bytes */
        "$s1$0f0803$" S_SALT "$" A_HASH "=", /* hash of 32 bytes */
    };
    EXPECT_REFUSED(texts);
}

static void test_foreign_texts_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "$",
        "$$",
        "password",
        "$argon2id",
        "$s1",
        "argon2id$v=19$m=19456,t=2,p=1$" A_SALT "$" A_HASH,
        "x" ARGON2ID("v=19$m=19456,t=2,p=1"),
        "$2b$12$EXRkfkdmXn2gzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9q",
        "$6$rounds=999999999$saltsalt$x",
        "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
        "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
    };
    EXPECT_REFUSED(texts);
    bool matches = true;
    assert_int_equal(pwhash_verify(STR_NONE, STR(""), &matches), ERR_OK);
    assert_false(matches);
}

static void test_long_texts_and_nuls_refused(void **state)
{
    (void)state;
    static char text[4096] = ARGON2ID("v=19$m=19456,t=2,p=1");
    size_t n = strlen(text);
    bool current;
    assert_int_equal(pwhash_inspect((struct str){text, n + 1}, &current), PWHASH_UNKNOWN);
    memset(text + n, 'A', sizeof(text) - n);
    for (size_t len = n + 1; len < 300; len++) {
        struct pwhash_text t;
        if (pwhash_text_parse((struct str){text, len}, &t))
            assert_true(t.hash_len <= PWHASH_HASH_MAX && len < PWHASH_TEXT_MAX);
    }
    assert_int_equal(pwhash_inspect((struct str){text, sizeof(text)}, &current), PWHASH_UNKNOWN);
}

static void test_every_prefix_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {ARGON2ID("v=19$m=19456,t=2,p=1"), SCRYPT("0f0803")};
    for (size_t i = 0; i < 2; i++) {
        size_t whole = strlen(texts[i]);
        for (size_t len = 0; len < whole; len++) {
            struct pwhash_text t;
            bool read = pwhash_text_parse((struct str){texts[i], len}, &t);
            assert_true(!read || (i == 0 && t.hash_len >= 16)); /* a shorter hash is a hash */
            assert_int_equal(read, t.algorithm != PWHASH_UNKNOWN);
        }
    }
}

static void test_memory_is_what_the_libraries_map(void **state)
{
    (void)state;
    struct pwhash_text t = pwhash_text_current(PWHASH_ARGON2ID);
    assert_int_equal(pwhash_text_memory(&t), 19 << 20);
    t = pwhash_text_current(PWHASH_SCRYPT);
    assert_int_equal(pwhash_text_memory(&t), 32 << 20);
    assert_true(pwhash_text_parse(STR(ARGON2ID("v=19$m=4099,t=3,p=1")), &t));
    assert_int_equal(pwhash_text_memory(&t), 4096 << 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_argon2id_within_bounds),
        cmocka_unit_test(test_argon2id_beyond_bounds_refused),
        cmocka_unit_test(test_argon2id_other_spellings_refused),
        cmocka_unit_test(test_scrypt_within_bounds),
        cmocka_unit_test(test_scrypt_beyond_bounds_refused),
        cmocka_unit_test(test_scrypt_other_spellings_refused),
        cmocka_unit_test(test_foreign_texts_refused),
        cmocka_unit_test(test_long_texts_and_nuls_refused),
        cmocka_unit_test(test_every_prefix_refused),
        cmocka_unit_test(test_memory_is_what_the_libraries_map),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
