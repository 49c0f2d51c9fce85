/* SPDX-License-Identifier: Apache-2.0
 *
 * E-mail addresses: what is one, and that no two different-looking bytes are the same identity or
 * the other way round (security.md, "Unicode identity confusion").
 */
#include "base/arena.h"
#include "domain/user.h"
#include "support/check.h"

static void check_key(struct arena *a, const char *typed, const char *key)
{
    struct str out;
    if (!email_valid(a, str_of(typed), &out))
        fail_msg("refused: %s", typed);
    assert_string_equal(str_z(a, out), key);
}

static void test_accepted(void **state)
{
    struct arena *a = *state;
    static const char *const same[] = {
        "ada@example.com",
        "a@b.co",
        "a@localhost",
        "first.last+tag@sub.example.co.uk",
        "o'reilly@example.com",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "1@1.de",
        "docomo..style.@example.jp",
        "x@xn--bcher-kva.example",
        "j\xc3\xb6rg@b\xc3\274cher.example",
        "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.\xe5\xb9\xbf\xe5\x91\x8a",
        "\xd0\xb0\xd0\xb4\xd0\xb0@\xd0\xbf\xd1\x80.\xd1\x80\xd1\x84",
        "\xe0\xb8\x99\xe0\xb9\x89\xe0\xb8\xb3@example.com",
        "\xf0\x9f\x98\x80@example.com",
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
        check_key(a, same[i], same[i]);
}

static void test_key_lowers_ascii_only(void **state)
{
    check_key(*state, "Ada.Lovelace@Example.COM", "ada.lovelace@example.com");
    check_key(*state, "J\xc3\x96RG@example.com", "j\xc3\x96rg@example.com");
}

/* The same characters typed in two ways are one identity. */
static void test_unicode_identity_normalised_before_judged(void **state)
{
    check_key(*state, "jo\xcc\x88rg@example.com", "j\xc3\xb6rg@example.com");
    check_key(*state, "T\xcc\x88@example.com", "\xe1\xba\x97@example.com");
    check_key(*state, "\xe2\x84\xaa@example.com", "k@example.com"); /* U+212A KELVIN SIGN */
    check_key(*state, "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab@example.com",
              "\xed\x95\x9c@example.com");
}

static const char *const refused[] = {
    "",
    "@",
    "a",
    "a@",
    "@b.co",
    "a@@b.co",
    "a@b@c.co",
    "example.com",
    " a@b.co",
    "a@b.co ",
    "a @b.co",
    "a@ b.co",
    "a\t@b.co",
    "a@b.co\n",
    "a@b.co\r\nBcc: x@evil.example",
    "a\x01@b.co",
    "a\x7f@b.co",
    "\"a b\"@b.co",
    "\"a\"@b.co",
    "a,b@c.co",
    "a;b@c.co",
    "a:b@c.co",
    "a<b@c.co",
    "<a@b.co>",
    "Ada <a@b.co>",
    "a(comment)@b.co",
    "a[b@c.co",
    "a\\b@c.co",
    "a@[127.0.0.1]",
    "a@b..co",
    "a@.b.co",
    "a@b.co.",
    "a@.",
    "a@-b.co",
    "a@b-.co",
    "a@b_c.co",
    "a@b.co/",
    "a@b.co?x",
    "a@b.co:25",
    "a@b!c",
    "a@a23456789012345678901234567890123456789012345678901234567890123x.co",
    /* '@' and '.' in other clothes */
    "a\xef\xbc\240b.co",
    "a@evil.co\xef\xbc\240b.co",
    "a\xef\xb9\253b.co",
    "a@evil.co\xef\xb9\253b.co",
    "a\xe2\x83\x9d@b.co",
    "a@b\xef\xbc\216co",
    "a@b\xe3\x80\202co",
    "a@b\xef\xbd\241co",
    "a@b\xef\xb9\222co",
    "a@b\xe2\x80\244co",
    "a@b\xe2\x80\245co",
    "a@b\xe2\x80\246co",
    "a@b\xef\xb8\222co",
    "a@b\xdc\201co",
    "a@b\xdc\202co",
    "a@b\xea\x93\270co",
    "a@b\xf0\x90\xa9\220co",
    "a@\xe2\x92\210co",
    "a\xe3\x80\x82@b.co",
    /* other characters that become ASCII elsewhere */
    "\xef\xbd\201dmin@b.co",
    "\xf0\x9d\x90\232dmin@b.co",
    "\xe2\x93\220dmin@b.co",
    "of\xef\xac\201ce@b.co",
    "a@ex\xe2\x93\x90mple.com",
    "a@b.c\xc2\xba",
    "a\xe2\x84\x80@b.co",
    "\xc2\xbd@b.co",
    /* what nobody sees */
    "a\xc2\xa0@b.co",
    "a\xe3\x80\x80@b.co",
    "a\xe2\x80\x83@b.co",
    "a\xe2\x80\x8b@b.co",
    "a\xe2\x80\x8d@b.co",
    "a\xe2\x80\xae@b.co",
    "a\xe2\x81\xa0@b.co",
    "a\xef\xbb\xbf@b.co",
    "a\xc2\xad@b.co",
    "a\xc2\x80@b.co",
    "a\xe2\x80\xa8@b.co",
    "a\xcd\x8f@b.co",
    "a\xef\xb8\x8f@b.co",
    "a\xe3\x85\xa4@b.co",
    "a\xef\xbe\xa0@b.co",
    "a\xe1\x85\x9f@b.co",
    "a\xe2\xa0\x80@b.co",
    "a\xee\x80\x80@b.co",
    "a\xf3\xa0\x81\xa1@b.co",
    "a\xcd\xb8@b.co",
    /* marks that would change the '@' or '.' before them */
    "a@\xcc\270b.co",
    "a@b.\xcc\201co",
    "\xcc\201a@b.co",
    /* not UTF-8 */
    "a\xff@b.co",
    "a\xc0\x80@b.co",
    "a@b\xc3.co",
    "a\xed\xa0\x80@b.co",
    "a\xc0\xae@b.co",
};

static void test_unicode_identity_refused(void **state)
{
    struct arena *a = *state;
    struct str key;
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        if (email_valid(a, str_of(refused[i]), &key))
            fail_msg("row %zu accepted: %s", i, refused[i]);
    }
    assert_false(email_valid(a, STR_NONE, &key));
    assert_false(email_valid(a, STR("a\0@b.co"), &key));
    assert_false(email_valid(a, STR("a@b.co\0"), &key));
}

static struct str email_of_length(struct arena *a, size_t len)
{
    static const char domain[] = "@example.com";
    char *text = arena_alloc(a, len);
    memset(text, 'x', len);
    memcpy(text + len - (sizeof(domain) - 1), domain, sizeof(domain) - 1);
    return (struct str){text, len};
}

static void test_length(void **state)
{
    struct arena *a = *state;
    struct str key;
    assert_true(email_valid(a, email_of_length(a, EMAIL_MAX - 1), &key));
    assert_true(email_valid(a, email_of_length(a, EMAIL_MAX), &key));
    assert_false(email_valid(a, email_of_length(a, EMAIL_MAX + 1), &key));
    assert_false(email_valid(a, email_of_length(a, 1 << 20), &key));
}

/* U+1D15E fits as typed but is three times as long once normalised. */
static void test_length_counts_the_normal_form(void **state)
{
    struct arena *a = *state;
    struct str key;
    struct buf b;
    buf_init(&b, a, 256);
    for (int i = 0; i < 40; i++)
        buf_lit(&b, "\xf0\x9d\x85\x9e");
    buf_lit(&b, "@example.com");
    assert_false(email_valid(a, buf_view(&b), &key));
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
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_key_lowers_ascii_only),
        cmocka_unit_test(test_unicode_identity_normalised_before_judged),
        cmocka_unit_test(test_unicode_identity_refused),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_length_counts_the_normal_form),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
