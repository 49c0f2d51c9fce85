/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings, numbers, UTF-8, base64url and the growing buffer.
 */
#include "base/arena.h"
#include "base/id.h"
#include "support/check.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_create(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static void test_comparing(void **state)
{
    (void)state;
    assert_true(str_eq(STR("abc"), STR("abc")));
    assert_false(str_eq(STR("abc"), STR("abd")));
    assert_false(str_eq(STR("abc"), STR("ab")));
    assert_true(str_eq(STR(""), STR_NONE));
    assert_true(str_eqz(STR("x"), "x"));
    assert_true(str_ieq(STR("Bearer[@`{"), STR("bEARER[@`{")));
    assert_false(str_ieq(STR("[@"), STR("{`")));
    assert_false(str_ieq(STR("a"), STR("ab")));
    assert_true(str_starts(STR("usr_1"), STR("usr_")));
    assert_true(str_starts(STR("a"), STR("")));
    assert_false(str_starts(STR("us"), STR("usr_")));
    assert_true(str_ends(STR("a.c"), STR(".c")));
    assert_false(str_ends(STR("c"), STR(".c")));
}

static void test_cutting(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("a=b=c"), '='), 1);
    assert_int_equal(str_find(STR("abc"), '='), 3);
    assert_int_equal(str_find(STR_NONE, '='), 0);
    check_str(str_slice(STR("hello"), 1, 3), "el");
    check_str(str_slice(STR("hello"), 3, 99), "lo");
    check_str(str_slice(STR("hello"), 9, 99), "");
    assert_false(str_is_set(str_slice(STR_NONE, 0, 1)));
    check_str(str_trim(STR(" \t a b \r\n")), "a b");
    check_str(str_trim(STR("  ")), "");
}

static void check_pieces(struct str text, const char *joined)
{
    struct buf b;
    struct str piece;
    buf_init(&b, arena, 0);
    while (str_split(&text, ',', &piece)) {
        buf_char(&b, '<');
        buf_str(&b, piece);
        buf_char(&b, '>');
    }
    assert_true(str_eqz(buf_view(&b), joined));
}

static void test_splitting(void **state)
{
    (void)state;
    check_pieces(STR("a,,b"), "<a><><b>");
    check_pieces(STR("a,"), "<a><>");
    check_pieces(STR(""), "<>");
    check_pieces(STR_NONE, "");
}

static void test_copying(void **state)
{
    (void)state;
    char text[] = "abc";
    struct str copy = str_copy(arena, str_of(text));
    const char *z = str_z(arena, str_slice(str_of(text), 0, 2));
    text[0] = 'X';
    check_str(copy, "abc");
    assert_string_equal(z, "ab");
    assert_string_equal(str_z(arena, STR_NONE), "");
    assert_false(str_is_set(str_copy(arena, STR_NONE)));
    assert_true(str_is_set(str_copy(arena, STR(""))));
}

static void check_int(struct str s, int64_t min, int64_t max, int64_t expected)
{
    int64_t v = -77;
    assert_true(str_to_int(s, min, max, &v));
    assert_int_equal(v, expected);
}

static void check_no_int(struct str s, int64_t min, int64_t max)
{
    int64_t v = -77;
    assert_false(str_to_int(s, min, max, &v));
    assert_int_equal(v, -77);
}

static void test_numbers(void **state)
{
    (void)state;
    check_int(STR("0"), 0, 10, 0);
    check_int(STR("10"), 0, 10, 10);
    check_int(STR("-5"), -5, 10, -5);
    check_int(STR("9223372036854775807"), 0, INT64_MAX, INT64_MAX);
    check_int(STR("-9223372036854775808"), INT64_MIN, 0, INT64_MIN);
    check_no_int(STR("9223372036854775808"), INT64_MIN, INT64_MAX);
    check_no_int(STR("-9223372036854775809"), INT64_MIN, INT64_MAX);
    check_no_int(STR("11"), 0, 10);
    check_no_int(STR("-1"), 0, 10);
    check_no_int(STR("-0"), 0, 10);
    check_no_int(STR("+1"), 0, 10);
    check_no_int(STR(" 1"), 0, 10);
    check_no_int(STR("1x"), 0, 10);
    check_no_int(STR("-"), -1, 10);
    check_no_int(STR(""), 0, 10);
    check_no_int(STR_NONE, 0, 10);
}

static void test_secrets(void **state)
{
    (void)state;
    char a[] = "secret";
    assert_true(bytes_equal_secret(a, "secret", 6));
    assert_false(bytes_equal_secret(a, "secreT", 6));
    assert_true(bytes_equal_secret(a, "x", 0));
    bytes_wipe(a, 6);
    assert_memory_equal(a, "\0\0\0\0\0\0", 6);
    bytes_wipe(NULL, 0);
}

static void test_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "abc",
        "\xC2\x80",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
    };
    static const char *const bad[] = {
        "\x80",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2",
        "\xC2"
        "a",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xE2\x82",
        "\xE2\x82"
        "a",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(utf8_valid(str_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(utf8_valid(str_of(bad[i])));
    assert_int_equal(utf8_length(STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
}

static void check_base64url(struct str bytes, struct str text)
{
    char encoded[64];
    char decoded[64];
    size_t n;
    assert_int_equal(base64url_encode(encoded, bytes.ptr, bytes.len), text.len);
    assert_memory_equal(encoded, text.ptr, text.len);
    assert_true(base64url_decode(text, decoded, bytes.len, &n));
    assert_int_equal(n, bytes.len);
    assert_memory_equal(decoded, bytes.ptr, n);
    if (bytes.len)
        assert_false(base64url_decode(text, decoded, bytes.len - 1, &n));
}

static void test_base64url(void **state)
{
    (void)state;
    check_base64url(STR(""), STR(""));
    check_base64url(STR("f"), STR("Zg"));
    check_base64url(STR("fo"), STR("Zm8"));
    check_base64url(STR("foo"), STR("Zm9v"));
    check_base64url(STR("foob"), STR("Zm9vYg"));
    check_base64url(STR("fooba"), STR("Zm9vYmE"));
    check_base64url(STR("\xFB\xFF\xBF"), STR("-_-_"));
}

static void test_base64url_refuses_other_spellings(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Z", "Zh", "Zm9", "Zg==", "Zm8=", "Zm9v ", "Zm+v", "Zm/v", "Zm9vY"};
    char decoded[64];
    size_t n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(base64url_decode(str_of(bad[i]), decoded, sizeof(decoded), &n));
}

static void test_base64url_round_trips(void **state)
{
    (void)state;
    uint8_t bytes[100];
    uint8_t back[100];
    char text[BASE64URL_LEN(100)];
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        size_t n;
        random_bytes(bytes, len);
        size_t text_len = base64url_encode(text, bytes, len);
        assert_true(base64url_decode((struct str){text, text_len}, back, sizeof(back), &n));
        assert_int_equal(n, len);
        assert_memory_equal(back, bytes, len);
    }
}

static void test_hex(void **state)
{
    (void)state;
    char out[6];
    hex_encode(out, "\x00\xAb\xFF", 3);
    assert_memory_equal(out, "00abff", 6);
}

static void test_buf(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, arena, 4);
    buf_lit(&b, "n=");
    buf_int(&b, INT64_MIN);
    buf_char(&b, ' ');
    buf_int(&b, 0);
    buf_char(&b, ' ');
    buf_int(&b, INT64_MAX);
    buf_str(&b, STR_NONE);
    buf_printf(&b, " %s-%d", "x", 5);
    memcpy(buf_reserve(&b, 3), "end", 3);
    b.len += 3;
    check_str(buf_view(&b), "n=-9223372036854775808 0 9223372036854775807 x-5end");
    buf_init(&b, arena, 0);
    check_str(buf_view(&b), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_splitting),
        cmocka_unit_test(test_copying),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_base64url),
        cmocka_unit_test(test_base64url_refuses_other_spellings),
        cmocka_unit_test(test_base64url_round_trips),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_buf),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
