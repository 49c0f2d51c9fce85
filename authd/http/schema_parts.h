/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces of JSON Schema that schema.c puts together.
 */
#ifndef AUTHD_HTTP_SCHEMA_PARTS_H
#define AUTHD_HTTP_SCHEMA_PARTS_H

#include "http/schema.h"

/* "type": "string", or ["string", "null"]. */
void schema_type(struct json_writer *w, const char *type, bool nullable);
/* One member with a number or a text. */
void schema_int(struct json_writer *w, const char *name, int64_t v);
void schema_text(struct json_writer *w, const char *name, const char *text);
/* "enum" of "a|b". */
void schema_choices(struct json_writer *w, const char *choices, bool nullable);

/* The members Policy and Error of the schemas object. */
void schema_write_policy(struct json_writer *w);
void schema_write_error(struct json_writer *w);

#endif
