/* SPDX-License-Identifier: Apache-2.0
 *
 * The router: what it finds, and what it refuses to interpret.
 */
#include "base/arena.h"
#include "http/match.h"
#include "http/percent.h"
#include "support/check.h"
#include "support/http_fixture.h"

static enum err find(struct arena *a, const char *path, struct field_values *values,
                     const struct endpoint **endpoint)
{
    struct path_segments segments;
    *endpoint = NULL;
    enum err e = path_split(a, str_of(path), &segments);
    if (e)
        return e;
    *endpoint = match_path(&segments, values);
    return *endpoint ? ERR_OK : ERR_not_found;
}

static void finds_rows(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *pattern; /* NULL = not found */
        const char *value;
    } cases[] = {
        {"/v1/auth/me", "/v1/auth/me", NULL},
        {"/v1/auth/sessions/ses_1", "/v1/auth/sessions/{id}", "ses_1"},
        {"/v1/auth/sessions/current", "/v1/auth/sessions/current", NULL},
        {"/v1/auth/sessions/a%20b", "/v1/auth/sessions/{id}", "a b"},
        {"/v1/auth/sessions/%C3%A9", "/v1/auth/sessions/{id}", "\xC3\xA9"},
        {"/v1/%61uth/me", "/v1/auth/me", NULL},
        {"/v1/auth/sessions/%252F", "/v1/auth/sessions/{id}", "%2F"},
        {"/v1/auth/sessions/...", "/v1/auth/sessions/{id}", "..."},
        {"/t/acme/.well-known/jwks.json", "/t/{slug}/.well-known/jwks.json", "acme"},
        {"/", NULL, NULL},
        {"/v1", NULL, NULL},
        {"/v1/auth", NULL, NULL},
        {"/V1/auth/me", NULL, NULL},
        {"/v1/auth/mee", NULL, NULL},
        {"/v1/auth/me/x", NULL, NULL},
        {"/v1/auth/{id}", NULL, NULL},
        {"/openapi.json", "/openapi.json", NULL},
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *a = arena_create(1024);
        struct field_values values = {.n = 0};
        const struct endpoint *endpoint;
        enum err e = find(a, cases[i].path, &values, &endpoint);
        if (strchr(cases[i].path, '{') != NULL)
            assert_int_equal(e, ERR_bad_request); /* not a URI character */
        else if (cases[i].pattern)
            assert_string_equal(endpoint->any->path, cases[i].pattern);
        else
            assert_int_equal(e, ERR_not_found);
        assert_int_equal(values.n, cases[i].value ? 1 : 0);
        if (cases[i].value)
            assert_true(str_eqz(values.values[0], cases[i].value));
        arena_destroy(a);
    }
}

static void refuses_two_readings(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "",
        "v1/auth/me",
        "*",
        "//",
        "//v1/auth/me",
        "/v1//auth/me",
        "/v1/auth/me/",
        "/v1/./auth/me",
        "/v1/../v1/auth/me",
        "/v1/%2e/auth/me",
        "/v1/%2e%2E/auth/me",
        "/v1/.%2e/auth/me",
        "/v1/auth%2Fme",
        "/v1/auth%2fme",
        "/v1/auth/sessions/%00",
        "/v1/auth/sessions/a%00b",
        "/v1/auth/sessions/%0d%0a",
        "/v1/auth/sessions/%7F",
        "/v1/auth/sessions/%",
        "/v1/auth/sessions/%4",
        "/v1/auth/sessions/%zz",
        "/v1/auth/sessions/%4g",
        "/v1/auth/sessions/%C3",       /* cut off */
        "/v1/auth/sessions/%C0%AF",    /* over-long slash */
        "/v1/auth/sessions/%ED%A0%80", /* surrogate */
        "/v1/auth/sessions/\xC3\xA9",  /* raw */
        "/v1/auth/sessions/a b",
        "/v1/auth/sessions/a\\b",
        "/v1/auth/sessions/a#b",
        "/v1/auth/sessions/\x01",
        "http://auth.example.com/v1/auth/me",
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct arena *a = arena_create(1024);
        struct field_values values;
        const struct endpoint *endpoint;
        assert_int_equal(find(a, paths[i], &values, &endpoint), ERR_bad_request);
        arena_destroy(a);
    }
}

static void lists_methods(void **state)
{
    (void)state;
    struct arena *a = arena_create(1024);
    struct field_values values;
    const struct endpoint *endpoint;
    assert_int_equal(find(a, "/v1/auth/me", &values, &endpoint), ERR_OK);
    check_str(endpoint->allow, "GET, PATCH, HEAD, OPTIONS");
    assert_ptr_equal(endpoint->by_method[METHOD_HEAD], endpoint->by_method[METHOD_GET]);
    assert_null(endpoint->by_method[METHOD_NONE]);
    assert_int_equal(find(a, "/v1/auth/sign-in", &values, &endpoint), ERR_OK);
    check_str(endpoint->allow, "POST, OPTIONS");
    arena_destroy(a);
}

static void reads_queries(void **state)
{
    (void)state;
    struct arena *a = arena_create(1024);
    struct field_values v;
    assert_int_equal(query_parse(a, STR("a=1&b=x+y%26z&c&d="), &v), ERR_OK);
    assert_int_equal(v.n, 4);
    check_str(values_get(&v, STR("a")), "1");
    check_str(values_get(&v, STR("b")), "x y&z");
    check_str(values_get(&v, STR("c")), "");
    check_str(values_get(&v, STR("d")), "");
    assert_null(values_get(&v, STR("e")).ptr);
    assert_int_equal(query_parse(a, STR(""), &v), ERR_OK);
    assert_int_equal(v.n, 0);
    assert_int_equal(query_parse(a, STR("&&a=b&"), &v), ERR_OK);
    assert_int_equal(v.n, 1);
    static const char *const bad[] = {
        "a=1&a=2", "a=1&%61=2", "=1",     "a=%00", "a=%C3",
        "a=%",     "a=#",       "a=\x80", "%zz=1", "1&2&3&4&5&6&7&8&9"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(query_parse(a, str_of(bad[i]), &v), ERR_bad_request);
    arena_destroy(a);
}

static void percent_round_trip(void **state)
{
    (void)state;
    struct arena *a = arena_create(1024);
    struct str text = STR("a b&c=d/e?f#\xC3\xA9+%");
    struct buf b;
    struct str back;
    buf_init(&b, a, 16);
    percent_encode(&b, text);
    assert_true(percent_decode(a, buf_view(&b), PERCENT_QUERY, &back));
    assert_true(str_eq(back, text));
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_rows),         cmocka_unit_test(refuses_two_readings),
        cmocka_unit_test(lists_methods),      cmocka_unit_test(reads_queries),
        cmocka_unit_test(percent_round_trip),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
