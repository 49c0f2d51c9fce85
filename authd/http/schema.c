/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Schema from field rows. A FIELD_JSON member named policy is the tenant's policy, whose
 * members are the rows of policy.def.
 */
#include "http/schema.h"

#include <stdlib.h>

#include "base/arena.h"
#include "domain/policy.h"
#include "http/route.h"

static void type_member(struct json_writer *w, const char *type, bool nullable)
{
    json_member(w, "type");
    if (!nullable) {
        json_str_value(w, str_of(type));
        return;
    }
    json_array_start(w);
    json_str_value(w, str_of(type));
    json_str_value(w, STR("null"));
    json_array_end(w);
}

static void int_member(struct json_writer *w, const char *name, int64_t v)
{
    json_key(w, str_of(name));
    json_int_value(w, v);
}

static void text_member(struct json_writer *w, const char *name, const char *text)
{
    json_key(w, str_of(name));
    json_str_value(w, str_of(text));
}

void schema_write_reference(struct json_writer *w, const char *name)
{
    struct buf ref;
    buf_init(&ref, w->buf->arena, 64);
    buf_printf(&ref, "#/components/schemas/%s", name);
    json_object_start(w);
    json_member(w, "$ref");
    json_str_value(w, buf_view(&ref));
    json_object_end(w);
}

/* ---- one member ---- */

static void write_choices(struct json_writer *w, const char *choices, bool nullable)
{
    struct str rest = str_of(choices);
    struct str choice;
    json_member(w, "enum");
    json_array_start(w);
    while (str_split(&rest, '|', &choice))
        json_str_value(w, choice);
    if (nullable)
        json_null_value(w);
    json_array_end(w);
}

static void write_id_pattern(struct json_writer *w, const char *prefix)
{
    struct buf pattern;
    buf_init(&pattern, w->buf->arena, 48);
    buf_printf(&pattern, "^%s[0-9A-HJKMNP-TV-Z]{26}$", prefix);
    json_member(w, "pattern");
    json_str_value(w, buf_view(&pattern));
}

/* JSON Schema counts characters, the rows bytes: the longest is exact for ASCII only. */
static void write_limits(struct json_writer *w, const struct field *row, const char *least,
                         const char *most)
{
    if (row->min != 0)
        int_member(w, least, row->min);
    if (row->max != 0)
        int_member(w, most, row->max);
}

static const char *type_name(enum field_type type)
{
    switch (type) {
    case FIELD_INT:
        return "integer";
    case FIELD_BOOL:
        return "boolean";
    case FIELD_JSON:
    case FIELD_OBJECT:
        return "object";
    case FIELD_LIST:
    case FIELD_TEXTS:
        return "array";
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_TIME:
    case FIELD_DURATION:
    case FIELD_CHOICE:
    case FIELD_ID:
        return "string";
    }
    return "string";
}

/* Of an output: any type that can be absent, unless the row says it never is. */
static bool is_nullable(const struct field *row, enum schema_side side)
{
    if (side == SCHEMA_INPUT)
        return row->flags & FIELD_NULLABLE;
    bool can_be_absent = row->type != FIELD_INT && row->type != FIELD_BOOL &&
                         row->type != FIELD_DURATION && row->type != FIELD_LIST &&
                         row->type != FIELD_TEXTS;
    return can_be_absent && !(row->flags & (FIELD_OMIT_EMPTY | FIELD_REQUIRED));
}

static void write_items(struct json_writer *w, const struct field *row)
{
    json_member(w, "items");
    if (row->type == FIELD_LIST)
        schema_write_reference(w, row->sub->name);
    else
        json_raw_value(w, STR("{\"type\":\"string\"}"));
    write_limits(w, row, "minItems", "maxItems");
}

/* What only this type says. */
static void write_form(struct json_writer *w, const struct field *row, enum schema_side side)
{
    switch (row->type) {
    case FIELD_TEXT:
        write_limits(w, row, "minLength", "maxLength");
        break;
    case FIELD_SECRET:
        write_limits(w, row, "minLength", "maxLength");
        text_member(w, "format", "password");
        break;
    case FIELD_INT:
        write_limits(w, row, "minimum", "maximum");
        break;
    case FIELD_TIME:
        text_member(w, "format", "date-time");
        break;
    case FIELD_DURATION:
        text_member(w, "pattern", "^(0|[0-9]+[smhd])$");
        break;
    case FIELD_CHOICE:
        write_choices(w, row->choices, is_nullable(row, side));
        break;
    case FIELD_ID:
        write_id_pattern(w, row->choices);
        break;
    case FIELD_LIST:
    case FIELD_TEXTS:
        write_items(w, row);
        break;
    case FIELD_BOOL:
    case FIELD_JSON:
    case FIELD_OBJECT:
        break;
    }
}

/* The named schema that a member's value follows, or NULL. */
static const char *named_schema(const struct field *row)
{
    if (row->type == FIELD_OBJECT)
        return row->sub->name;
    return row->type == FIELD_JSON && strcmp(row->name, "policy") == 0 ? "Policy" : NULL;
}

static void write_named(struct json_writer *w, const struct field *row, enum schema_side side)
{
    bool nullable = is_nullable(row, side);
    json_key(w, nullable ? STR("anyOf") : STR("allOf"));
    json_array_start(w);
    schema_write_reference(w, named_schema(row));
    if (nullable)
        json_raw_value(w, STR("{\"type\":\"null\"}"));
    json_array_end(w);
}

void schema_write_field(struct json_writer *w, const struct field *row, enum schema_side side)
{
    json_object_start(w);
    if (named_schema(row)) {
        write_named(w, row, side);
    } else {
        type_member(w, type_name(row->type), is_nullable(row, side));
        write_form(w, row, side);
    }
    if (row->doc && row->place == IN_BODY)
        text_member(w, "description", row->doc);
    if (row->flags & FIELD_ONCE) {
        json_member(w, "x-shown-once");
        json_bool_value(w, true);
    }
    json_object_end(w);
}

/* ---- one struct ---- */

static void write_required(struct json_writer *w, const struct fields *fields,
                           enum schema_side side)
{
    json_member(w, "required");
    json_array_start(w);
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *row = &fields->rows[i];
        bool always = side == SCHEMA_INPUT ? (row->flags & FIELD_REQUIRED) != 0
                                           : !(row->flags & FIELD_OMIT_EMPTY);
        if (row->place == IN_BODY && always)
            json_str_value(w, str_of(row->name));
    }
    json_array_end(w);
}

static void write_struct(struct json_writer *w, const struct fields *fields, enum schema_side side)
{
    json_key(w, str_of(fields->name));
    json_object_start(w);
    text_member(w, "type", "object");
    write_required(w, fields, side);
    if (side == SCHEMA_INPUT) {
        json_member(w, "additionalProperties");
        json_bool_value(w, false);
    }
    json_member(w, "properties");
    json_object_start(w);
    for (size_t i = 0; i < fields->n; i++) {
        if (fields->rows[i].place != IN_BODY)
            continue;
        json_key(w, str_of(fields->rows[i].name));
        schema_write_field(w, &fields->rows[i], side);
    }
    json_object_end(w);
    json_object_end(w);
}

/* ---- policy and errors ---- */

static void write_policy_form(struct json_writer *w, const struct policy_row *row)
{
    switch (row->type) {
    case POLICY_duration:
        type_member(w, "string", true);
        text_member(w, "pattern", "^(0|[0-9]+[smhd])$");
        break;
    case POLICY_number:
        type_member(w, "integer", true);
        int_member(w, "minimum", row->min);
        int_member(w, "maximum", row->max);
        break;
    case POLICY_choice:
        type_member(w, "string", true);
        write_choices(w, row->choices, true);
        break;
    case POLICY_text:
        type_member(w, "string", true);
        int_member(w, "maxLength", row->max);
        break;
    case POLICY_origins:
    case POLICY_names:
        type_member(w, "array", true);
        json_member(w, "items");
        json_raw_value(w, STR("{\"type\":\"string\"}"));
        int_member(w, "maxItems", row->max);
        break;
    }
}

static void write_policy(struct json_writer *w)
{
    struct policy defaults;
    policy_defaults(&defaults);
    json_member(w, "Policy");
    json_object_start(w);
    text_member(w, "type", "object");
    text_member(w, "description", "What a tenant decides for itself; null returns to the default.");
    json_member(w, "additionalProperties");
    json_bool_value(w, false);
    json_member(w, "properties");
    json_object_start(w);
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        json_key(w, str_of(row->name));
        json_object_start(w);
        write_policy_form(w, row);
        text_member(w, "description", row->doc);
        json_member(w, "default");
        policy_write_value(w, &defaults, row);
        json_object_end(w);
    }
    json_object_end(w);
    json_object_end(w);
}

static void write_codes(struct json_writer *w)
{
    json_array_start(w);
    for (int e = 1; e < ERR_COUNT; e++)
        json_str_value(w, str_of(err_rows[e].code));
    json_array_end(w);
}

static void write_plain_property(struct json_writer *w, const char *name, const char *type)
{
    json_key(w, str_of(name));
    json_object_start(w);
    type_member(w, type, false);
    json_object_end(w);
}

/* errors[] of a 422. */
static void write_problem_list(struct json_writer *w)
{
    json_member(w, "errors");
    json_object_start(w);
    text_member(w, "type", "array");
    json_member(w, "items");
    json_object_start(w);
    text_member(w, "type", "object");
    json_member(w, "properties");
    json_object_start(w);
    write_plain_property(w, "field", "string");
    write_plain_property(w, "code", "string");
    write_plain_property(w, "message", "string");
    json_object_end(w);
    json_object_end(w);
    json_object_end(w);
}

static void write_error_members(struct json_writer *w)
{
    json_object_start(w);
    json_member(w, "code");
    json_object_start(w);
    text_member(w, "type", "string");
    json_member(w, "enum");
    write_codes(w);
    json_object_end(w);
    write_plain_property(w, "message", "string");
    write_plain_property(w, "status", "integer");
    write_plain_property(w, "request_id", "string");
    write_problem_list(w);
    json_object_end(w);
}

static void write_error(struct json_writer *w)
{
    json_member(w, "Error");
    json_object_start(w);
    text_member(w, "type", "object");
    json_member(w, "required");
    json_raw_value(w, STR("[\"error\"]"));
    json_member(w, "properties");
    json_object_start(w);
    json_member(w, "error");
    json_object_start(w);
    text_member(w, "type", "object");
    json_member(w, "required");
    json_raw_value(w, STR("[\"code\",\"message\",\"status\",\"request_id\"]"));
    json_member(w, "properties");
    write_error_members(w);
    json_object_end(w);
    json_object_end(w);
    json_object_end(w);
}

/* ---- all ---- */

/* Two structs of different sizes may share their rows, an item of a list and the answer that starts
 * with it: one schema. */
static void list_add(struct schema_list *list, const struct fields *fields, enum schema_side side)
{
    if (!fields)
        return;
    bool has_body = false;
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].fields->rows == fields->rows)
            return;
    }
    for (size_t i = 0; i < fields->n; i++)
        has_body |= fields->rows[i].place == IN_BODY;
    if (has_body) {
        if (list->n == SCHEMAS_MAX)
            abort();
        list->items[list->n].fields = fields;
        list->items[list->n++].side = side;
    }
    for (size_t i = 0; i < fields->n; i++)
        list_add(list, fields->rows[i].sub, side);
}

void schema_list_all(struct schema_list *list)
{
    list->n = 0;
    for (size_t i = 0; i < route_count; i++) {
        list_add(list, routes[i].in, SCHEMA_INPUT);
        list_add(list, routes[i].out, SCHEMA_OUTPUT);
    }
}

void schema_write_all(struct json_writer *w)
{
    struct schema_list list;
    schema_list_all(&list);
    json_object_start(w);
    for (size_t i = 0; i < list.n; i++)
        write_struct(w, list.items[i].fields, list.items[i].side);
    write_policy(w);
    write_error(w);
    json_object_end(w);
}
