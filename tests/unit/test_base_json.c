/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON in and out: what is refused, and that what we write reads back as it was meant.
 */
#include "base/json.h"

#include "base/arena.h"
#include "support/check.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    json_setup();
    arena = arena_create(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct str repeat(char open, size_t n, char close)
{
    struct buf b;
    buf_init(&b, arena, 2 * n);
    for (size_t i = 0; i < n; i++)
        buf_char(&b, open);
    for (size_t i = 0; i < n; i++)
        buf_char(&b, close);
    return buf_view(&b);
}

static bool is_read(struct str text)
{
    json_t *json;
    enum err e = json_read(text, &json);
    assert_int_equal(e == ERR_OK, json != NULL);
    json_decref(json);
    return e == ERR_OK;
}

static void test_reads(void **state)
{
    (void)state;
    json_t *json;
    assert_int_equal(json_read(STR(" {\"a\":\"x\\u00e9\",\"b\":[1,true,null]} "), &json), ERR_OK);
    check_str(json_text(json_object_get(json, "a")), "x\xC3\xA9");
    assert_int_equal(json_array_size(json_object_get(json, "b")), 3);
    json_decref(json);
    assert_true(is_read(STR("[]")));
    assert_true(is_read(STR("{\"[[[[\":\"\\\"{{{\"}")));
}

static void test_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "1",
        "\"a\"",
        "null",
        "{",
        "{}}",
        "{} x",
        "{}{}",
        "[1,]",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "[\"\\u0000\"]",
        "[\"\\ud800\"]",
        "[\"\xFF\"]",
        "[\"\xED\xA0\x80\"]",
        "[\"\n\"]",
        "[\"\\",
        "[\"",
        "[99999999999999999999]",
        "[1e999]",
        "[01]",
        "[NaN]",
        "{'a':1}",
        "\xEF\xBB\xBF{}",
        "[1] // no comments",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(is_read(str_of(bad[i])));
    assert_false(is_read(STR_NONE));
    assert_false(is_read((struct str){"{}\0", 3}));
    assert_false(is_read((struct str){"[\"\0\"]", 5}));
}

static void test_depth(void **state)
{
    (void)state;
    assert_true(is_read(repeat('[', JSON_DEPTH_MAX, ']')));
    assert_false(is_read(repeat('[', JSON_DEPTH_MAX + 1, ']')));
    assert_false(is_read(repeat('[', 100000, ']')));
    assert_false(is_read(repeat('{', 100000, '}')));
    assert_false(is_read(repeat(']', 5, '[')));
}

static void write_everything(struct json_writer *w)
{
    json_object_start(w);
    json_member(w, "s");
    json_str_value(w, STR("x"));
    json_member(w, "n");
    json_int_value(w, -5);
    json_member(w, "list");
    json_array_start(w);
    json_bool_value(w, true);
    json_bool_value(w, false);
    json_null_value(w);
    json_object_start(w);
    json_object_end(w);
    json_array_start(w);
    json_array_end(w);
    json_array_end(w);
    json_key(w, str_of("at"));
    json_time_value(w, 1);
    json_member(w, "never");
    json_time_value(w, 0);
    json_member(w, "raw");
    json_raw_value(w, STR("{\"k\":1}"));
    json_object_end(w);
}

static void test_writes(void **state)
{
    (void)state;
    struct buf b;
    struct json_writer w;
    buf_init(&b, arena, 0);
    json_start(&w, &b);
    write_everything(&w);
    check_str(buf_view(&b),
              "{\"s\":\"x\",\"n\":-5,\"list\":[true,false,null,{},[]],"
              "\"at\":\"1970-01-01T00:00:00.001Z\",\"never\":null,\"raw\":{\"k\":1}}");
    assert_true(is_read(buf_view(&b)));
}

static void test_writes_to_full_depth(void **state)
{
    (void)state;
    struct buf b;
    struct json_writer w;
    buf_init(&b, arena, 0);
    json_start(&w, &b);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_array_start(&w);
    json_int_value(&w, 1);
    json_int_value(&w, 2);
    for (int i = 0; i < JSON_DEPTH_MAX; i++) {
        json_array_end(&w);
        if (i < JSON_DEPTH_MAX - 1)
            json_int_value(&w, i);
    }
    assert_true(is_read(buf_view(&b)));
}

static void check_escaped(struct str in, const char *expected)
{
    struct buf b;
    buf_init(&b, arena, 0);
    buf_json(&b, in);
    assert_true(str_eqz(buf_view(&b), expected));
}

static void test_escapes(void **state)
{
    (void)state;
    check_escaped(STR(""), "\"\"");
    check_escaped(STR_NONE, "\"\"");
    check_escaped(STR("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
    check_escaped(STR("\b\t\n\v\f\r"), "\"\\b\\t\\n\\u000b\\f\\r\"");
    check_escaped((struct str){"\0\x1F\x7F", 3}, "\"\\u0000\\u001f\\u007f\"");
    check_escaped(STR("\xC2\x9B"), "\"\\u009b\"");
    check_escaped(STR("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
    check_escaped(STR("a\xFFz\xE2\x82"), "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void test_every_code_point_survives(void **state)
{
    (void)state;
    for (uint32_t c = 1; c < 0x800; c++) {
        char text[2] = {(char)(c < 0x80 ? c : 0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
        struct str in = {text, c < 0x80 ? 1 : 2};
        struct buf b;
        json_t *json;
        buf_init(&b, arena, 0);
        buf_char(&b, '[');
        buf_json(&b, in);
        buf_char(&b, ']');
        assert_int_equal(json_read(buf_view(&b), &json), ERR_OK);
        assert_true(str_eq(json_text(json_array_get(json, 0)), in));
        json_decref(json);
    }
}

static bool has_members(const char *text)
{
    struct json_members m;
    json_t *json;
    enum err e = json_read_members(arena, str_of(text), &m);
    bool expected = json_read(str_of(text), &json) == ERR_OK && json_is_object(json);
    json_decref(json);
    assert_int_equal(e, expected ? ERR_OK : ERR_invalid_json);
    assert_true(expected || m.n == 0);
    return expected;
}

static void test_reads_members(void **state)
{
    (void)state;
    struct json_members m;
    assert_int_equal(
        json_read_members(arena,
                          STR(" { \"a\" : \"x\" ,\"b\":12,\"c\":[1, {\"}\":2}],"
                              "\"\\u0064\":\"\\u00e9\\\"\",\"e\":-1,\"f\":true,\"g\":\"\"}\n"),
                          &m),
        ERR_OK);
    assert_int_equal(m.n, 7);
    check_str(json_members_find(&m, STR("a"))->text, "x");
    assert_int_equal(json_members_find(&m, STR("b"))->kind, JSON_INT_VALUE);
    assert_int_equal(json_members_find(&m, STR("b"))->num, 12);
    assert_int_equal(json_members_find(&m, STR("c"))->kind, JSON_OTHER_VALUE);
    check_str(json_members_find(&m, STR("c"))->text, "[1, {\"}\":2}]");
    check_str(json_members_find(&m, STR("d"))->text, "\xC3\xA9\"");
    assert_int_equal(json_members_find(&m, STR("e"))->kind, JSON_OTHER_VALUE);
    assert_int_equal(json_members_find(&m, STR("f"))->kind, JSON_OTHER_VALUE);
    assert_int_equal(json_members_find(&m, STR("g"))->kind, JSON_TEXT_VALUE);
    assert_null(json_members_find(&m, STR("h")));
    assert_int_equal(json_read_members(arena, STR("{}"), &m), ERR_OK);
    assert_int_equal(m.n, 0);
}

/* What is refused is what json_read refuses. */
static void test_refuses_members(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":1}{}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\xFF\"}",
        "{\"\xED\xA0\x80\":1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\",
        "{\"a\":\"",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1e999}",
        "{\"a\":99999999999999999999}",
        "{\"a\":truE}",
        "{\"a\":[1 2]}",
        "{\"a\":[1}",
        "{\"a\":[}]}",
        "{\"a\":{\"b\"}}",
        "{\"a\":]}",
        "{\"a\":,}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (has_members(bad[i]))
            fail_msg("read %s", bad[i]);
    }
    assert_true(has_members("{\"a\":0.5,\"b\":{\"c\":[\"]\"]},\"d\":null}"));
}

static struct str numbered(size_t n)
{
    struct buf b;
    buf_init(&b, arena, 0);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%c\"%zu\":1", i ? ',' : '{', i);
    buf_char(&b, '}');
    return buf_view(&b);
}

static void test_member_limits(void **state)
{
    (void)state;
    struct json_members m;
    struct buf b;
    assert_int_equal(json_read_members(arena, numbered(JSON_MEMBERS_MAX), &m), ERR_OK);
    assert_int_equal(json_read_members(arena, numbered(JSON_MEMBERS_MAX + 1), &m),
                     ERR_invalid_json);
    for (size_t depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX; depth++) {
        buf_init(&b, arena, 0);
        buf_lit(&b, "{\"a\":");
        buf_str(&b, repeat('[', depth, ']'));
        buf_lit(&b, "}");
        buf_char(&b, '\0');
        assert_int_equal(has_members(b.ptr), depth < JSON_DEPTH_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),           cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_depth),           cmocka_unit_test(test_reads_members),
        cmocka_unit_test(test_refuses_members), cmocka_unit_test(test_member_limits),
        cmocka_unit_test(test_writes),          cmocka_unit_test(test_writes_to_full_depth),
        cmocka_unit_test(test_escapes),         cmocka_unit_test(test_every_code_point_survives),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
