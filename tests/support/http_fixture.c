/* SPDX-License-Identifier: Apache-2.0 */
#include "support/http_fixture.h"

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/jwt.h"
#include "crypto/seal.h"
#include "crypto/token.h"
#include "flow/authenticate.h"
#include "http/rate.h"
#include "http/routes_parts.h"
#include "support/check.h"
#include "support/fixture_tenants.h"

struct fixture_tenant acme;
struct fixture_tenant globex;
struct fixture_seen seen;
enum err flow_answer;
enum err authenticate_answer;

/* ---- flows ---- */

static void note(struct call *c)
{
    seen.calls++;
    seen.call = *c;
    seen.in = c->in;
}

enum err authenticate_user(struct call *c, struct str bearer)
{
    (void)c;
    seen.bearer = bearer;
    return authenticate_answer;
}

static enum err flow_note(struct call *c)
{
    note(c);
    return flow_answer;
}

struct page {
    struct str next_cursor;
    bool has_more;
};

static enum err flow_page(struct call *c)
{
    struct page *out = c->out;
    note(c);
    out->next_cursor = STR("a b&c");
    out->has_more = true;
    return flow_answer;
}

static enum err flow_etag(struct call *c)
{
    note(c);
    c->etag = STR("7");
    return flow_answer;
}

static enum err serve_jwks(struct call *c)
{
    struct prebuilt_reply *out = c->out;
    *out = (struct prebuilt_reply){.body = STR("{\"keys\":[]}"),
                                   .etag = STR("\"abc\""),
                                   .content_type = STR("application/json"),
                                   .max_age_s = 300};
    return ERR_OK;
}

/* ---- rows ---- */

/* clang-format off */
#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

static const struct field sub_rows[] = {
    {.name = "name", .type = FIELD_TEXT, .offset = offsetof(struct echo_sub, name), .max = 20, .flags = FIELD_REQUIRED},
};
static const struct fields sub_fields = {"EchoSub", sizeof(struct echo_sub), ROWS(sub_rows)};

static const struct field echo_rows[] = {
    {.name = "text", .type = FIELD_TEXT, .offset = offsetof(struct echo, text), .min = 1, .max = 20},
    {.name = "secret", .type = FIELD_SECRET, .offset = offsetof(struct echo, secret), .max = 256},
    {.name = "number", .type = FIELD_INT, .offset = offsetof(struct echo, number), .min = 1, .max = 100},
    {.name = "flag", .type = FIELD_BOOL, .offset = offsetof(struct echo, flag)},
    {.name = "time", .type = FIELD_TIME, .offset = offsetof(struct echo, time)},
    {.name = "duration", .type = FIELD_DURATION, .offset = offsetof(struct echo, duration), .min = 1, .max = 86400},
    {.name = "choice", .type = FIELD_CHOICE, .offset = offsetof(struct echo, choice), .choices = "red|green"},
    {.name = "id", .type = FIELD_ID, .offset = offsetof(struct echo, id), .choices = "usr_"},
    {.name = "json", .type = FIELD_JSON, .offset = offsetof(struct echo, json), .max = 100},
    {.name = "object", .type = FIELD_OBJECT, .offset = offsetof(struct echo, object), .sub = &sub_fields},
    {.name = "list", .type = FIELD_LIST, .offset = offsetof(struct echo, list), .max = 3, .sub = &sub_fields},
    {.name = "texts", .type = FIELD_TEXTS, .offset = offsetof(struct echo, texts), .max = 3},
    {.name = "name", .type = FIELD_TEXT, .offset = offsetof(struct echo, name), .present = offsetof(struct echo, has_name),
     .max = 20, .flags = FIELD_NULLABLE},
};
const struct fields echo_fields = {"Echo", sizeof(struct echo), ROWS(echo_rows)};

struct sign_in {
    struct str email;
    struct str password;
};
static const struct field sign_in_rows[] = {
    {.name = "email", .type = FIELD_TEXT, .offset = offsetof(struct sign_in, email), .min = 1, .max = 254, .flags = FIELD_REQUIRED},
    {.name = "password", .type = FIELD_SECRET, .offset = offsetof(struct sign_in, password), .max = 256, .flags = FIELD_REQUIRED},
};
static const struct fields sign_in_fields = {"SignIn", sizeof(struct sign_in), ROWS(sign_in_rows)};

struct by_id {
    struct id id;
    struct str scope;
};
static const struct field by_id_rows[] = {
    {.name = "id", .place = IN_PATH, .type = FIELD_ID, .offset = offsetof(struct by_id, id), .choices = "ses_"},
    {.name = "scope", .place = IN_QUERY, .type = FIELD_CHOICE, .offset = offsetof(struct by_id, scope), .choices = "one|all"},
};
static const struct fields by_id_fields = {"ById", sizeof(struct by_id), ROWS(by_id_rows)};

struct listing {
    int64_t limit;
    struct str q;
    struct str cursor;
};
static const struct field listing_rows[] = {
    {.name = "limit", .place = IN_QUERY, .type = FIELD_INT, .offset = offsetof(struct listing, limit), .min = 1, .max = 100},
    {.name = "q", .place = IN_QUERY, .type = FIELD_TEXT, .offset = offsetof(struct listing, q), .max = 100},
    {.name = "cursor", .place = IN_QUERY, .type = FIELD_TEXT, .offset = offsetof(struct listing, cursor), .max = 100},
};
static const struct fields listing_fields = {"Listing", sizeof(struct listing), ROWS(listing_rows)};

static const struct field page_rows[] = {
    {.name = "next_cursor", .type = FIELD_TEXT, .offset = offsetof(struct page, next_cursor)},
    {.name = "has_more", .type = FIELD_BOOL, .offset = offsetof(struct page, has_more)},
};
static const struct fields page_fields = {"Page", sizeof(struct page), ROWS(page_rows)};

const struct route routes_user[] = {
    {METHOD_GET, "/t/{slug}/.well-known/jwks.json", NEED_NOTHING, RATE_CHEAP, 200, NULL, NULL, serve_jwks, true, "Public", "Keys.", NULL},
    {METHOD_POST, "/v1/auth/sign-in", NEED_PUBLISHABLE, RATE_CREDENTIAL, 200, &sign_in_fields, &page_fields, flow_note, false, "Auth", "Sign in.", "invalid_credentials"},
    {METHOD_POST, "/v1/echo", NEED_PUBLISHABLE, RATE_CHEAP, 200, &echo_fields, &echo_fields, flow_note, false, "Auth", "Echo.", NULL},
    {METHOD_GET, "/v1/auth/me", NEED_USER, RATE_CHEAP, 200, NULL, &page_fields, flow_note, false, "Auth", "Me.", NULL},
    {METHOD_PATCH, "/v1/auth/me", NEED_USER, RATE_CHEAP, 200, &echo_fields, &page_fields, flow_note, false, "Auth", "Me.", NULL},
    {METHOD_POST, "/v1/auth/sign-out", NEED_USER, RATE_CHEAP, 204, NULL, NULL, flow_note, false, "Auth", "Out.", NULL},
    {METHOD_DELETE, "/v1/auth/sessions/{id}", NEED_USER, RATE_CHEAP, 204, &by_id_fields, NULL, flow_note, false, "Auth", "End one.", NULL},
    {METHOD_DELETE, "/v1/auth/sessions", NEED_USER, RATE_CHEAP, 204, NULL, NULL, flow_note, false, "Auth", "End others.", NULL},
    {METHOD_GET, "/v1/auth/sessions/current", NEED_USER, RATE_CHEAP, 200, NULL, &page_fields, flow_note, false, "Auth", "This one.", NULL},
    {METHOD_GET, "/v1/users", NEED_SECRET, RATE_CHEAP, 200, &listing_fields, &page_fields, flow_page, false, "Server", "List.", NULL},
};
const size_t routes_user_count = sizeof(routes_user) / sizeof(routes_user[0]);

const struct route routes_control[] = {
    {METHOD_GET, "/v1/tenants", NEED_OPERATOR, RATE_CHEAP, 200, &listing_fields, &page_fields, flow_page, false, "Control", "List.", NULL},
    {METHOD_GET, "/v1/tenants/{tenant}", NEED_OPERATOR, RATE_CHEAP, 200, NULL, &page_fields, flow_etag, false, "Control", "One.", NULL},
    {METHOD_POST, "/v1/tenants", NEED_OPERATOR_WRITE, RATE_CHEAP, 201, &echo_fields, &page_fields, flow_note, false, "Control", "Create.", "slug_taken"},
};
const size_t routes_control_count = sizeof(routes_control) / sizeof(routes_control[0]);
/* clang-format on */

/* ---- set-up ---- */

int fixture_setup(void **state)
{
    (void)state;
    const struct http_config config = {.public_url = SITE "/"};
    json_setup();
    assert_int_equal(crypto_setup(), ERR_OK);
    assert_int_equal(http_setup(&config), ERR_OK);
    fixture_tenants_open();
    seen = (struct fixture_seen){0};
    flow_answer = ERR_OK;
    authenticate_answer = ERR_OK;
    rate_reset();
    return 0;
}

int fixture_teardown(void **state)
{
    (void)state;
    fixture_tenants_close();
    rate_reset();
    return 0;
}

void fixture_reset_rates(void)
{
    rate_reset();
}

/* ---- exchanges ---- */

struct http_exchange *exchange_new(enum method method, const char *target)
{
    struct arena *a = arena_create(16384);
    struct http_exchange *x = arena_new(a, struct http_exchange);
    x->arena = a;
    x->request.method = method;
    x->request.target = str_of(target);
    memcpy(x->request.peer.bytes, (const uint8_t[16]){[10] = 0xff, 0xff, 192, 0, 2, 7}, 16);
    return x;
}

struct http_exchange *exchange_json(enum method method, const char *target, const char *body)
{
    struct http_exchange *x = exchange_new(method, target);
    x->request.body = str_of(body);
    x->request.has_body = true;
    x->request.content_type = STR("application/json");
    return x;
}

int exchange_send(struct http_exchange *x)
{
    if (!http_begin(x))
        http_run(x);
    http_end(x);
    return x->reply.status;
}

struct str exchange_header(const struct http_exchange *x, const char *name)
{
    for (size_t i = 0; i < x->reply.header_count; i++) {
        if (str_eqz(x->reply.headers[i].name, name))
            return x->reply.headers[i].value;
    }
    return STR_NONE;
}

const char *exchange_code(struct http_exchange *x)
{
    json_t *body;
    if (x->reply.body.len == 0 || json_read(x->reply.body, &body) != ERR_OK)
        return "";
    const json_t *code = json_object_get(json_object_get(body, "error"), "code");
    const char *z = json_is_string(code) ? str_z(x->arena, json_text(code)) : "";
    json_decref(body);
    return z;
}

void exchange_free(struct http_exchange *x)
{
    arena_destroy(x->arena);
}

void check_exchange(struct http_exchange *x, int status, const char *code)
{
    assert_int_equal(exchange_send(x), status);
    assert_string_equal(exchange_code(x), code);
    exchange_free(x);
}
