/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords: one form, counted in characters, no other demands than length and not being common.
 */
#include "base/arena.h"
#include "domain/decide.h"
#include "support/check.h"

static struct str normal(struct arena *a, struct str typed)
{
    struct str out;
    assert_true(password_normalise(a, typed, &out));
    return out;
}

static enum password_decision decide(struct str password, int64_t min, bool common)
{
    struct policy policy;
    policy_defaults(&policy);
    policy.password_min_length = min;
    struct password_facts f = {.password = password, .common = common};
    return decide_password(&policy, &f);
}

static struct str repeat(struct arena *a, const char *unit, size_t n)
{
    struct buf b;
    buf_init(&b, a, 64);
    for (size_t i = 0; i < n; i++)
        buf_str(&b, str_of(unit));
    return buf_view(&b);
}

static void test_N_1_length_at_the_boundaries(void **state)
{
    struct arena *a = *state;
    for (int64_t min = 8; min <= 64; min += 7) {
        size_t n = (size_t)min;
        assert_int_equal(decide(repeat(a, "x", n - 1), min, false), PASSWORD_TOO_SHORT);
        assert_int_equal(decide(repeat(a, "x", n), min, false), PASSWORD_ACCEPT);
        assert_int_equal(decide(repeat(a, "x", n + 1), min, false), PASSWORD_ACCEPT);
    }
    assert_int_equal(decide(repeat(a, "x", PASSWORD_MAX - 1), 8, false), PASSWORD_ACCEPT);
    assert_int_equal(decide(repeat(a, "x", PASSWORD_MAX), 8, false), PASSWORD_ACCEPT);
    assert_int_equal(decide(repeat(a, "x", PASSWORD_MAX + 1), 8, false), PASSWORD_TOO_LONG);
    assert_int_equal(decide(repeat(a, "x", 1 << 20), 8, false), PASSWORD_TOO_LONG);
    assert_int_equal(decide(STR(""), 8, false), PASSWORD_TOO_SHORT);
}

static void test_N_1_counts_code_points_after_nfc(void **state)
{
    struct arena *a = *state;
    struct str composed = normal(a, repeat(a, "\xc3\xa9", 8));
    struct str decomposed = normal(a, repeat(a, "e\xcc\x81", 8));
    assert_true(str_eq(composed, decomposed));
    assert_int_equal(decide(decomposed, 8, false), PASSWORD_ACCEPT);
    assert_int_equal(decide(normal(a, repeat(a, "e\xcc\x81", 7)), 8, false), PASSWORD_TOO_SHORT);
    assert_int_equal(decide(repeat(a, "\xf0\x9f\x98\x80", 8), 8, false), PASSWORD_ACCEPT);
    assert_int_equal(decide(repeat(a, "\xf0\x9f\x98\x80", 64), 64, false), PASSWORD_ACCEPT);
    assert_int_equal(decide(repeat(a, "\xf0\x9f\x98\x80", 65), 8, false), PASSWORD_TOO_LONG);
}

static void test_N_2_common_is_refused_unless_switched_off(void **state)
{
    (void)state;
    struct policy policy;
    struct password_facts f = {.password = STR("password1"), .common = true};
    policy_defaults(&policy);
    assert_int_equal(decide_password(&policy, &f), PASSWORD_TOO_COMMON);
    policy.password_blocklist = BLOCKLIST_OFF;
    assert_int_equal(decide_password(&policy, &f), PASSWORD_ACCEPT);
    f.password = STR("short");
    policy.password_blocklist = BLOCKLIST_COMMON;
    assert_int_equal(decide_password(&policy, &f), PASSWORD_TOO_SHORT);
}

static void test_N_3_no_composition_rules(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "aaaaaaaa",
        "zzzzzzzzz",
        "12345670",
        "        ",
        "--------",
        "ABCDEFGH",
        "qwpoeiru",
        "eight   long",
        " leading and",
        "\xe5\xaf\x86\xe7\xa0\x81\xe5\xaf\x86\xe7\xa0"
        "\x81\xe5\xaf\x86\xe7\xa0\x81\xe5\xaf\x86\xe7"
        "\xa0\x81",
    };
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        assert_int_equal(decide(str_of(plain[i]), 8, false), PASSWORD_ACCEPT);
}

/* Neither trimmed nor folded nor cut. */
static void test_V6_2_8_bytes_stay_as_typed(void **state)
{
    struct arena *a = *state;
    static const char *const same[] = {
        "  Mixed Case \t", "\xef\xbc\xa1\xef\xbd\x81", "\xe2\x80\x8b", "ABC", "\xef\xac\x81", ""};
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
        assert_string_equal(str_z(a, normal(a, str_of(same[i]))), same[i]);
    for (size_t n = 1; n < 2000; n += 13) {
        struct str typed = repeat(a, "x", n);
        assert_true(str_eq(normal(a, typed), typed));
    }
}

static void test_refuses_what_is_no_text(void **state)
{
    struct arena *a = *state;
    struct str out;
    assert_false(password_normalise(a, STR_NONE, &out));
    assert_false(password_normalise(a, STR("12345678\0"), &out));
    assert_false(password_normalise(a, STR("1234\xff"), &out));
    assert_false(password_normalise(a, STR("\xc0\x80"), &out));
    struct str long_text = repeat(a, "x", 4096);
    assert_true(password_normalise(a, long_text, &out));
    assert_int_equal(decide(out, 8, false), PASSWORD_TOO_LONG);
    ((char *)(uintptr_t)long_text.ptr)[4000] = '\0';
    assert_false(password_normalise(a, long_text, &out));
    ((char *)(uintptr_t)long_text.ptr)[4000] = '\xff';
    assert_false(password_normalise(a, long_text, &out));
}

/* Hangul jamo shrink most: 768 bytes typed are the longest that can become 256. */
static void test_longest_that_shrinks_to_fit(void **state)
{
    struct arena *a = *state;
    const char *syllable = "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab";
    assert_int_equal(normal(a, repeat(a, syllable, 85)).len, 255);
    assert_int_equal(decide(normal(a, repeat(a, syllable, 85)), 8, false), PASSWORD_ACCEPT);
    assert_int_equal(decide(normal(a, repeat(a, syllable, 86)), 8, false), PASSWORD_TOO_LONG);
}

static void test_zeroed_facts_deny(void **state)
{
    (void)state;
    struct policy none = {0};
    struct policy policy;
    struct password_facts zero = {0};
    struct password_facts good = {.password = STR("correct horse")};
    policy_defaults(&policy);
    assert_int_equal(PASSWORD_DENY, 0);
    assert_int_equal(decide_password(&policy, &zero), PASSWORD_DENY);
    assert_int_equal(decide_password(&none, &good), PASSWORD_DENY);
}

static void test_rehash(void **state)
{
    (void)state;
    struct policy policy;
    policy_defaults(&policy);
    for (int wanted = 0; wanted < 2; wanted++) {
        for (int found = 0; found < 2; found++) {
            struct hash_facts f = {(enum policy_password_hash)found, true};
            policy.password_hash = wanted;
            assert_int_equal(decide_rehash(&policy, &f), wanted != found);
            f.parameters_current = false;
            assert_true(decide_rehash(&policy, &f));
        }
    }
}

static int setup(void **state)
{
    *state = arena_create(4096);
    return 0;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_N_1_length_at_the_boundaries),
        cmocka_unit_test(test_N_1_counts_code_points_after_nfc),
        cmocka_unit_test(test_N_2_common_is_refused_unless_switched_off),
        cmocka_unit_test(test_N_3_no_composition_rules),
        cmocka_unit_test(test_V6_2_8_bytes_stay_as_typed),
        cmocka_unit_test(test_refuses_what_is_no_text),
        cmocka_unit_test(test_longest_that_shrinks_to_fit),
        cmocka_unit_test(test_zeroed_facts_deny),
        cmocka_unit_test(test_rehash),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
