/* SPDX-License-Identifier: Apache-2.0
 *
 * Field rows: every type in and out, and everything that is wrong with a body told by name.
 */
#include "base/arena.h"
#include "support/check.h"
#include "support/http_fixture.h"

struct decoded {
    struct arena *arena;
    enum err e;
    struct echo in;
    struct problems problems;
};

static struct decoded decode(const char *text)
{
    struct decoded d = {.arena = arena_create(4096)};
    json_t *body = NULL;
    assert_int_equal(json_read(str_of(text), &body), ERR_OK);
    d.e = fields_decode(d.arena, &echo_fields, body, NULL, NULL, &d.in, &d.problems);
    json_decref(body);
    return d;
}

static void reads_every_type(void **state)
{
    (void)state;
    struct decoded d = decode(
        "{\"text\":\"\xC3\xA9t\xC3\xA9\",\"secret\":\"\\t\\u0001 x\",\"number\":7,\"flag\":true,"
        "\"time\":\"2026-11-21T22:47:03.123Z\",\"duration\":\"15m\",\"choice\":\"green\","
        "\"id\":\"usr_01JD9W8V3S8Q3ZK6T4N0E2M5RA\",\"json\":{\"a\": [1, null]},"
        "\"object\":{\"name\":\"n\"},\"list\":[{\"name\":\"a\"},{\"name\":\"b\"}],"
        "\"texts\":[\"x\",\"\"],\"name\":\"me\"}");
    assert_int_equal(d.e, ERR_OK);
    check_str(d.in.text, "\xC3\xA9t\xC3\xA9");
    check_str(d.in.secret, "\t\x01 x");
    assert_int_equal(d.in.number, 7);
    assert_true(d.in.flag);
    assert_int_equal(d.in.time, 1795301223123);
    assert_int_equal(d.in.duration, 900);
    check_str(d.in.choice, "green");
    assert_string_equal(d.in.id.z, "usr_01JD9W8V3S8Q3ZK6T4N0E2M5RA");
    check_str(d.in.json, "{\"a\":[1,null]}");
    check_str(d.in.object->name, "n");
    assert_int_equal(d.in.list.n, 2);
    check_str(((const struct echo_sub *)d.in.list.items)[1].name, "b");
    assert_int_equal(d.in.texts.n, 2);
    check_str(d.in.texts.items[0], "x");
    assert_true(d.in.has_name);
    check_str(d.in.name, "me");
    arena_destroy(d.arena);
}

static void presence(void **state)
{
    (void)state;
    struct decoded absent = decode("{}");
    assert_int_equal(absent.e, ERR_OK);
    assert_false(absent.in.has_name);
    assert_null(absent.in.name.ptr);
    arena_destroy(absent.arena);
    struct decoded null = decode("{\"name\":null}");
    assert_int_equal(null.e, ERR_OK);
    assert_true(null.in.has_name);
    assert_null(null.in.name.ptr);
    arena_destroy(null.arena);
}

static void names_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field, *code;
    } cases[] = {
        {"{\"text\":1}", "text", "wrong_type"},
        {"{\"text\":null}", "text", "wrong_type"},
        {"{\"text\":[\"a\"]}", "text", "wrong_type"},
        {"{\"text\":\"\"}", "text", "too_short"},
        {"{\"text\":\"aaaaaaaaaaaaaaaaaaaaa\"}", "text", "too_long"},
        {"{\"text\":\"a\\nb\"}", "text", "malformed"},
        {"{\"text\":\"a\\u007f\"}", "text", "malformed"},
        {"{\"text\":\"a\\u0085\"}", "text", "malformed"},
        {"{\"secret\":true}", "secret", "wrong_type"},
        {"{\"number\":\"7\"}", "number", "wrong_type"},
        {"{\"number\":7.0}", "number", "wrong_type"},
        {"{\"number\":0}", "number", "out_of_range"},
        {"{\"number\":101}", "number", "out_of_range"},
        {"{\"number\":-9223372036854775808}", "number", "out_of_range"},
        {"{\"flag\":1}", "flag", "wrong_type"},
        {"{\"flag\":\"true\"}", "flag", "wrong_type"},
        {"{\"time\":1732229223}", "time", "wrong_type"},
        {"{\"time\":\"yesterday\"}", "time", "malformed"},
        {"{\"time\":\"2026-13-01T00:00:00Z\"}", "time", "malformed"},
        {"{\"duration\":900}", "duration", "wrong_type"},
        {"{\"duration\":\"15 m\"}", "duration", "malformed"},
        {"{\"duration\":\"-1s\"}", "duration", "malformed"},
        {"{\"duration\":\"2d\"}", "duration", "malformed"},
        {"{\"duration\":\"0\"}", "duration", "malformed"},
        {"{\"choice\":\"blue\"}", "choice", "malformed"},
        {"{\"choice\":\"red|green\"}", "choice", "malformed"},
        {"{\"choice\":\"\"}", "choice", "malformed"},
        {"{\"id\":\"ses_01JD9W8V3S8Q3ZK6T4N0E2M5RA\"}", "id", "malformed"},
        {"{\"id\":\"usr_01jd9w8v3s8q3zk6t4n0e2m5ra\"}", "id", "malformed"},
        {"{\"json\":[]}", "json", "wrong_type"},
        {"{\"json\":\"{}\"}", "json", "wrong_type"},
        {"{\"object\":[]}", "object", "wrong_type"},
        {"{\"object\":{}}", "object.name", "required"},
        {"{\"object\":{\"name\":1}}", "object.name", "wrong_type"},
        {"{\"list\":{}}", "list", "wrong_type"},
        {"{\"list\":[1]}", "list.0", "wrong_type"},
        {"{\"list\":[{\"name\":\"a\"},{}]}", "list.1.name", "required"},
        {"{\"list\":[{},{},{},{}]}", "list", "out_of_range"},
        {"{\"texts\":\"x\"}", "texts", "wrong_type"},
        {"{\"texts\":[1]}", "texts.0", "wrong_type"},
        {"{\"texts\":[\"a\",\"b\",\"c\",\"d\"]}", "texts", "out_of_range"},
        {"[]", "", "wrong_type"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decoded d = decode(cases[i].body);
        assert_int_equal(d.e, ERR_validation_failed);
        assert_int_equal(d.problems.n, 1);
        assert_true(str_eqz(d.problems.list[0].field, cases[i].field));
        assert_string_equal(d.problems.list[0].code, cases[i].code);
        assert_true(d.problems.list[0].message.len > 0);
        arena_destroy(d.arena);
    }
}

static void refuses_unknown_members(void **state)
{
    (void)state;
    struct decoded d = decode("{\"text\":\"a\",\"is_admin\":true,\"number\":\"x\","
                              "\"object\":{\"name\":\"n\",\"userId\":1}}");
    assert_int_equal(d.e, ERR_unknown_field);
    assert_int_equal(d.problems.n, 3);
    check_str(d.problems.list[0].field, "is_admin");
    assert_string_equal(d.problems.list[0].code, "unknown_field");
    check_str(d.problems.list[1].field, "number");
    check_str(d.problems.list[2].field, "object.userId");
    arena_destroy(d.arena);
    struct decoded prototype = decode("{\"__proto__\":{}}");
    assert_int_equal(prototype.e, ERR_unknown_field);
    arena_destroy(prototype.arena);
}

static void caps_what_it_tells(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct buf b;
    buf_init(&b, a, 65536);
    buf_lit(&b, "{\"");
    for (int i = 0; i < 5000; i++)
        buf_lit(&b, "long");
    buf_lit(&b, "\":1");
    for (int i = 0; i < 100; i++)
        buf_printf(&b, ",\"x%d\":1", i);
    buf_char(&b, '}');
    struct decoded d = decode(str_z(a, buf_view(&b)));
    assert_int_equal(d.e, ERR_unknown_field);
    assert_int_equal(d.problems.n, PROBLEMS_MAX);
    for (size_t i = 0; i < d.problems.n; i++)
        assert_true(d.problems.list[i].field.len <= 64);
    arena_destroy(d.arena);
    arena_destroy(a);
}

static struct str encode(struct arena *a, const struct fields *fields, const void *out)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, a, 256);
    json_start(&w, &b);
    json_object_start(&w);
    fields_encode(&w, fields, out);
    json_object_end(&w);
    return buf_view(&b);
}

static void writes_every_type(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct echo_sub sub[] = {{STR("a")}, {STR("\"\n")}};
    struct str texts[] = {STR("x"), STR("</script>")};
    struct echo out = {.text = STR("t"),
                       .secret = STR("s"),
                       .number = -1,
                       .flag = true,
                       .time = 1795301223123,
                       .duration = 28800,
                       .choice = STR("red"),
                       .json = STR("{\"a\":1}"),
                       .object = sub,
                       .list = {sub, 2},
                       .texts = {texts, 2}};
    check_str(encode(a, &echo_fields, &out),
              "{\"text\":\"t\",\"secret\":\"s\",\"number\":-1,\"flag\":true,"
              "\"time\":\"2026-11-21T22:47:03.123Z\",\"duration\":\"8h\",\"choice\":\"red\","
              "\"id\":null,\"json\":{\"a\":1},\"object\":{\"name\":\"a\"},"
              "\"list\":[{\"name\":\"a\"},{\"name\":\"\\\"\\n\"}],"
              "\"texts\":[\"x\",\"</script>\"],\"name\":null}");
    out = (struct echo){0};
    check_str(encode(a, &echo_fields, &out),
              "{\"text\":null,\"secret\":null,\"number\":0,\"flag\":false,\"time\":null,"
              "\"duration\":\"0\",\"choice\":null,\"id\":null,\"json\":null,\"object\":null,"
              "\"list\":[],\"texts\":[],\"name\":null}");
    arena_destroy(a);
}

static void omits_what_is_empty(void **state)
{
    (void)state;
    struct row {
        struct str text;
        int64_t number;
    } out = {.number = 0};
    static const struct field rows[] = {
        {.name = "text",
         .type = FIELD_TEXT,
         .offset = offsetof(struct row, text),
         .flags = FIELD_OMIT_EMPTY},
        {.name = "number",
         .type = FIELD_INT,
         .offset = offsetof(struct row, number),
         .flags = FIELD_OMIT_EMPTY},
    };
    static const struct fields fields = {"Row", sizeof(struct row), rows, 2};
    struct arena *a = arena_create(1024);
    check_str(encode(a, &fields, &out), "{}");
    out.text = STR("");
    out.number = 1;
    check_str(encode(a, &fields, &out), "{\"text\":\"\",\"number\":1}");
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),    cmocka_unit_test(presence),
        cmocka_unit_test(names_what_is_wrong), cmocka_unit_test(refuses_unknown_members),
        cmocka_unit_test(caps_what_it_tells),  cmocka_unit_test(writes_every_type),
        cmocka_unit_test(omits_what_is_empty),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
