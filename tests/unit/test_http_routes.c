/* SPDX-License-Identifier: Apache-2.0
 *
 * What must be true of every row of the real route table.
 */
#include "base/arena.h"
#include "crypto/seal.h"
#include "http/cors.h"
#include "http/guard.h"
#include "http/openapi.h"
#include "http/schema.h"
#include "support/check.h"

static void every_row_is_whole(void **state)
{
    (void)state;
    assert_true(route_count > 10);
    for (size_t i = 0; i < route_count; i++) {
        const struct route *r = &routes[i];
        assert_true(r->method >= METHOD_GET && r->method <= METHOD_DELETE);
        assert_true(r->path[0] == '/');
        assert_true(r->need >= NEED_NOTHING && r->need <= NEED_OPERATOR_WRITE);
        assert_non_null(r->handler);
        assert_non_null(r->tag);
        assert_true(r->doc && strlen(r->doc) > 3);
        assert_true(r->status == 200 || r->status == 201 || r->status == 204);
        assert_true((r->status == 204 || r->direct) == (r->out == NULL));
        assert_true(!r->direct || (r->need == NEED_NOTHING && r->method == METHOD_GET));
        for (size_t other = 0; other < i; other++)
            assert_false(routes[other].method == r->method &&
                         strcmp(routes[other].path, r->path) == 0);
    }
}

/* Deny by default: what writes needs a credential, and the control plane an operator who may. */
static void every_writing_route_has_a_need(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *r = &routes[i];
        if (r->method == METHOD_GET)
            assert_true(r->need != NEED_OPERATOR_WRITE);
        else
            assert_true(r->need != NEED_NOTHING && r->need != NEED_OPERATOR);
        if (r->need == NEED_NOTHING)
            assert_true(r->direct);
    }
}

static bool names_parameter(const char *path, const char *name)
{
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "{%s}", name);
    return strstr(path, wanted) != NULL;
}

static void every_path_parameter_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *r = &routes[i];
        size_t rows = 0;
        size_t braces = 0;
        for (const char *c = r->path; *c; c++)
            braces += *c == '{';
        for (size_t f = 0; r->in && f < r->in->n; f++) {
            const struct field *row = &r->in->rows[f];
            if (row->place == IN_PATH)
                assert_true(names_parameter(r->path, row->name));
            rows += row->place == IN_PATH;
            assert_true(row->place != IN_BODY || r->method != METHOD_GET);
        }
        assert_int_equal(rows, r->need == NEED_NOTHING ? 0 : braces);
    }
}

static void check_row(const struct fields *fields, const struct field *row, enum schema_side side)
{
    assert_true(row->type >= FIELD_TEXT && row->type <= FIELD_TEXTS);
    assert_true(row->offset < fields->size);
    assert_true(row->doc && strlen(row->doc) > 3);
    assert_true((row->type == FIELD_CHOICE || row->type == FIELD_ID) == (row->choices != NULL) ||
                row->type == FIELD_JSON);
    assert_true((row->type == FIELD_OBJECT || row->type == FIELD_LIST) == (row->sub != NULL));
    if (side == SCHEMA_INPUT && (row->type == FIELD_TEXT || row->type == FIELD_SECRET ||
                                 row->type == FIELD_JSON || row->type == FIELD_TEXTS))
        assert_true(row->max > 0); /* nothing without a limit comes in */
    if (side == SCHEMA_OUTPUT && row->type == FIELD_SECRET)
        assert_true(row->flags & FIELD_ONCE); /* Logto 1.42: secrets in API reads */
    if (side == SCHEMA_OUTPUT)
        assert_true(row->place == IN_BODY);
}

/* Where leaving a member out differs from null, the flow must be able to tell. */
static void every_nullable_change_tells_absence(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct fields *in = routes[i].method == METHOD_PATCH ? routes[i].in : NULL;
        for (size_t f = 0; in && f < in->n; f++) {
            if (in->rows[f].flags & FIELD_NULLABLE)
                assert_int_not_equal(in->rows[f].present, 0);
        }
    }
}

static void every_field_is_whole(void **state)
{
    (void)state;
    struct schema_list list;
    schema_list_all(&list);
    assert_true(list.n > 5);
    for (size_t i = 0; i < list.n; i++) {
        const struct fields *fields = list.items[i].fields;
        assert_true(fields->name && fields->size > 0 && fields->n > 0);
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(fields->name, list.items[other].fields->name);
        assert_string_not_equal(fields->name, "Error");
        assert_string_not_equal(fields->name, "Policy");
        for (size_t row = 0; row < fields->n; row++) {
            check_row(fields, &fields->rows[row], list.items[i].side);
            for (size_t before = 0; before < row; before++)
                assert_string_not_equal(fields->rows[row].name, fields->rows[before].name);
        }
    }
}

/* A secret that can be read again is no secret: only replies to writes show one. */
static bool shows_secret(const struct fields *fields)
{
    for (size_t i = 0; fields && i < fields->n; i++) {
        if (fields->rows[i].type == FIELD_SECRET || shows_secret(fields->rows[i].sub))
            return true;
    }
    return false;
}

static void no_read_shows_a_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].method == METHOD_GET)
            assert_false(shows_secret(routes[i].out));
    }
}

static void every_named_error_exists(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        struct str rest = str_of(routes[i].errors);
        struct str code;
        char z[64];
        while (str_split(&rest, '|', &code)) {
            assert_true(code.len > 0 && code.len < sizeof(z));
            memcpy(z, code.ptr, code.len);
            z[code.len] = '\0';
            assert_int_not_equal(err_from_code(z), ERR_OK);
        }
    }
}

/* An error that no route can answer is a dead row, or a route that does not say what it does. */
static void every_error_is_reachable(void **state)
{
    (void)state;
    bool any[ERR_COUNT] = {[ERR_OK] = true, [ERR_method_not_allowed] = true};
    for (size_t i = 0; i < route_count; i++) {
        bool codes[ERR_COUNT];
        route_errors(&routes[i], codes);
        for (int e = 0; e < ERR_COUNT; e++)
            any[e] |= codes[e];
    }
    for (int e = 0; e < ERR_COUNT; e++) {
        if (!any[e])
            fail_msg("no route answers %s", err_rows[e].code);
    }
}

/* ---- the document ---- */

static const json_t *at(const json_t *value, const char *name)
{
    const json_t *member = json_object_get(value, name);
    if (!member)
        fail_msg("no %s", name);
    return member;
}

static void check_references(const json_t *value, const json_t *schemas)
{
    const char *name;
    json_t *member;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, member) check_references(member, schemas);
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        if (strcmp(name, "$ref") == 0)
            (void)at(schemas, json_string_value(member) + strlen("#/components/schemas/"));
        else
            check_references(member, schemas);
    }
}

static void openapi_parses_and_is_complete(void **state)
{
    (void)state;
    const struct http_config config = {.public_url = "https://auth.example.com"};
    json_t *document;
    char method[8];
    assert_int_equal(http_setup(&config), ERR_OK);
    assert_int_equal(json_read(openapi_document(), &document), ERR_OK);
    assert_string_equal(json_string_value(at(document, "openapi")), "3.1.0");
    const json_t *schemas = at(at(document, "components"), "schemas");
    check_references(document, schemas);
    for (size_t i = 0; i < route_count; i++) {
        const char *name = method_name(routes[i].method);
        for (size_t c = 0; c <= strlen(name); c++)
            method[c] = (char)(name[c] ? name[c] | 0x20 : 0);
        const json_t *operation = at(at(at(document, "paths"), routes[i].path), method);
        assert_string_equal(json_string_value(at(operation, "x-need")), need_name(routes[i].need));
        assert_true(json_is_array(at(operation, "security")));
        assert_true(json_object_size(at(operation, "responses")) >= 2);
    }
    json_decref(document);
}

static int setup(void **state)
{
    (void)state;
    json_setup();
    return crypto_setup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(every_writing_route_has_a_need),
        cmocka_unit_test(every_path_parameter_is_read),
        cmocka_unit_test(every_nullable_change_tells_absence),
        cmocka_unit_test(every_field_is_whole),
        cmocka_unit_test(no_read_shows_a_secret),
        cmocka_unit_test(every_named_error_exists),
        cmocka_unit_test(every_error_is_reachable),
        cmocka_unit_test(openapi_parses_and_is_complete),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
