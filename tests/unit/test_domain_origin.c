/* SPDX-License-Identifier: Apache-2.0
 *
 * Origins: what becomes canonical, what is refused, and that a request's header matches by bytes
 * only.
 */
#include "base/arena.h"
#include "domain/tenant.h"
#include "support/check.h"

#define LABEL63 "a23456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *text;
    const char *canonical;
} accepted[] = {
    {"https://app.acme.com", "https://app.acme.com"},
    {"HTTPS://App.Acme.COM", "https://app.acme.com"},
    {"https://app.acme.com:443", "https://app.acme.com"},
    {"https://app.acme.com:80", "https://app.acme.com:80"},
    {"http://app.acme.com:80", "http://app.acme.com"},
    {"http://app.acme.com:443", "http://app.acme.com:443"},
    {"http://localhost:3000", "http://localhost:3000"},
    {"http://localhost:1", "http://localhost:1"},
    {"http://localhost:65535", "http://localhost:65535"},
    {"http://my_service:8080", "http://my_service:8080"},
    {"https://xn--bcher-kva.example", "https://xn--bcher-kva.example"},
    {"https://a--b.example", "https://a--b.example"},
    {"https://1.example", "https://1.example"},
    {"https://0x.example", "https://0x.example"},
    {"https://0xg", "https://0xg"},
    {"https://x0", "https://x0"},
    {"https://" LABEL63 ".example", "https://" LABEL63 ".example"},
    {"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
    {"http://255.255.255.255", "http://255.255.255.255"},
    {"http://[::1]", "http://[::1]"},
    {"http://[::1]:3000", "http://[::1]:3000"},
    {"https://[::]:443", "https://[::]"},
    {"https://[2001:DB8:0:0:1:0:0:1]", "https://[2001:db8::1:0:0:1]"},
    {"https://[2001:0db8:0001:0002:0003:0004:0005:0006]", "https://[2001:db8:1:2:3:4:5:6]"},
    {"https://[2001:db8:0:1:2:3:4:5]", "https://[2001:db8:0:1:2:3:4:5]"},
    {"https://[1::]", "https://[1::]"},
    {"http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]"},
};

static void test_accepted_become_canonical(void **state)
{
    struct arena *a = *state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
        struct str out;
        struct str again;
        if (!origin_parse(a, str_of(accepted[i].text), &out))
            fail_msg("refused: %s", accepted[i].text);
        assert_string_equal(str_z(a, out), accepted[i].canonical);
        assert_true(origin_parse(a, out, &again));
        assert_true(str_eq(out, again));
    }
}

static const char *const hostile[] = {
    "",
    "null",
    "NULL",
    "*",
    "https://*",
    "https://*.acme.com",
    "https://app.*",
    "https://",
    "https:/",
    "https:",
    "https",
    "http://",
    "//app.acme.com",
    "app.acme.com",
    "app.acme.com:443",
    "https:app.acme.com",
    "https:/app.acme.com",
    "https:///app.acme.com",
    "https:\\\\app.acme.com",
    "https://app.acme.com/",
    "https://app.acme.com//",
    "https://app.acme.com/path",
    "https://app.acme.com?",
    "https://app.acme.com?q=1",
    "https://app.acme.com#",
    "https://app.acme.com#f",
    "https://app.acme.com\\",
    "https://user@app.acme.com",
    "https://user:password@app.acme.com",
    "https://@app.acme.com",
    "https://app.acme.com@evil.example",
    "https://app.acme.com:",
    "https://app.acme.com:0",
    "https://app.acme.com:0443",
    "https://app.acme.com:65536",
    "https://app.acme.com:99999999999999999999",
    "https://app.acme.com:+443",
    "https://app.acme.com:-1",
    "https://app.acme.com:44a",
    "https://app.acme.com:443:443",
    "https://app.acme.com:443/",
    "https://app.acme.com: 443",
    "https://app.acme.com:443 ",
    " https://app.acme.com",
    "https://app.acme.com ",
    "https://app.acme.com\t",
    "https://app.acme.com\n",
    "https://app.acme.com\r\nX: y",
    "https://app acme.com",
    "https://app.acme.com,https://b.example",
    "https://app.acme.com https://b.example",
    "https://.acme.com",
    "https://app..acme.com",
    "https://app.acme.com.",
    "https://.",
    "https://-app.acme.com",
    "https://app-.acme.com",
    "https://app.acme.com-",
    "https://app%2eacme.com",
    "https://app.acme.com%00",
    "https://app.acme.com%",
    "https://b\xc3\274cher.example",
    "https://app\xef\xbc\216acme.com",
    "https://app\xe3\x80\202acme.com",
    "https://\xff",
    "https://app\x7f.acme.com",
    "https://app'acme.com",
    "https://app\"acme.com",
    "https://<app.acme.com>",
    "https://app;acme.com",
    "https://{app}",
    "https://" LABEL63 "4.example",
    "https://" LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 ".example",
    "https://127.1",
    "https://1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.0.0.1",
    "https://0x",
    "https://127.0.0.0x1",
    "https://127.0.0.01",
    "https://127.0.0.256",
    "https://127.0.0.1.",
    "https://1.2.3.4.5",
    "https://app.acme.1",
    "https://[",
    "https://[]",
    "https://[::1",
    "https://::1",
    "https://::1]",
    "https://[::1]]",
    "https://[::1]a",
    "https://[::1]:",
    "https://[::1]:0",
    "https://[::1%25eth0]",
    "https://[::1%eth0]",
    "https://[::1]/",
    "https://[:::1]",
    "https://[1:2:3:4:5:6:7]",
    "https://[1:2:3:4:5:6:7:8:9]",
    "https://[127.0.0.1]",
    "https://[localhost]",
    "https://[v1.a]",
    "ftp://app.acme.com",
    "ws://app.acme.com",
    "wss://app.acme.com",
    "file:///etc/passwd",
    "file://",
    "data:text/html,x",
    "javascript:alert(1)",
    "blob:https://app.acme.com",
    "chrome-extension://abcdefghijklmnop",
    "capacitor://localhost",
    "httpss://app.acme.com",
    "http s://app.acme.com",
    "https\xe2\x80\x8b://app.acme.com",
};

static void test_hostile_are_refused(void **state)
{
    struct arena *a = *state;
    struct str out;
    assert_true(sizeof(hostile) / sizeof(*hostile) >= 60);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
        if (origin_parse(a, str_of(hostile[i]), &out))
            fail_msg("accepted: %s", hostile[i]);
    }
    assert_false(origin_parse(a, STR_NONE, &out));
    assert_false(origin_parse(a, STR("https://app.acme.com\0"), &out));
    assert_false(origin_parse(a, STR("https://app\0.acme.com"), &out));
    assert_false(origin_parse(a, STR("http://127.0.0.1\0"), &out));
    assert_false(origin_parse(a, STR("http://[::1\0]"), &out));
}

static void test_longest_host(void **state)
{
    struct arena *a = *state;
    struct str out;
    struct buf b;
    buf_init(&b, a, 300);
    buf_lit(&b, "https://" LABEL63 "." LABEL63 "." LABEL63 ".");
    for (int i = 0; i < 61; i++)
        buf_char(&b, 'x');
    buf_lit(&b, ":65535");
    assert_true(origin_parse(a, buf_view(&b), &out));
    assert_int_equal(out.len, 8 + 253 + 6);
    b.len -= 6;
    buf_char(&b, 'x');
    assert_false(origin_parse(a, buf_view(&b), &out));
}

static struct tenant acme(struct str *origins, size_t n)
{
    struct tenant t = {.issuer = STR("https://id.example.com/t/acme")};
    t.policy.allowed_origins = (struct str_list){origins, n};
    return t;
}

static void test_listed_origin_matches_by_bytes(void **state)
{
    (void)state;
    struct str list[] = {STR("https://app.acme.com"), STR("http://localhost:3000")};
    struct tenant t = acme(list, 2);
    assert_true(tenant_allows_origin(&t, STR("https://app.acme.com")));
    assert_true(tenant_allows_origin(&t, STR("http://localhost:3000")));
    static const char *const other[] = {
        "https://APP.acme.com",
        "HTTPS://app.acme.com",
        "https://app.acme.com:443",
        "http://app.acme.com",
        "https://app.acme.com/",
        "https://app.acme.com.",
        "https://app.acme.com.evil.com",
        "https://evilapp.acme.com",
        "https://x.app.acme.com",
        "https://acme.com",
        "https://app.acme.co",
        "https://app.acme.comm",
        "http://localhost",
        "http://localhost:300",
        "http://localhost:30000",
        "https://localhost:3000",
        "null",
        "",
        " https://app.acme.com",
        "https://app.acme.com ",
        "https://app.acme.com,x",
        "https://id.example.com.evil",
        "https://id.example.com/",
        "https://id.example.com/t/acme",
        "http://id.example.com",
        "https://id.example.co",
        "https://example.com",
    };
    for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
        if (tenant_allows_origin(&t, str_of(other[i])))
            fail_msg("allowed: %s", other[i]);
    }
}

static void test_issuer_origin_is_always_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *issuer;
        const char *origin;
    } own[] = {
        {"https://id.example.com/t/acme", "https://id.example.com"},
        {"https://ID.example.com:443/t/acme", "https://id.example.com"},
        {"https://login.acme.com", "https://login.acme.com"},
        {"http://127.0.0.1:8080/t/acme", "http://127.0.0.1:8080"},
        {"http://[::1]:8080/t/acme", "http://[::1]:8080"},
    };
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        struct tenant t = {.issuer = str_of(own[i].issuer)};
        assert_true(tenant_allows_origin(&t, str_of(own[i].origin)));
        assert_false(tenant_allows_origin(&t, STR("https://app.acme.com")));
    }
}

static void test_zeroed_tenant_allows_nothing(void **state)
{
    (void)state;
    struct tenant t = {0};
    assert_false(tenant_allows_origin(&t, STR("https://app.acme.com")));
    assert_false(tenant_allows_origin(&t, STR("")));
    assert_false(tenant_allows_origin(&t, STR_NONE));
    assert_false(tenant_allows_origin(&t, STR("null")));
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
        cmocka_unit_test(test_accepted_become_canonical),
        cmocka_unit_test(test_hostile_are_refused),
        cmocka_unit_test(test_longest_host),
        cmocka_unit_test(test_listed_origin_matches_by_bytes),
        cmocka_unit_test(test_issuer_origin_is_always_allowed),
        cmocka_unit_test(test_zeroed_tenant_allows_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
