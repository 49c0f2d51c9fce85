/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Schema from field rows. A FIELD_JSON member named policy is the tenant's policy, which has a
 * schema of its own.
 */
#include "http/schema.h"

#include <stdlib.h>

#include "base/arena.h"
#include "http/route.h"
#include "http/schema_parts.h"

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
        schema_int(w, least, row->min);
    if (row->max != 0)
        schema_int(w, most, row->max);
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
        schema_text(w, "format", "password");
        break;
    case FIELD_INT:
        write_limits(w, row, "minimum", "maximum");
        break;
    case FIELD_TIME:
        schema_text(w, "format", "date-time");
        break;
    case FIELD_DURATION:
        schema_text(w, "pattern", "^(0|[0-9]+[smhd])$");
        break;
    case FIELD_CHOICE:
        schema_choices(w, row->choices, is_nullable(row, side));
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
        schema_type(w, type_name(row->type), is_nullable(row, side));
        write_form(w, row, side);
    }
    if (row->doc && row->place == IN_BODY)
        schema_text(w, "description", row->doc);
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
    schema_text(w, "type", "object");
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
    schema_write_policy(w);
    schema_write_error(w);
    json_object_end(w);
}
