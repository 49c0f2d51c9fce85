/* SPDX-License-Identifier: Apache-2.0
 *
 * CORS per tenant: who may call from a browser, and what a preflight is told.
 */
#include "base/arena.h"
#include "support/check.h"
#include "support/fixture_tenants.h"

static struct http_exchange *from(struct http_exchange *x, const char *origin)
{
    x->request.origin = str_of(origin);
    return x;
}

static struct http_exchange *echo(const char *origin, const char *key)
{
    struct http_exchange *x = from(exchange_json(METHOD_POST, "/v1/echo", "{}"), origin);
    x->request.client_id = str_of(key);
    return x;
}

static struct http_exchange *preflight(const char *target, const char *origin)
{
    struct http_exchange *x = from(exchange_new(METHOD_OPTIONS, target), origin);
    x->request.request_method = STR("POST");
    x->request.request_headers = STR("content-type,x-client-id");
    return x;
}

static bool tells_cors(const struct http_exchange *x)
{
    for (size_t i = 0; i < x->reply.header_count; i++) {
        if (str_starts(x->reply.headers[i].name, STR("access-control-")))
            return true;
    }
    return false;
}

/* Status, and whether the reply lets this origin read it. */
static void check_cors(struct http_exchange *x, int status, bool allowed)
{
    struct str origin = x->request.origin;
    assert_int_equal(exchange_send(x), status);
    if (allowed) {
        assert_true(str_eq(exchange_header(x, "access-control-allow-origin"), origin));
        check_str(exchange_header(x, "vary"), "Origin");
        assert_non_null(exchange_header(x, "access-control-expose-headers").ptr);
    } else {
        assert_false(tells_cors(x));
    }
    assert_null(exchange_header(x, "access-control-allow-credentials").ptr);
    exchange_free(x);
}

static void V3_4_2_exact_origins_only(void **state)
{
    (void)state;
    static const struct {
        const char *origin;
        bool allowed;
    } cases[] = {
        {"https://app.acme.com", true},
        {"http://localhost:3000", true},
        {SITE, true},                   /* the issuer's own */
        {"https://globex.test", false}, /* another tenant's */
        {"null", false},
        {"", false},
        {"*", false},
        {"http://app.acme.com", false},
        {"https://app.acme.com:443", false},
        {"https://app.acme.com:8443", false},
        {"http://localhost", false},
        {"http://localhost:3001", false},
        {"http://localhost:30000", false},
        {"https://APP.acme.com", false},
        {"HTTPS://app.acme.com", false},
        {"https://app.acme.com/", false},
        {"https://app.acme.com/x", false},
        {"https://app.acme.com.evil.example", false},
        {"https://evil-app.acme.com", false},
        {"https://x.app.acme.com", false},
        {"https://acme.com", false},
        {"https://app.acme.com@evil.example", false},
        {"https://app.acme.com#", false},
        {"https://app.acme.com?", false},
        {" https://app.acme.com", false},
        {"https://app.acme.com ", false},
        {"https://app.acme.com, https://evil.example", false},
        {"https://app.acme.com https://evil.example", false},
        {"https://app\xCE\xB1.acme.com", false},
        {"file://", false},
        {"https://*.acme.com", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned calls = seen.calls;
        check_cors(echo(cases[i].origin, acme.publishable), cases[i].allowed ? 200 : 403,
                   cases[i].allowed);
        assert_int_equal(seen.calls, calls + cases[i].allowed);
    }
}

static void refusals_can_be_read_by_listed_origins(void **state)
{
    (void)state;
    const char *app = "https://app.acme.com";
    struct http_exchange *x = echo(app, acme.publishable);
    x->request.body = STR("{");
    check_cors(x, 400, true);
    x = echo(app, acme.publishable);
    x->request.content_type = STR("text/plain");
    check_cors(x, 415, true);
    x = echo(app, acme.publishable);
    x->request.tenant_id = STR("globex");
    check_cors(x, 403, true);
    check_cors(echo(app, "pk_live_unknown"), 401, true);
    check_cors(echo("https://evil.example", "pk_live_unknown"), 401, false);
    check_cors(from(exchange_new(METHOD_GET, "/nowhere"), app), 404, true);
    check_cors(from(exchange_new(METHOD_GET, "/nowhere"), "https://evil.example"), 404, false);
    check_cors(from(exchange_new(METHOD_GET, "/v1/echo"), app), 405, true);
    check_cors(from(exchange_new(METHOD_GET, "/v1//echo"), app), 400, true);
    check_cors(from(exchange_new(METHOD_GET, "/v1/auth/me"), app), 401, true);
    flow_answer = ERR_conflict;
    check_cors(echo(app, acme.publishable), 409, true);
    flow_answer = ERR_OK;
    fixture_replace(&acme, TENANT_SUSPENDED, "{\"allowed_origins\":[\"https://app.acme.com\"]}",
                    true);
    check_cors(echo(app, acme.publishable), 403, true);
    check_cors(echo("https://evil.example", acme.publishable), 403, false);
}

static void no_origin_is_no_cors_request(void **state)
{
    (void)state;
    check_cors(echo(NULL, acme.publishable), 200, false);
}

static void a_policy_change_bites_on_the_next_request(void **state)
{
    (void)state;
    check_cors(echo("https://new.acme.com", acme.publishable), 403, false);
    fixture_replace(&acme, TENANT_ACTIVE, "{\"allowed_origins\":[\"https://new.acme.com\"]}", true);
    check_cors(echo("https://new.acme.com", acme.publishable), 200, true);
    check_cors(echo("https://app.acme.com", acme.publishable), 403, false);
    check_cors(preflight("/v1/echo", "https://app.acme.com"), 403, false);
}

static void preflights(void **state)
{
    (void)state;
    char by_key[100];
    char by_other_key[100];
    snprintf(by_key, sizeof(by_key), "/v1/echo?client_id=%s", acme.publishable);
    snprintf(by_other_key, sizeof(by_other_key), "/v1/echo?client_id=%s", globex.publishable);
    const struct {
        const char *target, *origin;
        int status;
        bool allowed;
    } cases[] = {
        {"/v1/echo", "https://app.acme.com", 204, true},
        {"/v1/echo", "https://globex.test", 204, true},
        {"/v1/echo", SITE, 204, true},
        {"/v1/echo", "https://evil.example", 403, false},
        {"/v1/echo", "null", 403, false},
        {by_key, "https://app.acme.com", 204, true},
        {by_key, "https://globex.test", 403, false},
        {by_key, SITE, 204, true},
        {by_other_key, "https://app.acme.com", 403, false},
        {"/v1/echo?client_id=pk_live_unknown", "https://app.acme.com", 403, false},
        {"/v1/echo?client_id=", "https://app.acme.com", 403, false},
        {"/v1/auth/sessions/ses_x", "https://app.acme.com", 204, true},
        {"/v1/tenants", "https://app.acme.com", 403, false}, /* control plane */
        {"/v1/tenants", SITE, 204, true},
        {"/nowhere", "https://app.acme.com", 404, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_cors(preflight(cases[i].target, cases[i].origin), cases[i].status, cases[i].allowed);
}

static void what_a_preflight_is_told(void **state)
{
    (void)state;
    struct http_exchange *x = preflight("/v1/auth/me", "https://app.acme.com");
    assert_int_equal(exchange_send(x), 204);
    assert_int_equal(x->reply.body.len, 0);
    check_str(exchange_header(x, "access-control-allow-methods"), "GET, PATCH, HEAD, OPTIONS");
    check_str(exchange_header(x, "access-control-allow-headers"),
              "authorization, content-type, if-match, x-client-id, x-tenant-id");
    check_str(exchange_header(x, "access-control-max-age"), "600");
    exchange_free(x);
    x = exchange_new(METHOD_OPTIONS, "/v1/auth/me"); /* not a preflight */
    assert_int_equal(exchange_send(x), 204);
    check_str(exchange_header(x, "allow"), "GET, PATCH, HEAD, OPTIONS");
    assert_false(tells_cors(x));
    exchange_free(x);
}

static void suspended_tenants_keep_their_preflight_unless_unlisted(void **state)
{
    (void)state;
    char target[100];
    snprintf(target, sizeof(target), "/v1/echo?client_id=%s", acme.publishable);
    fixture_replace(&acme, TENANT_SUSPENDED, "{\"allowed_origins\":[\"https://app.acme.com\"]}",
                    true);
    check_cors(preflight(target, "https://app.acme.com"), 204, true);
}

static void public_documents_are_for_everybody(void **state)
{
    (void)state;
    static const char *const targets[] = {"/t/acme/.well-known/jwks.json", "/openapi.json",
                                          "/t/nobody/.well-known/jwks.json"};
    static const char *const origins[] = {NULL, "https://evil.example", "null"};
    for (size_t i = 0; i < 9; i++) {
        struct http_exchange *x = from(exchange_new(METHOD_GET, targets[i / 3]), origins[i % 3]);
        assert_int_equal(exchange_send(x), i < 6 ? 200 : 404);
        check_str(exchange_header(x, "access-control-allow-origin"), "*");
        assert_null(exchange_header(x, "vary").ptr);
        exchange_free(x);
        x = preflight(targets[i / 3], "https://evil.example");
        assert_int_equal(exchange_send(x), 204);
        check_str(exchange_header(x, "access-control-allow-origin"), "*");
        exchange_free(x);
    }
}

static void control_plane_is_same_origin_only(void **state)
{
    (void)state;
    static const struct {
        const char *origin;
        int status;
    } cases[] = {{NULL, 201},
                 {SITE, 201},
                 {"https://app.acme.com", 403},
                 {"null", 403},
                 {"http://auth.example.com", 403},
                 {"https://auth.example.com:8443", 403}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_exchange *x =
            from(exchange_json(METHOD_POST, "/v1/tenants", "{}"), cases[i].origin);
        x->request.client_id = str_of(operator_admin);
        unsigned calls = seen.calls;
        assert_int_equal(exchange_send(x), cases[i].status);
        assert_int_equal(seen.calls, calls + (cases[i].status == 201));
        assert_string_equal(exchange_code(x), cases[i].status == 201 ? "" : "origin_not_allowed");
        exchange_free(x);
    }
}

static void the_server_s_own_refusals_carry_it(void **state)
{
    (void)state;
    struct http_exchange *x = from(exchange_new(METHOD_GET, "/"), "https://app.acme.com");
    http_refuse(x, ERR_overloaded);
    assert_int_equal(x->reply.status, 503);
    check_str(exchange_header(x, "access-control-allow-origin"), "https://app.acme.com");
    check_str(exchange_header(x, "retry-after"), "1");
    assert_false(x->reply.close);
    exchange_free(x);
    x = from(exchange_new(METHOD_NONE, ""), "https://evil.example");
    http_refuse(x, ERR_bad_request);
    assert_int_equal(x->reply.status, 400);
    assert_false(tells_cors(x));
    assert_true(x->reply.close);
    exchange_free(x);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(V3_4_2_exact_origins_only),
        CASE(refusals_can_be_read_by_listed_origins),
        CASE(no_origin_is_no_cors_request),
        CASE(a_policy_change_bites_on_the_next_request),
        CASE(preflights),
        CASE(what_a_preflight_is_told),
        CASE(suspended_tenants_keep_their_preflight_unless_unlisted),
        CASE(public_documents_are_for_everybody),
        CASE(control_plane_is_same_origin_only),
        CASE(the_server_s_own_refusals_carry_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
