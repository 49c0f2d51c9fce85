/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table as an OpenAPI 3.1 document. Nothing in it is written by hand but the frame: paths
 * come from routes, schemas from field rows, the policy schema from policy.def, error responses
 * from errors.def. Built when first asked for, since most processes never are, and served from
 * memory.
 */
#include <pthread.h>

#include "http/openapi.h"

#include "base/arena.h"
#include "crypto/token.h"
#include "http/guard.h"
#include "http/reply.h"
#include "http/schema_parts.h"

static struct arena *memory;
static struct str document;
static struct str document_etag;
static pthread_mutex_t building = PTHREAD_MUTEX_INITIALIZER;

/* ---- frame ---- */

static void write_info(struct json_writer *w)
{
    json_member(w, "info");
    json_object_start(w);
    schema_text(w, "title", "authd");
    schema_text(w, "version", AUTHD_VERSION);
    schema_text(w, "description",
                "Multi-tenant identity provider. The key names the tenant; errors have one shape "
                "and a code that `hjctl explain` knows.");
    schema_text(w, "summary", "Sign-up, sign-in, sessions and tokens, and their administration");
    json_member(w, "license");
    json_object_start(w);
    schema_text(w, "name", "Apache-2.0");
    schema_text(w, "identifier", "Apache-2.0");
    json_object_end(w);
    json_object_end(w);
    json_member(w, "servers");
    json_array_start(w);
    json_object_start(w);
    json_member(w, "url");
    json_str_value(w, http_site.public_url);
    json_object_end(w);
    json_array_end(w);
}

/* clang-format off */
static const struct scheme {
    const char *name, *type, *in, *header, *http, *format, *doc;
} schemes[] = {
    {"publishableKey", "apiKey", "header", "X-Client-Id", NULL, NULL, "pk_… (browser-safe) or sk_…"},
    {"secretKey", "apiKey", "header", "X-Client-Id", NULL, NULL, "sk_…, server-side only"},
    {"secretBearer", "http", NULL, NULL, "bearer", "sk_…", "The same key as Authorization: Bearer"},
    {"userToken", "http", NULL, NULL, "bearer", "JWT", "A user's access token"},
    {"operatorKey", "http", NULL, NULL, "bearer", "op_…", "An operator's key"},
};
/* clang-format on */

static void write_schemes(struct json_writer *w)
{
    json_member(w, "securitySchemes");
    json_object_start(w);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const struct scheme *s = &schemes[i];
        json_key(w, str_of(s->name));
        json_object_start(w);
        schema_text(w, "type", s->type);
        if (s->in) {
            schema_text(w, "in", s->in);
            schema_text(w, "name", s->header);
        } else {
            schema_text(w, "scheme", s->http);
            schema_text(w, "bearerFormat", s->format);
        }
        schema_text(w, "description", s->doc);
        json_object_end(w);
    }
    json_object_end(w);
}

/* Alternatives, any one of which opens the route. */
static const char *const *schemes_of(enum need need)
{
    static const char *const none[] = {NULL};
    static const char *const publishable[] = {"publishableKey", "secretBearer", NULL};
    static const char *const secret[] = {"secretKey", "secretBearer", NULL};
    static const char *const user[] = {"userToken", NULL};
    static const char *const operators[] = {"operatorKey", NULL};
    switch (need) {
    case NEED_NOTHING:
        return none;
    case NEED_PUBLISHABLE:
        return publishable;
    case NEED_SECRET:
        return secret;
    case NEED_USER:
        return user;
    case NEED_OPERATOR:
    case NEED_OPERATOR_WRITE:
        return operators;
    }
    return none;
}

/* ---- one operation ---- */

static void write_security(struct json_writer *w, enum need need)
{
    json_member(w, "security");
    json_array_start(w);
    for (const char *const *name = schemes_of(need); *name; name++) {
        json_object_start(w);
        json_key(w, str_of(*name));
        json_array_start(w);
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_parameter(struct json_writer *w, const struct field *row)
{
    json_object_start(w);
    schema_text(w, "name", row->name);
    schema_text(w, "in", row->place == IN_PATH ? "path" : "query");
    json_member(w, "required");
    json_bool_value(w, row->place == IN_PATH || (row->flags & FIELD_REQUIRED));
    if (row->doc)
        schema_text(w, "description", row->doc);
    json_member(w, "schema");
    schema_write_field(w, row, SCHEMA_INPUT);
    json_object_end(w);
}

static bool has_row(const struct fields *in, struct str name)
{
    for (size_t i = 0; in && i < in->n; i++) {
        if (str_eqz(name, in->rows[i].name))
            return true;
    }
    return false;
}

/* Parameters of the path that no row reads: the {slug} by which public routes name their tenant. */
static void write_unread_parameters(struct json_writer *w, const struct route *route)
{
    struct str rest = str_of(route->path);
    struct str piece;
    while (str_split(&rest, '/', &piece)) {
        struct str name = str_slice(piece, 1, piece.len - 1);
        if (!str_starts(piece, STR("{")) || has_row(route->in, name))
            continue;
        json_object_start(w);
        json_member(w, "name");
        json_str_value(w, name);
        schema_text(w, "in", "path");
        json_member(w, "required");
        json_bool_value(w, true);
        json_member(w, "schema");
        json_raw_value(w, STR("{\"type\":\"string\"}"));
        json_object_end(w);
    }
}

static void write_parameters(struct json_writer *w, const struct route *route)
{
    json_member(w, "parameters");
    json_array_start(w);
    write_unread_parameters(w, route);
    for (size_t i = 0; route->in && i < route->in->n; i++) {
        if (route->in->rows[i].place != IN_BODY)
            write_parameter(w, &route->in->rows[i]);
    }
    json_array_end(w);
}

static void write_content(struct json_writer *w, const char *schema)
{
    json_member(w, "content");
    json_object_start(w);
    json_member(w, "application/json");
    json_object_start(w);
    json_member(w, "schema");
    schema_write_reference(w, schema);
    json_object_end(w);
    json_object_end(w);
}

static void write_request_body(struct json_writer *w, const struct route *route)
{
    if (!route_takes_body(route))
        return;
    json_member(w, "requestBody");
    json_object_start(w);
    json_member(w, "required");
    json_bool_value(w, route_requires_body(route));
    write_content(w, route->in->name);
    json_object_end(w);
}

static void status_key(struct json_writer *w, int status)
{
    char text[4];
    for (int i = 2; i >= 0; i--, status /= 10)
        text[i] = (char)('0' + status % 10);
    json_key(w, (struct str){text, 3});
}

/* All codes of one status in one response. */
static void write_error_response(struct json_writer *w, const bool codes[ERR_COUNT], int status)
{
    struct buf text;
    buf_init(&text, w->buf->arena, 256);
    for (int e = 1; e < ERR_COUNT; e++) {
        if (codes[e] && err_rows[e].status == status)
            buf_printf(&text, "%s%s: %s", text.len ? " " : "", err_rows[e].code, err_rows[e].text);
    }
    status_key(w, status);
    json_object_start(w);
    json_member(w, "description");
    json_str_value(w, buf_view(&text));
    write_content(w, "Error");
    json_object_end(w);
}

static void write_responses(struct json_writer *w, const struct route *route)
{
    bool codes[ERR_COUNT];
    route_errors(route, codes);
    json_member(w, "responses");
    json_object_start(w);
    status_key(w, route->status);
    json_object_start(w);
    schema_text(w, "description", route->out || route->direct ? "Done." : "Done; no body.");
    if (route->out)
        write_content(w, route->out->name);
    json_object_end(w);
    for (int status = 400; status < 600; status++) {
        bool any = false;
        for (int e = 1; e < ERR_COUNT && !any; e++)
            any = codes[e] && err_rows[e].status == status;
        if (any)
            write_error_response(w, codes, status);
    }
    json_object_end(w);
}

/* "post_v1_auth_sign-in": the row's own name. */
static void write_operation_id(struct json_writer *w, const struct route *route)
{
    struct buf id;
    buf_init(&id, w->buf->arena, 64);
    buf_printf(&id, "%s", method_name(route->method));
    for (size_t i = 0; i < id.len; i++)
        id.ptr[i] = (char)(id.ptr[i] | 0x20);
    for (const char *c = route->path; *c; c++) {
        if (*c != '{' && *c != '}')
            buf_char(&id, *c == '/' || *c == '.' ? '_' : *c);
    }
    json_member(w, "operationId");
    json_str_value(w, buf_view(&id));
}

static void write_operation(struct json_writer *w, const struct route *route)
{
    json_object_start(w);
    write_operation_id(w, route);
    json_member(w, "tags");
    json_array_start(w);
    json_str_value(w, str_of(route->tag));
    json_array_end(w);
    schema_text(w, "summary", route->doc);
    schema_text(w, "x-need", need_name(route->need));
    write_security(w, route->need);
    write_parameters(w, route);
    write_request_body(w, route);
    write_responses(w, route);
    json_object_end(w);
}

/* ---- all of them ---- */

static bool path_seen_before(size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(routes[i].path, routes[at].path) == 0)
            return true;
    }
    return false;
}

static void write_path(struct json_writer *w, const char *path)
{
    json_key(w, str_of(path));
    json_object_start(w);
    for (size_t i = 0; i < route_count; i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        struct buf name;
        buf_init(&name, w->buf->arena, 8);
        for (const char *c = method_name(routes[i].method); *c; c++)
            buf_char(&name, (char)(*c | 0x20));
        json_key(w, buf_view(&name));
        write_operation(w, &routes[i]);
    }
    json_object_end(w);
}

static void write_document(struct json_writer *w)
{
    json_object_start(w);
    schema_text(w, "openapi", "3.1.0");
    write_info(w);
    json_member(w, "paths");
    json_object_start(w);
    for (size_t i = 0; i < route_count; i++) {
        if (!path_seen_before(i))
            write_path(w, routes[i].path);
    }
    json_object_end(w);
    json_member(w, "components");
    json_object_start(w);
    write_schemes(w);
    json_member(w, "schemas");
    schema_write_all(w);
    json_object_end(w);
    json_object_end(w);
}

static struct str quoted_hash(struct str text)
{
    uint8_t hash[TOKEN_HASH_LEN];
    enum { CHARS = BASE64URL_LEN(16) };
    char *etag = arena_alloc(memory, CHARS + 2);
    plain_hash(text, hash);
    etag[0] = '"';
    base64url_encode(etag + 1, hash, 16);
    etag[CHARS + 1] = '"';
    return (struct str){etag, CHARS + 2};
}

static void build(void)
{
    struct buf b;
    struct json_writer w;
    struct arena *scratch = arena_create(256 * 1024);
    buf_init(&b, scratch, 128 * 1024);
    json_start(&w, &b);
    write_document(&w);
    memory = arena_create(b.len + 256);
    document = str_copy(memory, buf_view(&b));
    document_etag = quoted_hash(document);
    arena_destroy(scratch);
}

void openapi_forget(void)
{
    arena_destroy(memory);
    memory = NULL;
}

struct str openapi_document(void)
{
    pthread_mutex_lock(&building);
    if (!memory)
        build();
    pthread_mutex_unlock(&building);
    return document;
}

enum err openapi_serve(struct call *c)
{
    struct prebuilt_reply *out = c->out;
    struct str body = openapi_document();
    *out = (struct prebuilt_reply){.body = body,
                                   .etag = document_etag,
                                   .content_type = STR("application/json"),
                                   .max_age_s = 300};
    return ERR_OK;
}
