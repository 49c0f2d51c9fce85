/* SPDX-License-Identifier: Apache-2.0
 *
 * From a raw request path to the endpoint that answers it.
 */
#ifndef AUTHD_HTTP_MATCH_H
#define AUTHD_HTTP_MATCH_H

#include "http/route.h"

enum { PATH_SEGMENTS_MAX = 12, METHOD_COUNT = METHOD_OPTIONS + 1 };

/* The segments of a path, percent-decoded one by one. */
struct path_segments {
    struct str items[PATH_SEGMENTS_MAX];
    size_t n;
};

/* ERR_bad_request for anything that two programs could read differently: empty and dot segments,
 * %2F, control characters, malformed escapes, invalid UTF-8, characters RFC 3986 does not allow.
 * ERR_not_found beyond PATH_SEGMENTS_MAX. "/" has no segments. */
MUST_CHECK enum err path_split(struct arena *a, struct str raw, struct path_segments *out);

/* All rows of one path. */
struct endpoint {
    const struct route *by_method[METHOD_COUNT]; /* HEAD is GET's row */
    const struct route *any;                     /* one of them: they share what is public */
    struct str allow;                            /* "GET, HEAD, PATCH, OPTIONS" */
    struct str params[PATH_SEGMENTS_MAX];        /* names, in the order of the path */
};

/* Compiles the route table; once, before the loops run. */
void match_setup(void);
/* NULL when no row has this path. Literal segments win over parameters. values receives the
 * parameters. */
const struct endpoint *match_path(const struct path_segments *path, struct field_values *values);

/* "a=b&c=d" into values, percent-decoded, '+' as a blank. ERR_bad_request for repeated names, more
 * than values hold, NUL, malformed escapes and invalid UTF-8; what else a value may be is its
 * row's. */
MUST_CHECK enum err query_parse(struct arena *a, struct str raw, struct field_values *values);
/* The value of a name, or STR_NONE. */
struct str values_get(const struct field_values *values, struct str name);

#endif
