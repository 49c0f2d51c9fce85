/* SPDX-License-Identifier: Apache-2.0
 *
 * One value of one field type: from JSON, from text, and back.
 */
#ifndef AUTHD_HTTP_VALUE_H
#define AUTHD_HTTP_VALUE_H

#include "http/field.h"

/* Where a value is being read: the row, its dotted name for problems, and where problems go. */
struct reading {
    struct arena *arena;
    struct problems *problems;
    struct str name;
    bool unknown; /* a member was met that no row names */
};

/* Writes the value to `to`, or adds a problem. */
void value_from_json(struct reading *r, const struct field *row, const json_t *value, void *to);
/* A path or query value; false when this type has no text form or the text is not of it. */
bool value_from_text(struct arena *a, const struct field *row, struct str text, void *to);
/* What the type accepts, for 422 texts and docs: "a duration such as 15m". Static, or in a. */
struct str value_describe(struct arena *a, const struct field *row);

/* The members of one JSON object into `in`, problems named below prefix. */
void members_from_json(struct reading *r, const struct fields *fields, const json_t *object,
                       void *in);

#endif
