/* SPDX-License-Identifier: Apache-2.0
 *
 * Field rows as JSON Schema (the dialect of OpenAPI 3.1).
 */
#ifndef AUTHD_HTTP_SCHEMA_H
#define AUTHD_HTTP_SCHEMA_H

#include "base/json.h"
#include "http/field.h"

/* Limits say what is accepted; absence differs: an input may leave a member out, an output says
 * null. */
enum schema_side { SCHEMA_INPUT, SCHEMA_OUTPUT };

void schema_write_field(struct json_writer *w, const struct field *row, enum schema_side side);
/* {"$ref": "#/components/schemas/NAME"} */
void schema_write_reference(struct json_writer *w, const char *name);
/* The object of every named schema that the routes reach, and Error and Policy. */
void schema_write_all(struct json_writer *w);

/* Every struct that routes take or give, nested ones included, each name once. */
enum { SCHEMAS_MAX = 128 };
struct schema_list {
    size_t n;
    struct {
        const struct fields *fields;
        enum schema_side side;
    } items[SCHEMAS_MAX];
};
void schema_list_all(struct schema_list *list);

#endif
