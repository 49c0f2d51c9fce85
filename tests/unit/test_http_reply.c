/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies: their headers, the error body, caching, lists.
 */
#include "base/arena.h"
#include "http/reply.h"
#include "support/check.h"
#include "support/fixture_tenants.h"

static struct http_exchange *me(void)
{
    struct http_exchange *x = exchange_new(METHOD_GET, "/v1/auth/me");
    struct buf b;
    buf_init(&b, x->arena, 300);
    buf_printf(&b, "bearer %s", acme.token);
    x->request.authorization = buf_view(&b);
    return x;
}

static void V13_4_4_no_trace(void **state)
{
    (void)state;
    struct http_exchange *x = exchange_new(METHOD_NONE, "/v1/auth/me"); /* TRACE, CONNECT, … */
    assert_int_equal(exchange_send(x), 405);
    assert_string_equal(exchange_code(x), "method_not_allowed");
    check_str(exchange_header(x, "allow"), "GET, PATCH, HEAD, OPTIONS");
    exchange_free(x);
    check_exchange(exchange_new(METHOD_DELETE, "/v1/auth/me"), 405, "method_not_allowed");
    check_exchange(exchange_new(METHOD_NONE, "/nowhere"), 404, "not_found");
    check_exchange(exchange_new(METHOD_OPTIONS, "*"), 400, "bad_request");
}

static void V3_4_security_headers_on_every_reply(void **state)
{
    (void)state;
    struct http_exchange *all[] = {
        me(),
        exchange_new(METHOD_GET, "/nowhere"),
        exchange_new(METHOD_GET, "/v1/users"),
        exchange_new(METHOD_GET, "/t/acme/.well-known/jwks.json"),
        exchange_new(METHOD_OPTIONS, "/v1/auth/me"),
        exchange_json(METHOD_POST, "/v1/echo", "{"),
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        exchange_send(all[i]);
        check_str(exchange_header(all[i], "x-content-type-options"), "nosniff");
        check_str(exchange_header(all[i], "referrer-policy"), "no-referrer");
        check_str(exchange_header(all[i], "content-security-policy"),
                  "default-src 'none'; frame-ancestors 'none'");
        check_str(exchange_header(all[i], "strict-transport-security"),
                  "max-age=31536000; includeSubDomains");
        assert_true(str_starts(exchange_header(all[i], "x-request-id"), STR("req_")));
        struct str cache = exchange_header(all[i], "cache-control");
        if (i == 3)
            check_str(cache, "public, max-age=300");
        else
            check_str(cache, "no-store");
        assert_null(exchange_header(all[i], "server").ptr); /* V13_4_6 */
        exchange_free(all[i]);
    }
}

static void no_hsts_without_https(void **state)
{
    (void)state;
    const struct http_config plain = {.public_url = "http://127.0.0.1:8080"};
    assert_int_equal(http_setup(&plain), ERR_OK);
    struct http_exchange *x = me();
    exchange_send(x);
    assert_null(exchange_header(x, "strict-transport-security").ptr);
    exchange_free(x);
}

static void refuses_a_public_url_that_is_none(void **state)
{
    (void)state;
    static const char *const urls[] = {
        NULL, "", "auth.example.com", "ftp://auth.example.com", "https://", "https://*"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        const struct http_config config = {.public_url = urls[i]};
        assert_int_equal(http_setup(&config), ERR_internal_error);
    }
}

static void error_bodies(void **state)
{
    (void)state;
    struct http_exchange *x = exchange_json(METHOD_POST, "/v1/echo", "{\"number\":0,\"flag\":1}");
    x->request.client_id = str_of(acme.publishable);
    assert_int_equal(exchange_send(x), 422);
    struct buf expected;
    buf_init(&expected, x->arena, 512);
    buf_printf(&expected,
               "{\"error\":{\"code\":\"validation_failed\",\"message\":\"A field is not valid.\","
               "\"status\":422,\"request_id\":\"%s\",\"errors\":["
               "{\"field\":\"number\",\"code\":\"out_of_range\","
               "\"message\":\"must be a number from 1 to 100\"},"
               "{\"field\":\"flag\",\"code\":\"wrong_type\","
               "\"message\":\"must be true or false\"}]}}",
               x->request_id);
    assert_true(str_eq(x->reply.body, buf_view(&expected)));
    check_str(exchange_header(x, "content-type"), "application/json");
    assert_true(str_eqz(exchange_header(x, "x-request-id"), x->request_id));
    assert_int_equal(x->error, ERR_validation_failed);
    exchange_free(x);
}

/* Every row gives its own status and code, and nothing but the row's text. */
static void V16_5_1_generic_errors(void **state)
{
    (void)state;
    for (enum err e = 1; e < ERR_COUNT; e++) {
        struct http_exchange *x = me();
        flow_answer = e;
        assert_int_equal(exchange_send(x), err_rows[e].status);
        assert_string_equal(exchange_code(x), err_rows[e].code);
        bool challenged = exchange_header(x, "www-authenticate").ptr != NULL;
        assert_int_equal(challenged, err_rows[e].status == 401);
        bool waits = exchange_header(x, "retry-after").ptr != NULL;
        assert_true(waits == (err_rows[e].retry_after > 0));
        assert_true(err_rows[e].status != 503 || waits);
        exchange_free(x);
    }
    flow_answer = ERR_OK;
}

static void challenges(void **state)
{
    (void)state;
    struct http_exchange *x = exchange_new(METHOD_GET, "/v1/auth/me");
    exchange_send(x);
    check_str(exchange_header(x, "www-authenticate"), "Bearer realm=\"authd\"");
    exchange_free(x);
    authenticate_answer = ERR_token_expired;
    x = me();
    exchange_send(x);
    check_str(exchange_header(x, "www-authenticate"),
              "Bearer realm=\"authd\", error=\"invalid_token\"");
    exchange_free(x);
}

/* Ory OEL 26.2.5: two failing requests side by side share nothing. */
static void error_state_is_not_shared(void **state)
{
    (void)state;
    struct http_exchange *a = exchange_json(METHOD_POST, "/v1/echo", "{\"only_in_a\":1}");
    struct http_exchange *b = exchange_json(METHOD_POST, "/v1/echo", "{\"only_in_b\":1}");
    a->request.client_id = str_of(acme.publishable);
    b->request.client_id = str_of(globex.publishable);
    assert_false(http_begin(a));
    assert_false(http_begin(b));
    http_run(a);
    http_run(b);
    assert_non_null(memmem(a->reply.body.ptr, a->reply.body.len, "only_in_a", 9));
    assert_null(memmem(a->reply.body.ptr, a->reply.body.len, "only_in_b", 9));
    assert_non_null(memmem(b->reply.body.ptr, b->reply.body.len, "only_in_b", 9));
    assert_null(memmem(b->reply.body.ptr, b->reply.body.len, "only_in_a", 9));
    http_end(a);
    http_end(b);
    exchange_free(a);
    exchange_free(b);
}

static void header_values_end_no_line(void **state)
{
    (void)state;
    struct http_reply r = {0};
    http_set_header(&r, STR("x"), STR("a\r\nset-cookie: b"));
    http_set_header(&r, STR("x"), STR("a\nb"));
    http_set_header(&r, STR("x"), STR("a\0b"));
    assert_int_equal(r.header_count, 0);
    for (int i = 0; i < HTTP_HEADERS_MAX + 3; i++)
        http_set_header(&r, STR("x"), STR("y"));
    assert_int_equal(r.header_count, HTTP_HEADERS_MAX);
}

static void an_inbound_request_id_is_not_taken_over(void **state)
{
    (void)state;
    struct http_exchange *x = me();
    x->request.request_id = STR("req_chosen");
    exchange_send(x);
    assert_false(str_eqz(exchange_header(x, "x-request-id"), "req_chosen"));
    assert_true(str_eqz(seen.call.request_id, x->request_id));
    exchange_free(x);
}

static void etags(void **state)
{
    (void)state;
    static const struct {
        const char *if_none_match;
        int status;
    } cases[] = {{NULL, 200},
                 {"\"abc\"", 304},
                 {"W/\"abc\"", 304},
                 {"*", 304},
                 {"\"x\", \"abc\"", 304},
                 {"\"x\",W/\"abc\" ", 304},
                 {"\"x\"", 200},
                 {"abc", 200},
                 {"\"abc", 200},
                 {"\"a,\"abc\"", 200},
                 {"", 200},
                 {"\"ABC\"", 200}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_exchange *x = exchange_new(METHOD_GET, "/t/acme/.well-known/jwks.json");
        x->request.if_none_match = str_of(cases[i].if_none_match);
        assert_int_equal(exchange_send(x), cases[i].status);
        check_str(exchange_header(x, "etag"), "\"abc\"");
        check_str(exchange_header(x, "cache-control"), "public, max-age=300");
        assert_int_equal(x->reply.body.len > 0, cases[i].status == 200);
        exchange_free(x);
    }
    struct http_exchange *x = exchange_new(METHOD_GET, "/v1/tenants/acme");
    x->request.client_id = str_of(operator_reader);
    x->request.if_match = STR("\"7\"");
    assert_int_equal(exchange_send(x), 200);
    check_str(exchange_header(x, "etag"), "\"7\"");
    check_str(seen.call.if_match, "7");
    exchange_free(x);
}

static void head_follows_get(void **state)
{
    (void)state;
    struct http_exchange *x = me();
    x->request.method = METHOD_HEAD;
    assert_int_equal(exchange_send(x), 200);
    exchange_free(x);
    check_exchange(exchange_new(METHOD_HEAD, "/t/acme/.well-known/jwks.json"), 200, "");
    check_exchange(exchange_new(METHOD_HEAD, "/v1/auth/sign-in"), 405, "method_not_allowed");
}

static void lists_link_to_the_next_page(void **state)
{
    (void)state;
    struct http_exchange *x = exchange_new(METHOD_GET, "/v1/users?limit=5&cursor=old&q=a%26b");
    x->request.client_id = str_of(acme.secret);
    assert_int_equal(exchange_send(x), 200);
    check_str(exchange_header(x, "link"),
              "<" SITE "/v1/users?limit=5&q=a%26b&cursor=a%20b%26c>; rel=\"next\"");
    check_str(x->reply.body, "{\"next_cursor\":\"a b&c\",\"has_more\":true}");
    exchange_free(x);
}

static void query_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        int status;
        const char *code;
    } cases[] = {
        {"/v1/users?limit=1", 200, ""},
        {"/v1/users?limit=100", 200, ""},
        {"/v1/users?limit=0", 422, "validation_failed"},
        {"/v1/users?limit=101", 422, "validation_failed"},
        {"/v1/users?limit=-1", 422, "validation_failed"},
        {"/v1/users?limit=1e3", 422, "validation_failed"},
        {"/v1/users?limit=", 422, "validation_failed"},
        {"/v1/users?limit=18446744073709551617", 422, "validation_failed"},
        {"/v1/users?limit=1&limit=2", 400, "bad_request"},
        {"/v1/users?unknown=1", 200, ""}, /* tolerated on read */
        {"/v1/users?q=%00", 400, "bad_request"},
        {"/v1/users?q=%0A", 422, "validation_failed"},
        {"/v1/users?limit=%7F", 422, "validation_failed"},
        {"/v1/users?q=%C3%28", 400, "bad_request"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_exchange *x = exchange_new(METHOD_GET, cases[i].target);
        x->request.client_id = str_of(acme.secret);
        check_exchange(x, cases[i].status, cases[i].code);
    }
}

static struct http_exchange *end_session(const char *target)
{
    struct http_exchange *x = me();
    x->request.method = METHOD_DELETE;
    x->request.target = str_of(target);
    return x;
}

static void path_and_query_of_writes(void **state)
{
    (void)state;
    const char *id = "/v1/auth/sessions/ses_01JD9W8V3S8Q3ZK6T4N0E2M5RA";
    char target[200];
    check_exchange(end_session(id), 204, "");
    snprintf(target, sizeof(target), "%s?scope=all", id);
    check_exchange(end_session(target), 204, "");
    snprintf(target, sizeof(target), "%s?scope=everything", id);
    check_exchange(end_session(target), 422, "validation_failed");
    snprintf(target, sizeof(target), "%s?scop=all", id);
    check_exchange(end_session(target), 422, "unknown_field");
    snprintf(target, sizeof(target), "%s?client_id=pk_live_x", id);
    check_exchange(end_session(target), 204, "");
    check_exchange(end_session("/v1/auth/sessions/ses_x"), 404, "not_found");
    check_exchange(end_session("/v1/auth/sessions/usr_01JD9W8V3S8Q3ZK6T4N0E2M5RA"), 404,
                   "not_found");
}

static void V16_4_1_user_agents_are_text(void **state)
{
    (void)state;
    static char long_agent[400];
    struct http_exchange *x = me();
    x->request.user_agent = STR("a\xC3\xA9\xFF\x1B[31m\xC2\x85\xC3");
    exchange_send(x);
    check_str(seen.call.user_agent, "a\xC3\xA9??[31m??");
    exchange_free(x);
    memset(long_agent, 'a', sizeof(long_agent) - 1);
    memcpy(long_agent + 255, "\xC3\xA9", 2); /* would straddle the end */
    x = me();
    x->request.user_agent = str_of(long_agent);
    exchange_send(x);
    assert_int_equal(seen.call.user_agent.len, 255);
    check_str(seen.call.address, "192.0.2.7");
    exchange_free(x);
    x = me();
    exchange_send(x);
    assert_null(seen.call.user_agent.ptr);
    exchange_free(x);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(V13_4_4_no_trace),
        CASE(V3_4_security_headers_on_every_reply),
        CASE(no_hsts_without_https),
        CASE(refuses_a_public_url_that_is_none),
        CASE(error_bodies),
        CASE(V16_5_1_generic_errors),
        CASE(challenges),
        CASE(error_state_is_not_shared),
        CASE(header_values_end_no_line),
        CASE(an_inbound_request_id_is_not_taken_over),
        CASE(etags),
        CASE(head_follows_get),
        CASE(lists_link_to_the_next_page),
        CASE(query_parameters),
        CASE(path_and_query_of_writes),
        CASE(V16_4_1_user_agents_are_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
