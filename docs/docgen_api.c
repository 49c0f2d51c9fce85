/* SPDX-License-Identifier: Apache-2.0
 *
 * api.md from the route table: per route its need, input, reply, errors and a request to paste; per
 * object a table of its members.
 */
#include "docgen.h"
#include "http/guard.h"
#include "http/openapi.h"
#include "http/schema.h"
#include "http/value.h"

/* ---- examples ---- */

/* What a member of this name looks like; the type decides for all others. */
static const struct example {
    const char *name;
    const char *json;
} examples[] = {
    {"email", "\"ada@example.com\""},
    {"password", "\"violet-anchor-76-drum\""},
    {"current_password", "\"violet-anchor-76-drum\""},
    {"new_password", "\"copper-lantern-19-reef\""},
    {"refresh_token", "\"'$REFRESH_TOKEN'\""},
    {"token", "\"'$ACCESS_TOKEN'\""},
    {"slug", "\"acme\""},
    {"tenant", "\"acme\""},
    {"policy", "{\"session_duration\":\"8h\"}"},
    {"metadata", "{\"plan\":\"pro\"}"},
    {"name", "\"Ada\""},
};

static void add_sample_id(struct buf *b, const char *prefix)
{
    buf_printf(b, "%s01JD9W8V3S8Q3ZK6T4N0E2M5RA", prefix);
}

static void add_first_choice(struct buf *b, const char *choices)
{
    struct str all = str_of(choices);
    buf_str(b, str_slice(all, 0, str_find(all, '|')));
}

static void add_example_of_type(struct buf *b, const struct field *row)
{
    switch (row->type) {
    case FIELD_INT:
        buf_int(b, row->min > 0 ? row->min : 1);
        break;
    case FIELD_BOOL:
        buf_lit(b, "true");
        break;
    case FIELD_DURATION:
        buf_lit(b, "\"8h\"");
        break;
    case FIELD_TIME:
        buf_lit(b, "\"2026-11-21T00:00:00Z\"");
        break;
    case FIELD_CHOICE:
        buf_char(b, '"');
        add_first_choice(b, row->choices);
        buf_char(b, '"');
        break;
    case FIELD_ID:
        buf_char(b, '"');
        add_sample_id(b, row->choices);
        buf_char(b, '"');
        break;
    case FIELD_JSON:
    case FIELD_OBJECT:
        buf_lit(b, "{}");
        break;
    case FIELD_LIST:
    case FIELD_TEXTS:
        buf_lit(b, "[]");
        break;
    case FIELD_TEXT:
    case FIELD_SECRET:
        buf_lit(b, "\"text\"");
        break;
    }
}

static void add_example(struct buf *b, const struct field *row)
{
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        if (strcmp(examples[i].name, row->name) == 0) {
            buf_str(b, str_of(examples[i].json));
            return;
        }
    }
    add_example_of_type(b, row);
}

/* The required members, or the first when none is. */
static void add_example_body(struct buf *b, const struct route *r)
{
    bool any_required = route_requires_body(r);
    const char *separator = "{";
    for (size_t i = 0; i < r->in->n; i++) {
        const struct field *row = &r->in->rows[i];
        if (row->place != IN_BODY || (any_required && !(row->flags & FIELD_REQUIRED)))
            continue;
        buf_printf(b, "%s\"%s\":", separator, row->name);
        add_example(b, row);
        separator = ",";
        if (!any_required)
            break;
    }
    buf_char(b, '}');
}

static const struct field *path_row(const struct fields *in, struct str name)
{
    for (size_t i = 0; in && i < in->n; i++) {
        if (in->rows[i].place == IN_PATH && str_eqz(name, in->rows[i].name))
            return &in->rows[i];
    }
    return NULL;
}

static void add_example_path(struct buf *b, const struct route *r)
{
    struct str rest = str_of(r->path + 1);
    struct str piece;
    while (str_split(&rest, '/', &piece)) {
        const struct field *row = path_row(r->in, str_slice(piece, 1, piece.len - 1));
        buf_char(b, '/');
        if (!str_starts(piece, STR("{")))
            buf_str(b, piece);
        else if (row && row->type == FIELD_ID)
            add_sample_id(b, row->choices);
        else
            buf_lit(b, "acme");
    }
}

static const char *credential_of(enum need need)
{
    switch (need) {
    case NEED_NOTHING:
        return "";
    case NEED_PUBLISHABLE:
        return " -H \"X-Client-Id: $PUBLISHABLE_KEY\"";
    case NEED_SECRET:
        return " -H \"X-Client-Id: $SECRET_KEY\"";
    case NEED_USER:
        return " -H \"Authorization: Bearer $ACCESS_TOKEN\"";
    case NEED_OPERATOR:
    case NEED_OPERATOR_WRITE:
        return " -H \"Authorization: Bearer $OPERATOR_KEY\"";
    }
    return "";
}

static void add_curl(struct buf *b, const struct route *r)
{
    buf_lit(b, "\n```sh\ncurl -s");
    if (r->method != METHOD_GET)
        buf_printf(b, " -X %s", method_name(r->method));
    buf_lit(b, " \"$BASE_URL");
    add_example_path(b, r);
    buf_printf(b, "\"%s", credential_of(r->need));
    if (route_takes_body(r)) {
        buf_lit(b, " \\\n     -H 'Content-Type: application/json' -d '");
        add_example_body(b, r);
        buf_char(b, '\'');
    }
    buf_lit(b, "\n```\n");
}

/* ---- a route ---- */

static const char *need_text(enum need need)
{
    switch (need) {
    case NEED_NOTHING:
        return "nothing; public";
    case NEED_PUBLISHABLE:
        return "a publishable key (a secret key will do)";
    case NEED_SECRET:
        return "a secret key";
    case NEED_USER:
        return "a user's access token; a key of the same tenant may come along";
    case NEED_OPERATOR:
        return "an operator key of any role";
    case NEED_OPERATOR_WRITE:
        return "an operator key of role admin";
    }
    return "";
}

static void add_value(struct buf *b, const struct field *row)
{
    add_cell(b, str_z(b->arena, value_describe(b->arena, row)));
    if (row->flags & FIELD_NULLABLE)
        buf_lit(b, ", or null");
    if (row->flags & FIELD_ONCE)
        buf_lit(b, "; shown once");
}

static void add_input(struct buf *b, const struct route *r)
{
    static const char *const places[] = {
        [IN_BODY] = "body", [IN_PATH] = "path", [IN_QUERY] = "query"};
    if (!r->in || r->in->n == 0)
        return;
    buf_lit(b, "\n| field | in | value | required | |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < r->in->n; i++) {
        const struct field *row = &r->in->rows[i];
        bool required = row->place == IN_PATH || (row->flags & FIELD_REQUIRED);
        buf_printf(b, "| `%s` | %s | ", row->name, places[row->place]);
        add_value(b, row);
        buf_printf(b, " | %s| ", required ? "yes " : "");
        add_cell(b, row->doc);
        buf_lit(b, " |\n");
    }
}

static void add_anchor(struct buf *b, const char *name)
{
    for (; *name; name++)
        buf_char(b, *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name);
}

/* One line for the codes of one status, where the route has any. */
static void add_codes(struct buf *b, const bool codes[ERR_COUNT], int status)
{
    bool any = false;
    for (int e = 1; e < ERR_COUNT; e++) {
        if (!codes[e] || err_rows[e].status != status)
            continue;
        if (!any)
            buf_printf(b, "\n- %d:", status);
        buf_printf(b, " `%s`", err_rows[e].code);
        any = true;
    }
}

static void add_errors(struct buf *b, const struct route *r)
{
    bool codes[ERR_COUNT];
    route_errors(r, codes);
    buf_lit(b, "Errors:\n");
    for (int status = 400; status < 600; status++)
        add_codes(b, codes, status);
    buf_char(b, '\n');
}

static void add_reply(struct buf *b, const struct route *r)
{
    buf_printf(b, "\nAnswers %d", r->status);
    if (r->out) {
        buf_printf(b, " with [%s](#", r->out->name);
        add_anchor(b, r->out->name);
        buf_char(b, ')');
    } else if (!r->direct) {
        buf_lit(b, " without a body");
    } else {
        buf_lit(b, ", cacheable, with an ETag");
    }
    buf_lit(b, ". ");
    add_errors(b, r);
}

static void add_route(struct buf *b, const struct route *r)
{
    buf_printf(b, "\n### %s %s\n\n%s\n\nNeeds %s.", method_name(r->method), r->path, r->doc,
               need_text(r->need));
    if (r->rate == RATE_CREDENTIAL)
        buf_lit(b, " Counts against `rate_limit_address`.");
    buf_char(b, '\n');
    add_input(b, r);
    add_reply(b, r);
    add_curl(b, r);
}

static bool tag_seen_before(size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(routes[i].tag, routes[at].tag) == 0)
            return true;
    }
    return false;
}

void section_endpoints(struct buf *b)
{
    for (size_t first = 0; first < route_count; first++) {
        if (tag_seen_before(first))
            continue;
        buf_printf(b, "%s## %s\n", first ? "\n" : "", routes[first].tag);
        for (size_t i = first; i < route_count; i++) {
            if (strcmp(routes[i].tag, routes[first].tag) == 0)
                add_route(b, &routes[i]);
        }
    }
}

/* ---- objects ---- */

static void add_member(struct buf *b, const struct field *row)
{
    buf_printf(b, "| `%s` | ", row->name);
    add_value(b, row);
    buf_lit(b, " | ");
    add_cell(b, row->doc);
    if (row->sub) {
        buf_printf(b, " See [%s](#", row->sub->name);
        add_anchor(b, row->sub->name);
        buf_lit(b, ").");
    }
    buf_lit(b, " |\n");
}

void section_schemas(struct buf *b)
{
    struct schema_list list;
    schema_list_all(&list);
    for (size_t i = 0; i < list.n; i++) {
        if (list.items[i].side != SCHEMA_OUTPUT)
            continue;
        const struct fields *fields = list.items[i].fields;
        buf_printf(b, "\n### %s\n\n| member | value | |\n|---|---|---|\n", fields->name);
        for (size_t row = 0; row < fields->n; row++)
            add_member(b, &fields->rows[row]);
    }
}
