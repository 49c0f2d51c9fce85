/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields of requests and replies as rows. From a row come decoding with its 422 texts, encoding,
 * the OpenAPI schema, the docs, and wiping. Input and output structs live in the flow headers.
 */
#ifndef AUTHD_HTTP_FIELD_H
#define AUTHD_HTTP_FIELD_H

#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "domain/problem.h"

enum field_place { IN_BODY = 0, IN_PATH, IN_QUERY };

enum field_type {
    FIELD_TEXT = 1, /* struct str; min/max bytes; UTF-8, no control characters */
    FIELD_SECRET,   /* struct str; any UTF-8 without NUL; never logged, never echoed */
    FIELD_INT,      /* int64_t; min/max */
    FIELD_BOOL,     /* bool */
    FIELD_TIME,     /* int64_t wall ms as RFC 3339; 0 encodes as null */
    FIELD_DURATION, /* int64_t seconds as "15m" */
    FIELD_CHOICE,   /* struct str, one of .choices "a|b" */
    FIELD_ID,   /* struct id with prefix .choices ("usr_"); another form is not_found in a path, 422
                   in a body */
    FIELD_JSON, /* struct str of a JSON object, compact; max bytes; in: re-serialised */
    FIELD_OBJECT, /* pointer to a struct described by .sub; NULL encodes as null */
    FIELD_LIST,   /* struct field_list of structs described by .sub */
    FIELD_TEXTS   /* struct str_list */
};

enum field_flag {
    FIELD_REQUIRED = 1,   /* in: must be present and not null */
    FIELD_NULLABLE = 2,   /* in: null is accepted and means "clear": present with NULL ptr */
    FIELD_OMIT_EMPTY = 4, /* out: absent when NULL/0 instead of null */
    FIELD_ONCE = 8 /* out: a secret that is shown here and never again; every FIELD_SECRET of a
                      reply has it */
};

struct field_list {
    const void *items;
    size_t n;
};

struct field {
    const char *name;
    enum field_place place;
    enum field_type type;
    size_t offset;
    size_t
        present; /* offset of a bool that says the member was sent; 0 = none, so never the first */
    int64_t min, max;
    const char *choices;
    unsigned flags;
    const struct fields *sub;
    const char *doc;
};

/* A struct's rows and size. */
struct fields {
    const char *name; /* schema name in OpenAPI: "Session" */
    size_t size;
    const struct field *rows;
    size_t n;
};

/* Reads body (may be NULL when the route takes none), path and query values into `in` (zeroed,
 * fields->size bytes). ERR_unknown_field, ERR_validation_failed with problems, ERR_not_found for a
 * malformed id in the path. */
struct field_values { /* path or query parameters, percent-decoded */
    struct str names[8];
    struct str values[8];
    size_t n;
};
MUST_CHECK enum err fields_decode(struct arena *a, const struct fields *fields, json_t *body,
                                  const struct field_values *path, const struct field_values *query,
                                  void *in, struct problems *problems);
/* Writes the members of one object. */
void fields_encode(struct json_writer *w, const struct fields *fields, const void *out);

#endif
