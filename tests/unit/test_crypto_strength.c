/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords that attackers try first are recognised, others are left alone: no composition rules.
 */
#include "crypto/strength.h"

#include "support/check.h"

static const struct str context[] = {
    {"alice.wonder@acme.example", 25}, {"Alice Wonderland", 16}, {"Acme Rockets", 12}};

static bool is_common(const char *password)
{
    return password_is_common(str_of(password), context, 3);
}

static void expect(const char *const passwords[], size_t n, bool common)
{
    for (size_t i = 0; i < n; i++) {
        if (is_common(passwords[i]) != common)
            fail_msg("%s is %s", passwords[i], common ? "common" : "not common");
    }
}
#define EXPECT(list, common) expect((list), sizeof(list) / sizeof((list)[0]), (common))

static void test_V6_2_4_top_passwords(void **state)
{
    (void)state;
    static const char *const passwords[] = {
        "password", "Password",   "PASSWORD", "12345678",  "123456789", "1234567890", "qwertyuiop",
        "iloveyou", "sunshine",   "princess", "football",  "baseball",  "superman",   "password1",
        "trustno1", "jennifer",   "michelle", "computer",  "11111111",  "starwars",   "whatever",
        "abcdefgh", "aaaaaaaaaa", "87654321", "butterfly", "chocolate", "liverpool",
    };
    EXPECT(passwords, true);
}

static void test_N_2_decorated_words(void **state)
{
    (void)state;
    static const char *const passwords[] = {"password12", "password!!", "!password!",
                                            "p4ssw0rd",   "P@ssw0rd",   "1sunshine1",
                                            "Sunshine7",  "$uperman",   "football99"};
    EXPECT(passwords, true);
}

static void test_V6_2_11_context_words(void **state)
{
    (void)state;
    static const char *const passwords[] = {"alice.wonder@acme.example",
                                            "alice.wonder",
                                            "AliceWonderland",
                                            "wonderland1",
                                            "Wonderland!",
                                            "Acme Rockets",
                                            "acmerockets12",
                                            "w0nd3rland"};
    EXPECT(passwords, true);
    assert_false(password_is_common(STR("acmerockets12"), NULL, 0));
}

static void test_V6_2_5_no_composition_rules(void **state)
{
    (void)state;
    static const char *const passwords[] = {
        "correct horse battery staple",
        "tractor-lamp-velvet",
        "xkqzvjwpm",
        "mein hund heisst bello",
        "aliceloves4bicycles",
        "Tr0ub4dor&3",
        "\xE3\x83\x91\xE3\x82\xB9\xE3\x83\xAF\xE3\x83\xBC\xE3\x83\x89\xE7\x8C\xAB\xE7\x8A\xAC",
    };
    EXPECT(passwords, false);
}

static void test_edges(void **state)
{
    (void)state;
    static char long_one[5000];
    memset(long_one, 'a', sizeof(long_one));
    assert_true(password_is_common((struct str){long_one, sizeof(long_one)}, NULL, 0));
    for (size_t i = 0; i < sizeof(long_one); i++)
        long_one[i] = (char)(i * i * 7 % 93 + 33);
    assert_false(password_is_common((struct str){long_one, sizeof(long_one)}, NULL, 0));
    assert_false(password_is_common(STR_NONE, NULL, 0));
    assert_false(password_is_common(STR(""), context, 3));
}

static void test_many_context_words(void **state)
{
    (void)state;
    static char words[1000];
    for (size_t i = 0; i < sizeof(words); i++)
        words[i] = i % 4 == 3 ? ' ' : (char)('a' + i % 26);
    struct str many = {words, sizeof(words)};
    assert_false(password_is_common(STR("tractor-lamp-velvet"), &many, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_V6_2_4_top_passwords),
        cmocka_unit_test(test_N_2_decorated_words),
        cmocka_unit_test(test_V6_2_11_context_words),
        cmocka_unit_test(test_V6_2_5_no_composition_rules),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_many_context_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
