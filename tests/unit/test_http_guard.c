/* SPDX-License-Identifier: Apache-2.0
 *
 * What each need asks for, and that a refusal tells no more than it should.
 */
#include "base/arena.h"
#include "crypto/token.h"
#include "http/rate.h"
#include "support/check.h"
#include "support/fixture_tenants.h"

static struct http_exchange *with_key(struct http_exchange *x, const char *key)
{
    x->request.client_id = str_of(key);
    return x;
}

static struct http_exchange *with_bearer(struct http_exchange *x, const char *token)
{
    struct buf b;
    buf_init(&b, x->arena, 64);
    buf_printf(&b, "Bearer %s", token);
    x->request.authorization = buf_view(&b);
    return x;
}

static struct http_exchange *sign_in(void)
{
    return exchange_json(METHOD_POST, "/v1/auth/sign-in",
                         "{\"email\":\"a@example.com\",\"password\":\"secret\"}");
}

static struct http_exchange *users(void)
{
    return exchange_new(METHOD_GET, "/v1/users");
}

static struct http_exchange *me(void)
{
    return exchange_new(METHOD_GET, "/v1/auth/me");
}

static struct http_exchange *tenants(void)
{
    return exchange_new(METHOD_GET, "/v1/tenants");
}

static struct http_exchange *create_tenant(void)
{
    return exchange_json(METHOD_POST, "/v1/tenants", "{}");
}

static void publishable_routes(void **state)
{
    (void)state;
    check_exchange(with_key(sign_in(), acme.publishable), 200, "");
    assert_ptr_equal(seen.call.tenant, acme.tenant);
    assert_int_equal(seen.call.key_kind, KEY_PUBLISHABLE);
    assert_non_null(seen.call.client);
    check_exchange(with_key(sign_in(), acme.secret), 200, "");
    check_exchange(with_bearer(sign_in(), globex.secret), 200, "");
    assert_ptr_equal(seen.call.tenant, globex.tenant);
    check_exchange(sign_in(), 401, "invalid_client_key");
    check_exchange(with_bearer(sign_in(), acme.publishable), 401, "invalid_client_key");
    check_exchange(with_bearer(sign_in(), acme.token), 401, "invalid_client_key");
    check_exchange(with_key(sign_in(), operator_admin), 401, "invalid_client_key");
}

static void secret_routes(void **state)
{
    (void)state;
    check_exchange(with_key(users(), acme.secret), 200, "");
    check_exchange(with_bearer(users(), acme.secret), 200, "");
    check_exchange(with_key(users(), acme.publishable), 403, "insufficient_permissions");
    check_exchange(with_bearer(users(), acme.token), 401, "invalid_client_key");
    check_exchange(users(), 401, "invalid_client_key");
    check_exchange(with_key(users(), operator_admin), 401, "invalid_client_key");
}

static void user_routes(void **state)
{
    (void)state;
    check_exchange(with_bearer(me(), acme.token), 200, "");
    assert_ptr_equal(seen.call.tenant, acme.tenant);
    assert_int_equal(seen.call.key_kind, KEY_NONE);
    check_exchange(with_key(with_bearer(me(), acme.token), acme.publishable), 200, "");
    assert_int_equal(seen.call.key_kind, KEY_PUBLISHABLE);
    /* the key's tenant is the one the token is verified against */
    check_exchange(with_key(with_bearer(me(), globex.token), acme.publishable), 200, "");
    assert_ptr_equal(seen.call.tenant, acme.tenant);
    check_exchange(with_key(me(), acme.publishable), 401, "missing_token");
    check_exchange(with_bearer(me(), acme.secret), 401, "missing_token");
    check_exchange(me(), 401, "missing_token");
    check_exchange(with_bearer(me(), "garbage"), 401, "invalid_token");
    check_exchange(with_bearer(me(), " x"), 401, "invalid_token");
    check_exchange(with_key(with_bearer(me(), acme.token), "pk_live_x"), 401, "invalid_client_key");
    authenticate_answer = ERR_token_expired;
    check_exchange(with_bearer(me(), acme.token), 401, "token_expired");
    authenticate_answer = ERR_OK;
}

static void operator_routes(void **state)
{
    (void)state;
    check_exchange(with_bearer(tenants(), operator_reader), 200, "");
    assert_non_null(seen.call.operator);
    assert_null(seen.call.tenant);
    check_exchange(with_key(tenants(), operator_reader), 200, "");
    check_exchange(with_bearer(create_tenant(), operator_reader), 403, "insufficient_permissions");
    check_exchange(with_bearer(create_tenant(), operator_admin), 201, "");
    check_exchange(tenants(), 403, "operator_key_required");
    check_exchange(with_bearer(tenants(), acme.secret), 403, "operator_key_required");
    check_exchange(with_key(tenants(), acme.publishable), 403, "operator_key_required");
    check_exchange(with_bearer(tenants(), acme.token), 403, "operator_key_required");
    char unknown[48];
    key_generate("op_", unknown);
    check_exchange(with_bearer(tenants(), unknown), 401, "invalid_client_key");
    check_exchange(with_bearer(tenants(), "op_x"), 401, "invalid_client_key");
}

static void two_keys_must_agree(void **state)
{
    (void)state;
    check_exchange(with_key(with_bearer(users(), acme.secret), acme.secret), 200, "");
    check_exchange(with_key(with_bearer(users(), acme.secret), acme.publishable), 400,
                   "bad_request");
    check_exchange(with_key(with_bearer(users(), acme.secret), globex.secret), 400, "bad_request");
}

/* The reply to any key that opens nothing, without what differs in every reply. */
static struct str refusal(struct arena *a, const char *key)
{
    struct buf b;
    struct http_exchange *x = with_key(sign_in(), key);
    buf_init(&b, a, 1024);
    buf_printf(&b, "%d", exchange_send(x));
    for (size_t i = 0; i < x->reply.header_count; i++) {
        if (!str_eqz(x->reply.headers[i].name, "x-request-id"))
            buf_printf(&b, "\n%.*s: %.*s", STR_FMT(x->reply.headers[i].name),
                       STR_FMT(x->reply.headers[i].value));
    }
    size_t id_at = str_find(x->reply.body, '_'); /* "invalid_client_key" precedes the id */
    struct str body = str_slice(x->reply.body, 0, id_at + 60);
    buf_printf(&b, "\n%.*s", STR_FMT(body));
    exchange_free(x);
    return buf_view(&b);
}

static void unknown_revoked_and_deleted_look_alike(void **state)
{
    (void)state;
    struct arena *a = arena_create(8192);
    char unknown[48];
    char mistyped[48];
    key_generate("pk_live_", unknown);
    memcpy(mistyped, acme.publishable, sizeof(mistyped));
    mistyped[12] = mistyped[12] == 'a' ? 'b' : 'a';
    struct str of_unknown = refusal(a, unknown);
    assert_true(str_eq(refusal(a, mistyped), of_unknown));
    assert_true(str_eq(refusal(a, ""), of_unknown));
    assert_true(str_eq(refusal(a, "pk_live_"), of_unknown));
    fixture_replace(&acme, TENANT_ACTIVE, "{}", false); /* revoked */
    assert_true(str_eq(refusal(a, acme.publishable), of_unknown));
    fixture_replace(&acme, TENANT_PROVISIONING, "{}", true);
    assert_true(str_eq(refusal(a, acme.publishable), of_unknown));
    registry_remove(id_str(&acme.tenant->id)); /* deleted */
    assert_true(str_eq(refusal(a, acme.publishable), of_unknown));
    arena_destroy(a);
}

static void every_truncated_key_is_refused(void **state)
{
    (void)state;
    char key[48];
    for (size_t n = 0; n < strlen(acme.secret); n++) {
        memcpy(key, acme.secret, n);
        key[n] = '\0';
        check_exchange(with_key(users(), key), 401, "invalid_client_key");
    }
}

static void tenant_named_twice(void **state)
{
    (void)state;
    struct http_exchange *x = with_key(users(), acme.secret);
    x->request.tenant_id = STR("globex");
    check_exchange(x, 403, "tenant_mismatch");
    x = with_key(users(), acme.secret);
    x->request.tenant_id = STR("acme");
    check_exchange(x, 200, "");
    x = with_key(users(), acme.secret);
    x->request.tenant_id = id_str(&acme.tenant->id);
    check_exchange(x, 200, "");
    x = with_bearer(me(), acme.token); /* without a key it is ignored */
    x->request.tenant_id = STR("globex");
    check_exchange(x, 200, "");
    assert_ptr_equal(seen.call.tenant, acme.tenant);
    static const char *const names[] = {"tenant", "tenant_id", "tenantId"};
    for (size_t i = 0; i < 3; i++) {
        char body[64];
        snprintf(body, sizeof(body), "{\"%s\":\"globex\"}", names[i]);
        check_exchange(with_key(exchange_json(METHOD_POST, "/v1/echo", body), acme.publishable),
                       403, "tenant_mismatch");
        snprintf(body, sizeof(body), "{\"%s\":7}", names[i]);
        check_exchange(with_key(exchange_json(METHOD_POST, "/v1/echo", body), acme.publishable),
                       403, "tenant_mismatch");
        snprintf(body, sizeof(body), "{\"%s\":\"acme\"}", names[i]);
        check_exchange(with_key(exchange_json(METHOD_POST, "/v1/echo", body), acme.publishable),
                       200, "");
    }
    x = with_bearer(exchange_json(METHOD_PATCH, "/v1/auth/me", "{\"tenant\":\"globex\"}"),
                    acme.token);
    check_exchange(x, 200, "");
}

static void suspended_tenants(void **state)
{
    (void)state;
    fixture_replace(&acme, TENANT_SUSPENDED, "{}", true);
    check_exchange(with_key(sign_in(), acme.publishable), 403, "tenant_suspended");
    check_exchange(with_key(users(), acme.secret), 403, "tenant_suspended");
    check_exchange(with_bearer(me(), acme.token), 403, "tenant_suspended");
    check_exchange(exchange_new(METHOD_GET, "/t/acme/.well-known/jwks.json"), 200, "");
    check_exchange(with_bearer(tenants(), operator_reader), 200, "");
}

static void deleted_tenants(void **state)
{
    (void)state;
    registry_remove(id_str(&acme.tenant->id));
    check_exchange(exchange_new(METHOD_GET, "/t/acme/.well-known/jwks.json"), 404, "not_found");
    check_exchange(with_bearer(me(), acme.token), 401, "invalid_token");
}

static void bodies(void **state)
{
    (void)state;
    struct http_exchange *x;
    static const struct {
        const char *type;
        int status;
    } types[] = {
        {"application/json", 200},
        {"Application/JSON", 200},
        {"application/json; charset=utf-8", 200},
        {"application/json;charset=\"UTF-8\"", 200},
        {"application/json; charset=latin1", 415},
        {"application/json; boundary=x", 415},
        {"application/jsonx", 415},
        {"application/json, text/plain", 415},
        {"text/plain", 415},
        {"application/x-www-form-urlencoded", 415},
        {"", 415},
        {NULL, 415},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        x = with_key(sign_in(), acme.publishable);
        x->request.content_type = str_of(types[i].type);
        check_exchange(x, types[i].status, types[i].status == 200 ? "" : "unsupported_media_type");
    }
    /* required but absent */
    x = with_key(exchange_new(METHOD_POST, "/v1/auth/sign-in"), acme.publishable);
    check_exchange(x, 415, "unsupported_media_type");
    x = with_key(exchange_new(METHOD_POST, "/v1/auth/sign-in"), acme.publishable);
    x->request.content_type = STR("application/json");
    check_exchange(x, 400, "invalid_json");
    /* not needed and absent */
    check_exchange(with_bearer(exchange_new(METHOD_POST, "/v1/auth/sign-out"), acme.token), 204,
                   "");
    check_exchange(with_bearer(exchange_json(METHOD_POST, "/v1/auth/sign-out", "{}"), acme.token),
                   204, "");
    check_exchange(
        with_bearer(exchange_json(METHOD_POST, "/v1/auth/sign-out", "{\"x\":1}"), acme.token), 422,
        "unknown_field");
    check_exchange(with_bearer(exchange_json(METHOD_POST, "/v1/auth/sign-out", "[]"), acme.token),
                   422, "unknown_field");
    x = with_key(users(), acme.secret);
    x->request.has_body = true;
    check_exchange(x, 400, "bad_request");
}

static void body_sizes(void **state)
{
    (void)state;
    static char large[65 * 1024];
    memset(large, ' ', sizeof(large));
    memcpy(large, "{}", 2);
    struct http_exchange *x =
        with_key(exchange_json(METHOD_POST, "/v1/echo", "{}"), acme.publishable);
    x->request.body = (struct str){large, 64 * 1024};
    check_exchange(x, 200, "");
    x = with_key(exchange_json(METHOD_POST, "/v1/echo", "{}"), acme.publishable);
    x->request.body = (struct str){large, 64 * 1024 + 1};
    check_exchange(x, 413, "body_too_large");
}

static void malformed_bodies(void **state)
{
    (void)state;
    static const char *const bodies_refused[] = {"{",
                                                 "}",
                                                 "{\"a\":1}x",
                                                 "{\"a\":1,\"a\":2}",
                                                 "{\"a\":1,}",
                                                 "nul",
                                                 "7",
                                                 "\"x\"",
                                                 "{\"a\":\"\xC3\"}",
                                                 "{\"a\":\"\\u0000\"}",
                                                 "{\"\\u0000\":1}",
                                                 "{\"a\":\"\\ud800\"}",
                                                 "{'a':1}",
                                                 "{\"a\":NaN}",
                                                 "{\"a\":01}",
                                                 "\xEF\xBB\xBF{}",
                                                 "{\"a\":1}{\"b\":2}"};
    for (size_t i = 0; i < sizeof(bodies_refused) / sizeof(bodies_refused[0]); i++)
        check_exchange(
            with_key(exchange_json(METHOD_POST, "/v1/echo", bodies_refused[i]), acme.publishable),
            400, "invalid_json");
    static char deep[64 * 1024];
    memset(deep, '[', sizeof(deep) - 1);
    check_exchange(with_key(exchange_json(METHOD_POST, "/v1/echo", deep), acme.publishable), 400,
                   "invalid_json");
}

static void repeated_headers(void **state)
{
    (void)state;
    struct http_exchange *x = with_key(users(), acme.secret);
    x->request.repeated_header = true;
    check_exchange(x, 400, "bad_request");
}

static void tokens_in_the_query_are_not_seen(void **state)
{
    (void)state;
    char target[400];
    snprintf(target, sizeof(target), "/v1/auth/me?access_token=%s", acme.token);
    check_exchange(exchange_new(METHOD_GET, target), 401, "missing_token");
    snprintf(target, sizeof(target), "/v1/users?client_id=%s", acme.secret);
    check_exchange(exchange_new(METHOD_GET, target), 401, "invalid_client_key");
}

static void rates_by_key_address_and_tenant(void **state)
{
    (void)state;
    fixture_replace(&acme, TENANT_ACTIVE,
                    "{\"rate_limit_address\":2,\"rate_limit_key\":5,\"rate_limit_tenant\":7}",
                    true);
    check_exchange(with_key(sign_in(), acme.publishable), 200, "");
    check_exchange(with_key(sign_in(), acme.publishable), 200, "");
    struct http_exchange *x = with_key(sign_in(), acme.publishable);
    assert_int_equal(exchange_send(x), 429);
    assert_string_equal(exchange_code(x), "rate_limited");
    check_str(exchange_header(x, "ratelimit-limit"), "2");
    check_str(exchange_header(x, "ratelimit-remaining"), "0");
    check_str(exchange_header(x, "retry-after"), "30");
    check_str(exchange_header(x, "ratelimit-reset"), "30");
    exchange_free(x);
    /* the address is used up, the key is not: a route without credentials goes on */
    for (int i = 0; i < 3; i++)
        check_exchange(with_key(exchange_json(METHOD_POST, "/v1/echo", "{}"), acme.publishable),
                       200, "");
    check_exchange(with_key(exchange_json(METHOD_POST, "/v1/echo", "{}"), acme.publishable), 429,
                   "rate_limited");
    /* another key has its own bucket, until the tenant's is empty */
    check_exchange(with_key(users(), acme.secret), 200, "");
    check_exchange(with_key(users(), acme.secret), 200, "");
    check_exchange(with_key(users(), acme.secret), 429, "rate_limited");
    /* and no tenant counts for another */
    check_exchange(with_key(users(), globex.secret), 200, "");
}

/* CVE-2026-45364: one IPv6 host is its /64, and a text form is not an address. */
static void rates_by_prefix(void **state)
{
    (void)state;
    fixture_replace(&acme, TENANT_ACTIVE, "{\"rate_limit_address\":3}", true);
    unsigned refused = 0;
    for (uint8_t i = 0; i < 10; i++) {
        struct http_exchange *x = with_key(sign_in(), acme.publishable);
        memcpy(x->request.peer.bytes, (const uint8_t[16]){0x20, 1, 0xd, 0xb8, [15] = i}, 16);
        refused += exchange_send(x) == 429;
        exchange_free(x);
    }
    assert_int_equal(refused, 7);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(publishable_routes),
        CASE(secret_routes),
        CASE(user_routes),
        CASE(operator_routes),
        CASE(two_keys_must_agree),
        CASE(unknown_revoked_and_deleted_look_alike),
        CASE(every_truncated_key_is_refused),
        CASE(tenant_named_twice),
        CASE(suspended_tenants),
        CASE(deleted_tenants),
        CASE(bodies),
        CASE(body_sizes),
        CASE(malformed_bodies),
        CASE(repeated_headers),
        CASE(tokens_in_the_query_are_not_seen),
        CASE(rates_by_key_address_and_tenant),
        CASE(rates_by_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
