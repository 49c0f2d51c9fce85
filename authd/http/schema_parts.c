/* SPDX-License-Identifier: Apache-2.0
 *
 * The two schemas that are not made of field rows: the tenant's policy, from policy.def, and the
 * error body; and the small members that all schemas are written with.
 */
#include "http/schema_parts.h"

#include "domain/policy.h"

void schema_type(struct json_writer *w, const char *type, bool nullable)
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

void schema_int(struct json_writer *w, const char *name, int64_t v)
{
    json_key(w, str_of(name));
    json_int_value(w, v);
}

void schema_text(struct json_writer *w, const char *name, const char *text)
{
    json_key(w, str_of(name));
    json_str_value(w, str_of(text));
}

void schema_choices(struct json_writer *w, const char *choices, bool nullable)
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

static void write_policy_form(struct json_writer *w, const struct policy_row *row)
{
    switch (row->type) {
    case POLICY_duration:
        schema_type(w, "string", true);
        schema_text(w, "pattern", "^(0|[0-9]+[smhd])$");
        break;
    case POLICY_number:
        schema_type(w, "integer", true);
        schema_int(w, "minimum", row->min);
        schema_int(w, "maximum", row->max);
        break;
    case POLICY_choice:
        schema_type(w, "string", true);
        schema_choices(w, row->choices, true);
        break;
    case POLICY_text:
        schema_type(w, "string", true);
        schema_int(w, "maxLength", row->max);
        break;
    case POLICY_origins:
    case POLICY_names:
        schema_type(w, "array", true);
        json_member(w, "items");
        json_raw_value(w, STR("{\"type\":\"string\"}"));
        schema_int(w, "maxItems", row->max);
        break;
    }
}

void schema_write_policy(struct json_writer *w)
{
    struct policy defaults;
    policy_defaults(&defaults);
    json_member(w, "Policy");
    json_object_start(w);
    schema_text(w, "type", "object");
    schema_text(w, "description", "What a tenant decides for itself; null returns to the default.");
    json_member(w, "additionalProperties");
    json_bool_value(w, false);
    json_member(w, "properties");
    json_object_start(w);
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        json_key(w, str_of(row->name));
        json_object_start(w);
        write_policy_form(w, row);
        schema_text(w, "description", row->doc);
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
    schema_type(w, type, false);
    json_object_end(w);
}

/* errors[] of a 422. */
static void write_problem_list(struct json_writer *w)
{
    json_member(w, "errors");
    json_object_start(w);
    schema_text(w, "type", "array");
    json_member(w, "items");
    json_object_start(w);
    schema_text(w, "type", "object");
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
    schema_text(w, "type", "string");
    json_member(w, "enum");
    write_codes(w);
    json_object_end(w);
    write_plain_property(w, "message", "string");
    write_plain_property(w, "status", "integer");
    write_plain_property(w, "request_id", "string");
    write_problem_list(w);
    json_object_end(w);
}

void schema_write_error(struct json_writer *w)
{
    json_member(w, "Error");
    json_object_start(w);
    schema_text(w, "type", "object");
    json_member(w, "required");
    json_raw_value(w, STR("[\"error\"]"));
    json_member(w, "properties");
    json_object_start(w);
    json_member(w, "error");
    json_object_start(w);
    schema_text(w, "type", "object");
    json_member(w, "required");
    json_raw_value(w, STR("[\"code\",\"message\",\"status\",\"request_id\"]"));
    json_member(w, "properties");
    write_error_members(w);
    json_object_end(w);
    json_object_end(w);
    json_object_end(w);
}
